"""A rule that never gets a turn is reported, and one that may get a turn never is."""

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from assistant.config.policy import Policy
from assistant.config.reach import implies, unreachable
from assistant.config.when import When
from assistant.config.yaml import Yaml, checked
from assistant.core.conditions import facts
from assistant.core.judge import understand
from assistant.types import (
    Emotion,
    Language,
    Mood,
    Observation,
    Polarity,
    Sentiment,
    Transcript,
    Verdict,
    VoiceEmotion,
)
from tests.talk import TUNING, ordinary


def policy_of(*rules: Yaml, watch: Yaml = None) -> Policy:
    last: Yaml = {"id": "last", "when": {}, "then": {"action": "answer", "template": "replies.answer"}}
    data: Yaml = TUNING.policy.model_dump(mode="json") | {"rules": [*rules, last], "watch": watch or []}
    return checked(Policy, data, "policy.yaml")


def rule(name: str, when: Yaml, **then: Yaml) -> Yaml:
    return {"id": name, "when": when, "then": {"action": "answer", "template": "replies.answer"} | then}


def test_every_shipped_rule_can_be_reached() -> None:
    assert unreachable(TUNING.policy) == []


@pytest.mark.parametrize(
    ("earlier", "later"),
    [
        ({"label": ["sad", "angry"]}, {"label": ["sad"]}),
        ({"confidence": {"min": 0.5}}, {"confidence": {"min": 0.6, "max": 0.9}}),
        ({"anger_turns": {"min": 1}}, {"anger_turns": {"min": 2}, "label": ["angry"]}),
        ({"says": {"any_of": ["投诉"]}}, {"says": {"any_of": ["我要投诉", "投诉你们"]}}),
        ({"says": {"any_of": ["thanks"]}}, {"says": {"any_of": ["many thanks"], "but_not": ["no thanks"]}}),
        ({"certainty": ["label", "mixed"]}, {"label": ["happy"]}),
        ({"certainty": ["group"]}, {"group": ["negative"]}),
        ({"mixed": [["sad", "neutral"], ["angry", "sad"]]}, {"mixed": [["neutral", "sad"]]}),
        ({"typed": False}, {"quality": ["noisy"]}),
        ({"belief": {"angry": {"min": 0.5}}}, {"belief": {"angry": {"min": 0.6}, "sad": {"max": 0.1}}}),
        ({"valence_falls": {"turns": 3, "by": 0.5}}, {"valence_falls": {"turns": 3, "by": 0.8}}),
        ({"profile": ["companion", "assistant"]}, {"profile": ["assistant"], "typed": True}),
    ],
)
def test_a_rule_behind_a_wider_one_is_reported(earlier: Yaml, later: Yaml) -> None:
    (problem,) = unreachable(policy_of(rule("wide", earlier), rule("narrow", later)))
    assert problem == "policy.yaml: rules.narrow: never reached: wherever it holds, 'wide' before it does"
    assert unreachable(policy_of(rule("narrow", later), rule("wide", earlier))) == []


@pytest.mark.parametrize(
    ("earlier", "later"),
    [
        ({"label": ["sad"]}, {"label": ["sad", "angry"]}),
        ({"label": ["sad"], "typed": True}, {"label": ["sad"]}),
        ({"says": {"any_of": ["投诉"], "but_not": ["不投诉"]}}, {"says": {"any_of": ["我要投诉"]}}),
        ({"says": {"any_of": ["he"]}}, {"says": {"any_of": ["the weather"]}}),
        ({"confidence": {"min": 0.5}}, {"label": ["sad"]}),
        ({"certainty": ["label"]}, {"label": ["happy"]}),
        ({"valence_falls": {"turns": 3, "by": 0.5}}, {"valence_falls": {"turns": 4, "by": 0.8}}),
    ],
)
def test_a_rule_that_may_get_a_turn_is_left_alone(earlier: Yaml, later: Yaml) -> None:
    assert unreachable(policy_of(rule("one", earlier), rule("other", later))) == []


@pytest.mark.parametrize(
    "then",
    [{"action": "empathise", "template": "replies.empathise_negative"}, {"cool_down_s": 30}],
)
def test_behind_a_rule_that_may_be_held_back_there_is_something_left(then: dict[str, Yaml]) -> None:
    assert unreachable(policy_of(rule("one", {"label": ["sad"]}, **then), rule("two", {"label": ["sad"]}))) == []


def test_a_rule_that_asks_back_leaves_nothing_even_where_the_limit_answers_for_it() -> None:
    asking = rule("asks", {"empty": True}, action="clarify", template="clarify.no_words")
    assert len(unreachable(policy_of(asking, rule("two", {"empty": True})))) == 1


@pytest.mark.parametrize(
    "when",
    [
        {"label": ["sad"], "certainty": ["group"]},
        {"label": ["sad"], "group": ["negative"]},
        {"crisis": {"min": 2}, "crisis_about": ["other"]},
        {"typed": True, "quality": ["noisy"]},
        {"empty": True, "says": {"any_of": ["你好"]}},
    ],
)
def test_a_rule_that_contradicts_itself_is_reported(when: Yaml) -> None:
    alert: Yaml = {"level": "info", "message": "alerts.anger", "cool_down_s": 60}
    assert any("rules.odd.when: never holds" in problem for problem in unreachable(policy_of(rule("odd", when))))
    watch: Yaml = [{"id": "odd", "when": when, "alert": alert}]
    assert any("watch.odd.when: never holds" in problem for problem in unreachable(policy_of(watch=watch)))


# The law: what is said to be implied is, in every turn.

CONDITIONS: list[tuple[str, list[Yaml]]] = [
    ("certainty", [["label"], ["label", "mixed"], ["group", "ambiguous"], ["insufficient"]]),
    ("label", [["sad"], ["sad", "angry"], ["happy", "sad", "angry"]]),
    ("mixed", [[["sad", "neutral"]], [["neutral", "sad"], ["angry", "sad"]]]),
    ("group", [["negative"], ["negative", "positive"]]),
    ("confidence", [{"min": 0.3}, {"min": 0.6}, {"max": 0.9}, {"min": 0.6, "max": 0.8}]),
    ("says", [{"any_of": ["谢谢"]}, {"any_of": ["谢谢你"]}, {"any_of": ["谢"], "but_not": ["不用谢"]}]),
    ("quality", [["noisy"], ["ok", "noisy"]]),
    ("typed", [True, False]),
    ("empty", [True, False]),
    ("characters", [{"min": 1}, {"min": 2, "max": 4}]),
]
whens = st.lists(st.sampled_from(CONDITIONS), max_size=3, unique_by=lambda pair: pair[0]).flatmap(
    lambda chosen: st.tuples(*(st.tuples(st.just(name), st.sampled_from(values)) for name, values in chosen))
)
turns = st.tuples(
    st.sampled_from(["谢谢", "谢谢你", "不用谢", "", "你好"]),
    st.sampled_from([Emotion.SAD, Emotion.ANGRY, Emotion.HAPPY, Emotion.OTHER]),
    st.floats(0.2, 0.95),
    st.sampled_from([None, *Polarity]),
    st.sampled_from([Verdict.OK, Verdict.NOISY, None]),
)


Turn = tuple[str, Emotion, float, Polarity | None, Verdict | None]


def seen(turn: Turn) -> Observation:
    text, emotion, mass, words, verdict = turn
    plain = ordinary()
    return replace(
        plain,
        quality=replace(plain.quality, verdict=verdict) if verdict and plain.quality else None,
        transcript=Transcript(text, text, Language.ZH, 0.95),
        voice=VoiceEmotion({emotion: mass, Emotion.NEUTRAL: 1 - mass}) if verdict else None,
        sentiment=Sentiment({kind: 0.85 if kind is words else 0.05 for kind in Polarity}) if words else None,
    )


@settings(deadline=None, max_examples=300)
@given(st.data(), st.lists(turns, min_size=1, max_size=8))
def test_where_one_rule_implies_another_the_other_holds_too(data: st.DataObject, heard: list[Turn]) -> None:
    one = dict(data.draw(whens))
    values = dict(CONDITIONS)
    names = st.lists(st.sampled_from(["certainty", *one]), max_size=2, unique=True)
    two = {name: data.draw(st.sampled_from(values[name])) for name in data.draw(names)}
    narrow, wide = checked(When, one, "test"), checked(When, two, "test")
    if implies(narrow, wide):
        for turn in heard:
            situation = understand(seen(turn), Mood(), TUNING)
            assert facts(narrow, situation) is None or facts(wide, situation) is not None


@settings(deadline=None, max_examples=200)
@given(whens.filter(bool), st.lists(turns, min_size=1, max_size=8))
def test_what_is_said_never_to_hold_never_does(one: tuple[tuple[str, Yaml], ...], heard: list[Turn]) -> None:
    if unreachable(policy_of(rule("odd", dict(one)))):
        for turn in heard:
            assert facts(checked(When, dict(one), "test"), understand(seen(turn), Mood(), TUNING)) is None
