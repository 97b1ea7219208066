"""What a person sees: every kind of event in both languages, no word missing and none left over."""

import io
from dataclasses import replace
from pathlib import Path

import pytest
from rich.console import Console

from assistant.apps.block import bar
from assistant.apps.screen import Screen, Tally
from assistant.apps.sources import chunks
from assistant.config.layers import load
from assistant.engine import Engine
from assistant.events import Notice, SpeechDropped, TurnCompleted, TurnRevoked
from assistant.types import Alert, Certainty, Group, Level, Stage, StageError, TurnRecord
from tests.stubs import TUNING, FlatSentiment, HashAsr, HashEmotion, session, speech

APPS = Path(__file__).resolve().parent.parent / "assistant" / "apps"


@pytest.fixture(scope="module")
def record() -> TurnRecord:
    with Engine(HashAsr(), HashEmotion(), FlatSentiment()) as engine:
        events = list(session(engine).run(chunks(speech(1.5)), patient=True))
    last = events[-1]
    assert isinstance(last, TurnCompleted)
    return last.record


def shown(language: str, *, quiet: bool = False) -> tuple[Screen, io.StringIO]:
    out = io.StringIO()
    config = load(sets=[f"language={language}"], env={}).config
    return Screen(config, Console(file=out, width=120), quiet=quiet), out


@pytest.mark.parametrize("language", ["zh", "en"])
def test_every_event_and_every_statement_can_be_shown(language: str, record: TurnRecord) -> None:
    screen, out = shown(language)
    with screen.loading():
        pass
    screen.heading("talk", "about something")
    screen.show(TurnRevoked("u1", 1.0))
    screen.show(SpeechDropped("u1", 1.0))
    screen.show(Notice("warning", "mind the gap"))
    for certainty in Certainty:
        pair = TUNING.fusion.statement.mixed.pairs[0]
        affect = replace(record.affect, certainty=certainty, label=pair[0], mixed=pair, group=Group.NEGATIVE)
        screen.show(TurnCompleted(replace(record, affect=affect)))
    for level in Level:
        alert = Alert("s-1-rule", level, "rule", "somebody should look", ())
        failed = replace(record.observation, errors=(StageError(Stage.ASR, "broke"),), quality=None)
        changed = replace(record, decision=replace(record.decision, alert=alert), observation=failed)
        screen.show(TurnCompleted(changed))
    screen.verdict(1, ["something else"])
    screen.verdict(2, [])
    screen.summary([Tally("talk", 2, 1, 10.0, 1.0)], Path("runs/x.jsonl"))
    text = out.getvalue()
    for part in ("mind the gap", "somebody should look", "asr: broke", "something else", "1/2", "x.jsonl", "10×"):
        assert part in text


def test_quiet_leaves_misses_and_summary_only(record: TurnRecord) -> None:
    screen, out = shown("en", quiet=True)
    screen.show(TurnCompleted(record))
    screen.verdict(1, [])
    assert out.getvalue() == ""
    screen.verdict(2, ["action: expected alert, got answer"])
    screen.show(Notice("error", "the microphone is gone"))
    assert "turn 2: action: expected alert" in out.getvalue()
    assert "the microphone is gone" in out.getvalue()


def test_no_word_of_the_screen_is_left_over() -> None:
    code = "".join(path.read_text(encoding="utf-8") for path in APPS.rglob("*.py"))
    texts = TUNING.texts.values()
    keys = {key.removeprefix("console.") for each in texts for key in each.phrasings if key.startswith("console.")}
    code += "".join(path.read_text(encoding="utf-8") for path in APPS.parent.glob("*.py")).replace('"console.', '"')
    # Of a group whose members are asked for by name, screen(f"tune.cause.{name}"), only the group can be looked for.
    groups = {key: [key[:at] for at, sign in enumerate(key) if sign == "."] for key in keys}
    asked = {key for key in keys if f'"{key}"' in code or f"'{key}'" in code}
    asked |= {key for key in keys if any(f"{group}.{{" in code for group in groups[key])}
    assert keys - asked == set()


@pytest.mark.parametrize(("share", "drawn"), [(0, ""), (1, "█" * 8), (0.5, "█" * 4), (1 / 16, "▌"), (2, "█" * 8)])
def test_a_bar_is_as_long_as_its_share(share: float, drawn: str) -> None:
    assert bar(share, 8) == drawn
