"""Any sample rate to 16 kHz, as a stream."""

import numpy as np
import soxr

from assistant.types import SAMPLE_RATE, Samples


class Resampler:
    """Brings mono sound of `rate_hz` to 16 kHz, chunk by chunk, without a seam and without delay in the whole.

    soxr's HQ is flat to 7.4 kHz and lets nothing through from 8.2 kHz on; FFmpeg's own resampler aliases at -15 dB.
    """

    def __init__(self, rate_hz: int) -> None:
        self._stream = None
        if rate_hz != SAMPLE_RATE:
            self._stream = soxr.ResampleStream(rate_hz, SAMPLE_RATE, 1, dtype="float32", quality="HQ")

    def push(self, samples: Samples) -> Samples:
        """Return what is ready after the next chunk, float32 [n] at the input's rate; it may be empty."""
        return self._run(samples, last=False) if self._stream else samples

    def finish(self) -> Samples:
        """Return what was held back until the end; the stream can't be used after it."""
        empty = np.zeros(0, np.float32)
        return self._run(empty, last=True) if self._stream else empty

    def _run(self, samples: Samples, *, last: bool) -> Samples:
        assert self._stream is not None
        ready: Samples = self._stream.resample_chunk(samples, last=last)
        return ready
