"""Single turns, each in a conversation of its own: an audio file, a text, or a text per line of a file."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager, nullcontext
from datetime import UTC, datetime
from pathlib import Path
from secrets import token_hex

import typer

from assistant.apps.screen import Screen
from assistant.apps.sources import chunks
from assistant.apps.words import words_of
from assistant.audio.files import read
from assistant.build import build_dispatcher, build_engine, build_phrasing, build_session, build_tuning
from assistant.config.tree import Config
from assistant.errors import AudioError, ScriptError
from assistant.events import Input, Notice, TurnCompleted, TypedText
from assistant.store.dispatcher import Dispatcher
from assistant.store.journal import encode


def run_turns(
    config: Config,
    audio: Path | None,
    text: str | None,
    text_file: Path | None,
    screen: Screen,
    *,
    as_json: bool,
    alert: bool = False,
) -> None:
    """Print every turn as it is decided: a block on the screen, or a TurnRecord as a line of JSON.

    With `alert` somebody is told where a turn raises an alert, without it trying things out alarms nobody. Raises
    ScriptError when there is nothing to do, AudioError when the file can't be read or nothing was said in it,
    AlertError when an alert can't be kept.
    """
    asked: list[Sequence[Input]] = []
    if audio:
        asked.append(list(chunks(read(audio, config.audio_files))))
    lines = ([] if text is None else [text]) + (_lines(text_file) if text_file else [])
    asked += [[TypedText(line, 0.0)] for line in lines]
    if not asked:
        raise ScriptError("nothing to do: give --audio FILE, --text TEXT or --text-file FILE")
    tuning = build_tuning(config)
    with screen.loading() as told:
        engine = build_engine(config, deadlines=False, hearing=audio is not None, told=told)
        phrasing = build_phrasing(config)
        if phrasing:
            told(phrasing.replier.about)
    with engine, _alerting(config, screen) if alert else nullcontext() as alerts:
        # An alert is known by its session: each run that raises any needs a name of its own.
        run = f"turn-{datetime.now(UTC):%Y%m%dT%H%M%S}-{token_hex(3)}" if alerts else "turn"
        for number, inputs in enumerate(asked, 1):
            name = f"{run}-{number}"
            session = build_session(config, engine, tuning, name, phrasing=phrasing, converses=number == 1)
            answered = 0
            for event in session.run(inputs, patient=True):
                try:
                    if alerts:
                        alerts.take(event)
                finally:  # whatever becomes of the alert, the answer is shown
                    if as_json and isinstance(event, TurnCompleted):
                        typer.echo(encode(event.record))
                    elif isinstance(event, Notice) or not as_json:
                        screen.show(event)
                answered += isinstance(event, TurnCompleted)
            if not answered:
                raise AudioError(f"{audio}: no speech was found in it")


@contextmanager
def _alerting(config: Config, screen: Screen) -> Iterator[Dispatcher]:
    """Have alerts delivered meanwhile, those an earlier run left included; then say if any are still outstanding."""
    dispatcher = build_dispatcher(config)
    dispatcher.start()
    try:
        yield dispatcher
    finally:
        if left := dispatcher.close():
            screen.show(Notice("warning", words_of(config).screen("alerts.left", {"count": str(left)})))


def _lines(path: Path) -> list[str]:
    """Return the lines of a text file that hold something. Raises ScriptError."""
    try:
        lines = path.read_text(encoding="utf-8-sig").splitlines()
    except OSError as error:
        raise ScriptError(f"{path}: can't be read: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise ScriptError(f"{path}: byte {error.start} is not UTF-8; save the file as UTF-8") from error
    filled = [line.strip() for line in lines if line.strip()]
    if not filled:
        raise ScriptError(f"{path}: holds no text")
    return filled
