"""What is said: never twice running the same, nothing claimed, the numbers right."""

import re
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from assistant.config.texts import Texts
from assistant.core.replies import feeling, render
from assistant.types import Emotion, Language, Mood, Polarity, ReplySource, Style, Verdict
from tests.talk import TUNING, Talk

FORBIDDEN = {
    Language.ZH: "你|您很|您非常|您(正在|在)?(生气|愤怒|难过|伤心|害怕)|我也?[很好真]?(难过|高兴|心疼|开心)"
    r"|保证|一定会|只有我|24\s*小时",
    Language.EN: r"\byou('re| are) (angry|sad|afraid|upset)|\bI('m| am) (so |very )?(sad|happy|glad|sorry)"
    r"|\bpromise|\bguarantee|24 hours",
}
SAID = sorted({key for rule in TUNING.policy.rules for key in rule.templates})


@settings(deadline=None)
@given(st.lists(st.text(min_size=1, alphabet="abc"), min_size=2, max_size=6, unique=True), st.integers(0, 1000))
def test_rotation_never_says_the_same_twice_running(variants: list[str], used: int) -> None:
    texts = Texts(phrasings={"replies.x": tuple(variants)})
    assert texts.say("replies.x", used=used) != texts.say("replies.x", used=used + 1)


@given(st.integers(2, 6))
def test_rotation_says_each_phrasing_before_it_repeats_one(count: int) -> None:
    texts = Texts(phrasings={"replies.x": tuple(map(str, range(count)))})
    assert {texts.say("replies.x", used=used) for used in range(count)} == set(map(str, range(count)))


TURNS = st.lists(
    st.tuples(
        st.sampled_from(["帮我查一下天气", "", "谢谢", "我要投诉", "睡不着", "我不想活了", "你好", "嗯", "好绝望"]),
        st.sampled_from([e for e in Emotion if e is not Emotion.UNKNOWN]),
        st.sampled_from([None, *Polarity]),
        st.sampled_from(list(Verdict)),
    ),
    min_size=2,
    max_size=12,
)


@settings(deadline=None, max_examples=50)
@given(TURNS)
def test_no_conversation_hears_the_same_words_twice_running(
    turns: list[tuple[str, Emotion, Polarity | None, Verdict]],
) -> None:
    talk = Talk()
    replies = [talk.hears(text, {emotion: 0.9}, words, verdict).reply.text for text, emotion, words, verdict in turns]
    assert all(earlier != later for earlier, later in pairwise(replies))
    assert not any("{" in reply for reply in replies)


def test_the_same_conversation_gets_the_same_replies() -> None:
    lines = ["你好", "今天去公园了", "今天去公园了", "谢谢"]
    one, two = Talk(), Talk()
    assert [one.reads(line).reply for line in lines] == [two.reads(line).reply for line in lines]


def test_the_style_follows_the_rule() -> None:
    angry = Talk().hears("这件事我想了很久", {Emotion.ANGRY: 0.92}).reply
    happy = Talk().hears("这件事我想了很久", {Emotion.HAPPY: 0.92}).reply
    assert angry.style.rate < 1 < happy.style.rate
    assert Talk().hears("这件事我想了很久").reply.style == Style()


def test_crisis_texts_are_fixed_and_others_are_not() -> None:
    assert Talk().reads("我想自杀").reply.source is ReplySource.FIXED
    assert Talk().reads("帮我查一下天气").reply.source is ReplySource.TEMPLATE


def test_the_name_of_a_service_stands_where_the_text_wants_it() -> None:
    assert "人工客服" in Talk().reads("转人工").reply.text


def test_a_pair_is_called_by_its_own_name() -> None:
    affect = Talk().hears("这件事我想了很久", {Emotion.SAD: 0.42, Emotion.NEUTRAL: 0.38}).affect
    assert feeling(affect, TUNING.texts[Language.ZH]) == "低落但克制"
    assert feeling(affect, TUNING.texts[Language.EN]) == "restrained sadness"


def test_rendering_needs_no_memory_of_the_words() -> None:
    judged = Talk().hears("帮我查一下天气")
    texts = TUNING.texts[Language.ZH]
    reply = render(judged.decision, judged.affect, Mood(), TUNING.policy, TUNING.services, texts)
    assert reply.text == texts.phrasings["replies.answer"][0]


@pytest.mark.parametrize("language", list(Language))
def test_every_danger_text_gives_the_numbers(language: Language) -> None:
    for key, variants in TUNING.texts[language].phrasings.items():
        if key.startswith("crisis."):
            assert all({"12356", "120", "110"} <= set(re.findall(r"\d+", text)) for text in variants), key


@pytest.mark.parametrize("language", list(Language))
@pytest.mark.parametrize("key", SAID)
def test_no_reply_states_a_feeling_claims_one_or_promises(language: Language, key: str) -> None:
    for text in TUNING.texts[language].phrasings[key]:
        assert not re.search(FORBIDDEN[language], text, re.IGNORECASE), text


@pytest.mark.parametrize("language", list(Language))
def test_no_danger_text_diagnoses_or_names_a_method(language: Language) -> None:
    words = [
        "抑郁",
        "诊断",
        "病",
        "跳楼",
        "割腕",
        "安眠药",
        "保密",
        "depress",
        "diagnos",
        "disorder",
        "pills",
        "secret",
    ]
    for key, variants in TUNING.texts[language].phrasings.items():
        if key.startswith("crisis."):
            assert not [word for word in words for text in variants if word in text.lower()]
