"""`main.py alerts ...`: what is open, who has seen to it, and once more, please; imports wait in the commands."""

from typing import TYPE_CHECKING, Annotated

import typer

from assistant.apps.options import ConfigFiles, Profile, Sets

if TYPE_CHECKING:
    from assistant.config.tree import Config

app = typer.Typer(
    help="The alerts that are kept: what is open, who was told, who has seen to it.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
)

Id = Annotated[str, typer.Argument(metavar="ID", help="The alert, as `alerts list` shows it.", show_default=False)]


@app.command(name="list")
def show(
    everything: Annotated[bool, typer.Option("--all", help="Also what somebody has seen to.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print each alert as a line of JSON.")] = False,
    profile: Profile = None,
    config: ConfigFiles = None,
    sets: Sets = None,
) -> None:
    """Show the alerts, oldest first, and how far each delivery is."""
    from contextlib import closing

    from rich.console import Console

    from assistant.apps.desk import encode, table
    from assistant.apps.words import words_of
    from assistant.build import build_outbox

    settings = _load(profile, config, sets)
    with closing(build_outbox(settings, must_exist=True)) as outbox:
        entries = outbox.entries(acknowledged=everything)
    if as_json:
        for entry in entries:
            typer.echo(encode(entry))
    else:
        words = words_of(settings)
        Console().print(table(entries, words) if entries else words.screen("alerts.none"))


@app.command()
def ack(
    alert: Id,
    by: Annotated[str | None, typer.Option("--by", help="Who has seen to it. Default: your login name.")] = None,
    note: Annotated[str | None, typer.Option("--note", help="What was done.")] = None,
    profile: Profile = None,
    config: ConfigFiles = None,
    sets: Sets = None,
) -> None:
    """Note that somebody has seen to an alert: nobody else will be told."""
    from contextlib import closing
    from getpass import getuser

    from assistant.apps.words import words_of
    from assistant.build import build_outbox

    settings = _load(profile, config, sets)
    name = by or getuser()
    with closing(build_outbox(settings, must_exist=True)) as outbox:
        outbox.acknowledge(alert, name, note)
    typer.echo(words_of(settings).screen("alerts.acknowledged", {"id": alert, "by": name}))


@app.command()
def resend(
    alert: Id,
    sink: Annotated[
        list[str] | None, typer.Option("--sink", help="Only to this one, may be given again. Default: all.")
    ] = None,
    profile: Profile = None,
    config: ConfigFiles = None,
    sets: Sets = None,
) -> None:
    """Deliver an alert once more, also where it was delivered or given up, and show how that went."""
    from contextlib import closing

    from rich.console import Console

    from assistant.apps.desk import table
    from assistant.apps.words import words_of
    from assistant.build import build_dispatcher, build_outbox
    from assistant.errors import AlertError, ConfigError
    from assistant.store.entry import State

    settings = _load(profile, config, sets)
    known = list(settings.alerts.sinks)
    if unknown := sorted(set(sink or known or [""]) - set(known)):
        raise ConfigError(f"no sink '{unknown[0]}'; known in alerts.sinks: {', '.join(known) or 'none'}")
    chosen = sink or known
    with closing(build_outbox(settings, must_exist=True)) as outbox:
        outbox.resend(alert, chosen)
    dispatcher = build_dispatcher(settings)
    dispatcher.start()
    dispatcher.close()
    with closing(build_outbox(settings, must_exist=True)) as outbox:
        entries = [entry for entry in outbox.entries() if entry.message.id == alert]
    Console().print(table(entries, words_of(settings)))
    parts = [delivery for entry in entries for delivery in entry.deliveries if delivery.sink in chosen]
    if any(delivery.state is not State.DELIVERED for delivery in parts):
        raise typer.Exit(AlertError.exit_code)


def _load(profile: str | None, config: list[str] | None, sets: list[str] | None) -> "Config":
    from assistant.config.layers import load

    return load(profile, config or (), sets or ()).config
