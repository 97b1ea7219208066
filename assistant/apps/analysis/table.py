"""utterances.csv: one row per utterance of all recordings, for a spreadsheet."""

import csv
from collections.abc import Iterator
from pathlib import Path
from types import TracebackType
from typing import Self, TextIO

from assistant.apps.analysis.folders import told
from assistant.apps.analysis.result import Heard, Recording

COLUMNS = ("file", "start", "end", "text", "voice", "sentiment", "fused", "confidence", "doubts", "alert_worthy")

_FORMULA = ("=", "+", "-", "@", "＝", "＋", "－", "＠")


class Table:
    """Gathers rows beside `path` and puts them in its place when closed, whole, whatever was there before.

    UTF-8 with a byte order mark, without which Excel takes Chinese for something else. Raises OutputError.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._partial = path.with_name(f".{path.name}.partial")
        with told(path):
            self._file: TextIO = self._partial.open("w", encoding="utf-8-sig", newline="")
            self._writer = csv.writer(self._file)
            self._writer.writerow(COLUMNS)

    def append(self, recording: Recording) -> None:
        """Append the utterances of one recording; one without speech has one row, which says so."""
        with told(self._path):
            self._writer.writerows(rows(recording))
            self._file.flush()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        with told(self._path):
            self._file.close()
            self._partial.replace(self._path)


def rows(recording: Recording) -> Iterator[list[str]]:
    """Yield the rows of one recording, as text."""
    file = plain(recording.source.path)
    if not recording.utterances:
        end = f"{recording.source.duration_s:.2f}"
        doubts = " ".join(recording.doubts)
        yield [file, "0.00", end, "", "", "", recording.fused.label, "0.00", doubts, ""]
    for heard in recording.utterances:
        yield [file, *_row(heard)]


def _row(heard: Heard) -> list[str]:
    return [
        f"{heard.start:.2f}",
        f"{heard.end:.2f}",
        plain(heard.text),
        max(heard.voice, key=heard.voice.__getitem__) if heard.voice else "",
        max(heard.sentiment, key=heard.sentiment.__getitem__) if heard.sentiment else "",
        plain(heard.fused.label),
        f"{heard.fused.confidence:.2f}",
        " ".join(heard.doubts),
        heard.alert or "",
    ]


def plain(text: str) -> str:
    """Return a text that no spreadsheet takes for a formula: what looks like one gets an apostrophe in front.

    Chinese versions read the full-width signs as well, and blanks before a sign don't stop every program.
    """
    risky = text.lstrip().startswith(_FORMULA) or text.startswith(("\t", "\r", "\n"))
    return f"'{text}" if risky else text
