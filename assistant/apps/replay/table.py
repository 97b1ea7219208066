"""What a replay leaves in the terminal beside its turns: how often each held, and what no dialogue reaches."""

from collections.abc import Sequence

from rich.table import Table
from rich.text import Text

from assistant.apps.replay.coverage import Coverage
from assistant.apps.replay.outcome import Outcome
from assistant.apps.screen import Screen


def show_rates(outcomes: Sequence[Outcome], screen: Screen) -> None:
    """Print, of scripts played several times, how often each turn held, where that was not always."""
    held: dict[tuple[str, int], list[bool]] = {}
    whole: dict[str, list[bool]] = {}
    for outcome in outcomes:
        whole.setdefault(outcome.path, []).append(not outcome.missed)
        for turn in outcome.turns:
            held.setdefault((outcome.path, turn.number), []).append(turn.held)
    names = {outcome.path: outcome.name for outcome in outcomes}
    table = Table(box=None, padding=(0, 2), header_style="dim")
    table.add_column(screen.words.screen("name"))
    table.add_column(screen.words.screen("replay.rate"), justify="right")
    for path, runs in whole.items():
        table.add_row(names[path], _share(runs))
        for (of, number), times in held.items():
            if of == path and not all(times):
                table.add_row(f"  {screen.words.screen('turn', {'number': str(number)})}", _share(times))
    screen.print(table)


def show_coverage(coverage: Coverage, screen: Screen) -> None:
    """Print what is reached, by how many turns, and what is not."""
    for part, reached in (
        ("rules", coverage.rules),
        ("alerts", coverage.alerts),
        ("templates", coverage.templates),
    ):
        met = sum(each.turns > 0 for each in reached)
        counts = {"met": str(met), "all": str(len(reached))}
        table = Table(box=None, padding=(0, 2), header_style="dim", title_justify="left")
        heading = f"{screen.words.screen(f'replay.{part}')}  {screen.words.screen('replay.of', counts)}"
        table.add_column(heading, overflow="fold")
        table.add_column(screen.words.screen("replay.turns"), justify="right")
        table.add_column(screen.words.screen("replay.dialogues"), overflow="fold")
        for each in sorted(reached, key=lambda each: each.turns > 0):
            style = "" if each.turns else "yellow"
            table.add_row(each.name, str(each.turns), Text(" ".join(each.dialogues), style="dim"), style=style)
        screen.print(table)


def _share(times: Sequence[bool]) -> Text:
    return Text(f"{sum(times)}/{len(times)}", style="green" if all(times) else "red")
