"""How good one utterance sounds: level, noise, clipping, and whether it is fit to be understood."""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from assistant.config.perception import Quality as Settings
from assistant.types import SAMPLE_RATE, Cut, Quality, Samples, Verdict

Span = tuple[int, int]
"""Samples from the first to just before the second."""

SNR_RANGE_DB = (-10.0, 60.0)
"""What can be told apart: below, speech drowns in the estimate's own variance; above lies digital silence."""

_FRAME = SAMPLE_RATE // 100
_MIN_BACKGROUND_FRAMES = 10
_DIP_PERCENTILE = 10.0
_FULL_SCALE = 0.999


def assess(samples: Samples, speech: Sequence[Span], settings: Settings, cut: Cut) -> Quality:
    """Return the quality of one utterance, float32 [n], in which the VAD heard speech in the ordered spans `speech`.

    Level and clipping are measured over the speech alone, so that long pauses make nobody too quiet; level and noise
    without the mean, so that a microphone's DC offset doesn't pass for sound. The verdict names the first thing that is
    wrong, worst first:

    - no_speech: no span, or a smaller share of speech than `min_speech_ratio`;
    - too_short: less than `min_speech_s` of speech;
    - too_quiet: RMS below `min_rms`;
    - clipped: a share of samples above `max_clipped_ratio` at full scale;
    - noisy: `snr_db` below `min_snr_db`;
    - truncated: cut for its length in full speech, so that a word may be torn; the rest follows as the next utterance.
    """
    spoken = np.zeros(len(samples), dtype=bool)
    for start, end in speech:
        spoken[max(start, 0) : end] = True
    speech_samples = int(spoken.sum())
    sound = samples - samples.mean(dtype=np.float64) if len(samples) else samples.astype(np.float64)
    part = spoken if speech_samples else np.ones(len(samples), dtype=bool)
    rms = float(np.sqrt(_power(sound[part])))
    clipped_ratio = float(np.mean(np.abs(samples[part]) >= _FULL_SCALE)) if len(samples) else 0.0
    speech_ratio = speech_samples / len(samples) if len(samples) else 0.0
    speech_s = speech_samples / SAMPLE_RATE
    snr_db = _snr_db(sound, spoken) if speech_samples else SNR_RANGE_DB[0]
    if speech_samples == 0 or speech_ratio < settings.min_speech_ratio:
        verdict = Verdict.NO_SPEECH
    elif speech_s < settings.min_speech_s:
        verdict = Verdict.TOO_SHORT
    elif rms < settings.min_rms:
        verdict = Verdict.TOO_QUIET
    elif clipped_ratio > settings.max_clipped_ratio:
        verdict = Verdict.CLIPPED
    elif snr_db < settings.min_snr_db:
        verdict = Verdict.NOISY
    elif cut is Cut.MAX_LENGTH and spoken[-1]:
        verdict = Verdict.TRUNCATED
    else:
        verdict = Verdict.OK
    return Quality(rms, snr_db, speech_ratio, clipped_ratio, speech_s, verdict)


def _snr_db(sound: npt.NDArray[np.float64], spoken: npt.NDArray[np.bool_]) -> float:
    """Estimate 10 log10((speech power - noise power) / noise power), within SNR_RANGE_DB.

    Noise is the median power of the 10 ms frames without speech: the VAD begins late and lingers, so some of those
    frames hold speech, which moves a mean but not a median. With under 0.1 s of them (no pre-roll, an utterance that
    goes on after a cut) it is the 10th percentile of all frames, the dips between syllables.
    """
    speech_power = _power(sound[spoken])
    count = len(sound) // _FRAME
    frames = sound[: count * _FRAME].reshape(count, _FRAME)
    powers = np.mean(frames**2, axis=1)
    background = powers[~spoken[: count * _FRAME].reshape(count, _FRAME).any(axis=1)]
    if len(background) >= _MIN_BACKGROUND_FRAMES:
        noise_power = float(np.median(background))
    else:
        noise_power = float(np.percentile(powers, _DIP_PERCENTILE)) if count else 0.0
    low, high = SNR_RANGE_DB
    if speech_power <= noise_power * (1 + 10 ** (low / 10)):
        return low
    if noise_power == 0.0:
        return high
    return min(10 * float(np.log10((speech_power - noise_power) / noise_power)), high)


def _power(sound: npt.NDArray[np.float64]) -> float:
    return float(np.mean(sound**2)) if len(sound) else 0.0
