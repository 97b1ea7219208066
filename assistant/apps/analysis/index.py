"""What was analysed before: a line per result in the output folder, so that nothing is computed twice."""

from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path

from pydantic import TypeAdapter, ValidationError

NAME = "index.jsonl"


@dataclass(frozen=True, slots=True)
class Entry:
    """One result: SHA-256 of the file, hash of the settings, the file's whole path, the name of the result's folder."""

    sha256: str
    settings: str
    path: str
    folder: str


_ENTRY = TypeAdapter(Entry)


class Index:
    """Reads the index of an output folder and appends to it; a line that was torn off is no entry. Raises OSError."""

    def __init__(self, out: Path) -> None:
        self._path = out / NAME
        self._known: dict[tuple[str, str], list[Entry]] = defaultdict(list)
        raw = self._path.read_bytes() if self._path.exists() else b""
        self._torn = bool(raw) and not raw.endswith(b"\n")
        for line in raw.split(b"\n"):
            if entry := _read(line):
                self._known[entry.sha256, entry.settings].append(entry)

    def same(self, sha256: str, settings: str) -> tuple[Entry, ...]:
        """Return every result of this sound under these settings, newest first."""
        return tuple(reversed(self._known.get((sha256, settings), [])))

    def add(self, entry: Entry) -> None:
        """Append a result, which must be complete on disk by now."""
        line = _ENTRY.dump_json(entry) + b"\n"
        with self._path.open("ab") as file:
            file.write(b"\n" + line if self._torn else line)
        self._torn = False
        self._known[entry.sha256, entry.settings].append(entry)


def _read(line: bytes) -> Entry | None:
    try:
        return _ENTRY.validate_json(line)
    except ValidationError:
        return None
