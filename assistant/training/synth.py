"""Synthetic speech with an emotion in it: a ``Take`` says who speaks what and how, ``speak`` gives the waveform.

Emotion2vec normalises the waveform, so loudness is invisible to it: each emotion lives in tempo, pitch, tone depth and
spectrum, drawn anew for every seed.
"""

from dataclasses import dataclass
from typing import Literal, assert_never, get_args

import numpy as np
import soxr

from assistant.training import effects, espeak
from assistant.training.effects import Wave
from assistant.training.espeak import Prosody
from assistant.training.voices import VOICES_TEST, VOICES_TRAIN

__all__ = ["EMOTIONS", "RATE_HZ", "VOICES_TEST", "VOICES_TRAIN", "Emotion", "Take", "speak"]

RATE_HZ = 16_000

Emotion = Literal["angry", "disgusted", "fearful", "happy", "neutral", "other", "sad", "surprised", "<unk>"]
EMOTIONS: tuple[Emotion, ...] = get_args(Emotion)
"""The labels of Emotion2Vec+, in its order; ``<unk>`` is a sound that is not speech."""

_SPEECH_RMS = 0.08
_FLOOR_DB = 60.0  # a digital zero exists in no room: "no noise" means this far below the speech


@dataclass(frozen=True, slots=True)
class Take:
    """One recording to be made.

    ``timbre`` also draws another vocal tract and microphone (formant shift, random colour); ``head_s`` and ``tail_s``
    are the room before and after the speech, by default what the VAD leaves there.
    """

    text: str
    voice: str
    emotion: Emotion = "neutral"
    seed: int = 0
    snr_db: float | None = None
    gain_db: float = 0.0
    timbre: bool = False
    head_s: float = 0.3
    tail_s: float = 0.1


def speak(take: Take) -> Wave:
    """Render a take as mono float32 at 16 kHz, speech at about 0.08 RMS before ``gain_db``.

    The same take gives the same sound but not the same bits: espeak-ng keeps generator state between calls.
    Raises ValueError for an unknown voice.
    """
    rng = np.random.default_rng(take.seed)
    if take.emotion == "<unk>":
        return _clip(_sound(rng) * _gain(take.gain_db))
    tract = float(np.exp(rng.uniform(-0.16, 0.16))) if take.timbre else 1.0
    prosody = _prosody(take.emotion, rng)
    raw = espeak.synthesise(take.text, take.voice, _through(prosody, tract))
    if len(raw) == 0:
        raise ValueError(f"nothing to speak in {take.text!r}")
    # Declaring another input rate is what moves the formants; tempo was set against it.
    wave = _trim(soxr.resample(raw, espeak.RATE_HZ * tract, RATE_HZ).astype(np.float32))
    if take.timbre:
        wave = effects.shape(wave, RATE_HZ, effects.colour(rng, rng.uniform(0.0, 7.0)))
    wave = _trim(_express(wave, take.emotion, rng))
    wave *= np.float32(_SPEECH_RMS / (np.sqrt(np.mean(wave**2)) + 1e-9))
    wave = np.pad(wave, (round(take.head_s * RATE_HZ), round(take.tail_s * RATE_HZ)))
    room = effects.noise(rng, len(wave), RATE_HZ, slope=rng.uniform(0.0, 1.6), hum=rng.choice([0.0, 0.0, 0.5]))
    wave += room * np.float32(_SPEECH_RMS) * _gain(-(take.snr_db if take.snr_db is not None else _FLOOR_DB))
    return _clip(wave * _gain(take.gain_db))


def _prosody(emotion: Emotion, rng: np.random.Generator) -> Prosody:
    """Draw tempo, pitch and tone depth; tone depth stays above 25 or the words cannot be told."""
    match emotion:
        case "angry":
            rate, pitch, depth = (190, 225), (48, 68), (70, 95)
        case "disgusted":
            rate, pitch, depth = (140, 168), (22, 42), (45, 65)
        case "fearful":
            rate, pitch, depth = (190, 225), (66, 86), (30, 48)
        case "happy":
            rate, pitch, depth = (184, 212), (60, 80), (78, 99)
        case "neutral" | "<unk>":
            rate, pitch, depth = (170, 198), (42, 58), (45, 62)
        case "other":
            rate, pitch, depth = (165, 200), (40, 65), (40, 65)
        case "sad":
            rate, pitch, depth = (122, 152), (24, 42), (26, 40)
        case "surprised":
            rate, pitch, depth = (165, 190), (56, 74), (78, 99)
        case _:
            assert_never(emotion)
    return Prosody(float(rng.uniform(*rate)), float(rng.uniform(*pitch)), float(rng.uniform(*depth)))


def _express(wave: Wave, emotion: Emotion, rng: np.random.Generator) -> Wave:
    """Add to the voice what the prosody parameters cannot."""
    match emotion:
        case "angry":
            pressed = effects.shape(wave, RATE_HZ, effects.tilt(rng.uniform(4.0, 8.0), 1500.0))
            return effects.drive(pressed, rng.uniform(1.6, 3.0))
        case "disgusted":
            return effects.tremble(wave, RATE_HZ, rng.uniform(28.0, 38.0), rng.uniform(0.45, 0.7))
        case "fearful":
            return effects.tremble(wave, RATE_HZ, rng.uniform(6.0, 8.5), rng.uniform(0.4, 0.65))
        case "happy":
            return effects.shape(wave, RATE_HZ, effects.tilt(rng.uniform(5.0, 9.0), 2500.0))
        case "neutral" | "<unk>":
            return wave
        case "other":  # far away: a thin line with an echo, a voice whose feeling cannot be told
            thin = effects.shape(wave, RATE_HZ, effects.band(rng.uniform(320, 480), rng.uniform(2400, 3200)))
            return effects.echo(thin, RATE_HZ, rng.uniform(0.045, 0.085), rng.uniform(0.35, 0.55))
        case "sad":
            return effects.shape(wave, RATE_HZ, effects.low_pass(rng.uniform(500.0, 900.0)))
        case "surprised":
            return effects.rise(wave, rng.uniform(0.86, 0.92), rng.uniform(1.2, 1.36))
        case _:
            assert_never(emotion)


def _sound(rng: np.random.Generator) -> Wave:
    """Make 0.6-3 s of something that is not speech: noise, hum, clicks, a tone, or almost nothing."""
    count = round(float(rng.uniform(0.6, 3.0)) * RATE_HZ)
    time = np.arange(count) / RATE_HZ
    floor = effects.noise(rng, count, RATE_HZ, slope=rng.uniform(0.0, 2.0), hum=0.0)
    match int(rng.integers(5)):
        case 0:  # steady noise, sometimes swelling
            swell = 1.0 + 0.6 * np.sin(2 * np.pi * rng.uniform(0.2, 1.5) * time)
            wave = 0.06 * floor * (swell if rng.uniform() < 0.5 else 1.0)
        case 1:
            wave = 0.06 * effects.noise(rng, count, RATE_HZ, slope=1.0, hum=rng.uniform(2.0, 8.0))
        case 2:
            wave = 0.002 * floor
            for _ in range(int(rng.integers(1, 9))):
                at, length = int(rng.integers(0, count - 400)), int(rng.integers(30, 400))
                burst = rng.standard_normal(length) * np.exp(-np.linspace(0.0, 6.0, length))
                wave[at : at + length] += (rng.uniform(0.1, 0.5) * burst).astype(np.float32)
        case 3:
            wave = 0.004 * floor + 0.1 * np.sin(2 * np.pi * rng.uniform(180.0, 2500.0) * time)
        case _:
            wave = 0.0005 * floor
    return np.asarray(wave, np.float32)


def _through(prosody: Prosody, tract: float) -> Prosody:
    """Undo what the formant shift will do to the tempo; its pitch shift stays: small speakers are high ones."""
    return Prosody(prosody.rate_wpm / tract, prosody.pitch, prosody.range)


def _trim(wave: Wave) -> Wave:
    """Cut the silence espeak-ng leaves at both ends (anything 46 dB below the peak)."""
    loud = np.flatnonzero(np.abs(wave) > 0.005 * np.max(np.abs(wave), initial=1e-6))
    return wave[loud[0] : loud[-1] + 1] if len(loud) else wave


def _gain(db: float) -> np.float32:
    return np.float32(10.0 ** (db / 20.0))


def _clip(wave: Wave) -> Wave:
    return np.clip(wave, -1.0, 1.0).astype(np.float32)
