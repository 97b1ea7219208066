"""`main.py models ...`: what each profile uses, and how it gets onto this machine; imports wait in the commands."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from assistant.apps.options import ConfigFiles, Profile, Sets

if TYPE_CHECKING:
    from rich.console import Console

    from assistant.config.models import Models
    from assistant.config.tree import Config
    from assistant.hub.reference import Reference
    from assistant.hub.verify import Verdict

app = typer.Typer(
    help="The models: what each profile uses, where it lies, and how to get it.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
)

Chosen = Annotated[
    list[str] | None,
    typer.Argument(
        metavar="[MODEL]...", help="modelscope:OWNER/NAME@REVISION or huggingface:... instead of a profile's."
    ),
]
File = Annotated[Path, typer.Argument(metavar="FILE", help="The file that carries the models.", show_default=False)]


@app.command(name="list")
def show(
    as_json: Annotated[bool, typer.Option("--json", help="Print everything about each as JSON.")] = False,
    profile: Profile = None,
    config: ConfigFiles = None,
    sets: Sets = None,
) -> None:
    """Show the models of every profile, or of one."""
    import json
    from dataclasses import asdict

    from rich.console import Console

    from assistant.apps.inventory import inventory, table
    from assistant.config.layers import profiles

    names = [profile] if profile else profiles()
    configs = [(name, _load(name, config, sets)) for name in names]
    rows = inventory(configs)
    if profile:
        rows = [row for row in rows if row.used_by]
    if as_json:
        typer.echo(json.dumps([asdict(row) for row in rows], ensure_ascii=False, indent=2))
        return
    console = Console()
    console.print(table(rows))
    console.print("\nget what profile full needs: main.py models fetch", style="dim")


@app.command()
def fetch(
    models: Chosen = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Say what would be fetched; ask the hubs, no more.")
    ] = False,
    mend: Annotated[
        bool, typer.Option("--mend", help="Check what is there too, and fetch again what has changed.")
    ] = False,
    profile: Profile = None,
    config: ConfigFiles = None,
    sets: Sets = None,
) -> None:
    """Fetch the models of profile `full`, or of another: once, checked, and offline from then on."""
    from assistant.apps.fetching import bring

    settings, chosen = _choose(models, profile or "full", config, sets)
    console = _console()
    if not chosen:
        console.print(f"profile {profile or 'full'} needs nothing from a hub")
        return
    if mend and not dry_run:
        _reopen(chosen, settings, console)
    bring(chosen, settings, console, dry_run=dry_run)


@app.command()
def verify(models: Chosen = None, profile: Profile = None, config: ConfigFiles = None, sets: Sets = None) -> None:
    """Compare every byte of the fetched models, or of a profile's, with what was recorded at the fetch."""
    from assistant.hub.uses import fetched

    settings, chosen = _choose(models, profile, config, sets)
    console = _console()
    chosen = chosen if models or profile else fetched(settings)
    if not chosen:
        console.print("no model is fetched; get them: main.py models fetch")
        raise typer.Exit(1)
    verdicts = _verify(chosen, settings, console)
    for verdict in verdicts:
        console.print(_told(verdict), style="green" if verdict.good else "red", markup=False, highlight=False)
    if bad := [str(verdict.model) for verdict in verdicts if not verdict.good]:
        console.print(f"mend: main.py models fetch --mend {' '.join(bad)}", markup=False, highlight=False)
        raise typer.Exit(1)


@app.command()
def pack(
    file: File, models: Chosen = None, profile: Profile = None, config: ConfigFiles = None, sets: Sets = None
) -> None:
    """Put the models of profile `full`, or of another, into one file, for a machine with no network."""
    from assistant.apps.bytes import followed
    from assistant.hub.bundle import pack as run
    from assistant.hub.size import shown

    settings, chosen = _choose(models, profile or "full", config, sets)
    console = _console()
    with followed(console) as progress:
        size = run(chosen, file, settings, progress)
    console.print(
        f"{len(chosen)} models, {shown(size)}, in {file}; on the other machine: main.py models unpack {file.name}",
        markup=False,
        highlight=False,
    )


@app.command()
def unpack(file: File, config: ConfigFiles = None, sets: Sets = None) -> None:
    """Check and install the models of a packed file; no network is needed."""
    from assistant.apps.bytes import followed
    from assistant.hub.bundle import unpack as run
    from assistant.hub.store import root

    settings = _load(None, config, sets).models
    console = _console()
    with followed(console) as progress:
        models = run(file, settings, progress)
    for model in models:
        console.print(f"✓ {model}", style="green", markup=False, highlight=False)
    console.print(f"installed in {root(settings)}", markup=False, highlight=False)


def _verify(models: "Sequence[Reference]", settings: "Models", console: "Console") -> "list[Verdict]":
    from assistant.apps.bytes import followed
    from assistant.hub.verify import size_of
    from assistant.hub.verify import verify as run

    with followed(console) as progress:
        progress.start("checking", sum(size_of(model, settings) for model in models))
        return [run(model, settings, progress) for model in models]


def _reopen(models: "Sequence[Reference]", settings: "Models", console: "Console") -> None:
    """Make damaged models unfinished ones, if the hub is there to bring what they lack."""
    from assistant.hub.choice import remote_of
    from assistant.hub.place import reopen

    for verdict in _verify(models, settings, console):
        if verdict.fetched and not verdict.good:
            remote_of(verdict.model.hub, settings).files(verdict.model)
            console.print(_told(verdict), style="yellow", markup=False, highlight=False)
            reopen(verdict.model, verdict.changed, settings)


def _told(verdict: "Verdict") -> str:
    if verdict.good:
        return f"✓ {verdict.model}"
    if not verdict.fetched:
        return f"✗ {verdict.model}: not fetched"
    kinds = {"missing": verdict.missing, "changed": verdict.changed, "stray": verdict.stray}
    return f"✗ {verdict.model}: " + "; ".join(f"{kind}: {', '.join(paths)}" for kind, paths in kinds.items() if paths)


def _choose(
    models: list[str] | None, profile: str | None, config: list[str] | None, sets: list[str] | None
) -> "tuple[Models, tuple[Reference, ...]]":
    """Return the settings, and the models named, else those of the profile."""
    from assistant.hub.reference import parse
    from assistant.hub.uses import references_of

    loaded = _load(profile, config, sets)
    return loaded.models, tuple(parse(model) for model in models) if models else references_of(loaded)


def _load(profile: str | None, config: list[str] | None, sets: list[str] | None) -> "Config":
    from assistant.config.layers import load

    return load(profile, config or (), sets or ()).config


def _console() -> "Console":
    from rich.console import Console

    return Console(soft_wrap=True)
