"""Show the effective configuration, and check the tuning files."""

import json

import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

from assistant.build import load_files
from assistant.config.check import check as problems_of
from assistant.config.layers import Loaded
from assistant.config.problems import is_secret
from assistant.config.tree import Config


def show(loaded: Loaded, *, as_json: bool) -> None:
    """Print every setting with its value and the layer that it came from; secrets are masked."""
    rows = [
        {"key": key, "value": "***" if is_secret(key) and value is not None else value, "layer": loaded.sources[key]}
        for key, value in loaded.values.items()
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
        value = json.dumps(row["value"], ensure_ascii=False)
        table.add_row(str(row["key"]), value, str(row["layer"]), style="bold" if changed else "")
    Console().print(table)


def check(config: Config) -> int:
    """Print what is wrong with policy, services and texts; return the exit code, 1 if anything is."""
    tuning = load_files(config)
    problems = problems_of(tuning)
    console = Console(soft_wrap=True)
    for problem in problems:
        console.print(Text(f"✗ {problem}", style="red"))
    if not problems:
        texts = sum(len(each.phrasings) for each in tuning.texts.values())
        counts = f"{len(tuning.policy.rules)} rules, {len(tuning.services.services)} services, {texts} texts"
        console.print(Text(f"✓ {counts} in {len(tuning.texts)} languages: all fit together", style="green"))
    return 1 if problems else 0
