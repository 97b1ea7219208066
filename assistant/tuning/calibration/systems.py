"""What fusion is held against: each side alone, their mean, their product, and fusion as it was before the fit."""

from collections.abc import Sequence
from dataclasses import replace
from enum import StrEnum

import numpy as np

from assistant.config.judgement import Fusion
from assistant.tuning.calibration.arrays import Array
from assistant.tuning.calibration.fit import judge_all
from assistant.types import FELT, Affect, Labelled


class System(StrEnum):
    """Who makes a posterior; all but the first two with the same fitted settings."""

    START = "start"
    PRIOR = "prior"
    VOICE = "voice"
    WORDS = "words"
    MEAN = "mean"
    PRODUCT = "product"
    OURS = "ours"


ALONE = (System.VOICE, System.WORDS)
"""Those that use one side only."""


def posteriors(labelled: Sequence[Labelled], fitted: Fusion, start: Fusion) -> dict[System, Array]:
    """Return each system's posteriors [n, 7] over FELT.

    MEAN is the linear pool of the sides that can be trusted at all, in equal parts; PRODUCT takes both sides for
    independent, each with its reliability alone for an exponent. PRIOR is START with the fitted prior: what counting
    emotions gains by itself.
    """
    voice = judge_all([_without_words(turn) for turn in labelled], fitted)
    words = judge_all([_without_voice(turn) for turn in labelled], fitted)
    independent = fitted.pooling.model_copy(
        update={"alpha_voice": 1.0, "alpha_words": 1.0, "rho_leader": 0.0, "rho_other": 0.0}
    )
    return {
        System.START: masses(judge_all(labelled, start)),
        System.PRIOR: masses(judge_all(labelled, start.model_copy(update={"prior": fitted.prior}))),
        System.VOICE: masses(voice),
        System.WORDS: masses(words),
        System.MEAN: _mean(voice, words),
        System.PRODUCT: masses(judge_all(labelled, fitted.model_copy(update={"pooling": independent}))),
        System.OURS: masses(judge_all(labelled, fitted)),
    }


def masses(judged: Sequence[Affect]) -> Array:
    """Return the posteriors [n, 7] of single turns."""
    return np.array([[affect.now[emotion] for emotion in FELT] for affect in judged])


def _mean(voice: Sequence[Affect], words: Sequence[Affect]) -> Array:
    heard = np.array([affect.reliability.voice > 0 for affect in voice])
    read = np.array([affect.reliability.words > 0 for affect in words])
    share = np.where(heard == read, 0.5, heard)[:, None]
    return np.asarray(share * masses(voice) + (1 - share) * masses(words))


def _without_words(turn: Labelled) -> Labelled:
    return replace(turn, observation=replace(turn.observation, transcript=None, sentiment=None))


def _without_voice(turn: Labelled) -> Labelled:
    return replace(turn, observation=replace(turn.observation, voice=None))
