"""The journal: a JSON line per turn and per tuning in use; all that a replay needs, and no sound."""

import json
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Literal

from pydantic import TypeAdapter, ValidationError

from assistant.config.tuning import Tuning
from assistant.errors import ScriptError
from assistant.types import RECORD_VERSION, TurnRecord

_RECORD = TypeAdapter(TurnRecord)
_TURN = TypeAdapter(dict[Literal["turn"], TurnRecord])


def encode(record: TurnRecord) -> str:
    """Return a record as one line of JSON: the only serialisation of a turn there is."""
    return _RECORD.dump_json(record, exclude_none=False).decode("utf-8")


def decode(line: str) -> TurnRecord:
    """Return the record of a JSON line. Raises ValidationError."""
    return _RECORD.validate_json(line, strict=True)


def comparable(record: TurnRecord) -> str:
    """Return a record without what differs from run to run, the wall time and the timings."""
    return encode(replace(record, wall_time=None, timings_ms={}))


def difference(old: TurnRecord, new: TurnRecord) -> str:
    """Return the dotted keys in which two records differ, with both values, the first few of them."""
    before, after = (dict(_leaves(json.loads(comparable(record)))) for record in (old, new))
    changed = [key for key in before | after if before.get(key) != after.get(key)]
    return ", ".join(f"{key}: {before.get(key)} -> {after.get(key)}" for key in changed[:3])


@dataclass(frozen=True, slots=True)
class Played:
    """What a journal holds: its turns in order, and every tuning that they were decided with, by hash."""

    records: tuple[TurnRecord, ...]
    tunings: dict[str, Tuning]


class Journal:
    """Appends turns to a JSON Lines file, which appears with the first turn."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._written: set[str] = set()

    def write(self, record: TurnRecord, tuning: Tuning) -> None:
        """Append one turn, stamped with the wall time, and before it the tuning if it is new to this file."""
        self.path.parent.mkdir(parents=True, exist_ok=True)
        stamped = replace(record, wall_time=datetime.now(UTC).isoformat(timespec="milliseconds"))
        with self.path.open("a", encoding="utf-8", newline="\n") as file:
            if record.tuning not in self._written:
                file.write(f'{{"version":{RECORD_VERSION},"tuning":{tuning.model_dump_json()}}}\n')
                self._written.add(record.tuning)
            file.write(f'{{"turn":{encode(stamped)}}}\n')


def read_journal(path: Path) -> Played:
    """Return the turns and tunings of a journal. Raises ScriptError naming the file, the line and what is wrong.

    A journal of another version is refused: what its turns lack can't be made up.
    """
    records: list[TurnRecord] = []
    tunings: dict[str, Tuning] = {}
    for number, line in _lines(path):
        if record := _at_once(line):
            records.append(record)
            continue
        try:
            entry = json.loads(line)
            match entry:
                case {"tuning": dict(), "version": int(version)} | {"turn": {"version": int(version)}} if (
                    version != RECORD_VERSION
                ):
                    raise ScriptError(f"{path}, line {number}: {_other_version(version)}")
                case {"tuning": dict(), **rest} if "version" not in rest:
                    raise ScriptError(f"{path}, line {number}: {_other_version(1)}")
                case {"tuning": dict(tuning)}:
                    known = Tuning.model_validate_json(json.dumps(tuning))
                    tunings[known.hash()] = known
                case {"turn": dict(turn)}:
                    records.append(decode(json.dumps(turn)))
                case _:
                    raise ValueError("neither a turn nor a tuning")
        except (ValueError, ValidationError) as error:
            raise ScriptError(
                f"{path}, line {number}: not a line of a journal: {str(error).splitlines()[0]}"
            ) from error
    missing = {record.tuning for record in records} - set(tunings)
    if missing:
        raise ScriptError(f"{path}: the tuning {', '.join(sorted(missing))} of its turns is not in it")
    return Played(tuple(records), tunings)


def _at_once(line: str) -> TurnRecord | None:
    """Return the turn that a line holds; None for any other line, and for one that needs a closer look."""
    try:
        record = _TURN.validate_json(line, strict=True)["turn"]
    except (ValidationError, KeyError):
        return None
    return record if record.version == RECORD_VERSION else None


def _other_version(version: int) -> str:
    return (
        f"written with records of version {version}; this program reads version {RECORD_VERSION}. "
        "Play it with the program that wrote it, or record it anew"
    )


def _lines(path: Path) -> Iterator[tuple[int, str]]:
    try:
        with path.open(encoding="utf-8") as file:
            yield from ((number, line) for number, line in enumerate(file, 1) if line.strip())
    except OSError as error:
        raise ScriptError(f"{path}: can't be read: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise ScriptError(f"{path}: not UTF-8 text, so no journal") from error


def _leaves(node: object, key: str = "") -> Iterator[tuple[str, object]]:
    if isinstance(node, dict):
        for name, inner in node.items():
            yield from _leaves(inner, f"{key}.{name}" if key else str(name))
    else:
        yield key, node
