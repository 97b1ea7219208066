"""Each turn judged by a fit that never met its speaker: what the figures of a calibration rest on."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from sklearn.model_selection import GroupKFold

from assistant.config.calibration import replaced
from assistant.config.judgement import Fusion
from assistant.tuning.calibration.arrays import Array, Indices
from assistant.tuning.calibration.fit import fit, judge_all
from assistant.tuning.calibration.systems import System, posteriors
from assistant.types import FELT, Affect, Labelled

FOLDS = 5
"""As many speakers are the fewest that can be split so."""


@dataclass(frozen=True, slots=True, eq=False)
class HeldOut:
    """Over n turns: the posteriors [n, 7] of each system and what fusion states, before and after the fit.

    folds: of the speakers.
    """

    posteriors: dict[System, Array]
    before: tuple[Affect, ...]
    after: tuple[Affect, ...]
    folds: tuple[tuple[str, ...], ...]


def held_out(labelled: Sequence[Labelled], start: Fusion, tick: Callable[[], None]) -> HeldOut:
    """Return every turn as a fit on other speakers judges it, in order; `tick` is called FOLDS times."""
    splits = split(labelled)
    found = {system: np.zeros((len(labelled), len(FELT))) for system in System}
    after: dict[int, Affect] = {}
    for train, test in splits:
        settings = replaced(start, fit([labelled[index] for index in train], start))
        unmet = [labelled[index] for index in test]
        for system, p in posteriors(unmet, settings, start).items():
            found[system][test] = p
        after |= zip(test.tolist(), judge_all(unmet, settings), strict=True)
        tick()
    return HeldOut(
        posteriors=found,
        before=tuple(judge_all(labelled, start)),
        after=tuple(after[index] for index in range(len(labelled))),
        folds=tuple(tuple(sorted({labelled[index].speaker for index in test})) for _, test in splits),
    )


def split(labelled: Sequence[Labelled]) -> list[tuple[Indices, Indices]]:
    """Return FOLDS pairs of indices, to fit and to judge; no speaker is in both of a pair."""
    speakers = [turn.speaker for turn in labelled]
    return list(GroupKFold(FOLDS).split(speakers, groups=speakers))
