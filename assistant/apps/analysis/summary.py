"""What a run came to: a line per recording, those that failed with the reason."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console
from rich.table import Table
from rich.text import Text

from assistant.apps.analysis.batch import Outcome
from assistant.apps.analysis.progress import clock
from assistant.apps.analysis.sources import shown
from assistant.apps.block import COLOURS
from assistant.apps.words import Words
from assistant.types import Doubt, Emotion


@dataclass(frozen=True, slots=True)
class Line:
    """What the summary keeps of a recording, so that a run of any length stays small."""

    path: str
    folder: str | None
    reused: bool
    error: str | None
    duration_s: float
    utterances: int
    emotion: Emotion
    confidence: float
    doubts: tuple[Doubt, ...]


def line(outcome: Outcome) -> Line:
    """Return what the summary keeps of an outcome."""
    found = outcome.result
    return Line(
        path=outcome.path,
        folder=outcome.folder,
        reused=outcome.reused,
        error=outcome.error,
        duration_s=found.source.duration_s if found else 0.0,
        utterances=len(found.utterances) if found else 0,
        emotion=found.emotion if found else Emotion.UNKNOWN,
        confidence=found.confidence if found else 0.0,
        doubts=found.doubts if found else (),
    )


def summary(console: Console, words: Words, lines: Sequence[Line], total: int, out: Path, table: Path | None) -> None:
    """Print what became of `total` recordings; `lines` are fewer after an interruption. `table` is the CSV in `out`."""
    heard = [each for each in lines if each.error is None]
    if heard:
        console.print(_table(words, heard))
    for each in lines:
        if each.error is not None:
            console.print(Text(f"✗ {each.error}", style="red"), soft_wrap=True)
    counts = {
        "done": str(len(heard)),
        "total": str(total),
        "reused": str(sum(each.reused for each in heard)),
        "failed": str(len(lines) - len(heard)),
    }
    style = "bold green" if len(heard) == total else "bold yellow"
    console.print(Text(words.screen("analysed", counts), style=style))
    if len(lines) < total:
        console.print(Text(words.screen("interrupted"), style="yellow"))
    if heard:
        console.print(Text(words.screen("results", {"path": shown(out)}), style="dim"), soft_wrap=True)
    if table:
        console.print(Text(words.screen("table", {"path": shown(table)}), style="dim"), soft_wrap=True)


def _table(words: Words, lines: Sequence[Line]) -> Table:
    table = Table(box=None, padding=(0, 2, 0, 0), header_style="dim")
    table.add_column(words.screen("file"), overflow="fold", min_width=12)
    for heading, right in (("sound", True), ("utterances", True), ("emotion", False), ("sure", True)):
        table.add_column(words.screen(heading), justify="right" if right else "left", no_wrap=True)
    table.add_column(words.screen("doubts"), overflow="fold")
    table.add_column(words.screen("folder"), no_wrap=True)
    names = _without_common([Path(each.path) for each in lines])
    for name, each in zip(names, lines, strict=True):
        folder = Text(Path(each.folder or "").name)
        if each.reused:
            folder.append(f"  {words.screen('reused')}", style="dim")
        table.add_row(
            Text(name),
            clock(each.duration_s),
            str(each.utterances),
            Text(words.label("emotion", each.emotion), style=COLOURS.get(each.emotion, "white")),
            f"{each.confidence:.0%}" if each.confidence else "",
            Text(words.screen("and").join(words.label("doubt", doubt) for doubt in each.doubts), style="yellow"),
            folder,
        )
    return table


def _without_common(paths: Sequence[Path]) -> list[str]:
    """Return the paths without the folders that are the same for all, if there are any but the root."""
    if len(paths) == 1:
        return [str(paths[0])]
    above = [here for here in paths[0].parents if here.name and all(here in path.parents for path in paths)]
    return [str(path.relative_to(above[0]) if above else path) for path in paths]
