"""The ladder of statements step by step: which test a reading passed or failed, with its figure and its bound."""

import math
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass

from assistant.config.judgement import Mixed, Statement
from assistant.types import FELT, GROUPS, Certainty, Emotion, Reliability


@dataclass(frozen=True, slots=True)
class Rung:
    """One test: `key` of the bound in `fusion.statement`, what it is about, the figure, the bound, whether it holds.

    at_most: the figure may not exceed the bound; otherwise it must reach it. A pair without a name has the figure 0
    against the bound 1, and what the speaker has denied has 1 against 0.
    """

    key: str
    about: str
    figure: float
    bound: float
    at_most: bool = False

    @property
    def holds(self) -> bool:
        """Tell whether the figure keeps to its bound."""
        return self.figure <= self.bound if self.at_most else self.figure >= self.bound

    @property
    def spelt(self) -> str:
        """Return the comparison as it came out: `0.473 < 0.6`."""
        met, missed = "≤>" if self.at_most else "≥<"
        return f"{self.figure:.3f} {met if self.holds else missed} {self.bound:g}"


@dataclass(frozen=True, slots=True)
class Ladder:
    """The tests in the order in which they were made, and the statement that they lead to."""

    rungs: tuple[Rung, ...]
    certainty: Certainty


def climb(
    now: Mapping[Emotion, float], reliability: Reliability, settings: Statement, denied: Collection[Emotion] = ()
) -> Ladder:
    """Return the tests that a posterior over FELT goes through; the same as `assistant.core.statement.state`, told."""
    trusted = Rung(
        "min_reliability", "voice, words", max(reliability.voice, reliability.words), settings.min_reliability
    )
    if not trusted.holds:
        return Ladder((trusted,), Certainty.INSUFFICIENT)
    first, second = sorted(FELT, key=lambda emotion: -now[emotion])[:2]
    begun = (trusted, *(Rung("denied", first, float(first in denied), 0.0, at_most=True) for _ in range(bool(denied))))
    if not begun[-1].holds:
        return Ladder(begun, Certainty.CORRECTED)
    one = Rung("category", first, now[first], settings.category)
    if one.holds:
        return Ladder((*begun, one), Certainty.LABEL)
    pair = tuple(_pair(first, second, now, settings.mixed))
    if second not in denied and all(rung.holds for rung in pair):
        return Ladder((*begun, one, *pair), Certainty.MIXED)
    mass = {
        group: math.fsum(now[emotion] for emotion in emotions if emotion not in denied)
        for group, emotions in GROUPS.items()
    }
    group = max(mass, key=lambda group: mass[group])
    rough = Rung("group", group, mass[group], settings.group)
    return Ladder((*begun, one, *pair, rough), Certainty.GROUP if rough.holds else Certainty.AMBIGUOUS)


def _pair(first: Emotion, second: Emotion, now: Mapping[Emotion, float], settings: Mixed) -> Iterator[Rung]:
    both = f"{first} + {second}"
    named = any({first, second} == set(pair) for pair in settings.pairs)
    yield Rung("mixed.first", first, now[first], settings.first)
    yield Rung("mixed.second", second, now[second], settings.second)
    yield Rung("mixed.gap", both, now[first] - now[second], settings.gap, at_most=True)
    yield Rung("mixed.total", both, now[first] + now[second], settings.total)
    yield Rung("mixed.pairs", both, float(named), 1.0)
