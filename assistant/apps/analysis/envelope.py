"""The outline of a sound of any length, in memory of one size."""

import numpy as np
import numpy.typing as npt

from assistant.types import SAMPLE_RATE, Samples

Outline = npt.NDArray[np.float32]
"""Least and greatest sample of each stretch of a sound: [n, 2]."""


class Envelope:
    """Keeps the outline of a sound as it passes: when `capacity` stretches are full, pairs of them become one.

    capacity: even. A stretch has `first` samples, 4 ms, until then: what passes in a minute keeps its detail.
    """

    def __init__(self, capacity: int = 16_384, first: int = 64) -> None:
        self._outline = np.zeros((capacity, 2), np.float32)
        self._stretch = first
        self._full = 0
        self._rest = np.zeros(0, np.float32)

    def push(self, samples: Samples) -> None:
        """Take the next samples, float32 [n]."""
        sound = np.concatenate((self._rest, samples))
        while len(sound) >= self._stretch:
            if self._full == len(self._outline):
                self._halve()
                continue
            fits = min(len(sound) // self._stretch, len(self._outline) - self._full)
            stretches = sound[: fits * self._stretch].reshape(fits, self._stretch)
            self._outline[self._full : self._full + fits] = _bounds(stretches)
            self._full += fits
            sound = sound[fits * self._stretch :]
        self._rest = sound.copy()

    @property
    def step_s(self) -> float:
        """Return the length of a stretch in seconds."""
        return self._stretch / SAMPLE_RATE

    @property
    def outline(self) -> Outline:
        """Return the outline so far; its last stretch may be shorter than the others."""
        whole = self._outline[: self._full]
        return np.concatenate((whole, _bounds(self._rest[None]))) if len(self._rest) else whole.copy()

    def _halve(self) -> None:
        half = self._full // 2
        self._outline[:half] = _bounds(self._outline.reshape(half, 4))
        self._full = half
        self._stretch *= 2


def _bounds(stretches: Samples) -> Outline:
    return np.stack((stretches.min(axis=1), stretches.max(axis=1)), axis=1)
