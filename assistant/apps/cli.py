"""The command line: read the arguments, load the configuration, hand over; heavy imports wait in the commands."""

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from assistant import __version__
from assistant.apps.alerts import app as alerts
from assistant.apps.analysis.choices import Channel, Granularity
from assistant.apps.models import app as models
from assistant.apps.options import ConfigFiles, Profile, Sets
from assistant.apps.tune import app as tune
from assistant.errors import AssistantError

if TYPE_CHECKING:
    from assistant.config.layers import Loaded
    from assistant.config.tree import Config

app = typer.Typer(
    help="An emotion-aware voice assistant: it hears how something is said, not only what.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
app.add_typer(models, name="models")
app.add_typer(tune, name="tune")
app.add_typer(alerts, name="alerts")


def main() -> None:
    """Run the command line; an error that a person can mend is shown as its message, with its exit code."""
    for stream in (sys.stdout, sys.stderr):
        reconfigure = getattr(stream, "reconfigure", None)
        if reconfigure:
            reconfigure(encoding="utf-8", errors="replace")
    try:
        app()
    except AssistantError as error:
        from rich.console import Console

        console = Console(stderr=True, soft_wrap=True)
        for line in str(error).splitlines():
            console.print(line, style="red", markup=False, highlight=False)
        raise SystemExit(error.exit_code) from None
    except KeyboardInterrupt:
        raise SystemExit(130) from None


@app.callback(invoke_without_command=True)
def _version(version: Annotated[bool, typer.Option("--version", help="Show the version.")] = False) -> None:
    if version:
        typer.echo(__version__)
        raise typer.Exit


@app.command()
def replay(
    paths: Annotated[
        list[Path] | None,
        typer.Argument(help="Dialogue scripts, folders of them, or journals (.jsonl). None: the bundled dialogues."),
    ] = None,
    realtime: Annotated[bool, typer.Option("--realtime", help="Let the sound pass at the speed of speech.")] = False,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="Show the misses and the summary only.")] = False,
    repeat: Annotated[
        int, typer.Option("--repeat", min=1, help="Play everything so often; shows how often it held.")
    ] = 1,
    junit: Annotated[Path | None, typer.Option("--junit", metavar="FILE", help="Write JUnit XML.")] = None,
    jsonl: Annotated[
        Path | None, typer.Option("--jsonl", metavar="FILE", help="Write a line of JSON per turn.")
    ] = None,
    html: Annotated[Path | None, typer.Option("--html", metavar="FILE", help="Write a page with a timeline.")] = None,
    coverage: Annotated[bool, typer.Option("--coverage", help="Show which rules and texts no turn reaches.")] = False,
    schema: Annotated[bool, typer.Option("--schema", help="Print the JSON Schema of scripts, play nothing.")] = False,
    profile: Profile = None,
    config: ConfigFiles = None,
    sets: Sets = None,
) -> None:
    """Play spoken dialogues through the whole assistant and check what it makes of them."""
    if schema:
        from assistant.apps.replay.schema import schema as text

        typer.echo(text(), nl=False)
        raise typer.Exit
    from rich.console import Console

    from assistant.apps.replay.reports import Reports
    from assistant.apps.replay.run import Options
    from assistant.apps.replay.run import replay as run
    from assistant.apps.screen import Screen

    settings = _ready(profile, config, sets)
    options = Options(realtime, repeat, Reports(junit, jsonl, html), coverage)
    raise typer.Exit(run(settings, paths or [], Screen(settings, Console(), quiet=quiet), options))


@app.command()
def turn(
    audio: Annotated[Path | None, typer.Option("--audio", "-a", help="An audio file with one utterance.")] = None,
    text: Annotated[str | None, typer.Option("--text", "-t", help="One typed turn.")] = None,
    text_file: Annotated[Path | None, typer.Option("--text-file", help="Typed turns, one per line.")] = None,
    alert: Annotated[
        bool, typer.Option("--alert", help="Keep and deliver the alerts of these turns (settings: alerts).")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print each TurnRecord as a line of JSON.")] = False,
    profile: Profile = None,
    config: ConfigFiles = None,
    sets: Sets = None,
) -> None:
    """Run single turns, each in a conversation of its own."""
    from rich.console import Console

    from assistant.apps.screen import Screen
    from assistant.apps.turn import run_turns

    settings = _ready(profile, config, sets, hearing=audio is not None)
    # With --json the output is data alone; what else there is to say goes to the error stream.
    screen = Screen(settings, Console(stderr=as_json))
    run_turns(settings, audio, text, text_file, screen, as_json=as_json, alert=alert)


@app.command()
def analyze(
    paths: Annotated[list[Path], typer.Argument(help="Sound or video files, or folders of them.", show_default=False)],
    granularity: Annotated[
        Granularity,
        typer.Option("--granularity", "-g", help="Score the voice per utterance, or follow it through time."),
    ] = Granularity.UTTERANCE,
    embedding: Annotated[
        bool, typer.Option("--embedding", help="Also write the voice's vectors: they can tell who is speaking.")
    ] = False,
    channel: Annotated[
        Channel | None, typer.Option("--channel", help="Which channel is heard. Default: audio_files.channel.")
    ] = None,
    out: Annotated[Path, typer.Option("--out", "-o", help="Where the folders of results go.")] = Path("outputs"),
    as_json: Annotated[bool, typer.Option("--json", help="Print each result as a line of JSON.")] = False,
    profile: Profile = None,
    config: ConfigFiles = None,
    sets: Sets = None,
) -> None:
    """Analyse recordings: what was said, how, second by second; done before is not done again."""
    from assistant.apps.analysis.options import Options, channel_of
    from assistant.apps.analyze import analyze as run

    settings = _ready(profile, config, sets)
    options = Options(granularity, channel or channel_of(settings), embedding)
    raise typer.Exit(run(settings, paths, out, options, as_json=as_json))


@app.command()
def explain(
    journal: Annotated[Path, typer.Argument(help="A journal (.jsonl).", show_default=False)],
    turn: Annotated[str, typer.Argument(help="SESSION:NUMBER, or the number where one session talks.")],
    as_json: Annotated[bool, typer.Option("--json", help="Print the explanation as JSON.")] = False,
    profile: Profile = None,
    config: ConfigFiles = None,
    sets: Sets = None,
) -> None:
    """Explain one recorded turn: its evidence, its reading, and every rule that was asked."""
    from assistant.apps.explain import explain_turn

    raise typer.Exit(explain_turn(_load(profile, config, sets).config, journal, turn, as_json=as_json))


@app.command()
def calibrate(
    labelled: Annotated[
        str,
        typer.Argument(
            metavar="LABELLED.jsonl",
            help="A line of JSON per turn: observation (as in a journal), label, speaker; snr_db, domain, conflict.",
            show_default=False,
        ),
    ],
    out: Annotated[Path, typer.Option("--out", "-o", help="Where the calibration file goes.")] = Path(
        "calibration.json"
    ),
    report: Annotated[
        Path | None, typer.Option("--report", metavar="DIR", help="Write a report with pictures.")
    ] = None,
    domain: Annotated[
        str | None, typer.Option("--domain", help="What the turns are of. Default: what they say.")
    ] = None,
    profile: Profile = None,
    config: ConfigFiles = None,
    sets: Sets = None,
) -> None:
    """Fit fusion to labelled turns of your own place, and measure what that gains."""
    from assistant.apps.extra import require

    require("calibrate", "scipy", "sklearn")
    from assistant.apps.calibrate import calibrate as run

    run(_load(profile, config, sets).config, labelled, out, report, domain)


@app.command(name="config")
def show_config(
    as_json: Annotated[bool, typer.Option("--json", help="Print keys, values and layers as JSON.")] = False,
    profile: Profile = None,
    config: ConfigFiles = None,
    sets: Sets = None,
) -> None:
    """Show the effective configuration and the layer that each value comes from."""
    from assistant.apps.settings import show

    show(_load(profile, config, sets), as_json=as_json)


@app.command()
def check(
    paths: Annotated[
        list[Path] | None, typer.Argument(help="Dialogue scripts or folders of them. None: the bundled dialogues.")
    ] = None,
    profile: Profile = None,
    config: ConfigFiles = None,
    sets: Sets = None,
) -> None:
    """Check the policy, the services, every text in every language, and what dialogues expect."""
    from assistant.apps.settings import check as run

    raise typer.Exit(run(_load(profile, config, sets).config, paths or []))


def _ready(profile: str | None, config: list[str] | None, sets: list[str] | None, *, hearing: bool = True) -> "Config":
    """Return the configuration of an engine that is about to be built, its models fetched if the person wishes."""
    from assistant.apps.fetching import ready

    settings = _load(profile, config, sets).config
    ready(settings, hearing=hearing)
    return settings


def _load(profile: str | None, config: list[str] | None, sets: list[str] | None) -> "Loaded":
    from assistant.config.layers import load

    return load(profile, config or (), sets or ())
