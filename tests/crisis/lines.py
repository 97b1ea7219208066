"""The lines of the crisis test, each with what it is worth, its group and its half."""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from assistant.config.yaml import Yaml, read_yaml

FOLDER = Path(__file__).parent
SEED = 4


class Half(StrEnum):
    """`FROZEN` was not looked at while the lexicon was tuned on `TUNING`, nor `FRESH` once `FROZEN` had been read.

    `UNTOUCHED` is by another author, and was measured once before anything in it was mended. All are spent by now.
    """

    TUNING = "tuning"
    FROZEN = "frozen"
    FRESH = "fresh"
    UNTOUCHED = "untouched"


class Set(StrEnum):
    """What a line is: danger said outright or in passing, what only sounds like it, everyday talk."""

    EXPLICIT = "explicit"
    PASSIVE = "passive"
    HARD = "hard"
    ORDINARY = "ordinary"


@dataclass(frozen=True, slots=True)
class Line:
    """least, most: the levels that are right for it. group: of its file, for reports."""

    text: str
    set: Set
    group: str
    least: int
    most: int
    half: Half


_LEVELS = {
    "explicit": (Set.EXPLICIT, 2, 3),
    "passive": (Set.PASSIVE, 2, 3),
    "nothing": (Set.HARD, 0, 0),
    "check_in": (Set.HARD, 1, 1),
    "helper": (Set.HARD, 1, 1),
    "quoted": (Set.HARD, 0, 1),
}


def load_lines() -> list[Line]:
    """Return every line once, in the order of the files. Raises ValueError for one that stands twice."""
    marked = (line for name in ("danger", "hard", "fresh", "untouched") for line in _marked(name))
    lines = [*marked, *_ordinary("ordinary"), *_ordinary("corpus")]
    seen: set[str] = set()
    for line in lines:
        if line.text in seen:
            raise ValueError(f"tests/crisis: '{line.text}' stands twice")
        seen.add(line.text)
    return lines


def _marked(name: str) -> Iterator[Line]:
    for mark, groups in _mapping(read_yaml(FOLDER / f"{name}.yaml")):
        which, least, most = _LEVELS[mark]
        for group, texts in _mapping(groups):
            yield from (Line(text, which, group, least, most, _half(name, text)) for text in _texts(texts))


def _ordinary(name: str) -> Iterator[Line]:
    for group, texts in _mapping(read_yaml(FOLDER / f"{name}.yaml")):
        yield from (Line(text, Set.ORDINARY, f"{name}: {group}", 0, 1, _half(name, text)) for text in _texts(texts))


def _half(name: str, text: str) -> Half:
    """Return the half of a line: drawn by a hash of seed and text, so that a new line moves no other."""
    if name in (Half.FRESH, Half.UNTOUCHED):
        return Half(name)
    return (Half.TUNING, Half.FROZEN)[hashlib.sha256(f"{SEED}\n{text}".encode()).digest()[0] % 2]


def _mapping(node: Yaml) -> Iterator[tuple[str, Yaml]]:
    if not isinstance(node, dict):
        raise ValueError(f"tests/crisis: a mapping is wanted, not {node!r}")
    yield from ((str(key), value) for key, value in node.items())


def _texts(node: Yaml) -> Iterator[str]:
    if not isinstance(node, list) or not all(isinstance(text, str) for text in node):
        raise ValueError(f"tests/crisis: a list of texts is wanted, not {node!r}")
    yield from (str(text) for text in node)
