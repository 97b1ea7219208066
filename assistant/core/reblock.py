"""Sound as it arrives, in chunks of any length, cut into frames of one length, without losing or shifting a sample."""

import math
from collections.abc import Iterator

import numpy as np

from assistant.errors import AudioError
from assistant.types import SAMPLE_RATE, AudioChunk, Samples

JITTER_SAMPLES = SAMPLE_RATE // 100
"""A chunk may claim to start this much early or late without anything being done: clocks aren't better than that."""

MAX_GAP_S = 3600.0
"""A longer gap is a mistake in the times, not silence."""


class Reblocker:
    """Turns chunks into frames. Session time is what was received: a frame's place follows from the frames before it.

    A chunk that starts later than the sound received so far leaves a gap, which is filled with silence; one that starts
    earlier repeats what was heard already, and that part of it is dropped.
    """

    def __init__(self, frame_samples: int) -> None:
        self._frame_samples = frame_samples
        self._rest: Samples = np.zeros(0, np.float32)
        self._received = 0

    @property
    def time(self) -> float:
        """Return the session time: seconds of sound received, filled gaps included."""
        return self._received / SAMPLE_RATE

    def push(self, chunk: AudioChunk) -> Iterator[Samples]:
        """Yield every frame, float32 [frame_samples], that `chunk` completes; exhaust it before the next.

        Raises AudioError for sound of the wrong shape, with NaN in it, or a gap that can't be meant.
        """
        samples = _checked(chunk)
        late = round(chunk.start * SAMPLE_RATE) - self._received
        if late > MAX_GAP_S * SAMPLE_RATE:
            raise AudioError(
                f"sound jumps from {self.time:.2f} s to {chunk.start:.2f} s; at most an hour may be missing"
            )
        if late > JITTER_SAMPLES:
            yield from self._silence(late)
        elif late < -JITTER_SAMPLES:
            samples = samples[-late:]
        yield from self._take(samples)

    def rest(self) -> Samples:
        """Return the samples, fewer than a frame, that no frame holds yet, and forget them: for the end of input."""
        rest, self._rest = self._rest, np.zeros(0, np.float32)
        return rest

    def _silence(self, missing: int) -> Iterator[Samples]:
        while missing:
            step = min(missing, SAMPLE_RATE)
            yield from self._take(np.zeros(step, np.float32))
            missing -= step

    def _take(self, samples: Samples) -> Iterator[Samples]:
        self._received += len(samples)
        # Concatenating also copies: the source may use its buffer again.
        ready = np.concatenate((self._rest, samples))
        whole = len(ready) - len(ready) % self._frame_samples
        self._rest = ready[whole:]
        for at in range(0, whole, self._frame_samples):
            yield ready[at : at + self._frame_samples]


def pad(frame: Samples, frame_samples: int) -> Samples:
    """Return `frame` filled up with silence to `frame_samples`, which is what a VAD takes."""
    return np.pad(frame, (0, frame_samples - len(frame)))


def _checked(chunk: AudioChunk) -> Samples:
    samples = chunk.samples
    if samples.ndim != 1 or samples.dtype != np.float32:
        found = f"{samples.dtype} {list(samples.shape)}"
        raise AudioError(f"sound at {chunk.start:.2f} s is {found}; a chunk is float32 [n], mono, 16 kHz")
    if not (np.isfinite(samples).all() and math.isfinite(chunk.start)):
        raise AudioError(f"sound at {chunk.start:.2f} s holds values that are no numbers (NaN or infinite)")
    return samples
