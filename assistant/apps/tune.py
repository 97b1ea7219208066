"""`main.py tune ...`: what a change of the settings does before anybody hears it; imports wait in the commands."""

from pathlib import Path
from typing import Annotated

import typer

from assistant.apps.options import ConfigFiles, Profile, Sets

app = typer.Typer(
    help="See what a change of the settings does before anybody hears it.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
)


@app.callback()
def _group() -> None:
    """Keep `diff` a command of its own, though it is the only one."""


@app.command()
def diff(
    journals: Annotated[list[Path], typer.Option("--journal", "-j", metavar="FILE", help="May be given again.")],
    html: Annotated[Path | None, typer.Option("--html", metavar="FILE", help="Also write it as a page.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print all of it as JSON.")] = False,
    fail_on_change: Annotated[bool, typer.Option("--fail-on-change", help="Exit with 1 if any turn changes.")] = False,
    profile: Profile = None,
    config: ConfigFiles = None,
    sets: Sets = None,
) -> None:
    """Decide recorded turns anew with these settings; show which come out differently, and why.

    Service profile, consent, minor mode and language stay as they were recorded, unless these settings name them.
    """
    from assistant.apps.tune_table import tune_diff
    from assistant.config.layers import load

    loaded = load(profile, config or (), sets or ())
    raise typer.Exit(tune_diff(loaded, journals, html, as_json=as_json, fail_on_change=fail_on_change))
