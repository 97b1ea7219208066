"""How far the analysis is: bars on a terminal, plain lines elsewhere."""

import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

from rich.console import Console
from rich.progress import BarColumn, Progress, ProgressColumn, Task, TextColumn, TimeRemainingColumn
from rich.text import Text

from assistant.apps.analysis.batch import Job, Outcome, look
from assistant.apps.analysis.sources import shown
from assistant.apps.words import Words

LINE_EVERY_S = 30.0
"""Seconds between two lines about the same recording where there is no terminal."""


class Gauge:
    """Shows how much of a run and of its current recording was heard, how fast, and how long it will take.

    `to_hear`: declared seconds of each file that must be computed.
    """

    def __init__(self, console: Console, words: Words, count: int, to_hear: Mapping[Path, float]) -> None:
        self._console = console
        self._words = words
        self._count = count
        self._to_hear = to_hear
        self._total_s = sum(to_hear.values())
        self._heard_s = self._passed_s = 0.0
        self._number = 0
        self._name = ""
        self._began = self._said = time.monotonic()
        self._bars = _bars(console, BarColumn(bar_width=24), _Seconds(), _Rate(), TimeRemainingColumn(compact=True))
        self._run = self._bars.add_task(words.screen("whole_run"), total=self._total_s or None)
        self._file = self._bars.add_task("", total=None)

    @contextmanager
    def shown(self) -> Iterator["Gauge"]:
        """Keep the bars on the screen while the block runs."""
        with self._bars:
            yield self

    def begin(self, path: Path) -> None:
        """Turn to the next recording."""
        self._number += 1
        self._name = f"{self._number}/{self._count}  {shown(path)}"
        self._passed_s = 0.0
        self._began = self._said = time.monotonic()
        declared = self._to_hear.get(path, 0.0)
        self._bars.reset(self._file, description=_escaped(self._name), total=declared or None)

    def passed(self, seconds: float) -> None:
        """Take how much of the recording was heard by now."""
        self._passed_s = seconds
        self._bars.update(self._file, completed=seconds)
        self._bars.update(self._run, completed=self._heard_s + seconds)
        now = time.monotonic()
        if now > self._said + LINE_EVERY_S:
            self._said = now
            self._line(f"{clock(seconds)}  {self._rate(seconds)}")

    def done(self, path: Path, outcome: Outcome) -> None:
        """Close the recording: what was heard counts, whatever the file declared."""
        self._heard_s += self._passed_s
        self._total_s += self._passed_s - self._to_hear.get(path, 0.0)
        self._bars.update(self._run, completed=self._heard_s, total=self._total_s or None)
        if outcome.error is not None:
            self._line(f"✗ {outcome.error}")
        elif outcome.reused:
            self._line(self._words.screen("reused"))
        else:
            self._line(f"✓ {clock(self._passed_s)}  {self._rate(self._passed_s)}")

    def _rate(self, seconds: float) -> str:
        return f"{seconds / max(time.monotonic() - self._began, 1e-9):.0f}×"

    def _line(self, text: str) -> None:
        if not self._console.is_terminal:
            self._console.print(Text(f"{self._name}  {text}"), soft_wrap=True)


def looked(console: Console, words: Words, paths: Sequence[Path]) -> Iterator[Job]:
    """Yield the jobs of all files, with a bar while they are read through for the first time."""
    with _bars(console, BarColumn(bar_width=24), TextColumn("{task.completed}/{task.total}")) as bars:
        yield from bars.track(look(paths), total=len(paths), description=words.screen("looking"))


def clock(seconds: float) -> str:
    """Return a length of sound as hours, minutes and seconds, as far as there are any."""
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02d}:{rest:02d}" if hours else f"{minutes:02d}:{rest:02d}"


def _bars(console: Console, *columns: ProgressColumn) -> Progress:
    described = TextColumn("{task.description}")
    return Progress(described, *columns, console=console, disable=not console.is_terminal, transient=True)


def _escaped(name: str) -> str:
    from rich.markup import escape

    return escape(name)


class _Seconds(ProgressColumn):
    """Sound heard of sound there is."""

    def render(self, task: Task) -> Text:
        """Return both as clock times."""
        total = f" / {clock(task.total)}" if task.total else ""
        return Text(f"{clock(task.completed)}{total}", style="progress.download")


class _Rate(ProgressColumn):
    """How many times faster than it would sound."""

    def render(self, task: Task) -> Text:
        """Return the rate of late."""
        return Text(f"{task.speed:.0f}×" if task.speed else "", style="progress.data.speed")
