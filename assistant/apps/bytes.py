"""How far a long task through many bytes is: a bar with rate and time left; plain lines where nobody watches."""

from collections.abc import Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import (
    BarColumn,
    DownloadColumn,
    TaskID,
    TextColumn,
    TimeRemainingColumn,
    TransferSpeedColumn,
)
from rich.progress import Progress as Bars

from assistant.hub.progress import Progress
from assistant.hub.size import shown

_STEP = 0.1
"""Share of the bytes after which a plain line is printed."""


@contextmanager
def followed(console: Console) -> Iterator[Progress]:
    """Show the progress of what happens inside."""
    if not console.is_terminal:
        yield _Lines(console)
        return
    with Bars(
        TextColumn("{task.description}"),
        BarColumn(),
        DownloadColumn(),
        TransferSpeedColumn(),
        TimeRemainingColumn(),
        console=console,
    ) as bars:
        yield _Bar(bars)


class _Bar:
    """One bar per task."""

    def __init__(self, bars: Bars) -> None:
        self._bars = bars
        self._task: TaskID | None = None

    def start(self, task: str, total: int, done: int = 0) -> None:
        """Begin a bar."""
        self._task = self._bars.add_task(task, total=total, completed=done)

    def advance(self, count: int) -> None:
        """Move the bar."""
        assert self._task is not None
        self._bars.advance(self._task, count)


class _Lines:
    """A line at the beginning of a task and at every tenth of it."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._task, self._total, self._done, self._said = "", 0, 0, 0.0

    def start(self, task: str, total: int, done: int = 0) -> None:
        """Begin a task."""
        self._task, self._total, self._done, self._said = task, total, done, 0.0
        self._say()

    def advance(self, count: int) -> None:
        """Count, and print a line now and then."""
        self._done += count
        if self._done - self._said >= _STEP * self._total:
            self._say()

    def _say(self) -> None:
        self._said = self._done
        line = f"{self._task}: {shown(self._done)} of {shown(self._total)}"
        self._console.print(line, markup=False, highlight=False)
