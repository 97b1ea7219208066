"""Sound for tests."""

import numpy as np


def tone(seconds: float, hz: float = 180.0) -> np.ndarray:
    """Return a voice-like buzz that glides a little, float32 [n] at 16 kHz."""
    t = np.arange(int(seconds * 16_000)) / 16_000
    return (0.2 * np.sin(2 * np.pi * (hz + 8 * t) * t) * (0.6 + 0.4 * np.sin(2 * np.pi * 3 * t))).astype(np.float32)
