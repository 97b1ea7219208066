"""Fit fusion to labelled turns: a calibration file to use, a report to judge it by, a table on the screen."""

from datetime import UTC, datetime
from pathlib import Path

from rich.console import Console
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeElapsedColumn
from rich.table import Table
from rich.text import Text

from assistant.apps.calibration.page import write_report
from assistant.apps.calibration.pictures import NAMES
from assistant.apps.calibration.verdict import verdict, warnings
from assistant.apps.words import Words, words_of
from assistant.config.files import locate
from assistant.config.tree import Config
from assistant.errors import OutputError
from assistant.store.labelled import read_labelled
from assistant.tuning.calibration.bootstrap import RESAMPLES, Estimate
from assistant.tuning.calibration.folds import FOLDS
from assistant.tuning.calibration.study import Study, calibration_of, study
from assistant.tuning.calibration.systems import System

_SHOWN = {"nll": "NLL", "ece": "ECE", "uar": "UAR", "aurc": "AURC"}


def calibrate(config: Config, labelled: str, out: Path, report: Path | None, domain: str | None) -> None:
    """Write a calibration file and, where asked for, a report. Raises ScriptError, OutputError.

    labelled: a path, or `bundled:...`. It fits the settings as configured, not those of a calibration file in use.
    """
    turns = read_labelled(locate(labelled))
    console, words = Console(), words_of(config)
    columns = (TextColumn("{task.description}"), BarColumn(), TaskProgressColumn(), TimeElapsedColumn())
    with Progress(*columns, console=console, transient=True) as progress:
        folds = progress.add_task(words.screen("calibration.fitting"), total=FOLDS)
        draws = progress.add_task(words.screen("calibration.resampling"), total=RESAMPLES)
        done = study(
            turns,
            config.fusion,
            datetime.now(UTC).date(),
            domain=domain,
            folded=lambda: progress.advance(folds),
            drawn=lambda: progress.advance(draws),
        )
    try:
        out.parent.mkdir(parents=True, exist_ok=True)
        out.write_text(calibration_of(done).model_dump_json(indent=2) + "\n", encoding="utf-8", newline="\n")
    except OSError as error:
        raise OutputError(f"{out}: the calibration can't be written: {error.strerror}") from error
    if report:
        write_report(done, report)
    _show(done, out, report, console, words)


def _show(done: Study, out: Path, report: Path | None, console: Console, words: Words) -> None:
    rests_on = done.provenance
    counts = {"turns": str(rests_on.turns), "speakers": str(rests_on.speakers), "domain": rests_on.domain}
    console.print(Text(words.screen("calibration.unmet", counts), style="dim"))
    table = Table(box=None, padding=(0, 1, 0, 0), header_style="dim")
    table.add_column(no_wrap=True)
    for heading in _SHOWN.values():
        table.add_column(heading, justify="right", no_wrap=True)
    for system in sorted(done.figures, key=lambda system: done.figures[system]["nll"].value):
        style = "bold" if system is System.OURS else ""
        table.add_row(NAMES[system], *(_cell(done.figures[system][name]) for name in _SHOWN), style=style)
    console.print(table)
    console.print(Text(verdict(done), style="bold green" if done.beats_best_alone else "bold yellow"))
    for sentence in warnings(done):
        console.print(Text(sentence, style="yellow"))
    for key, path in (("calibration.written", out), ("calibration.report", report and report / "report.md")):
        if path:
            console.print(Text(words.screen(key, {"path": str(path)}), style="dim"), soft_wrap=True)


def _cell(each: Estimate) -> str:
    return f"{each.value:.3f} ±{(each.high - each.low) / 2:.3f}"
