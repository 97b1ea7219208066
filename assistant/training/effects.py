"""Numpy effects that colour a voice, mono float32 in and out: what espeak-ng cannot do by itself."""

from collections.abc import Callable
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

Wave: TypeAlias = NDArray[np.float32]
Gain: TypeAlias = Callable[[NDArray[np.floating]], NDArray[np.floating]]
"""A gain (linear) for each frequency (Hz)."""


def shape(wave: Wave, rate_hz: int, gain: Gain) -> Wave:
    """Filter with zero phase by a gain curve over frequency."""
    size = _fast_size(len(wave))
    gains = gain(np.fft.rfftfreq(size, 1.0 / rate_hz)).astype(np.float32)
    return np.fft.irfft(np.fft.rfft(wave, size) * gains, size)[: len(wave)].astype(np.float32)


def tilt(db: float, corner_hz: float) -> Gain:
    """Raise (or lower) everything above the corner by ``db``, over about one octave."""
    return lambda hz: 10.0 ** (db / 20.0 / (1.0 + (corner_hz / np.maximum(hz, 1.0)) ** 3))


def low_pass(corner_hz: float) -> Gain:
    """Fall by 6 dB per octave above the corner."""
    return lambda hz: 1.0 / np.sqrt(1.0 + (hz / corner_hz) ** 2)


def band(low_hz: float, high_hz: float) -> Gain:
    """Pass one band with 18 dB per octave outside, as a telephone line does."""
    return lambda hz: 1.0 / np.sqrt((1.0 + (low_hz / np.maximum(hz, 1.0)) ** 6) * (1.0 + (hz / high_hz) ** 6))


def colour(rng: np.random.Generator, depth_db: float) -> Gain:
    """Draw a smooth random curve over log frequency, as another mouth, microphone and room would give."""
    weights, phases = rng.normal(0.0, 1.0, 4), rng.uniform(0.0, 2 * np.pi, 4)

    def gain(hz: NDArray[np.floating]) -> NDArray[np.floating]:
        octave = np.log2(np.clip(hz, 60.0, 8000.0) / 60.0) / 7.0
        waves = [w * np.sin(np.pi * (k + 1) * octave + p) for k, (w, p) in enumerate(zip(weights, phases, strict=True))]
        return np.asarray(10.0 ** (depth_db / 20.0 * np.sum(waves, axis=0) / 2.0))

    return gain


def drive(wave: Wave, amount: float) -> Wave:
    """Saturate softly; an amount of 1 is barely heard, 3 is a shout."""
    peak = float(np.max(np.abs(wave), initial=1e-6))
    return np.asarray(np.tanh(wave * (amount / peak)) * (peak / np.tanh(amount)), np.float32)


def tremble(wave: Wave, rate_hz: int, beat_hz: float, depth: float) -> Wave:
    """Modulate the amplitude: 6-9 Hz trembles, 28-38 Hz is rough."""
    time = np.arange(len(wave)) / rate_hz
    return np.asarray(wave * (1.0 - depth * (0.5 + 0.5 * np.cos(2 * np.pi * beat_hz * time))), np.float32)


def rise(wave: Wave, start: float, end: float) -> Wave:
    """Play ever faster, from ``start`` to ``end`` times the speed: pitch rises with it."""
    speed = np.linspace(start, end, max(2, round(2 * len(wave) / (start + end))))
    position = np.cumsum(speed) - speed[0]
    return np.asarray(np.interp(position[position < len(wave) - 1], np.arange(len(wave)), wave), np.float32)


def echo(wave: Wave, rate_hz: int, delay_s: float, level: float) -> Wave:
    """Add one reflection."""
    delay = round(delay_s * rate_hz)
    out = wave.copy()
    out[delay:] += np.float32(level) * wave[:-delay]
    return out


def noise(rng: np.random.Generator, count: int, rate_hz: int, slope: float, hum: float) -> Wave:
    """Make room noise of unit RMS: a spectrum falling as f^-slope (0 white, 1 pink, 2 rumble), with mains hum."""
    size = _fast_size(count)
    hz = np.maximum(np.fft.rfftfreq(size, 1.0 / rate_hz), 40.0)
    spectrum = np.fft.rfft(rng.standard_normal(size, np.float32)) * (hz ** (-slope / 2.0)).astype(np.float32)
    wave = _unit(np.fft.irfft(spectrum, size)[:count].astype(np.float32))
    if hum > 0.0:
        turns = 50.0 * np.arange(count) / rate_hz
        wave = _unit(wave + sum(hum / k * np.sin(2 * np.pi * (k * turns + rng.uniform())) for k in (1, 2, 3)))
    return wave


def _unit(wave: Wave) -> Wave:
    return np.asarray(wave / (np.sqrt(np.mean(wave**2)) + 1e-9), np.float32)


def _fast_size(count: int) -> int:
    """Round up to a length whose Fourier transform is quick."""
    return -(-max(count, 1) // 4096) * 4096
