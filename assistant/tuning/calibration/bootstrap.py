"""How sure a figure is: recomputed on speakers drawn anew, with repetition, since turns of one speaker are alike."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import astuple, dataclass

import numpy as np

from assistant.tuning.calibration.arrays import Array, Indices
from assistant.tuning.calibration.figures import NAMES, figures
from assistant.tuning.calibration.systems import System

RESAMPLES = 1000
INTERVAL = (2.5, 97.5)
"""Percentiles: 95 % of the resamples lie between them."""


@dataclass(frozen=True, slots=True)
class Estimate:
    """A figure and the interval in which it lies with 95 % probability, were other speakers recorded."""

    value: float
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class Sure:
    """What the bootstrap gives: the figures of each system, and by how much ours has a lower NLL than each."""

    figures: dict[System, dict[str, Estimate]]
    gain: dict[System, Estimate]


def bootstrap(
    posteriors: Mapping[System, Array],
    labels: Indices,
    speakers: Sequence[str],
    tick: Callable[[], None],
    seed: int = 0,
) -> Sure:
    """Return figures with intervals; `tick` is called RESAMPLES times. The same seed gives the same intervals."""
    drawn = {system: np.zeros((RESAMPLES, len(NAMES))) for system in posteriors}
    for number, chosen in enumerate(resamples(speakers, seed)):
        for system, p in posteriors.items():
            drawn[system][number] = astuple(figures(p[chosen], labels[chosen]))
        tick()
    whole = {system: np.array(astuple(figures(p, labels))) for system, p in posteriors.items()}
    nll = NAMES.index("nll")
    return Sure(
        figures={
            system: {name: _estimate(whole[system][at], drawn[system][:, at]) for at, name in enumerate(NAMES)}
            for system in posteriors
        },
        gain={
            system: _estimate(
                whole[system][nll] - whole[System.OURS][nll], drawn[system][:, nll] - drawn[System.OURS][:, nll]
            )
            for system in posteriors
            if system is not System.OURS
        },
    )


def resamples(speakers: Sequence[str], seed: int) -> Iterator[Indices]:
    """Yield the turns, RESAMPLES times, of as many speakers as there are, drawn with repetition."""
    rng = np.random.default_rng(seed)
    names = np.array(speakers)
    turns = [np.flatnonzero(names == name) for name in sorted(set(speakers))]
    for _ in range(RESAMPLES):
        yield np.concatenate([turns[index] for index in rng.integers(len(turns), size=len(turns))])


def _estimate(value: float, drawn: Array) -> Estimate:
    low, high = np.percentile(drawn, INTERVAL)
    return Estimate(float(value), float(low), float(high))
