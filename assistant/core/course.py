"""How numbers go over the turns: what left a window, what is usual, where they are heading, how far they swing."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from assistant.config.judgement import UsualRange
from assistant.types import Trend, Usual


@dataclass(frozen=True, slots=True)
class Window:
    """The last few numbers, and what is usual by those that they pushed out: the present is not compared to itself."""

    last: tuple[float, ...]
    usual: Usual


def pushed(last: tuple[float, ...], usual: Usual, number: float | None, size: int) -> Window:
    """Return the window of `size` with one number more; None leaves it as it is."""
    numbers = last if number is None else (*last, number)
    for old in numbers[:-size]:
        usual = _with(usual, old)
    return Window(numbers[-size:], usual)


def above_usual(number: float, usual: Usual, start: UsualRange) -> float:
    """Return how many standard deviations a number lies above what is usual.

    Mean and variance each go from the start values, which stand for `weight` numbers, towards the person's own. How far
    the two means lie apart is no part of the variance: it tells how well the start values fit, not how even a voice is.
    """
    total = start.weight + usual.count
    mean = (start.weight * start.mean + usual.count * usual.mean) / total
    variance = (start.weight * start.spread**2 + usual.squares) / total
    return (number - mean) / max(math.sqrt(variance), start.spread_floor)


def trend(numbers: Sequence[float], least: int, slope: float) -> Trend | None:
    """Return where numbers are heading: their least-squares slope per turn against `slope`; None below `least`."""
    count = len(numbers)
    if count < least:
        return None
    middle = (count - 1) / 2
    rise = math.fsum((index - middle) * number for index, number in enumerate(numbers))
    per_turn = rise / math.fsum((index - middle) ** 2 for index in range(count))
    if abs(per_turn) < slope:
        return Trend.STEADY
    return Trend.RISING if per_turn > 0 else Trend.FALLING


def swing(valence: Sequence[float], arousal: Sequence[float]) -> float | None:
    """Return the root mean square of the successive steps in the valence-arousal plane; None below two points."""
    points = list(zip(valence, arousal, strict=True))
    if len(points) < 2:
        return None
    return math.sqrt(math.fsum(math.dist(a, b) ** 2 for a, b in pairwise(points)) / (len(points) - 1))


def _with(usual: Usual, number: float) -> Usual:
    """Return `usual` with one number more (Welford's update)."""
    count = usual.count + 1
    mean = usual.mean + (number - usual.mean) / count
    return Usual(count, mean, usual.squares + (number - usual.mean) * (number - mean))
