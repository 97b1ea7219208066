"""Replies phrased by a language model over a real socket: on a good day, on a bad one, and by one that misbehaves."""

import json
import os
import subprocess
import sys
from collections.abc import Iterable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assistant.build import build_phrasing, build_session
from assistant.config.layers import load
from assistant.config.replier import OpenAi
from assistant.core.briefing import sentences, tokens
from assistant.engine import Engine
from assistant.events import Decided, Event, Input, Notice, Recorded, ReplyDelta, TurnCompleted, TypedText
from assistant.phrasing import Phrasing
from assistant.store.journal import Journal, comparable
from assistant.types import (
    Action,
    Emotion,
    Language,
    Polarity,
    ReplySource,
    Sentiment,
    Transcript,
    TurnRecord,
    VoiceEmotion,
)
from tests.endpoint import Endpoint, serve
from tests.stubs import CONFIG, TUNING
from tests.talk import ordinary, scores

TOP = Path(__file__).resolve().parent.parent


@pytest.fixture
def endpoint() -> Iterator[Endpoint]:
    with serve() as running:
        yield running


class Plain:
    """Finds every text neutral."""

    about = "plain"

    def read(self, text: str) -> Sentiment:
        return Sentiment({kind: 0.85 if kind is Polarity.NEUTRAL else 0.05 for kind in Polarity})


def talk(endpoint: Endpoint, *inputs: Input | str, **settings: float) -> list[Event]:
    options = OpenAi(kind="openai", base_url=endpoint.url, model="m", **{"first_piece_s": 2, "whole_s": 4, **settings})
    phrasing = build_phrasing(CONFIG.model_copy(update={"replier": options}))
    assert phrasing is not None
    return play(phrasing, inputs)


def play(phrasing: Phrasing | None, inputs: Iterable[Input | str]) -> list[Event]:
    turns = [TypedText(each, float(at)) if isinstance(each, str) else each for at, each in enumerate(inputs)]
    with Engine(None, None, Plain()) as engine:
        return list(build_session(CONFIG, engine, TUNING, "s", phrasing=phrasing).run(turns, patient=True))


def records(events: Iterable[Event]) -> list[TurnRecord]:
    return [event.record for event in events if isinstance(event, TurnCompleted)]


def said(events: Iterable[Event]) -> list[str]:
    return [event.text for event in events if isinstance(event, ReplyDelta)]


def test_a_neutral_turn_is_answered_by_the_model_sentence_by_sentence(endpoint: Endpoint) -> None:
    events = talk(endpoint, "明天要不要带伞")
    (record,) = records(events)
    assert (record.reply.source, record.reply.text) == (ReplySource.LLM, "好的，我来看看。您稍等。")
    assert said(events) == ["好的，我来看看。", "您稍等。"]
    kinds = [event.type for event in events]
    assert kinds == ["perceived", "decided", "reply_delta", "reply_delta", "turn_completed"]
    assert record.timings_ms["reply"] > 0


def test_the_model_is_told_the_state_the_action_and_what_was_said_before(endpoint: Endpoint) -> None:
    talk(endpoint, "明天要不要带伞", "那后天呢")
    system, *before, now = endpoint.asked[1]["messages"]
    assert system["role"] == "system"
    for part in ("回答", "听起来", "不承诺保密"):
        assert part in system["content"]
    assert before == [
        {"role": "user", "content": "明天要不要带伞"},
        {"role": "assistant", "content": "好的，我来看看。您稍等。"},
    ]
    assert now == {"role": "user", "content": "那后天呢"}


def test_of_a_long_talk_only_the_latest_turns_are_sent(endpoint: Endpoint) -> None:
    talk(endpoint, *(f"第{n}件事要问" for n in range(6)), turns=2)
    assert [message["content"] for message in endpoint.asked[-1]["messages"][1::2]] == [
        "第3件事要问",
        "第4件事要问",
        "第5件事要问",
    ]
    talk(endpoint, *(f"第{n}件事要问" + "很长" * 200 for n in range(4)), budget_tokens=1200)
    assert len(endpoint.asked[-1]["messages"]) < 8


def test_a_crisis_line_is_answered_by_what_a_human_wrote_and_so_is_what_follows(endpoint: Endpoint) -> None:
    events = talk(endpoint, "我真的不想活了", "明天要不要带伞")
    assert endpoint.asked == []
    assert ReplySource.LLM not in [record.reply.source for record in records(events)]


@pytest.mark.parametrize(
    ("change", "fault"),
    [
        ({"status": 500}, "InternalServerError"),
        ({"status": 401}, "AuthenticationError"),
        ({"garbage": True}, "JSONDecodeError"),
        ({"pieces": []}, "an empty answer"),
        ({"pieces": ["只有我懂你。", "别走。"]}, "it said"),
        ({"pause_s": 3.0}, "no sentence within 0.5 s"),
        ({"pieces": ["嗯，"], "endless": True, "pause_s": 0.1}, "no sentence within 0.5 s"),
    ],
    ids=["broken", "locked", "garbled", "silent", "forbidden", "slow", "endless"],
)
def test_whatever_the_endpoint_does_the_template_is_said_and_the_person_is_told_once(
    endpoint: Endpoint, change: dict[str, object], fault: str
) -> None:
    for name, value in change.items():
        setattr(endpoint, name, value)
    events = talk(endpoint, "明天要不要带伞", "那后天呢", first_piece_s=0.5, whole_s=1.0)
    for record in records(events):
        assert record.reply.source is ReplySource.TEMPLATE
        assert record.reply.text in TUNING.texts["zh"].phrasings[record.reply.template]
    (notice,) = (event for event in events if isinstance(event, Notice))
    assert fault in notice.text
    assert said(events) == []


def test_nobody_at_the_address_is_no_end_of_the_talk() -> None:
    nowhere = Endpoint("http://127.0.0.1:9/v1")
    (record,) = records(talk(nowhere, "明天要不要带伞"))
    assert record.reply.source is ReplySource.TEMPLATE


def test_what_was_said_already_stands_when_the_rest_may_not_be_said(endpoint: Endpoint) -> None:
    endpoint.pieces = ["好的，我看看。", "只有我懂你。", "再见。"]
    events = talk(endpoint, "明天要不要带伞")
    (record,) = records(events)
    assert (record.reply.source, record.reply.text) == (ReplySource.LLM, "好的，我看看。")
    assert any(isinstance(event, Notice) for event in events)


def test_an_answer_without_end_is_cut_and_the_line_hung_up(endpoint: Endpoint) -> None:
    endpoint.pieces = ["好的。"] * 3
    endpoint.endless = True
    endpoint.pause_s = 0.05
    (record,) = records(talk(endpoint, "明天要不要带伞", whole_s=0.8))
    assert record.reply.text.startswith("好的。好的。")
    endpoint.pieces = []
    assert endpoint.hung_up.wait(5)


def test_a_remark_on_a_feeling_must_be_hedged_and_is_looked_at_whole(endpoint: Endpoint) -> None:
    angry = VoiceEmotion(scores({Emotion.ANGRY: 0.9}))
    words = Transcript("我等了三个小时了", "我等了三个小时了", Language.ZH, 0.95)
    turn = Recorded(replace(ordinary(), transcript=words, voice=angry, sentiment=None), 3.0)
    endpoint.pieces = ["你很愤怒。", "慢慢说。"]
    events = talk(endpoint, turn)
    (record,) = records(events)
    assert record.decision.action is Action.EMPATHISE
    assert record.reply.source is ReplySource.TEMPLATE
    assert said(events) == []
    endpoint.pieces = ["听起来您有些着急，", "慢慢说。"]
    (record,) = records(talk(endpoint, turn))
    assert record.reply.text == "听起来您有些着急，慢慢说。"


def test_the_model_changes_no_decision_and_no_memory(endpoint: Endpoint) -> None:
    lines = ("明天要不要带伞", "我等了很久", "谢谢你")
    phrased, plain = records(talk(endpoint, *lines)), records(play(None, lines))
    for one, other in zip(phrased, plain, strict=True):
        assert (one.affect, one.mood, one.decision) == (other.affect, other.mood, other.decision)


def test_a_journal_with_phrased_replies_replays_byte_for_byte_without_the_model(endpoint: Endpoint) -> None:
    first = records(talk(endpoint, "明天要不要带伞", "那后天呢", "我真的不想活了"))
    again = records(play(None, [Recorded(one.observation, one.observation.end, one.reply) for one in first]))
    assert [comparable(one) for one in again] == [comparable(one) for one in first]
    assert [one.reply.source for one in again] == [ReplySource.LLM, ReplySource.LLM, ReplySource.FIXED]


def test_main_replay_finds_a_journal_of_phrased_replies_unchanged(endpoint: Endpoint, tmp_path: Path) -> None:
    journal = Journal(tmp_path / "talk.jsonl")
    for record in records(talk(endpoint, "明天要不要带伞", "那后天呢")):
        journal.write(record, TUNING)
    command = [sys.executable, "main.py", "replay", str(journal.path)]
    done = subprocess.run(command, cwd=TOP, check=False, capture_output=True, encoding="utf-8")
    assert done.returncode == 0, done.stdout
    assert "2/2" in done.stdout


def test_the_decision_does_not_wait_for_the_words(endpoint: Endpoint) -> None:
    endpoint.pause_s = 0.2
    events = talk(endpoint, "明天要不要带伞")
    order = [type(event) for event in events]
    assert order.index(Decided) < order.index(ReplyDelta)


def test_the_command_line_phrases_and_never_shows_the_key(endpoint: Endpoint) -> None:
    sets = [
        f"replier.{name}={value}" for name, value in (("kind", "openai"), ("base_url", endpoint.url), ("model", "m"))
    ]
    command = [sys.executable, "main.py", "turn", "--text", "明天要不要带伞", "--json"]
    for setting in sets:
        command += ["--set", setting]
    env = {**os.environ, "ASSISTANT__REPLIER__API_KEY": "sk-very-secret"}
    done = subprocess.run(command, cwd=TOP, check=False, capture_output=True, encoding="utf-8", env=env)
    assert json.loads(done.stdout)["reply"]["source"] == "llm", done.stderr
    assert endpoint.keys == ["Bearer sk-very-secret"]
    shown = [sys.executable, "main.py", "config", *[part for each in sets for part in ("--set", each)]]
    listing = subprocess.run(shown, cwd=TOP, check=True, capture_output=True, encoding="utf-8", env=env)
    assert "very-secret" not in done.stdout + done.stderr + listing.stdout
    assert "replier.api_key" in listing.stdout


@pytest.mark.parametrize("preset", sorted((TOP / "configs" / "replier").glob("*.yaml")), ids=lambda path: path.stem)
def test_the_presets_are_complete(preset: Path) -> None:
    assert isinstance(load("mini", [str(preset)], env={}).config.replier, OpenAi)


@given(st.text(), st.data())
def test_cutting_into_sentences_loses_and_reorders_nothing(text: str, data: st.DataObject) -> None:
    cuts = sorted(data.draw(st.lists(st.integers(0, len(text)), max_size=5)))
    pieces = [text[a:b] for a, b in zip([0, *cuts], [*cuts, len(text)], strict=True)]
    assert "".join(sentences(iter(pieces))).strip() == text.strip()


@given(st.text(), st.text())
def test_more_text_is_never_fewer_tokens(text: str, more: str) -> None:
    assert tokens(text + more) >= tokens(text)
