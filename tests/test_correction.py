"""A speaker who says "I'm not angry" is believed for the session, and what they said is kept as a label."""

import math
from collections.abc import Sequence
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import TypeAdapter

from assistant.config.when import When
from assistant.config.yaml import checked
from assistant.core.conditions import facts
from assistant.core.correction import tell
from assistant.core.judge import understand
from assistant.types import Action, Certainty, Correction, Emotion, Language, Mood, Polarity
from tests.talk import TUNING, Talk, ordinary

ANGRY = {Emotion.ANGRY: 0.92}
FURIOUS = {Emotion.ANGRY: 0.97}
MOODS = TypeAdapter(Mood)

DENIALS = {
    "angry": [
        "我没生气",
        "我没有生气就是有点累",
        "别说我生气",
        "你别老说我生气行不行",
        "谁说我生气了",
        "我真的没那么生气",
        "我一点都不生气",
        "没生气,你想多了",
        "我哪里生气了",
        "我又没发火",
        "我不是在发脾气",
        "其实我并没有生气啊",
        "我沒生氣",
        "I'm not angry",
        "I am really not angry",
        "Don't say I'm angry",
        "who says I'm mad",
        "I’m not annoyed at all",
        "no, I'm not angry with you",
        "哎呀我没有生你的气",
        "我可没有在生气哦",
        "我没有发脾气,就是说话声音大",
        "不要老是说我在生气",
        "我声音大不代表我生气",
        "我都说了我不生气",
        "生气?我没生气啊",
        "i told you i'm not angry",
        "i'm not being angry",
        "stop telling me i'm angry",
    ],
    "sad": [
        "我不是难过",
        "我没有伤心",
        "别说我难过",
        "我其实不难过",
        "我这不是难过",
        "我没哭,也没难过",
        "I'm not sad",
        "I don't feel sad",
        "i'm not even sad",
    ],
    "fearful": [
        "我不害怕",
        "我没紧张",
        "我才不害怕呢",
        "I'm not scared",
        "I wasn't going to say it but i'm not worried",
    ],
    "happy": ["别说我开心", "谁说我高兴了", "don't tell me I'm happy"],
    "angry sad": ["我没生气也不难过", "我没有不高兴", "I'm not upset"],
}


@pytest.mark.parametrize(("denied", "line"), [(denied, line) for denied, lines in DENIALS.items() for line in lines])
def test_a_denial_is_understood(denied: str, line: str) -> None:
    assert set(tell(line, TUNING.corrections).denied) == set(denied.split())


@pytest.mark.parametrize(
    "line",
    [
        "他没生气",
        "你不生气吗",
        "我妈没有难过",
        "我能不生气吗",
        "我怎么可能不生气",
        "我不生气才怪",
        "我不生气了",
        "我不是不生气",
        "我没说我不生气",
        "如果我没生气就好了",
        "你让我怎么不生气",
        "别生气",
        "不要难过",
        "我很生气",
        "我不高兴",
        "我今天不太开心",
        "我生气",
        "没有人生气",
        "没事",
        "明天不下雨",
        "she's not angry",
        "I'm not angry anymore",
        "I'm not happy",
        "are you not angry?",
        "I'm angry",
        "if I'm not angry, who is",
        "I'm not made of wood",
        "谁说我不生气",
        "你凭什么说我不生气",
        "换谁都生气",
        "我同事说他不害怕",
        "我不想让他难过",
        "我不知道该不该生气",
        "我没办法不生气",
        "我不得不生气",
        "我不喜欢别人生气",
        "i'm not sure if i'm angry",
        "i'm not saying she's sad",
        "nobody is angry",
    ],
)
def test_what_only_sounds_like_a_denial_is_none(line: str) -> None:
    assert tell(line, TUNING.corrections).denied == ()


@pytest.mark.xfail(strict=True, reason="the grammar knows neither ellipsis nor the idiom of either-or")
@pytest.mark.parametrize(
    ("line", "denied"),
    [("why do you think i'm angry, i'm not", (Emotion.ANGRY,)), ("我不是不开心就是很累", ())],
)
def test_what_the_grammar_does_not_reach(line: str, denied: tuple[Emotion, ...]) -> None:
    assert tell(line, TUNING.corrections).denied == denied


@pytest.mark.parametrize(
    ("line", "felt"),
    [
        ("我不是生气是难过", "sad"),
        ("我没生气,是委屈", "sad"),
        ("我没生气,我就是有点担心", "fearful"),
        ("i'm not angry, i'm just sad", "sad"),
        ("我没生气就是有点累", None),
        ("你说我生气,我没生气", None),
    ],
)
def test_what_is_felt_instead_is_part_of_the_label(line: str, felt: str | None) -> None:
    talk = Talk()
    talk.hears("怎么还没有处理好", ANGRY)
    talk.reads(line)
    (correction,) = talk.mood.corrections
    assert correction == Correction(Emotion.ANGRY, turn=2, instead=felt and Emotion(felt), about=1)


def test_a_correction_holds_for_the_whole_session() -> None:
    talk = Talk()
    talk.hears("怎么还没有处理好", ANGRY)
    assert talk.hears("我没生气", ANGRY).decision.rule == "corrected"
    for _ in range(20):
        judged = talk.hears("这件事我想了很久", ANGRY)
        assert (judged.affect.certainty, judged.affect.label) == (Certainty.CORRECTED, None)
        assert judged.decision.action is not Action.EMPATHISE
        assert judged.decision.alert is None
        assert not judged.mood.anger.active


def test_what_was_perceived_stays_in_the_record() -> None:
    talk = Talk()
    talk.hears("我没生气", ANGRY)
    affect = talk.hears("这件事我想了很久", ANGRY).affect
    assert affect.now[Emotion.ANGRY] > 0.8
    assert talk.mood.corrections[0].turn == 1


def test_other_feelings_are_still_heard() -> None:
    talk = Talk()
    talk.hears("我没生气", ANGRY)
    assert talk.hears("这件事我想了很久", {Emotion.SAD: 0.92}).affect.label is Emotion.SAD


def test_a_denied_emotion_is_no_part_of_a_pair_or_a_group() -> None:
    talk = Talk()
    talk.hears("我不是难过")
    pair = talk.hears("这件事我想了很久", {Emotion.NEUTRAL: 0.42, Emotion.SAD: 0.38}).affect
    assert pair.mixed is None
    negative = talk.hears("这件事我想了很久", {Emotion.ANGRY: 0.3, Emotion.SAD: 0.28, Emotion.FEARFUL: 0.1}).affect
    assert negative.group is None


def test_no_rule_goes_by_a_belief_that_was_denied() -> None:
    when = checked(When, {"belief": {"angry": {"min": 0.4}}}, "test")
    talk = Talk()
    talk.hears("怎么还没有处理好", ANGRY)
    before = understand(ordinary(), talk.mood, TUNING)
    assert facts(when, replace(before, affect=replace(before.affect, belief={Emotion.ANGRY: 0.9}))) is not None
    talk.hears("我没生气", ANGRY)
    after = understand(ordinary(), talk.mood, TUNING)
    assert facts(when, replace(after, affect=replace(after.affect, belief={Emotion.ANGRY: 0.9}))) is None


def test_a_voice_that_was_denied_makes_no_conflict() -> None:
    talk = Talk()
    assert talk.hears("没事我挺好的", ANGRY, Polarity.POSITIVE).affect.conflict.kind is not None
    talk.hears("我没生气", ANGRY)
    conflict = talk.hears("没事我挺好的", ANGRY, Polarity.POSITIVE).affect.conflict
    assert conflict.kind is None
    assert conflict.value > 0.3


def test_only_voice_and_words_together_turn_after_turn_overrule_a_correction() -> None:
    talk = Talk()
    talk.hears("我没生气", ANGRY)
    for _ in range(5):
        assert talk.hears("好的", FURIOUS).affect.label is None
    first = talk.hears("你们太过分了", FURIOUS, Polarity.NEGATIVE)
    second = talk.hears("你们太过分了", FURIOUS, Polarity.NEGATIVE)
    assert (first.affect.label, second.affect.label) == (None, None)
    assert talk.hears("你们太过分了", FURIOUS, Polarity.NEGATIVE).affect.label is Emotion.ANGRY
    assert talk.mood.corrections[0].ended == 9


def test_a_calmer_turn_in_between_starts_the_count_anew() -> None:
    talk = Talk()
    talk.hears("我没生气", ANGRY)
    for _ in range(4):
        assert talk.hears("你们太过分了", FURIOUS, Polarity.NEGATIVE).mood.corrections[0].strong == 1
        assert talk.hears("帮我查一下天气").mood.corrections[0].strong == 0
    assert talk.mood.corrections[0].ended is None


def test_whoever_says_otherwise_is_believed_again() -> None:
    talk = Talk()
    talk.hears("我没生气", ANGRY)
    judged = talk.hears("我现在真的很生气", ANGRY)
    assert judged.affect.label is Emotion.ANGRY
    assert talk.mood.corrections[0].ended == 2


def test_words_that_were_hardly_understood_correct_nothing() -> None:
    assert Talk().hears("我没生气", ANGRY, confidence=0.45).mood.corrections == ()


def test_whoever_denies_what_nobody_said_is_heeded_but_not_answered_as_if_misread() -> None:
    talk = Talk()
    assert talk.hears("有你陪着我不害怕").decision.rule != "corrected"
    assert talk.hears("这件事我想了很久", {Emotion.FEARFUL: 0.9}).affect.label is None


def test_a_correction_does_not_touch_the_crisis_path() -> None:
    talk = Talk()
    talk.reads("我不是难过")
    decision = talk.hears("我真的不想活了", {Emotion.SAD: 0.9}).decision
    assert (decision.rule, decision.alert and decision.alert.rule) == ("crisis-passive", "crisis-passive")


def test_whoever_wants_no_remarks_gets_none() -> None:
    for line, language in (("别猜我的情绪", Language.ZH), ("stop analysing me", Language.EN)):
        talk = Talk()
        assert talk.reads(line, language).decision.rule == "corrected"
        actions = {talk.hears("这件事我想了很久", {Emotion.SAD: 0.9}).decision.action for _ in range(6)}
        assert Action.EMPATHISE not in actions


# The law: in force means neither stated, nor remarked on, nor alerted on.

LINES = [
    "我没生气",
    "我不是难过",
    "别说我害怕",
    "我很生气",
    "怎么还没有处理好",
    "帮我查一下天气",
    "谢谢",
    "",
    "嗯",
    "我难过",
]
VOICES = [
    {emotion: mass} for emotion in (Emotion.ANGRY, Emotion.SAD, Emotion.FEARFUL, Emotion.HAPPY) for mass in (0.5, 0.97)
]
TURNS = st.lists(
    st.tuples(st.sampled_from(LINES), st.sampled_from(VOICES), st.sampled_from([None, *Polarity])),
    min_size=1,
    max_size=12,
)
ALERTS = {"anger-streak": Emotion.ANGRY}


@settings(deadline=None, max_examples=60)
@given(TURNS)
def test_while_a_correction_holds_its_emotion_is_not_stated_remarked_on_or_alerted_on(
    turns: Sequence[tuple[str, dict[Emotion, float], Polarity | None]],
) -> None:
    talk = Talk()
    for text, voice, words in turns:
        judged = talk.hears(text, voice, words)
        denied = judged.mood.denied(judged.mood.turns)
        assert judged.affect.label not in denied
        assert denied.isdisjoint(judged.affect.mixed or ())
        if judged.decision.action is Action.EMPATHISE and judged.affect.label is None:
            assert judged.affect.certainty in (Certainty.GROUP, Certainty.AMBIGUOUS)
        if judged.decision.alert:
            assert ALERTS.get(judged.decision.alert.rule) not in denied
        if Emotion.ANGRY in denied:
            assert not judged.mood.anger.active
        assert all(each.ended is None or each.ended > each.turn for each in judged.mood.corrections)
        assert len({each.emotion for each in judged.mood.corrections}) == len(judged.mood.corrections)
        assert MOODS.validate_json(MOODS.dump_json(judged.mood)) == judged.mood


@settings(deadline=None, max_examples=60)
@given(TURNS)
def test_a_correction_changes_what_is_stated_never_what_was_perceived(
    turns: Sequence[tuple[str, dict[Emotion, float], Polarity | None]],
) -> None:
    told, silent = Talk(), Talk()
    told.hears("我没生气我也不难过", ANGRY)
    silent.hears("我今天去公园了啊", ANGRY)
    for _, voice, words in turns:
        one, other = (talk.hears("这件事我想了很久", voice, words).affect for talk in (told, silent))
        assert all(math.isclose(one.now[emotion], other.now[emotion]) for emotion in one.now)
        assert one.conflict.value == other.conflict.value
