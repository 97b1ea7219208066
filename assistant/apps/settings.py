"""Show the effective configuration, and check the tuning files."""

import json
from collections.abc import Iterator, Sequence
from pathlib import Path

import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

from assistant.apps.calibration.standing import standing
from assistant.apps.scripts import problems as problems_in
from assistant.apps.words import words_of
from assistant.build import load_files
from assistant.config.calibration import Calibration, load_calibration, numbers
from assistant.config.check import check as problems_of
from assistant.config.files import BUNDLED, DIALOGUES
from assistant.config.layers import Loaded
from assistant.config.problems import is_secret
from assistant.config.tree import Config
from assistant.config.yaml import Yaml


def show(loaded: Loaded, *, as_json: bool) -> None:
    """Print every setting with its value and the layer that it came from; secrets are masked."""
    calibration = load_calibration(loaded.config.calibration)
    rows = [
        {"key": key, "value": "***" if is_secret(key) and value is not None else value, "layer": layer}
        for key, value, layer in _effective(loaded, calibration)
    ]
    if as_json:
        typer.echo(json.dumps(rows, ensure_ascii=False, indent=2))
        return
    table = Table(title=f"profile {loaded.config.profile}", title_justify="left")
    table.add_column("setting", style="cyan", no_wrap=True)
    table.add_column("value", overflow="fold")
    table.add_column("from", style="dim", no_wrap=True)
    for row in rows:
        changed = row["layer"] != "configs/default.yaml"
        value = row["value"] if not isinstance(row["value"], float) else float(f"{row['value']:.4g}")
        shown = json.dumps(value, ensure_ascii=False)
        table.add_row(str(row["key"]), shown, str(row["layer"]), style="bold" if changed else "")
    console = Console()
    console.print(table)
    console.print(standing(calibration.provenance if calibration else None, words_of(loaded.config)))


def check(config: Config, paths: Sequence[Path]) -> int:
    """Print what is wrong with policy, services, texts and dialogues; return the exit code, 1 if anything is.

    Without `paths` the bundled dialogues are looked through, as long as the policy that they were written for is used.
    """
    tuning = load_files(config)
    dialogues = list(paths) or ([DIALOGUES] if config.files.policy.startswith(BUNDLED) else [])
    problems = [*problems_of(tuning), *problems_in(dialogues, tuning)]
    console = Console(soft_wrap=True)
    for problem in problems:
        console.print(Text(f"✗ {problem}", style="red"))
    if not problems:
        texts = sum(len(each.phrasings) for each in tuning.texts.values())
        counts = f"{len(tuning.policy.rules)} rules, {len(tuning.services.services)} services, {texts} texts"
        console.print(Text(f"✓ {counts} in {len(tuning.texts)} languages: all fit together", style="green"))
    return 1 if problems else 0


def _effective(loaded: Loaded, calibration: Calibration | None) -> Iterator[tuple[str, Yaml, str]]:
    """Yield every setting with its value and its layer; a calibration file is the last of them."""
    fitted = {f"fusion.{key}": value for key, value in numbers(calibration.fusion).items()} if calibration else {}
    for key, value in loaded.values.items():
        instead = {own: number for own, number in fitted.items() if own == key or own.startswith(f"{key}.")}
        if instead:
            yield from ((own, number, str(loaded.config.calibration.file)) for own, number in instead.items())
        else:
            yield key, value, loaded.sources[key]
