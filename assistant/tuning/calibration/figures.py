"""How good posteriors are: hits, calibration, losses, and what is gained by stating less. All over n turns, 7 classes.

p: posteriors [n, 7] over FELT; labels: [n], indices of the truth.
"""

from collections.abc import Sequence
from dataclasses import dataclass, fields

import numpy as np

from assistant.tuning.calibration.arrays import Array, Indices
from assistant.tuning.calibration.thresholds import CATEGORY_RISK
from assistant.types import FELT

BINS = 15
"""Of equal width, for calibration errors (Guo et al. 2017)."""


@dataclass(frozen=True, slots=True)
class Figures:
    """One set of posteriors in numbers.

    accuracy: share of hits, also called WA. uar: mean recall over the emotions met. macro_f1: likewise. ece: mean
    distance between confidence and hits over BINS. classwise_ece: the same for each emotion's own mass, averaged. nll:
    in nats. brier: sum of squares over the emotions. aurc: mean error over all coverages, the surest first. coverage:
    largest share of the turns, the surest first, of which at most CATEGORY_RISK are wrong.
    """

    accuracy: float
    uar: float
    macro_f1: float
    ece: float
    classwise_ece: float
    nll: float
    brier: float
    aurc: float
    coverage: float


NAMES = tuple(field.name for field in fields(Figures))


@dataclass(frozen=True, slots=True)
class Bin:
    """The turns whose confidence falls into one of BINS: how many, how sure on average, how often right."""

    count: int
    confidence: float
    accuracy: float


def figures(p: Array, labels: Indices) -> Figures:
    """Return all figures of at least one turn."""
    met = confusion(p, labels)
    risks = risk_by_coverage(p, labels)
    within = np.flatnonzero(risks <= CATEGORY_RISK)
    truth = np.eye(len(FELT))[labels]
    return Figures(
        accuracy=float(np.trace(met) / met.sum()),
        uar=float(np.mean([row[index] / row.sum() for index, row in enumerate(met) if row.sum()])),
        macro_f1=float(np.mean(_f1(met))),
        ece=ece(bins(p.max(axis=1), p.argmax(axis=1) == labels)),
        classwise_ece=float(np.mean([ece(bins(p[:, each], labels == each)) for each in range(len(FELT))])),
        nll=float(-np.log(p[np.arange(len(p)), labels]).mean()),
        brier=float(np.sum((p - truth) ** 2, axis=1).mean()),
        aurc=float(risks.mean()),
        coverage=float((within[-1] + 1) / len(risks)) if len(within) else 0.0,
    )


def confusion(p: Array, labels: Indices) -> Indices:
    """Return counts [7, 7]: true emotion by the strongest one."""
    return np.bincount(labels * len(FELT) + p.argmax(axis=1), minlength=len(FELT) ** 2).reshape(len(FELT), len(FELT))


def bins(confidence: Array, right: Sequence[bool] | Array) -> tuple[Bin, ...]:
    """Return the turns [n] sorted into BINS of confidence."""
    hits = np.asarray(right, np.float64)
    index = np.minimum((confidence * BINS).astype(np.intp), BINS - 1)
    count = np.bincount(index, minlength=BINS)
    sure = np.bincount(index, confidence, BINS) / np.maximum(count, 1)
    true = np.bincount(index, hits, BINS) / np.maximum(count, 1)
    return tuple(Bin(int(n), float(c), float(a)) for n, c, a in zip(count, sure, true, strict=True))


def ece(sorted_in: Sequence[Bin]) -> float:
    """Return the expected calibration error: the distance between confidence and hits, averaged over the turns."""
    total = sum(each.count for each in sorted_in)
    return sum(each.count * abs(each.confidence - each.accuracy) for each in sorted_in) / total


def risk_by_coverage(p: Array, labels: Indices) -> Array:
    """Return the error rate [n] of the 1, 2, ... n surest turns."""
    order = np.argsort(-p.max(axis=1), kind="stable")
    wrong = (p.argmax(axis=1) != labels)[order]
    return np.asarray(np.cumsum(wrong) / np.arange(1, len(wrong) + 1))


def _f1(met: Indices) -> list[float]:
    """Return the F1 of each emotion that is met or taken to be met."""
    totals = met.sum(axis=0) + met.sum(axis=1)
    return [2 * met[each, each] / totals[each] for each in range(len(met)) if totals[each]]
