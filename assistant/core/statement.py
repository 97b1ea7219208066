"""How precise a statement the posterior allows: an emotion, a named pair, a valence group, or none, with the reason."""

import math
from collections.abc import Collection, Mapping
from dataclasses import dataclass

from assistant.config.judgement import Mixed, Statement
from assistant.types import FELT, GROUPS, Certainty, Emotion, Group, Reliability


@dataclass(frozen=True, slots=True)
class Stated:
    """The statement: fields as in `Affect`."""

    certainty: Certainty
    label: Emotion | None = None
    mixed: tuple[Emotion, Emotion] | None = None
    group: Group | None = None
    confidence: float = 0.0


def state(
    now: Mapping[Emotion, float], reliability: Reliability, settings: Statement, denied: Collection[Emotion] = ()
) -> Stated:
    """Return the most precise statement that `now`, over FELT, bears out; none if neither side can be trusted.

    What the speaker has denied is no part of any statement; where it comes first, nothing is stated.
    """
    if max(reliability.voice, reliability.words) < settings.min_reliability:
        return Stated(Certainty.INSUFFICIENT)
    first, second = sorted(FELT, key=lambda emotion: -now[emotion])[:2]
    if first in denied:
        return Stated(Certainty.CORRECTED)
    pair = None if second in denied else _named_pair(first, second, now, settings.mixed)
    if now[first] >= settings.category:
        return Stated(Certainty.LABEL, label=first, mixed=pair, confidence=now[first])
    if pair:
        return Stated(Certainty.MIXED, label=first, mixed=pair, confidence=now[first] + now[second])
    mass = {
        group: math.fsum(now[emotion] for emotion in emotions if emotion not in denied)
        for group, emotions in GROUPS.items()
    }
    group = max(mass, key=lambda group: mass[group])
    if mass[group] >= settings.group:
        return Stated(Certainty.GROUP, group=group, confidence=mass[group])
    return Stated(Certainty.AMBIGUOUS)


def _named_pair(
    first: Emotion, second: Emotion, now: Mapping[Emotion, float], settings: Mixed
) -> tuple[Emotion, Emotion] | None:
    """Return the pair in the order of its name if both are strong enough, close enough, and have a name."""
    holds = (
        now[first] >= settings.first
        and now[second] >= settings.second
        and now[first] - now[second] <= settings.gap
        and now[first] + now[second] >= settings.total
    )
    return next((pair for pair in settings.pairs if holds and set(pair) == {first, second}), None)
