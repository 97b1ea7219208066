"""A Butterworth high-pass that keeps its state from frame to frame."""

import math

import numpy as np
import numpy.typing as npt

from assistant.types import SAMPLE_RATE, Samples

_QS = (1 / (2 * math.cos(math.pi / 8)), 1 / (2 * math.cos(3 * math.pi / 8)))
"""Quality factors of the two second-order sections of a 4th-order Butterworth filter."""


class HighPass:
    """A 4th-order Butterworth high-pass with its corner at `corner_hz`, for frames of a multiple of `block` samples.

    A recursive filter runs sample by sample, which is slow in Python. It is linear, though: output and next state of a
    whole block are one matrix times (input, state), exact to rounding. The matrix is measured once, column by column.
    """

    def __init__(self, corner_hz: float, block: int) -> None:
        sections = [_section(corner_hz, q) for q in _QS]
        states = 2 * len(sections)
        unit = np.eye(block + states)
        columns = [_run(sections, column[:block], column[block:]) for column in unit]
        self._matrix = np.stack(columns, axis=1)
        self._block = block
        self._state = np.zeros(states)

    def filter(self, frame: Samples) -> Samples:
        """Return the next frame, float32 [k x block], filtered."""
        out = np.empty(len(frame), np.float32)
        for at in range(0, len(frame), self._block):
            result = self._matrix @ np.concatenate((frame[at : at + self._block], self._state))
            out[at : at + self._block] = result[: self._block]
            self._state = result[self._block :]
        return out

    def reset(self) -> None:
        """Forget the stream heard so far."""
        self._state = np.zeros_like(self._state)


_Section = tuple[float, float, float, float, float]
_Floats = npt.NDArray[np.float64]


def _section(corner_hz: float, q: float) -> _Section:
    """Return b0, b1, b2, a1, a2 of a second-order high-pass: bilinear transform, R. Bristow-Johnson's cookbook."""
    w = 2 * math.pi * corner_hz / SAMPLE_RATE
    alpha = math.sin(w) / (2 * q)
    a0 = 1 + alpha
    b = (1 + math.cos(w)) / 2
    return b / a0, -2 * b / a0, b / a0, -2 * math.cos(w) / a0, (1 - alpha) / a0


def _run(sections: list[_Section], samples: _Floats, state: _Floats) -> _Floats:
    """Filter in transposed direct form II, sample by sample; return the output followed by the state after it."""
    out = samples.copy()
    after = state.copy()
    for i, (b0, b1, b2, a1, a2) in enumerate(sections):
        s1, s2 = state[2 * i : 2 * i + 2]
        for n, x in enumerate(out.tolist()):
            y = b0 * x + s1
            s1 = b1 * x - a1 * y + s2
            s2 = b2 * x - a2 * y
            out[n] = y
        after[2 * i : 2 * i + 2] = s1, s2
    return np.concatenate((out, after))
