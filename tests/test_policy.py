"""What the assistant does about a turn: which rule, which alert, and what it leaves alone."""

import pytest

from assistant.config.policy import Policy
from assistant.config.when import When
from assistant.config.yaml import Yaml, checked
from assistant.core.conditions import Situation, facts
from assistant.core.safety import Concern
from assistant.errors import ConfigError
from assistant.types import Action, Emotion, Language, Level, Mood, Polarity, Stage, Streak, Verdict
from tests.talk import TUNING, Talk, ordinary

ANGRY = {Emotion.ANGRY: 0.92}
SAD = {Emotion.SAD: 0.92}
FEARFUL = {Emotion.FEARFUL: 0.92}
HAPPY = {Emotion.HAPPY: 0.92}


def test_neutral_talk_is_answered() -> None:
    decision = Talk().hears("帮我查一下明天的天气").decision
    assert (decision.action, decision.rule, decision.alert) == (Action.ANSWER, "answer", None)


@pytest.mark.parametrize("emotion", [e for e in Emotion if e not in (Emotion.NEUTRAL, Emotion.OTHER, Emotion.UNKNOWN)])
def test_each_emotion_is_met_with_words_of_its_own(emotion: Emotion) -> None:
    decision = Talk().hears("这件事我想了很久", {emotion: 0.92}).decision
    assert decision.action is Action.EMPATHISE
    assert decision.template == f"replies.empathise.{emotion}"
    assert f"label {emotion}" in decision.reason


def test_a_restrained_sadness_is_met_as_such() -> None:
    decision = Talk().hears("这件事我想了很久", {Emotion.SAD: 0.42, Emotion.NEUTRAL: 0.38}).decision
    assert decision.template == "replies.empathise_pair.neutral_sad"


def test_at_most_one_remark_on_an_emotion_in_three_turns() -> None:
    talk = Talk()
    actions = [talk.hears("今天去公园了", HAPPY).decision.action for _ in range(7)]
    assert [action is Action.EMPATHISE for action in actions] == [True, False, False, True, False, False, True]


def test_the_reason_tells_which_rule_had_to_stand_back() -> None:
    talk = Talk()
    talk.hears("今天去公园了", HAPPY)
    assert "empathise-high passed over: last remark 1 turns ago" in talk.hears("今天去公园了", HAPPY).decision.reason


def test_between_remarks_the_assistant_stays_with_the_feeling_without_naming_it() -> None:
    for voice, template in ((ANGRY, "replies.company.hot"), (SAD, "replies.company.low")):
        talk = Talk()
        talk.hears("这件事我想了很久", voice)
        assert talk.hears("这件事我想了很久", voice).decision.template == template


def test_a_greeting_with_a_request_behind_it_is_a_request() -> None:
    assert Talk().hears("你好").decision.rule == "greeting"
    assert Talk().hears("你好我想查一下我的快递").decision.rule == "answer"


def test_anger_that_stays_raises_one_alert_until_it_has_cooled_down() -> None:
    talk = Talk()
    alerts = [talk.hears("怎么还没有处理好", ANGRY, Polarity.NEGATIVE).decision.alert for _ in range(30)]
    times = [8.0 * (turn + 1) for turn, alert in enumerate(alerts) if alert]
    assert alerts[0] is None and alerts[1] is None
    assert alerts[2] is not None
    assert (alerts[2].level, alerts[2].id, alerts[2].rule) == (Level.WARNING, "s1-3-anger-streak", "anger-streak")
    assert "turns of anger 2" in alerts[2].evidence
    assert times == [24.0, 208.0]


def test_an_angry_caller_is_offered_a_person_once() -> None:
    talk = Talk()
    rules = [talk.hears("怎么还没有处理好", ANGRY, Polarity.NEGATIVE).decision.rule for _ in range(8)]
    assert rules.count("anger-stays") == 1


def test_the_alert_rides_beside_what_was_asked_for() -> None:
    talk = Talk()
    for _ in range(2):
        talk.hears("怎么还没有处理好", ANGRY)
    decision = talk.hears("我要找你们经理投诉", ANGRY).decision
    assert (decision.action, decision.service) == (Action.RECOMMEND, "human_agent")
    assert decision.alert is not None and decision.alert.level is Level.WARNING


def test_two_alerts_never_come_in_one_turn_and_the_rule_has_the_word() -> None:
    talk = Talk()
    for _ in range(2):
        talk.hears("这几天都很难受", SAD)
    alert = talk.hears("我真的不想活了", SAD).decision.alert
    assert alert is not None and alert.rule == "crisis-passive"


def test_voice_against_words_is_asked_about_gently() -> None:
    decision = Talk().hears("没事我挺好的不用担心", {Emotion.SAD: 0.8}, Polarity.POSITIVE).decision
    assert (decision.rule, decision.template) == ("conflict", "replies.conflict.masking_or_sarcasm")


@pytest.mark.parametrize("verdict", [Verdict.TOO_QUIET, Verdict.NOISY, Verdict.NO_SPEECH])
def test_poor_sound_is_asked_back_with_its_cause(verdict: Verdict) -> None:
    decision = Talk().hears("帮我打开客厅的灯", verdict=verdict).decision
    assert (decision.action, decision.template) == (Action.CLARIFY, f"clarify.sound.{verdict}")


@pytest.mark.parametrize("verdict", [Verdict.TOO_SHORT, Verdict.CLIPPED, Verdict.TRUNCATED])
def test_doubtful_sound_with_clear_words_is_no_reason_to_ask(verdict: Verdict) -> None:
    assert Talk().hears("帮我打开客厅的灯", verdict=verdict).decision.action is Action.ANSWER
    assert Talk().hears("帮我打开客厅的灯", verdict=verdict, confidence=0.5).decision.action is Action.CLARIFY
    assert Talk().hears("", verdict=verdict).decision.template == f"clarify.sound.{verdict}"


def test_unsure_words_no_words_and_a_failed_recogniser_are_told_apart() -> None:
    assert Talk().hears("帮我打开客厅的灯", confidence=0.3).decision.rule == "unsure-words"
    assert Talk().hears("").decision.rule == "no-words"
    assert Talk().hears(None, errors=(Stage.ASR,)).decision.rule == "asr-failed"


def test_nobody_is_asked_back_more_than_twice_in_a_row() -> None:
    talk = Talk()
    rules = [talk.hears("帮我", verdict=Verdict.NOISY).decision.rule for _ in range(6)]
    assert rules == ["bad-sound", "bad-sound", "clarify-typing", "bad-sound", "bad-sound", "clarify-limit"]
    assert talk.hears("帮我打开客厅的灯").decision.rule == "answer"


def test_a_turn_that_says_nothing_of_the_feeling_is_asked_about() -> None:
    voice = {Emotion.OTHER: 0.6, Emotion.UNKNOWN: 0.35}
    decision = Talk().hears("那个就是上次说的那件事", voice, verdict=Verdict.OK).decision
    assert (decision.action, decision.rule) == (Action.CLARIFY, "unknown")


@pytest.mark.parametrize(
    ("line", "service"),
    [
        ("我想找个人聊聊天", "counselling"),
        ("最近工作压力太大了", "counselling"),
        ("转人工", "human_agent"),
        ("我要投诉", "human_agent"),
        ("晚上总是睡不着", "relaxation"),
    ],
)
def test_what_is_asked_for_is_offered(line: str, service: str) -> None:
    decision = Talk().hears(line).decision
    assert (decision.action, decision.service) == (Action.RECOMMEND, service)


@pytest.mark.parametrize("line", ["不用转人工", "我不想找人聊", "昨天看了真人秀", "没有压力", "the therapists' office"])
def test_words_that_only_contain_a_keyword_offer_nothing(line: str) -> None:
    assert Talk().hears(line).decision.action is not Action.RECOMMEND


def test_a_person_is_within_reach_in_a_crisis_too() -> None:
    talk = Talk()
    talk.reads("我不想活了")
    assert talk.reads("转人工").decision.service == "human_agent"


def test_explicit_danger_alerts_at_once_and_again_when_it_grows() -> None:
    talk = Talk()
    first, second, third = (talk.reads(line).decision for line in ("我不想活了", "我不想活了", "我今晚就跳楼"))
    assert first.action is second.action is third.action is Action.ALERT
    assert first.alert is not None and first.alert.level is Level.URGENT
    assert second.alert is None
    assert third.alert is not None and third.alert.rule == "crisis-explicit"


def test_a_joke_a_good_mood_or_another_topic_does_not_clear_a_crisis() -> None:
    talk = Talk()
    talk.reads("我不想活了")
    for line in ("刚才是开玩笑的", "今天天气真好", "谢谢"):
        judged = talk.reads(line)
        assert (judged.decision.rule, judged.decision.alert) == ("crisis-stay", None)
    talk.time += 31 * 60
    assert talk.hears("今天天气真好").decision.rule == "answer"


def test_a_crisis_is_answered_whatever_the_sound_and_the_limits() -> None:
    talk = Talk()
    for _ in range(3):
        decision = talk.hears("我想自杀", HAPPY, verdict=Verdict.NOISY, confidence=0.2).decision
        assert decision.rule == "crisis-explicit"


def test_worry_about_a_friend_gets_the_helper_text() -> None:
    talk = Talk()
    assert talk.reads("我朋友说他不想活了").decision.rule == "crisis-other"
    assert talk.mood.safety.level == 1


def test_a_correction_is_taken_back_without_a_remark() -> None:
    assert Talk().hears("我没生气就是有点累", ANGRY).decision.rule == "corrected"


def test_a_moving_voice_and_mood_are_information_not_words() -> None:
    talk = Talk()
    voices = [HAPPY, SAD, HAPPY, ANGRY, HAPPY, SAD]
    alerts = [talk.hears("今天去公园了", voice, step=1.6).decision.alert for voice in voices]
    raised = [alert for alert in alerts if alert]
    assert {alert.rule for alert in raised} == {"volatility"}
    assert all(alert.level is Level.INFO and "不表示有风险" in alert.message for alert in raised)


def test_a_mood_that_goes_steadily_down_is_information() -> None:
    talk = Talk()
    voices = [HAPPY, {Emotion.HAPPY: 0.5, Emotion.NEUTRAL: 0.4}, {Emotion.NEUTRAL: 0.9}, SAD]
    alerts = [talk.hears("今天去公园了", voice).decision.alert for voice in voices]
    assert [alert.rule if alert else None for alert in alerts] == [None, None, None, "mood-falls"]


def test_english_is_answered_in_english() -> None:
    judged = Talk().reads("hello, i want to speak to a person", Language.EN)
    assert judged.decision.service == "human_agent"
    assert "a human agent" in judged.reply.text


def test_the_same_turn_is_always_decided_the_same_way() -> None:
    assert Talk().hears("怎么还没有处理好", ANGRY) == Talk().hears("怎么还没有处理好", ANGRY)


CONDITIONS: list[dict[str, Yaml]] = [
    {"crisis": {"min": 1}},
    {"crisis_about": ["other"]},
    {"crisis_lately": {"min": 1}},
    {"certainty": ["group"]},
    {"label": ["happy"]},
    {"mixed": [["sad", "neutral"]]},
    {"group": ["negative"]},
    {"confidence": {"max": 0.1}},
    {"belief": {"happy": {"min": 0.9}}},
    {"conflict": ["masking_or_sarcasm"]},
    {"conflict_value": {"min": 0.9}},
    {"anger_turns": {"min": 1}},
    {"distress_turns": {"min": 1}},
    {"volatility": {"min": 0}},
    {"volatility_z": {"min": 0}},
    {"swing": {"min": 0}},
    {"swing_z": {"min": 0}},
    {"valence_trend": ["steady"]},
    {"arousal_trend": ["steady"]},
    {"valence_falls": {"turns": 2, "by": 0.1}},
    {"corrects": True},
    {"denied": ["angry"]},
    {"quality": ["noisy"]},
    {"failed": ["asr"]},
    {"empty": True},
    {"typed": True},
    {"asr_confidence": {"max": 0.5}},
    {"characters": {"max": 2}},
    {"says": {"any_of": ["投诉"]}},
    {"polarity": ["正向"]},
    {"language": ["en"]},
    {"turn": {"min": 2}},
    {"clarifications": {"min": 1}},
    {"leaves": True},
    {"minor": True},
    {"profile": ["assistant"]},
    {"emotion_consent": ["refused"]},
]


def test_every_condition_is_among_those_tried() -> None:
    assert {name for condition in CONDITIONS for name in condition} == set(When.model_fields)


@pytest.mark.parametrize("condition", CONDITIONS, ids=lambda condition: next(iter(condition)))
def test_each_condition_alone_can_keep_a_rule_from_an_ordinary_turn(condition: dict[str, Yaml]) -> None:
    talk = Talk()
    judged = talk.hears("帮我查一下明天的天气", words=Polarity.NEUTRAL)
    situation = Situation(ordinary(), judged.affect, talk.mood, Concern())
    when = checked(When, condition, "test")
    assert facts(when, situation) is None
    assert facts(When(), situation) == ()


def test_a_streak_counts_only_while_it_is_active() -> None:
    judged = Talk().hears("帮我查一下明天的天气")
    when = checked(When, {"anger_turns": {"min": 2}}, "test")
    for active, expected in ((True, ("turns of anger 3",)), (False, None)):
        mood = Mood(anger=Streak((True, True), active, 3))
        assert facts(when, Situation(ordinary(), judged.affect, mood, Concern())) == expected


RULE: dict[str, Yaml] = {"id": "last", "when": {}, "then": {"action": "answer", "template": "replies.answer"}}


def policy_of(*rules: dict[str, Yaml]) -> Policy:
    """Return a policy of these rules, as a file would make it."""
    limits: Yaml = {
        "remark_every": 3,
        "clarify_in_a_row": 2,
        "instead": {"action": "recommend", "template": "replies.another_way", "service": "human_agent"},
    }
    hand_off: Yaml = {"anger": 0.2, "distress": 0.4, "cap": 0.5}
    data: Yaml = {"styles": {"normal": {}}, "limits": limits, "hand_off": hand_off, "rules": list(rules)}
    return checked(Policy, data, "policy.yaml")


def test_the_first_rule_that_holds_decides() -> None:
    first: dict[str, Yaml] = {**RULE, "id": "first", "when": {"typed": True}}
    second: dict[str, Yaml] = {**RULE, "id": "second", "when": {"characters": {"min": 1}}}
    for order, expected in (((first, second, RULE), "first"), ((second, first, RULE), "second")):
        talk = Talk(TUNING.model_copy(update={"policy": policy_of(*order)}))
        assert talk.reads("你好").decision.rule == expected


@pytest.mark.parametrize(
    ("rules", "complaint"),
    [
        ([{**RULE, "when": {"typed": True}}], "'last' must hold always"),
        ([{**RULE, "id": "early"}, RULE], "rule 'early' holds always, so no rule after it is ever reached"),
        ([{**RULE, "when": {"typed": True}}, RULE], "id 'last' stands twice"),
        ([{**RULE, "when": {"lable": ["sad"]}}, RULE], "did you mean 'label'?"),
        ([{**RULE, "when": {"label": ["grumpy"]}}, RULE], "'surprised'"),
        ([{**RULE, "when": {"label": []}}, RULE], "an empty list never holds"),
        ([{**RULE, "when": {"confidence": {"min": 0.9, "max": 0.1}}}, RULE], "min must not be greater than max"),
        ([{**RULE, "when": {"confidence": {}}}, RULE], "needs min, max or both"),
        (
            [{**RULE, "then": {"action": "answer", "template": "a.b", "vary_by": "label"}}],
            "needs the condition 'label'",
        ),
        (
            [{**RULE, "then": {"action": "answer", "template": "a.b", "style": "loud"}}],
            "unknown style 'loud'; known: normal",
        ),
        ([{**RULE, "then": {"action": "clarify", "template": "a.b"}}], "must hold always"),
        ([{**RULE, "then": {"action": "shout", "template": "a.b"}}], "'empathise'"),
    ],
)
def test_a_mistake_in_the_policy_is_named(rules: list[Yaml], complaint: str) -> None:
    with pytest.raises(ConfigError) as caught:
        policy_of(*rules)  # type: ignore[arg-type]  # mistakes of type are the point
    assert str(caught.value).startswith("policy.yaml: ")
    assert complaint in str(caught.value)
