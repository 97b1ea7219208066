"""The sentences the bundled small models are trained and tested on, with the splits that keep the tests honest."""

import re
import zlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import product
from pathlib import Path
from typing import Literal

import yaml

Label = Literal["正向", "负向", "中性", "激动"]
Split = Literal["train", "fillings", "templates", "free"]

LABELS: tuple[Label, ...] = ("正向", "负向", "中性", "激动")
HELD_OUT_ONE_IN = 7
SMALLEST_SLOTTED = 4

_DATA = Path(__file__).parent / "corpus"
_DIALOGUES = Path(__file__).parents[2] / "tests" / "dialogues"
_TRAINED = ("neutral", "positive", "negative", "excited", "everyday", "lines")
_SLOT = re.compile(r"\(([^()]*)\)")
_NOT_SPOKEN = re.compile(r"[^\w]+")


@dataclass(frozen=True, slots=True)
class Sentence:
    """Hold one unpunctuated sentence; `template` is the pattern that produced it."""

    text: str
    sentiment: Label
    template: str
    split: Split


@dataclass(frozen=True, slots=True)
class Corpus:
    """Hold every sentence once, in file order."""

    sentences: tuple[Sentence, ...]

    def of(self, *splits: Split) -> tuple[Sentence, ...]:
        """Select the sentences of the given splits."""
        return tuple(sentence for sentence in self.sentences if sentence.split in splits)


def load_corpus(dialogues: Path = _DIALOGUES) -> Corpus:
    """Expand every template and assign the splits.

    Within a trained template of at least SMALLEST_SLOTTED fillings about one in HELD_OUT_ONE_IN is held out
    ("fillings"), chosen by a checksum of its text so that editing one line never reshuffles another. What a dialogue
    script under `dialogues` says is held out too. The first occurrence of a text wins, and the held-out files are read
    first. Raises ValueError for a label outside LABELS or unbalanced brackets in a pattern.
    """
    spoken = _said(dialogues)
    found: dict[str, Sentence] = {}
    files: dict[str, Split] = {"free": "free", "heldout": "templates", **dict.fromkeys(_TRAINED, "train")}
    for name, fixed in files.items():
        for label, pattern in _patterns(_DATA / f"{name}.yaml"):
            texts = tuple(expand(pattern))
            for text in texts:
                split = _trained_split(text, len(texts), spoken) if fixed == "train" else fixed
                found.setdefault(text, Sentence(text, label, pattern, split))
    return Corpus(tuple(found.values()))


def expand(pattern: str) -> Iterator[str]:
    """Yield every filling of a pattern such as "今天(很冷|下雨)", in order.

    Raises ValueError for a bracket without its partner or brackets inside brackets.
    """
    parts = _SLOT.split(pattern)
    if any(mark in part for part in parts for mark in "()"):
        raise ValueError(f"unbalanced or nested brackets in pattern {pattern!r}")
    choices = [part.split("|") if index % 2 else [part] for index, part in enumerate(parts)]
    yield from map("".join, product(*choices))


def strip_punctuation(text: str) -> str:
    """Drop everything that is not spoken: punctuation and blanks."""
    return _NOT_SPOKEN.sub("", text)


def _trained_split(text: str, fillings: int, spoken: frozenset[str]) -> Split:
    if fillings < SMALLEST_SLOTTED:
        return "templates" if text in spoken else "train"
    return "fillings" if text in spoken or zlib.crc32(text.encode()) % HELD_OUT_ONE_IN == 0 else "train"


def _patterns(path: Path) -> Iterator[tuple[Label, str]]:
    content: Mapping[str, list[str]] = yaml.safe_load(path.read_text(encoding="utf-8"))
    for label in content:
        if label not in LABELS:
            raise ValueError(f"unknown label {label!r} in {path.name}; known: {', '.join(LABELS)}")
    for label in LABELS:
        for pattern in content.get(label, ()):
            yield label, pattern


def _said(folder: Path) -> frozenset[str]:
    scripts = (yaml.safe_load(path.read_text(encoding="utf-8")) for path in sorted(folder.glob("**/*.yaml")))
    return frozenset(strip_punctuation(line) for script in scripts for line in _say_lines(script))


def _say_lines(node: object) -> Iterator[str]:
    match node:
        case {**fields}:
            for key, value in fields.items():
                if key == "say" and isinstance(value, str):
                    yield value
                else:
                    yield from _say_lines(value)
        case [*items]:
            for item in items:
                yield from _say_lines(item)
