"""Memory follows a person over turns: what lasts, what fades, what was said how often, and never whose voice it was."""

import math
from collections.abc import Sequence
from dataclasses import fields, replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter

from assistant.config.layers import load
from assistant.core.fusion import fuse
from assistant.core.memory import Vector, embedding_step, remember, settle
from assistant.types import (
    FELT,
    Action,
    Affect,
    Alert,
    Decision,
    Emotion,
    Level,
    Mood,
    Observation,
    Quality,
    Reply,
    ReplySource,
    Safety,
    Style,
    Usual,
    Verdict,
    VoiceEmotion,
)

FUSION = load().config.fusion
SETTINGS = load().config.memory
CLEAR = Quality(rms=0.1, snr_db=30, speech_ratio=0.9, clipped_ratio=0, speech_s=3, verdict=Verdict.OK)
MOODS = TypeAdapter(Mood)


def hear(mood: Mood, *, start: float = 0.0, step: float | None = None, level: int = 0, **scores: float) -> Mood:
    """Fuse and remember one turn of two seconds: a voice with these scores, or nothing to go by."""
    voice = VoiceEmotion({Emotion(name): score for name, score in scores.items()}) if scores else None
    seen = Observation("u", start, start + 2, CLEAR if voice else None, voice=voice, embedding_step=step)
    return remember(mood, seen, fuse(seen, mood, FUSION), SETTINGS, level)


def believing(anger: float) -> Affect:
    """A turn that was heard, at whose end the belief in anger is as given."""
    seen = Observation("u", 0, 2, CLEAR, voice=VoiceEmotion({Emotion.NEUTRAL: 1.0}))
    rest = (1 - anger) / (len(FELT) - 1)
    return replace(fuse(seen, Mood(), FUSION), belief=dict.fromkeys(FELT, rest) | {Emotion.ANGRY: anger})


def through(anger: Sequence[float]) -> list[bool]:
    """Tell after each turn whether anger is on."""
    mood, active = Mood(), []
    for index, belief in enumerate(anger):
        mood = remember(mood, Observation("u", index * 5, index * 5 + 2), believing(belief), SETTINGS)
        active.append(mood.anger.active)
    return active


def answered(
    mood: Mood, action: Action = Action.ANSWER, template: str = "reply.ok", alert: Alert | None = None
) -> Mood:
    decision = Decision(action, "rule", "because", template, alert=alert)
    return settle(mood, decision, Reply("words", template, Style(), ReplySource.TEMPLATE))


def test_one_angry_turn_is_no_streak_and_two_of_three_are() -> None:
    assert through([0.9, 0.1, 0.1]) == [False, False, False]
    assert through([0.9, 0.9]) == [False, True]
    assert through([0.9, 0.5, 0.9]) == [False, False, True]
    assert through([0.9, 0.5, 0.5, 0.9]) == [False, False, False, False]


def test_a_streak_lasts_between_the_thresholds_and_ends_at_the_lower_one() -> None:
    assert through([0.55, 0.55, 0.45, 0.41, 0.40, 0.54]) == [False, True, True, True, False, False]


def test_an_ended_streak_starts_from_nothing() -> None:
    assert through([0.9, 0.9, 0.2, 0.9, 0.9]) == [False, True, False, False, True]


def test_after_a_long_silence_a_streak_a_trend_and_questions_in_a_row_start_anew() -> None:
    mood = Mood()
    for index in range(3):
        mood = answered(hear(mood, start=index * 5.0, angry=0.9, neutral=0.1), Action.CLARIFY, "clarify.words")
    soon = hear(mood, start=12.0 + SETTINGS.pause_s - 1, angry=0.9, neutral=0.1)
    late = hear(mood, start=12.0 + SETTINGS.pause_s, angry=0.9, neutral=0.1)
    assert (soon.anger.active, len(soon.valence), soon.clarifications) == (True, 4, 3)
    assert (late.anger.active, late.anger.hits, len(late.valence), late.swing, late.clarifications) == (
        False,
        (True,),
        1,
        None,
        0,
    )
    assert late.turns == 4
    assert late.phrasings == mood.phrasings


def test_a_streak_counts_its_turns() -> None:
    mood = Mood()
    counted = []
    for index in range(4):
        mood = hear(mood, start=index * 5.0, angry=0.9, neutral=0.1)
        counted.append(mood.anger.turns)
    assert counted == [0, 1, 2, 3]


def test_carried_belief_does_not_confirm_itself_in_turns_that_say_nothing() -> None:
    mood = hear(Mood(), angry=0.95, neutral=0.05)
    silent = hear(mood, start=2.0)
    assert silent.belief is not None
    assert silent.belief[Emotion.ANGRY] >= SETTINGS.streak.enter
    assert not silent.anger.active
    assert silent.valence == mood.valence


def test_fear_and_sadness_add_up_to_distress() -> None:
    mood = hear(hear(Mood(), sad=0.5, fearful=0.4, neutral=0.1), start=5.0, sad=0.4, fearful=0.5, neutral=0.1)
    assert mood.distress.active
    assert not mood.anger.active


def test_belief_fades_with_a_time_constant_of_75_seconds_of_silence() -> None:
    angry = hear(Mood(), angry=0.9, neutral=0.1)
    assert angry.belief is not None

    def left(silence_s: float) -> float:
        later = hear(angry, start=2.0 + silence_s)
        assert later.belief is not None
        return later.belief[Emotion.ANGRY] - FUSION.prior[Emotion.ANGRY]

    at_once = left(0.0)
    assert at_once == pytest.approx(0.6 * (angry.belief[Emotion.ANGRY] - FUSION.prior[Emotion.ANGRY]))
    assert left(75.0) == pytest.approx(at_once / math.e)
    assert left(150.0) == pytest.approx(at_once / math.e**2)


def test_volatility_is_the_mean_of_the_steps_between_the_last_five_voices_once_there_are_three() -> None:
    mood = hear(Mood(), step=0.8)
    assert (mood.volatility, mood.volatility_z) == (None, None)
    mood = hear(mood, step=0.4)
    assert mood.volatility == pytest.approx(0.6)
    for _ in range(4):
        mood = hear(hear(mood, step=0.2))
    assert mood.embedding_steps == pytest.approx((0.2, 0.2, 0.2, 0.2))
    assert mood.volatility == pytest.approx(0.2)


def test_the_same_volatility_is_more_unusual_for_an_even_speaker() -> None:
    def after(usual: float) -> float:
        mood = Mood()
        for index in range(20):
            mood = hear(mood, step=usual + (0.02 if index % 2 else -0.02))
        for _ in range(5):
            mood = hear(mood, step=0.9)
        assert mood.volatility_z is not None
        return mood.volatility_z

    assert after(0.2) > after(0.45) > after(0.7) > 0


def test_steps_count_as_usual_only_once_they_have_left_the_window() -> None:
    mood = Mood()
    for step in (0.1, 0.3, 0.5, 0.5):
        mood = hear(mood, step=step)
    assert mood.usual_step == Usual()
    for _ in range(2):
        mood = hear(mood, step=0.5)
    assert (mood.usual_step.count, mood.usual_step.mean) == (2, pytest.approx(0.2))
    assert mood.usual_step.squares == pytest.approx(0.02)


def test_with_nothing_known_of_a_person_volatility_is_measured_against_the_start_values() -> None:
    start = SETTINGS.usual_step
    high = start.mean + 2 * start.spread
    mood = hear(hear(Mood(), step=high), step=high)
    assert mood.volatility_z == pytest.approx(2.0)


def test_trends_keep_the_last_five_turns_and_know_how_much_they_swing() -> None:
    even = Mood()
    wild = Mood()
    for index in range(6):
        even = hear(even, start=index * 5.0, happy=0.9, neutral=0.1)
        wild = hear(wild, start=index * 5.0, **{"happy" if index % 2 else "sad": 0.9, "neutral": 0.1})
    assert len(wild.valence) == len(wild.arousal) == 5
    assert even.swing == pytest.approx(0.0)
    steps = [
        math.dist((a, b), (c, d))
        for a, b, c, d in zip(wild.valence, wild.arousal, wild.valence[1:], wild.arousal[1:], strict=False)
    ]
    assert wild.swing == pytest.approx(math.sqrt(sum(step**2 for step in steps) / 4))
    assert wild.swing is not None
    assert wild.swing > 1


def test_a_crisis_stays_for_half_an_hour_whatever_is_said_then() -> None:
    mood = hear(Mood(), start=0.0, level=3)
    for start in (10.0, 900.0, 1799.0):
        assert hear(mood, start=start, happy=1.0).safety == Safety(3, 2.0)
    assert hear(mood, start=1800.0, happy=1.0).safety == Safety()


def test_a_crisis_never_steps_down_while_signs_of_it_keep_coming() -> None:
    mood = hear(Mood(), start=0.0, level=3)
    mood = hear(mood, start=1000.0, level=1)
    assert mood.safety == Safety(3, 1002.0)
    assert hear(mood, start=2500.0).safety.level == 3
    assert hear(mood, start=3000.0, level=1).safety == Safety(1, 3002.0)
    assert hear(hear(Mood(), level=1), start=5.0, level=2).safety == Safety(2, 7.0)


def test_answering_counts_phrasings_clarifications_and_remembers_remarks() -> None:
    mood = answered(hear(Mood()), Action.CLARIFY, "clarify.noisy")
    mood = answered(hear(mood), Action.CLARIFY, "clarify.noisy")
    assert (mood.clarifications, mood.phrasings) == (2, {"clarify.noisy": 2})
    assert mood.remark_turn is None
    mood = answered(hear(mood), Action.EMPATHISE, "empathise.sad")
    assert (mood.clarifications, mood.remark_turn, mood.turns) == (0, 3, 3)
    mood = answered(hear(mood))
    assert (mood.remark_turn, mood.turns) == (3, 4)
    assert mood.phrasings == {"clarify.noisy": 2, "empathise.sad": 1, "reply.ok": 1}


def test_an_alert_is_remembered_by_rule_and_time() -> None:
    alert = Alert("s-1-anger", Level.WARNING, "anger", "message", ())
    mood = answered(hear(Mood(), start=40.0), alert=alert)
    assert mood.alerts == {"anger": 42.0}
    assert answered(hear(mood, start=50.0)).alerts == {"anger": 42.0}


turns = st.lists(
    st.tuples(
        st.floats(0, 400), st.none() | st.floats(0, 2), st.integers(0, 3), st.sampled_from(FELT), st.floats(0.2, 1)
    ),
    max_size=12,
)


def told(story: Sequence[tuple[float, float | None, int, Emotion, float]]) -> Mood:
    mood, time = Mood(), 0.0
    for silence_s, step, level, emotion, score in story:
        time += silence_s
        mood = answered(hear(mood, start=time, step=step, level=level, **{emotion: score, "other": 1 - score}))
        time += 2
    return mood


@given(turns)
def test_a_mood_written_as_json_and_read_back_is_the_same_mood(
    story: list[tuple[float, float | None, int, Emotion, float]],
) -> None:
    mood = told(story)
    written = MOODS.dump_json(mood)
    assert MOODS.validate_json(written) == mood
    assert MOODS.dump_json(MOODS.validate_json(written)) == written


@given(turns)
def test_remembering_is_a_pure_fold(story: list[tuple[float, float | None, int, Emotion, float]]) -> None:
    before = told(story)
    copy = MOODS.dump_json(before)
    assert answered(hear(before, start=1e4, step=0.5, level=2, sad=1.0)) == answered(
        hear(told(story), start=1e4, step=0.5, level=2, sad=1.0)
    )
    assert MOODS.dump_json(before) == copy


def test_a_mood_holds_no_voice() -> None:
    assert not any("vector" in field.name or field.name == "embedding" for field in fields(Mood))


# Steps between voices.


def sounding(*embedding: float, **scores: float) -> VoiceEmotion:
    return VoiceEmotion({Emotion(name): score for name, score in scores.items()} or {Emotion.HAPPY: 1.0}, embedding)


def stepped(voice: VoiceEmotion | None, previous: Vector | None, quality: Quality | None = CLEAR) -> float | None:
    return embedding_step(voice, quality, previous, FUSION.voice, SETTINGS).distance


def kept(voice: VoiceEmotion | None, previous: Vector | None, quality: Quality | None = CLEAR) -> Vector | None:
    return embedding_step(voice, quality, previous, FUSION.voice, SETTINGS).vector


def test_the_step_is_the_distance_between_directions_whatever_the_loudness() -> None:
    before = kept(sounding(3.0, 0.0), None)
    assert before == (1.0, 0.0)
    assert stepped(sounding(3.0, 0.0), None) is None
    assert stepped(sounding(7.0, 0.0), before) == 0.0
    assert stepped(sounding(0.0, 0.1), before) == pytest.approx(math.sqrt(2))
    assert stepped(sounding(-5.0, 0.0), before) == 2.0
    assert stepped(sounding(-1.0, -1.0, -1.0), kept(sounding(1.0, 1.0, 1.0), None)) == 2.0


@pytest.mark.parametrize(
    ("voice", "quality"),
    [
        (None, CLEAR),
        (VoiceEmotion({Emotion.SAD: 1.0}), CLEAR),
        (sounding(0.0, 1.0), None),
        (sounding(0.0, 1.0), replace(CLEAR, speech_s=0.95)),
        (sounding(0.0, 1.0), replace(CLEAR, snr_db=7.0)),
        (sounding(0.0, 1.0, happy=0.3, other=0.7), CLEAR),
        (sounding(0.0, 0.0), CLEAR),
    ],
)
def test_a_voice_that_cannot_be_trusted_makes_no_step_and_is_not_kept(
    voice: VoiceEmotion | None, quality: Quality | None
) -> None:
    before = (1.0, 0.0)
    assert stepped(voice, before, quality) is None
    assert kept(voice, before, quality) == before


def test_a_vector_of_another_model_starts_afresh() -> None:
    assert stepped(sounding(0.0, 2.0, 0.0), (1.0, 0.0)) is None
    assert kept(sounding(0.0, 2.0, 0.0), (1.0, 0.0)) == (0.0, 1.0, 0.0)


@given(
    st.lists(st.tuples(st.floats(-1e3, 1e3), st.floats(-1e3, 1e3)), min_size=1, max_size=20).map(
        lambda pairs: tuple(zip(*pairs, strict=True))
    )
)
def test_a_step_is_never_longer_than_two(pair: tuple[Vector, Vector]) -> None:
    one, other = pair
    distance = stepped(sounding(*other), kept(sounding(*one), None))
    assert distance is None or 0 <= distance <= 2
