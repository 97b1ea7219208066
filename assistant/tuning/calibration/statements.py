"""What fusion says aloud, held against the truth: each rung of its ladder, and the conflicts that it tells."""

from collections.abc import Sequence
from dataclasses import dataclass

from assistant.tuning.calibration.thresholds import upper_bound
from assistant.types import GROUPS, Affect, Certainty, Emotion, Labelled

STATED = (Certainty.LABEL, Certainty.MIXED, Certainty.GROUP)
"""The rungs that say something about the emotion."""


@dataclass(frozen=True, slots=True)
class Rung:
    """One rung: how many turns ended there, how many of them wrong, and the upper bound on that share.

    A mixed statement is right if the truth is one of the two. What states nothing can't be wrong and has no bound.
    """

    certainty: Certainty
    count: int
    wrong: int
    bound: float | None


@dataclass(frozen=True, slots=True)
class Conflicts:
    """Conflicts between voice and words among the `known` turns: told, told and real, real.

    precision: share of the told ones that are real. recall: share of the real ones that are told.
    """

    known: int
    told: int
    hits: int
    real: int
    precision: float | None
    recall: float | None


def ladder(labelled: Sequence[Labelled], judged: Sequence[Affect]) -> tuple[Rung, ...]:
    """Return every rung, the most precise first."""
    return tuple(_rung(certainty, labelled, judged) for certainty in Certainty)


def conflicts(labelled: Sequence[Labelled], judged: Sequence[Affect]) -> Conflicts | None:
    """Return how well conflicts are told, None where no turn says whether it holds one."""
    known = [
        (affect.conflict.kind is not None, turn.conflict)
        for turn, affect in zip(labelled, judged, strict=True)
        if turn.conflict is not None
    ]
    if not known:
        return None
    told, real = (sum(each) for each in zip(*known, strict=True))
    hits = sum(both == (True, True) for both in known)
    return Conflicts(len(known), told, hits, real, hits / told if told else None, hits / real if real else None)


def _rung(certainty: Certainty, labelled: Sequence[Labelled], judged: Sequence[Affect]) -> Rung:
    pairs = [(turn.label, each) for turn, each in zip(labelled, judged, strict=True) if each.certainty is certainty]
    if certainty not in STATED or not pairs:
        return Rung(certainty, len(pairs), 0, None)
    wrong = sum(label not in _meant(affect) for label, affect in pairs)
    return Rung(certainty, len(pairs), wrong, upper_bound(wrong, len(pairs)))


def _meant(affect: Affect) -> tuple[Emotion, ...]:
    """Return the emotions that a statement allows."""
    match affect:
        case Affect(certainty=Certainty.LABEL, label=Emotion() as label):
            return (label,)
        case Affect(certainty=Certainty.MIXED, mixed=(Emotion() as first, Emotion() as second)):
            return (first, second)
        case Affect(certainty=Certainty.GROUP, group=group) if group is not None:
            return GROUPS[group]
        case _:
            return ()
