"""A line on the error stream, in the colour of the level."""

from collections.abc import Mapping

from rich.console import Console
from rich.text import Text

from assistant.store.message import AlertMessage
from assistant.types import Level

STYLES = {Level.INFO: "cyan", Level.WARNING: "bold yellow", Level.URGENT: "bold white on red"}


class Terminal:
    """Prints alerts; `names` says each level in the reader's language."""

    def __init__(self, names: Mapping[Level, str], console: Console | None = None) -> None:
        self._names = names
        self._console = console or Console(stderr=True, soft_wrap=True)

    def deliver(self, message: AlertMessage) -> None:
        """Print one alert and, dim, its id."""
        mark = Text(f" {self._names[message.level]}  {message.message} ", style=STYLES[message.level])
        self._console.print(Text.assemble(mark, (f"  {message.id}", "dim")))
