"""The one guard before every model that hears a whole utterance: what passes is sound, in our format."""

import numpy as np

from assistant.errors import ModelError
from assistant.types import SAMPLE_RATE, Samples, Stage

MIN_SAMPLES = SAMPLE_RATE // 10
"""Shorter sound is filled up with silence: it has no answer worth having, but it mustn't crash a convolution."""

MAX_VALUE = 2.0
"""Resampling overshoots full scale a little; whatever goes further was never scaled."""


def checked(samples: Samples, stage: Stage) -> Samples:
    """Return `samples`, float32 [n], contiguous and at least 0.1 s long.

    Raises ModelError for another type or shape, no samples at all, NaN or infinity, or values far beyond [-1, 1].
    """
    if samples.dtype != np.float32:
        raise ModelError(stage, f"sound is {samples.dtype}; float32 in [-1, 1] will do (int16: divide by 32768)")
    if samples.ndim != 1:
        raise ModelError(stage, f"sound has the shape {list(samples.shape)}; mono, [n], will do")
    if not len(samples):
        raise ModelError(stage, "there is no sound to hear: 0 samples")
    peak = float(np.abs(samples).max())
    if not np.isfinite(peak):
        raise ModelError(stage, "sound holds values that are no numbers (NaN or infinite)")
    if peak > MAX_VALUE:
        raise ModelError(stage, f"sound reaches {peak:.6g}; values in [-1, 1] will do (int16: divide by 32768)")
    return np.pad(samples, (0, max(MIN_SAMPLES - len(samples), 0)))
