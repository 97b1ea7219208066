"""Training and test audio of the voice-emotion model: takes cut as the VAD cuts, with room noise laid over them."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import cycle
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from assistant.training import effects
from assistant.training.corpus import Sentence
from assistant.training.effects import Wave
from assistant.training.synth import EMOTIONS, RATE_HZ, Take, speak

Pcm: TypeAlias = NDArray[np.int16]

SHORTEST_S, LONGEST_S, LONGEST_TRAINED_S = 0.6, 6.0, 3.5
_FULL_SCALE = 32767.0


@dataclass(frozen=True, slots=True, eq=False)
class Clip:
    """One recording: mono int16 at 16 kHz and the index of its emotion in EMOTIONS."""

    pcm: Pcm
    emotion: int
    voice: str


@dataclass(frozen=True, slots=True, eq=False)
class Batch:
    """Waveforms [batch, samples], each of zero mean and unit variance as the model hears them, and emotions [batch]."""

    waves: NDArray[np.float32]
    emotions: NDArray[np.int64]


def plan(
    sentences: Sequence[Sentence], voices: Sequence[str], per_emotion: int, varied: bool, rng: np.random.Generator
) -> list[Take]:
    """Plan `per_emotion` clean takes of each emotion; every voice and sentence is used about equally often.

    `varied` draws other vocal tracts, sloppier cuts, and two sentences in every sixth; else the cut is the VAD's own.
    """
    takes: list[Take] = []
    for emotion in EMOTIONS:
        deck = cycle(rng.permutation(len(sentences)))
        for number in range(per_emotion):
            text = "".join(sentences[next(deck)].text for _ in range(2 if varied and rng.uniform() < 1 / 6 else 1))
            head_s, tail_s = (rng.uniform(0.0, 0.5), rng.uniform(0.0, 0.3)) if varied else (0.3, 0.1)
            takes.append(
                Take(
                    text=text,
                    voice=voices[number % len(voices)],
                    emotion=emotion,
                    seed=int(rng.integers(2**31)),
                    timbre=varied and rng.uniform() < 0.5,
                    head_s=float(head_s),
                    tail_s=float(tail_s),
                )
            )
    return takes


def record(take: Take) -> Clip:
    """Speak a take and keep it between SHORTEST_S (padded) and LONGEST_S (cut)."""
    wave = speak(take)[: round(LONGEST_S * RATE_HZ)]
    wave = np.pad(wave, (0, max(0, round(SHORTEST_S * RATE_HZ) - len(wave))))
    return Clip((wave * _FULL_SCALE).astype(np.int16), EMOTIONS.index(take.emotion), take.voice)


def rooms(rng: np.random.Generator, count: int = 64) -> list[Wave]:
    """Make room noises of unit RMS, longer than any clip: hiss to rumble, a third of them with mains hum."""
    size = 2 * round(LONGEST_S * RATE_HZ)
    return [effects.noise(rng, size, RATE_HZ, rng.uniform(0.0, 1.8), rng.choice([0.0, 0.0, 0.6])) for _ in range(count)]


def heard(clip: Clip, room: Wave, snr_db: float | None, rng: np.random.Generator) -> Wave:
    """Lay a random stretch of room noise `snr_db` below a clip (None: no noise), and normalise as the model does."""
    wave = clip.pcm.astype(np.float32) / np.float32(_FULL_SCALE)
    if snr_db is not None:
        start = int(rng.integers(len(room) - len(wave)))
        level = np.sqrt(np.mean(wave**2)) * 10.0 ** (-snr_db / 20.0)
        wave = wave + np.float32(level) * room[start : start + len(wave)]
    return normalised(wave)


def normalised(wave: Wave) -> Wave:
    """Give zero mean and unit variance, with the epsilon of torch's layer_norm."""
    return np.asarray((wave - wave.mean()) / np.sqrt(wave.var() + 1e-5), np.float32)


def batches(clips: Sequence[Clip], size: int, snr_db: tuple[float, float], seed: int) -> Iterator[Batch]:
    """Yield training batches for ever: clips of like length together, noise on two thirds, a random cut on a quarter.

    Lengths in a batch are made equal by cutting, never by padding: the model has no padding at inference either.
    """
    rng = np.random.default_rng(seed)
    noises = rooms(rng)
    while True:
        order = rng.permutation(len(clips))
        chunks = [order[start : start + 16 * size] for start in range(0, len(order), 16 * size)]
        for chunk in chunks:
            by_length = sorted(chunk, key=lambda index: len(clips[index].pcm))
            groups = [by_length[start : start + size] for start in range(0, len(by_length), size)]
            for group in (groups[index] for index in rng.permutation(len(groups))):
                yield _batch([clips[index] for index in group], lambda: noises[rng.integers(len(noises))], snr_db, rng)


def _batch(clips: list[Clip], room: Callable[[], Wave], snr_db: tuple[float, float], rng: np.random.Generator) -> Batch:
    length = min(round(LONGEST_TRAINED_S * RATE_HZ), *(len(clip.pcm) for clip in clips))
    if rng.uniform() < 0.25:
        length = min(length, round(rng.uniform(0.8, 2.5) * RATE_HZ))
    waves = []
    for clip in clips:
        start = int(rng.integers(len(clip.pcm) - length + 1))
        cut = Clip(clip.pcm[start : start + length], clip.emotion, clip.voice)
        waves.append(heard(cut, room(), rng.uniform(*snr_db) if rng.uniform() < 2 / 3 else None, rng))
    return Batch(np.stack(waves), np.array([clip.emotion for clip in clips], np.int64))
