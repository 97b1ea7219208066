"""What another tuning changes in recorded turns, in a terminal: turn by turn with its reasons, then in all."""

import gc
from collections.abc import Iterator, Sequence
from itertools import groupby
from pathlib import Path
from textwrap import shorten

import typer
from pydantic import TypeAdapter
from rich import box
from rich.console import Console, Group
from rich.table import Table
from rich.text import Text

from assistant.apps.block import statement
from assistant.apps.journals import read_books
from assistant.apps.tune_page import page
from assistant.apps.tune_words import aspect_of, said, sentence
from assistant.apps.words import Words, every_language, words_of
from assistant.build import build_tuning
from assistant.config.layers import DEFAULTS, Loaded
from assistant.errors import OutputError
from assistant.tuning.diff import Aspect, Change
from assistant.tuning.report import Entry, Report, Side, report

_REPORT = TypeAdapter(Report)

_STYLES = {Change.DECISION: "bold yellow", Change.READING: "bold cyan", Change.WORDING: "bold", Change.NONE: "green"}

_PLACE = ("service_profile", "emotion_consent", "minor_mode", "language")

HEARD_CELLS = 40
"""Characters of what was said that a line of the table shows."""


def tune_diff(
    loaded: Loaded, journals: Sequence[Path], html: Path | None, *, as_json: bool, fail_on_change: bool
) -> int:
    """Show what settings change in the turns of `journals`; return 1 if anything changed and that is to fail, else 0.

    What they don't say of the place is as it was recorded.
    Raises ScriptError for a journal that can't be read, ConfigError for a tuning that can't be used, OutputError where
    the page can't be written.
    """
    config, words = loaded.config, words_of(loaded.config)
    books, tuning = read_books(journals), build_tuning(config)
    as_before = [name for name in _PLACE if loaded.sources[name] == DEFAULTS]
    gc.freeze()  # what was read stays to the end: going over it again and again would take a sixth of the time
    found = report(books, tuning, as_before)
    if html:
        _write(html, page(found, every_language(config), words.language))
    if as_json:
        typer.echo(_REPORT.dump_json(found, indent=2).decode("utf-8"))
    else:
        console = Console()
        show(found, words, console)
        if html:
            console.print(Text(words.screen("tune.page", {"path": str(html)}), style="dim"))
    return 1 if fail_on_change and found.entries else 0


def show(found: Report, words: Words, console: Console) -> None:
    """Print a report: tables of what changed, how rules gave way to rules, and the counts."""
    several = len(found.journals) > 1
    for change, entries in groupby(sorted(found.entries, key=lambda each: list(Change).index(each.change)), _change):
        console.print()
        console.print(Text(words.screen(f"tune.{change}"), style=_STYLES[change]))
        console.print(_table(list(entries), words, several=several))
    if found.moves:
        console.print()
        console.print(_moves(found, words))
    console.print()
    console.print(_counts(found, words))


def _change(entry: Entry) -> Change:
    return entry.change


def _table(entries: Sequence[Entry], words: Words, *, several: bool) -> Table:
    table = Table(box=box.SIMPLE_HEAD, padding=(0, 1), header_style="dim", show_edge=False)
    for heading in ("turn", "heard", "rules", "why"):
        table.add_column(words.screen(f"tune.{heading}"), overflow="fold")
    for entry in entries:
        turn = f"{entry.journal}\n{entry.turn}" if several else entry.turn
        heard = shorten(entry.heard, HEARD_CELLS, placeholder="…") or words.screen("no_words")
        table.add_row(Text(turn, style="cyan"), heard, _rules(entry, words), Group(*_why(entry, words)))
    return table


def _rules(entry: Entry, words: Words) -> Text:
    """Return old and new rule, and what else differs in the decision."""
    old, new = entry.then.decision, entry.now.decision
    if entry.change is not Change.DECISION:
        return Text(new.rule, style="dim")
    line = Text()
    if Aspect.RULE in entry.aspects:
        line.append(old.rule, style="red").append(" → ", style="dim").append(new.rule, style="bold green")
    else:
        line.append(new.rule)
    for aspect in entry.aspects:
        if aspect is not Aspect.RULE:
            before, after = aspect_of(old, aspect, words), aspect_of(new, aspect, words)
            line.append(f"\n{words.screen(f'tune.{aspect}')} {before} → {after}", style="dim")
    return line


def _why(entry: Entry, words: Words) -> Iterator[Text]:
    """Yield the reasons, the readings where they differ, and the words where only they do."""
    for reason in entry.reasons:
        yield Text(sentence(reason, words))
    then, now = _reading(entry.then, words), _reading(entry.now, words)
    if then != now:
        yield Text(f"{words.screen('tune.statement')} {then} → {now}", style="dim")
    if entry.change is Change.WORDING:
        yield Text(f"- {said(entry.then, entry.now, words)}", style="red")
        yield Text(f"+ {said(entry.now, entry.then, words)}", style="green")
    if not entry.regenerated:
        yield Text(words.screen("tune.llm"), style="magenta")


def _reading(side: Side, words: Words) -> str:
    confidence = f" {side.affect.confidence:.0%}" if side.affect.confidence else ""
    return f"{statement(side.affect, words)}{confidence}"


def _moves(found: Report, words: Words) -> Table:
    table = Table(
        title=words.screen("tune.moves"), title_justify="left", title_style="dim", box=None, show_header=False
    )
    for justify in ("right", "left", "left", "left"):
        table.add_column(justify="right" if justify == "right" else "left")
    for move in found.moves:
        table.add_row(Text(str(move.turns), style="bold"), Text(move.then, style="red"), "→", Text(move.now, "green"))
    return table


def _counts(found: Report, words: Words) -> Group:
    """Return how many turns changed in which way; the lines add up to the first."""
    table = Table(box=None, show_header=False, padding=(0, 1))
    table.add_column(justify="right")
    table.add_column()
    counts = (
        (Change.DECISION, found.decision),
        (Change.READING, found.reading),
        (Change.WORDING, found.wording),
        (Change.NONE, found.same),
    )
    for change, turns in counts:
        name = words.screen("tune.same" if change is Change.NONE else f"tune.{change}")
        table.add_row(Text(str(turns), style=_STYLES[change] if turns else "dim"), name)
    if found.orphans:
        table.add_row(Text(str(found.orphans), style="yellow"), words.screen("tune.orphans"))
    sides = f"{', '.join(found.then)} → {found.now}"
    lines = [Text.assemble((words.screen("tune.turns", {"turns": str(found.turns)}), "bold"), (f"  {sides}", "dim"))]
    if not found.entries:
        lines.append(Text(words.screen("tune.none"), style="green"))
    if found.phrased:
        lines.append(Text(words.screen("tune.phrased", {"turns": str(found.phrased)}), style="magenta"))
    return Group(lines[0], table, *lines[1:])


def _write(path: Path, text: str) -> None:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8", newline="\n")
    except OSError as error:
        raise OutputError(f"{path}: can't be written: {error.strerror}") from error
