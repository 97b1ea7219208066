"""Manners over a whole conversation: limits, hand-offs, cool-downs, what the place and the consent allow."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from assistant.config.deployment import Consent, ServiceProfile
from assistant.config.policy import LIMIT_RULES, HandOff, Policy
from assistant.config.tuning import Tuning
from assistant.config.yaml import Yaml, checked
from assistant.errors import ConfigError
from assistant.types import Action, Certainty, Decision, Emotion, Mood, Polarity, Verdict
from tests.talk import TUNING, Talk

ANGRY = {Emotion.ANGRY: 0.92}
SAD = {Emotion.SAD: 0.92}
HAPPY = {Emotion.HAPPY: 0.92}


def at(profile: ServiceProfile, consent: Consent = Consent.GRANTED) -> Tuning:
    return TUNING.model_copy(update={"service_profile": profile, "emotion_consent": consent})


COMPANION, SERVICE, ASSISTANT = (at(profile) for profile in ServiceProfile)
REFUSED = at(ServiceProfile.COMPANION, Consent.REFUSED)


# Repeated failures


def test_after_two_questions_writing_is_offered_and_then_a_person() -> None:
    talk = Talk()
    decisions = [talk.hears("帮我", verdict=Verdict.NOISY).decision for _ in range(9)]
    limits = decisions[2::3]
    assert [decision.rule for decision in limits] == ["clarify-typing", "clarify-limit", "clarify-limit"]
    assert [decision.typing for decision in limits] == [True, True, True]
    assert [decision.service for decision in limits] == [None, "human_agent", "human_agent"]
    assert limits[0].priority is None
    assert limits[1].priority == 2


def test_whoever_is_understood_again_is_offered_writing_first_next_time() -> None:
    talk = Talk()
    for _ in range(3):
        talk.hears("", verdict=Verdict.NO_SPEECH)
    assert talk.mood.rescues == 1
    talk.hears("帮我打开客厅的灯")
    assert talk.mood.rescues == 0
    assert [talk.hears("", verdict=Verdict.NOISY).decision.rule for _ in range(3)][-1] == "clarify-typing"


def test_whoever_writes_already_is_not_told_to_write() -> None:
    only: Yaml = {"id": "ask", "when": {}, "then": {"action": "clarify", "template": "clarify.unknown"}}
    last: Yaml = {"id": "last", "when": {}, "then": {"action": "answer", "template": "replies.answer"}}
    data: Yaml = TUNING.policy.model_dump(mode="json") | {"rules": [only, last], "watch": []}
    talk = Talk(TUNING.model_copy(update={"policy": checked(Policy, data, "policy.yaml")}))
    assert [talk.reads("那个").decision.rule for _ in range(3)] == ["ask", "ask", "clarify-limit"]


# Hand-offs


def test_anger_raises_a_hand_off_within_its_class_only() -> None:
    calm, loud = Talk(), Talk()
    for _ in range(3):
        calm.hears("帮我查一下快递")
        loud.hears("怎么还没有处理好", ANGRY, Polarity.NEGATIVE)
    quiet, angry = calm.hears("转人工").decision.priority, loud.hears("转人工", ANGRY).decision.priority
    assert (quiet, angry) == (4, 4.2)
    urgent = calm.hears("我不想活了").decision.priority
    assert urgent is not None and angry is not None and urgent > angry


def test_an_unclear_feeling_is_asked_about_now_and_then_not_in_every_turn() -> None:
    talk = Talk()
    vague = {Emotion.SAD: 0.3, Emotion.HAPPY: 0.3, Emotion.SURPRISED: 0.2}
    rules = [talk.hears("那个就是上次说的那件事", vague).decision.rule for _ in range(9)]
    assert rules == ["unknown", *["answer"] * 7, "unknown"]


def test_who_needs_nobody_waits_in_no_queue() -> None:
    assert Talk().hears("帮我查一下天气").decision.priority is None


@given(st.floats(0, 0.999), st.floats(0, 0.999), st.floats(0, 0.999), st.booleans(), st.booleans())
def test_no_feeling_lifts_a_hand_off_into_the_next_class(
    anger: float, distress: float, cap: float, angry: bool, distressed: bool
) -> None:
    talk = Talk(with_hand_off(HandOff(anger=anger, distress=distress, cap=cap)))
    if angry or distressed:
        for _ in range(3):
            talk.hears("这件事我想了很久", ANGRY if angry else SAD)
    priority = talk.hears("转人工", ANGRY if angry else SAD if distressed else None).decision.priority
    assert priority is not None
    assert 4 <= priority <= 4 + cap < 5


def test_the_bonus_of_anger_and_distress_together_is_capped() -> None:
    talk = Talk(with_hand_off(HandOff(anger=0.9, distress=0.9, cap=0.5)))
    for _ in range(3):
        talk.hears("这件事我想了很久", ANGRY)
    assert talk.hears("转人工", ANGRY).decision.priority == 4.5


def with_hand_off(hand_off: HandOff) -> Tuning:
    return TUNING.model_copy(update={"policy": TUNING.policy.model_copy(update={"hand_off": hand_off})})


def test_a_bonus_that_could_overtake_a_class_is_refused() -> None:
    data: Yaml = TUNING.policy.model_dump(mode="json") | {"hand_off": {"anger": 0.2, "distress": 0.4, "cap": 1}}
    with pytest.raises(ConfigError, match=r"hand_off\.cap"):
        checked(Policy, data, "policy.yaml")


# What the assistant is for


def test_a_companion_shares_joy_and_the_others_keep_to_the_matter() -> None:
    actions = [
        Talk(tuning).hears("今天去公园了", {Emotion.HAPPY: 0.7}).decision.action
        for tuning in (COMPANION, SERVICE, ASSISTANT)
    ]
    assert actions == [Action.EMPATHISE, Action.ANSWER, Action.ANSWER]


def test_customer_service_has_words_for_anger_and_hands_over_at_once() -> None:
    talk = Talk(SERVICE)
    decisions = [talk.hears("怎么还没有处理好", ANGRY).decision for _ in range(3)]
    assert decisions[0].template == "replies.empathise.angry"
    assert (decisions[1].rule, decisions[1].service) == ("anger-in-service", "human_agent")
    assert decisions[2].service is None


def test_an_assistant_remarks_on_strong_feelings_only() -> None:
    assert Talk(ASSISTANT).hears("这件事我想了很久", {Emotion.SAD: 0.6}).decision.action is Action.ANSWER
    assert Talk(ASSISTANT).hears("这件事我想了很久", {Emotion.SAD: 0.96}).decision.rule == "empathise-strong"


def test_a_companion_asks_when_the_mood_goes_down_and_others_do_not() -> None:
    happy, neutral, sad, fearful = Emotion.HAPPY, Emotion.NEUTRAL, Emotion.SAD, Emotion.FEARFUL
    souring = (
        {happy: 0.9},
        {happy: 0.6, neutral: 0.3},
        {happy: 0.3, neutral: 0.3, sad: 0.3},
        {neutral: 0.3, sad: 0.3, fearful: 0.2},
    )

    def rules(tuning: Tuning) -> list[str]:
        talk = Talk(tuning)
        return [talk.hears("今天去公园了", voice, Polarity.NEGATIVE).decision.rule for voice in souring]

    assert "mood-goes-down" in rules(COMPANION)
    assert "mood-goes-down" not in rules(SERVICE) + rules(ASSISTANT)


def test_danger_is_met_alike_everywhere() -> None:
    for tuning in (COMPANION, SERVICE, ASSISTANT, REFUSED):
        assert Talk(tuning).hears("我想自杀", HAPPY).decision.rule == "crisis-explicit"


# Consent


def test_without_consent_nothing_is_read_remarked_on_or_alerted_and_the_talk_goes_on() -> None:
    talk = Talk(REFUSED)
    for _ in range(8):
        judged = talk.hears("怎么还没有处理好", ANGRY, Polarity.NEGATIVE)
        assert judged.affect.certainty is Certainty.INSUFFICIENT
        assert (judged.decision.action, judged.decision.alert) == (Action.ANSWER, None)
    assert talk.reads("转人工").decision.service == "human_agent"
    assert talk.reads("最近晚上总是睡不着").decision.service == "relaxation"


def test_without_consent_no_rule_remarks_on_a_feeling_that_was_read_before() -> None:
    always: Yaml = {
        "id": "always",
        "when": {"turn": {"min": 1}},
        "then": {"action": "empathise", "template": "replies.empathise_negative"},
    }
    last: Yaml = {"id": "last", "when": {}, "then": {"action": "answer", "template": "replies.answer"}}
    data: Yaml = TUNING.policy.model_dump(mode="json") | {"rules": [always, last], "watch": []}
    policy = checked(Policy, data, "policy.yaml")
    assert Talk(TUNING.model_copy(update={"policy": policy})).hears("嗯好的知道了").decision.rule == "always"
    decision = Talk(REFUSED.model_copy(update={"policy": policy})).hears("嗯好的知道了").decision
    assert decision.rule == "last"
    assert "always passed over: no consent to reading emotions" in decision.reason


# Cool-downs of rules


def test_a_rule_that_has_decided_leaves_its_turns_to_others_until_it_has_cooled_down() -> None:
    rest: Yaml = {
        "id": "rest",
        "when": {},
        "then": {"action": "answer", "template": "replies.go_on", "cool_down_s": 20},
    }
    last: Yaml = {"id": "last", "when": {}, "then": {"action": "answer", "template": "replies.answer"}}
    data: Yaml = TUNING.policy.model_dump(mode="json") | {"rules": [rest, last], "watch": []}
    talk = Talk(TUNING.model_copy(update={"policy": checked(Policy, data, "policy.yaml")}))
    decisions = [talk.hears("今天去公园了").decision for _ in range(6)]
    assert [decision.rule for decision in decisions] == ["rest", "last", "last", "rest", "last", "last"]
    assert decisions[0].cool_down_s == 20
    assert "rest passed over: cooling down for 20 s" in decisions[1].reason


def test_what_is_written_for_safety_never_cools_down() -> None:
    then: Yaml = {"action": "alert", "template": "crisis.explicit", "fixed": True, "cool_down_s": 5}
    data: Yaml = TUNING.policy.model_dump(mode="json") | {"rules": [{"id": "x", "when": {"typed": True}, "then": then}]}
    with pytest.raises(ConfigError, match="a fixed outcome takes no cool_down_s"):
        checked(Policy, data, "policy.yaml")


# Laws, for any conversation at any place.

TURNS = st.lists(
    st.tuples(
        st.sampled_from(
            ["帮我查一下天气", "", "谢谢", "转人工", "睡不着", "我不想活了", "我没生气", "别猜我的情绪", "嗯", "好绝望"]
        ),
        st.sampled_from([e for e in Emotion if e is not Emotion.UNKNOWN]),
        st.sampled_from([None, *Polarity]),
        st.sampled_from(list(Verdict)),
        st.sampled_from([0.2, 0.5, 0.95]),
    ),
    min_size=4,
    max_size=16,
)
Turns = Sequence[tuple[str, Emotion, Polarity | None, Verdict, float]]


@dataclass
class Told:
    """What was decided in a conversation."""

    decisions: list[Decision] = field(default_factory=list)
    moods: list[Mood] = field(default_factory=list)


def told(turns: Turns, tuning: Tuning) -> Told:
    talk, story = Talk(tuning), Told()
    for text, emotion, words, verdict, confidence in turns:
        judged = talk.hears(text, {emotion: 0.9}, words, verdict, confidence)
        story.decisions.append(judged.decision)
        story.moods.append(judged.mood)
    return story


def fixed(decision: Decision, policy: Policy) -> bool:
    return policy.outcome(decision.rule).fixed


@settings(deadline=None, max_examples=60)
@given(TURNS, st.sampled_from([COMPANION, SERVICE, ASSISTANT, REFUSED]))
def test_no_limit_is_ever_exceeded(turns: Turns, tuning: Tuning) -> None:
    policy = tuning.policy
    story = told(turns, tuning)
    remarks = [
        turn
        for turn, decision in enumerate(story.decisions)
        if decision.action is Action.EMPATHISE and not fixed(decision, policy)
    ]
    assert all(later - earlier >= policy.limits.remark_every for earlier, later in pairwise(remarks))
    asked = 0
    for decision in story.decisions:
        asks = decision.action is Action.CLARIFY
        asked = asked + 1 if asks else 0
        assert asked <= policy.limits.clarify_in_a_row or fixed(decision, policy)
        if decision.rule in LIMIT_RULES:
            assert decision.typing or decision.service
    if tuning is REFUSED:
        assert remarks == []


@settings(deadline=None, max_examples=60)
@given(TURNS, st.sampled_from([COMPANION, SERVICE, ASSISTANT, REFUSED]))
def test_every_hand_off_stays_in_its_class(turns: Turns, tuning: Tuning) -> None:
    for decision in told(turns, tuning).decisions:
        base = tuning.policy.outcome(decision.rule).priority
        if base is None:
            assert decision.priority is None
        else:
            assert decision.priority is not None
            assert base <= decision.priority < base + 1


@settings(deadline=None, max_examples=40)
@given(TURNS, st.sampled_from([COMPANION, SERVICE, ASSISTANT, REFUSED]))
def test_the_same_turns_always_come_to_the_same(turns: Turns, tuning: Tuning) -> None:
    assert told(turns, tuning) == told(turns, tuning)
