"""What goes on over turns: where the mood is heading, how far it swings, and whether that is more than usual."""

import math
import statistics

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assistant.config.layers import load
from assistant.core.course import above_usual, pushed, trend
from assistant.types import Emotion, Trend, Usual
from tests.talk import Talk

SETTINGS = load(env={}).config.memory
numbers = st.lists(st.floats(-1, 1), max_size=30)


@pytest.mark.parametrize(
    ("valence", "expected"),
    [
        ([], None),
        ([0.5, 0.1], None),
        ([0.6, 0.3, 0.0], Trend.FALLING),
        ([-0.6, -0.3, 0.0], Trend.RISING),
        ([0.2, 0.2, 0.2], Trend.STEADY),
        ([0.5, -0.5, 0.5, -0.5, 0.5], Trend.STEADY),
        ([0.6, 0.4, 0.5, 0.1, -0.1], Trend.FALLING),
    ],
)
def test_a_trend_is_the_line_through_the_last_turns(valence: list[float], expected: Trend | None) -> None:
    assert trend(valence, 3, 0.12) is expected


@given(st.lists(st.integers(-8, 8), max_size=30), st.integers(-8, 8))
def test_a_trend_is_about_change_not_about_height(eighths: list[int], height: int) -> None:
    valence = [number / 8 for number in eighths]
    assert trend([number + height / 8 for number in valence], 3, 0.1234567) is trend(valence, 3, 0.1234567)


@given(numbers)
def test_backwards_a_rise_is_a_fall(valence: list[float]) -> None:
    other = {Trend.RISING: Trend.FALLING, Trend.FALLING: Trend.RISING, Trend.STEADY: Trend.STEADY, None: None}
    assert trend(valence[::-1], 3, 0.1234567) is other[trend(valence, 3, 0.1234567)]


@given(numbers, st.integers(1, 6))
def test_what_is_usual_is_what_left_the_window(values: list[float], size: int) -> None:
    last: tuple[float, ...] = ()
    usual = Usual()
    for value in values:
        window = pushed(last, usual, value, size)
        last, usual = window.last, window.usual
    gone = values[:-size] if len(values) > size else []
    assert list(last) == values[-size:]
    assert usual.count == len(gone)
    if gone:
        assert math.isclose(usual.mean, statistics.fmean(gone), abs_tol=1e-9)
        assert math.isclose(usual.squares, statistics.pvariance(gone) * len(gone), abs_tol=1e-9)


def test_a_missing_number_moves_nothing() -> None:
    usual = Usual(3, 0.4, 0.1)
    window = pushed((0.1, 0.2), usual, None, 4)
    assert (window.last, window.usual) == ((0.1, 0.2), usual)


def test_a_persons_own_numbers_outweigh_the_start_values_in_time() -> None:
    start = SETTINGS.usual_swing
    high = start.mean + 3 * start.spread
    known = Usual(200, high, 200 * start.spread**2)
    assert above_usual(high, Usual(), start) == pytest.approx(3.0)
    assert abs(above_usual(high, known, start)) < 0.2


def test_the_mood_of_a_talk_that_sours_is_falling() -> None:
    talk = Talk()
    for happy in (0.9, 0.6, 0.35, 0.1):
        talk.hears("今天去公园了", {Emotion.HAPPY: happy, Emotion.SAD: 0.95 - happy})
    assert talk.mood.valence_trend is Trend.FALLING
    assert talk.mood.arousal_trend is Trend.FALLING


def test_a_turn_in_which_nothing_was_heard_moves_no_trend() -> None:
    talk = Talk()
    for happy in (0.9, 0.6, 0.35, 0.1):
        talk.hears("今天去公园了", {Emotion.HAPPY: happy, Emotion.SAD: 0.95 - happy})
    before = talk.mood
    talk.hears("", {Emotion.OTHER: 0.7, Emotion.UNKNOWN: 0.3})
    assert (talk.mood.valence, talk.mood.swings) == (before.valence, before.swings)
    assert talk.mood.valence_trend is before.valence_trend


def test_a_turn_that_rests_on_a_denied_emotion_moves_no_trend() -> None:
    talk = Talk()
    talk.hears("今天去公园了", {Emotion.HAPPY: 0.9})
    talk.hears("我没生气")
    before = talk.mood.valence
    talk.hears("这件事我想了很久", {Emotion.ANGRY: 0.95})
    assert talk.mood.valence == before


def test_the_same_swing_is_less_unusual_for_a_lively_person() -> None:
    def after(usual: float) -> float:
        talk = Talk()
        for turn in range(16):
            talk.hears("今天去公园了", {Emotion.HAPPY: 0.5 + (usual if turn % 2 else -usual), Emotion.NEUTRAL: 0.05})
        for turn in range(4):
            talk.hears("今天去公园了", {Emotion.HAPPY if turn % 2 else Emotion.SAD: 0.95})
        assert talk.mood.swing_z is not None
        return talk.mood.swing_z

    assert after(0.05) > after(0.4) > 0
