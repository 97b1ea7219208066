"""The frame of a conversation: one word ends it, a machine says that it is one, minors are spared a companion."""

from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assistant.config.deployment import Consent, ServiceProfile
from assistant.config.tuning import Tuning
from assistant.core.manners import Use, leaves, spend
from assistant.engine import Engine
from assistant.events import Event, Input, Notice, Recorded, TurnCompleted, TypedText
from assistant.session import Session
from assistant.store.journal import comparable
from assistant.types import Action, AudioChunk, Emotion, Language, TurnRecord
from tests.stubs import CONFIG, FlatSentiment, HashAsr, HashEmotion, LoudnessVad, speech
from tests.talk import TUNING, Talk

LEAVING = TUNING.manners.leaving
HOUR = 3600.0


def conversation(inputs: Sequence[Input], tuning: Tuning = TUNING, *, converses: bool = True) -> list[Event]:
    with Engine(HashAsr(), HashEmotion(), FlatSentiment()) as engine:
        session = Session("s", engine, LoudnessVad(), CONFIG.segmenter, CONFIG.quality, tuning, converses=converses)
        return list(session.run(inputs, patient=True))


def records(events: Sequence[Event]) -> list[TurnRecord]:
    return [event.record for event in events if isinstance(event, TurnCompleted)]


def notices(events: Sequence[Event]) -> list[str]:
    return [event.text for event in events if isinstance(event, Notice)]


def said(key: str, tuning: Tuning = TUNING, language: Language = Language.ZH) -> str:
    return tuning.texts[language].say(key)


OPENING = [said("manners.disclosure"), said("manners.reads_feelings")]


@pytest.mark.parametrize(
    "line",
    [
        "停", "停。", "停!停!", "好了停吧", "退出", "请退出", "我要退出", "别说了", "别说了,谢谢",
        "我不想聊了", "结束对话",
        "stop", "Stop!", "please stop", "OK, quit", "shut up", "that's enough, thank you",
    ],
)  # fmt: skip
def test_an_exit_word_that_is_all_that_was_said_ends_the_conversation(line: str) -> None:
    assert leaves(line, LEAVING)


@pytest.mark.parametrize(
    "line",
    [
        "停车", "停车场在哪里", "别停", "雨停了没有", "怎么退出登录", "结束这一切",
        "我想结束自己", "我退出比赛了", "关闭提醒", "你别说了他的事",
        "stop the music", "don't stop", "bus stop", "quit smoking", "stopping", "", "。",
    ],
)  # fmt: skip
def test_an_exit_word_within_something_else_ends_nothing(line: str) -> None:
    assert not leaves(line, LEAVING)


def test_after_the_exit_word_nothing_more_is_answered() -> None:
    events = conversation([TypedText("你好", 1.0), TypedText("停", 2.0), TypedText("今天天气怎么样", 3.0)])
    done = records(events)
    assert [record.decision.action for record in done] == [Action.ANSWER, Action.END]
    assert isinstance(events[-1], TurnCompleted)


def test_what_is_being_said_at_the_exit_word_is_dropped() -> None:
    sound = [AudioChunk(speech(1.0), 0.0), TypedText("退出", 1.0), AudioChunk(speech(1.0), 1.0)]
    assert [record.decision.rule for record in records(conversation(sound))] == ["end"]


@pytest.mark.parametrize("words", ["我想自杀", "我要投诉", "我没生气", "气死我了"])
def test_the_exit_word_comes_before_everything_that_went_before(words: str) -> None:
    talk = Talk()
    for _ in range(3):
        talk.hears(words, {Emotion.ANGRY: 0.95})
    assert talk.hears("别说了", {Emotion.ANGRY: 0.95}).decision.action is Action.END


def test_whoever_leaves_after_words_of_danger_takes_the_numbers_along() -> None:
    talk = Talk()
    talk.hears("我不想活了")
    left = talk.hears("停")
    assert left.decision.rule == "end-in-danger"
    assert "12356" in left.reply.text and "120" in left.reply.text
    assert left.reply.source == "fixed"


def test_it_says_that_it_is_a_machine_before_anything_is_heard() -> None:
    assert notices(conversation([TypedText("你好", 1.0)]))[0] == said("manners.disclosure")
    assert conversation([TypedText("你好", 1.0)])[0].type == "notice"


def test_it_says_that_it_reads_feelings_only_where_it_does() -> None:
    refused = TUNING.model_copy(update={"emotion_consent": Consent.REFUSED})
    assert notices(conversation([TypedText("你好", 1.0)])) == OPENING
    assert notices(conversation([TypedText("你好", 1.0)], refused)) == [said("manners.disclosure")]


def test_files_and_tests_are_told_nothing() -> None:
    assert not notices(conversation([TypedText("你好", 1.0), TypedText("你好", 3 * HOUR)], converses=False))


def test_two_hours_of_use_bring_one_reminder() -> None:
    turns = [TypedText("今天天气怎么样", time) for time in _every(600.0, 2.4 * HOUR)]
    told = notices(conversation(turns))
    assert told == [*OPENING, said("manners.reminder")]


def test_a_quarter_of_an_hour_of_silence_begins_a_new_use() -> None:
    turns = [*_every(600.0, 1.9 * HOUR), *(1.9 * HOUR + 1200 + time for time in _every(600.0, 1.9 * HOUR))]
    assert notices(conversation([TypedText("今天天气怎么样", time) for time in turns])) == OPENING


def test_minors_are_reminded_sooner() -> None:
    minors = TUNING.model_copy(update={"minor_mode": True})
    turns = [TypedText("今天天气怎么样", time) for time in _every(600.0, 1.2 * HOUR)]
    assert said("manners.reminder") in notices(conversation(turns, minors))


def test_a_conversation_with_reminders_and_an_end_replays_byte_for_byte() -> None:
    turns = [*(TypedText("我好难过", time) for time in _every(600.0, 2.2 * HOUR)), TypedText("退出", 2.3 * HOUR)]
    played = records(conversation(turns))
    again = records(conversation([Recorded(it.observation, it.observation.end) for it in played], converses=False))
    assert [comparable(record) for record in again] == [comparable(record) for record in played]
    assert played[-1].decision.action is Action.END


def _every(step_s: float, until_s: float) -> list[float]:
    return [index * step_s for index in range(int(until_s / step_s) + 1)]


@given(st.lists(st.floats(0, 20_000), min_size=1, max_size=60), st.floats(60, 8000), st.floats(1, 2000))
def test_there_is_never_more_than_one_reminder_for_each_stretch_of_use(
    times: list[float], every_s: float, break_s: float
) -> None:
    use: Use | None = None
    reminded = 0
    for time in sorted(times):
        spent = spend(use, time, time, every_s, break_s)
        use, reminded = spent.use, reminded + spent.remind
    assert reminded <= max(times) / every_s


class TestMinors:
    """What `minor_mode` changes."""

    MINORS = TUNING.model_copy(update={"minor_mode": True})

    def test_there_is_no_companion_for_them(self) -> None:
        assert TUNING.service_profile is ServiceProfile.COMPANION
        adult, minor = Talk(), Talk(self.MINORS)
        sad = {Emotion.SAD: 0.62, Emotion.NEUTRAL: 0.2}
        assert adult.hears("今天过得不太好", sad).decision.action is Action.EMPATHISE
        assert minor.hears("今天过得不太好", sad).decision.rule not in ("empathise-low", "unsure-feeling")

    def test_strained_words_are_asked_about_as_directly_as_passive_ones(self) -> None:
        minor = Talk(self.MINORS).hears("我觉得好绝望")
        assert minor.decision.rule == "crisis-strained-minor"
        assert minor.reply.template == "crisis.passive"
        assert minor.decision.priority is not None

    def test_help_is_offered_with_the_first_strong_sadness(self) -> None:
        def offered(tuning: Tuning) -> int:
            talk = Talk(tuning)
            rules = [talk.hears("今天过得不好", {Emotion.SAD: 0.95}).decision.rule for _ in range(6)]
            return next(turn for turn, rule in enumerate(rules) if rule in ("minor-distress", "distress-stays"))

        assert offered(self.MINORS) < offered(TUNING)
