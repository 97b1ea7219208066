"""What a replay writes for others to read: JUnit XML for CI, JSON lines for programs, a page for people."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from rich.text import Text

from assistant.apps.replay.coverage import Coverage
from assistant.apps.replay.junit import junit
from assistant.apps.replay.lines import lines
from assistant.apps.replay.outcome import Outcome
from assistant.apps.replay.page import page
from assistant.apps.screen import Screen
from assistant.apps.words import every_language
from assistant.config.tree import Config
from assistant.errors import OutputError


@dataclass(frozen=True, slots=True)
class Reports:
    """Where each report goes, None where it isn't wanted."""

    junit: Path | None = None
    jsonl: Path | None = None
    html: Path | None = None


NOTHING = Reports()


def write(
    reports: Reports, outcomes: Sequence[Outcome], coverage: Coverage | None, config: Config, screen: Screen
) -> None:
    """Write what is wanted and say where. Raises OutputError."""
    if reports.junit:
        _write(reports.junit, junit(outcomes), screen)
    if reports.jsonl:
        _write(reports.jsonl, lines(outcomes), screen)
    if reports.html:
        _write(reports.html, page(outcomes, coverage, every_language(config), screen.words.language), screen)


def _write(path: Path, text: str, screen: Screen) -> None:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8", newline="\n")
    except OSError as error:
        raise OutputError(f"{path}: can't be written: {error.strerror}") from error
    screen.print(Text(screen.words.screen("replay.written", {"path": str(path)}), style="dim"))
