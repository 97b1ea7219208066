"""Fit fusion to labelled turns: prior, confusion matrix, temperatures and biases, exponents, thresholds, in this order.

Each step minimises the mean negative log likelihood (NLL) of the true emotion: a side's temperature that of the side
alone, as fusion would use it with its reliabilities; the exponents that of both together.
"""

from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np
from scipy.optimize import minimize

from assistant.config.calibration import (
    Fitted,
    FittedPooling,
    FittedStatement,
    FittedVoice,
    FittedWords,
    replaced,
)
from assistant.config.judgement import Fusion
from assistant.core.fusion import fuse
from assistant.tuning.calibration.arrays import POLARITIES, Array, Parameters, Turns, parameters_of, posterior, turns_of
from assistant.tuning.calibration.thresholds import thresholds
from assistant.types import FELT, Affect, Labelled, Mood

TEMPERATURES = (0.25, 10.0)
"""Beyond, scores are as good as hard decisions, or as good as none."""

BIAS_LIMIT = 1.0
BIAS_SPREAD = 0.5
"""A bias is expected within about this much of 0; evidence from many turns outvotes it."""


def fit(labelled: Sequence[Labelled], start: Fusion) -> Fitted:
    """Return what fits these turns best; their order is of no importance.

    On the turns themselves the NLL is never worse than with `start`, whose own values stay if they are the better ones.
    """
    turns = turns_of(labelled, start)
    first = parameters_of(start)
    best = _pooled(turns, _words(turns, _voice(turns, _counted(turns, first))))
    if nll(turns, best) > nll(turns, first):
        best = first
    fitted = _settings(best, start)
    found = thresholds(labelled, judge_all(labelled, replaced(start, fitted)), start.statement)
    statement = FittedStatement(category=found.category, group=found.group, conflict=found.conflict)
    return fitted.model_copy(update={"statement": statement})


def judge_all(labelled: Sequence[Labelled], settings: Fusion) -> list[Affect]:
    """Return what fusion makes of each turn by itself, where emotions are as frequent as in `settings.prior`."""
    alone = settings.model_copy(update={"deployment_prior": None})
    return [fuse(turn.observation, Mood(), alone) for turn in labelled]


def nll(turns: Turns, by: Parameters) -> float:
    """Return the mean negative log likelihood of the true emotions, in nats."""
    return float(-posterior(turns, by)[np.arange(len(turns)), turns.labels].mean())


def _counted(turns: Turns, by: Parameters) -> Parameters:
    """Count how often each emotion is met and what its words are like, plus one; an emotion never met keeps its row."""
    met = np.bincount(turns.labels, minlength=len(FELT))
    counts = np.ones((len(FELT), len(POLARITIES)))
    read = turns.words_trust > 0
    np.add.at(counts, (turns.labels[read], turns.words[read].argmax(axis=1)), 1.0)
    rows = counts / counts.sum(axis=1, keepdims=True)
    seen = counts.sum(axis=1, keepdims=True) > len(POLARITIES)
    return replace(by, prior=(met + 1) / (met.sum() + len(FELT)), confusion=np.where(seen, rows, by.confusion))


def _voice(turns: Turns, by: Parameters) -> Parameters:
    alone = turns.voice_alone()

    def at(point: Array) -> Parameters:
        return replace(by, voice_temperature=float(np.exp(point[0])), bias=point[1:])

    def cost(point: Array) -> float:
        return nll(alone, at(point)) + float(np.sum(point[1:] ** 2)) / (2 * BIAS_SPREAD**2 * len(turns))

    limits = [_log_temperatures(), *[(-BIAS_LIMIT, BIAS_LIMIT)] * len(FELT)]
    return at(_lowest(cost, np.array([np.log(by.voice_temperature), *by.bias]), limits))


def _words(turns: Turns, by: Parameters) -> Parameters:
    alone = turns.words_alone()

    def at(point: Array) -> Parameters:
        return replace(by, words_temperature=float(np.exp(point[0])))

    return at(
        _lowest(lambda point: nll(alone, at(point)), np.array([np.log(by.words_temperature)]), [_log_temperatures()])
    )


def _pooled(turns: Turns, by: Parameters) -> Parameters:
    def at(point: Array) -> Parameters:
        alpha_voice, alpha_words, rho_leader, rho_other = (float(value) for value in point)
        return replace(by, alpha_voice=alpha_voice, alpha_words=alpha_words, rho_leader=rho_leader, rho_other=rho_other)

    start = np.array([by.alpha_voice, by.alpha_words, by.rho_leader, by.rho_other])
    return at(_lowest(lambda point: nll(turns, at(point)), start, [(0.0, 1.0)] * 4))


def _lowest(cost: Callable[[Array], float], start: Array, limits: list[tuple[float, float]]) -> Array:
    """Return where `cost` is lowest; L-BFGS-B with numeric slopes, which a handful of parameters can afford."""
    low, high = np.array(limits).T
    found = np.asarray(minimize(cost, np.clip(start, low, high), method="L-BFGS-B", bounds=limits).x)
    return np.asarray(np.clip(found, low, high))


def _log_temperatures() -> tuple[float, float]:
    low, high = TEMPERATURES
    return float(np.log(low)), float(np.log(high))


def _settings(by: Parameters, start: Fusion) -> Fitted:
    """Return parameters as settings; the thresholds still those of `start`."""
    rows = {
        emotion: dict(zip(POLARITIES, row, strict=True))
        for emotion, row in zip(FELT, by.confusion.tolist(), strict=True)
    }
    statement = start.statement
    return Fitted(
        prior=dict(zip(FELT, by.prior.tolist(), strict=True)),
        voice=FittedVoice(temperature=by.voice_temperature, bias=dict(zip(FELT, by.bias.tolist(), strict=True))),
        words=FittedWords(temperature=by.words_temperature, confusion=rows),
        pooling=FittedPooling(
            alpha_voice=by.alpha_voice,
            alpha_words=by.alpha_words,
            rho_leader=by.rho_leader,
            rho_other=by.rho_other,
        ),
        statement=FittedStatement(category=statement.category, group=statement.group, conflict=statement.conflict),
    )
