"""The WebRTC voice activity detector: a few Gaussians per frequency band, no model file."""

import numpy as np
import webrtcvad

from assistant.config.perception import WebRtcVad as Settings
from assistant.models.highpass import HighPass
from assistant.types import SAMPLE_RATE, Samples

_BLOCK = SAMPLE_RATE // 100


class WebRtcVad:
    """Implements `assistant.ports.Vad`; its probability is 0 or 1, for that is all the detector says.

    It takes mains hum for speech, so what it hears (and only that) passes a high-pass first; and it hears a murmur from
    next door, so a frame whose RMS after the high-pass is below `energy_floor` is silence.
    """

    def __init__(self, settings: Settings) -> None:
        self._mode = settings.mode
        self._frame_samples = settings.frame_ms * SAMPLE_RATE // 1000
        self._floor = settings.energy_floor
        self._highpass = HighPass(settings.highpass_hz, _BLOCK) if settings.highpass_hz else None
        self._detector = webrtcvad.Vad(self._mode)

    @property
    def frame_samples(self) -> int:
        """Return the length of a frame, in samples at 16 kHz."""
        return self._frame_samples

    def probability(self, frame: Samples) -> float:
        """Return 1.0 if there is speech in the frame, float32 [frame_samples], else 0.0."""
        heard = self._highpass.filter(frame) if self._highpass else frame
        pcm = np.clip(heard * 32767, -32768, 32767).astype("<i2").tobytes()
        # Asked even below the floor: it follows the level of the noise from frame to frame.
        speech = self._detector.is_speech(pcm, SAMPLE_RATE)
        loud = float(np.dot(heard, heard)) >= self._floor**2 * len(heard)
        return 1.0 if speech and loud else 0.0

    def reset(self) -> None:
        """Forget the stream heard so far."""
        self._detector = webrtcvad.Vad(self._mode)
        if self._highpass:
            self._highpass.reset()
