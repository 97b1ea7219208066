"""From where on a statement is made: the lowest confidence at which errors among the made ones are bounded."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy import stats

from assistant.config.judgement import Statement
from assistant.core.statement import state
from assistant.tuning.calibration.arrays import Array
from assistant.types import FELT, GROUPS, Affect, Certainty, Emotion, Labelled

CATEGORY_RISK = 0.30
"""At most this share of the emotions that are stated may be wrong."""

GROUP_RISK = 0.15
"""At most this share of the valence groups may be."""

GROUP_FLOOR = 0.5
"""A group is never stated when it is less likely than not, whatever the errors."""

CONFLICT_RISK = 0.40
"""At most this share of the conflicts that are told may be none."""

CONFLICT_FLOOR = 0.1
"""With less trusted mass than this on opposite sides, voice and words aren't said to disagree, whatever the errors."""

MIN_CONFLICTS = 10
"""Fewer known conflicts than this place no threshold."""

BOUND = 0.95
"""How sure the bound on the errors is."""

Flags = npt.NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Thresholds:
    """From which mass on an emotion and a group are stated, and from which value on a conflict is told."""

    category: float
    group: float
    conflict: float


def thresholds(labelled: Sequence[Labelled], judged: Sequence[Affect], start: Statement) -> Thresholds:
    """Return the thresholds that hold on these turns; where too few conflicts are known, that one stays as in `start`.

    What can't be trusted at all isn't stated and doesn't count; for a group, only turns count that get as far down the
    ladder. An emotion is never stated below `mixed.first`: a rung that takes every turn leaves the lower ones nothing.
    """
    pairs = [
        (turn.label, affect)
        for turn, affect in zip(labelled, judged, strict=True)
        if affect.certainty is not Certainty.INSUFFICIENT
    ]
    category = smallest(
        np.array([max(affect.now.values()) for _, affect in pairs]),
        np.array([strongest(affect) is not label for label, affect in pairs], np.bool_),
        CATEGORY_RISK,
        start.mixed.first,
    )
    down_to_group = start.model_copy(update={"category": category, "group": 0.0})
    stated = [(label, state(affect.now, affect.reliability, down_to_group)) for label, affect in pairs]
    groups = [(label, each.group, each.confidence) for label, each in stated if each.group is not None]
    return Thresholds(
        category=category,
        group=smallest(
            np.array([confidence for _, _, confidence in groups]),
            np.array([label not in GROUPS[group] for label, group, _ in groups], np.bool_),
            GROUP_RISK,
            GROUP_FLOOR,
        ),
        conflict=_conflict(labelled, judged, start.conflict),
    )


def smallest(confidence: Array, wrong: Flags, risk: float, floor: float = 0.0) -> float:
    """Return the lowest confidence [n], at least `floor`, from which on the errors are bounded by `risk`.

    Returns 1, at which nothing is stated, if no confidence will do.
    """
    order = np.argsort(-confidence, kind="stable")
    sorted_confidence = confidence[order]
    errors = np.cumsum(wrong[order])
    last = np.append(sorted_confidence[1:] < sorted_confidence[:-1], True) if len(order) else np.zeros(0, np.bool_)
    for index in np.flatnonzero(last)[::-1]:
        if sorted_confidence[index] >= floor and upper_bound(int(errors[index]), int(index) + 1) <= risk:
            return float(sorted_confidence[index])
    return 1.0


def upper_bound(errors: int, count: int) -> float:
    """Return the one-sided upper Clopper-Pearson bound of an error rate (Clopper and Pearson 1934)."""
    return 1.0 if errors >= count else float(stats.beta.ppf(BOUND, errors + 1, count - errors))


def strongest(affect: Affect) -> Emotion:
    """Return the emotion with the most mass in this turn."""
    return max(FELT, key=lambda emotion: affect.now[emotion])


def _conflict(labelled: Sequence[Labelled], judged: Sequence[Affect], start: float) -> float:
    known = [
        (affect.conflict.value, not turn.conflict)
        for turn, affect in zip(labelled, judged, strict=True)
        if turn.conflict is not None
    ]
    if sum(not imagined for _, imagined in known) < MIN_CONFLICTS:
        return start
    values, imagined = zip(*known, strict=True)
    return smallest(np.array(values), np.array(imagined), CONFLICT_RISK, CONFLICT_FLOOR)
