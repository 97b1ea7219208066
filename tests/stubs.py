"""Models made by hand: they answer at once, or late, or not at all, and always the same to the same sound."""

import hashlib
import time
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from assistant.build import build_tuning
from assistant.config.layers import load
from assistant.engine import Engine
from assistant.errors import ModelError
from assistant.hosting import Hint
from assistant.session import Session
from assistant.types import (
    SAMPLE_RATE,
    Emotion,
    EmotionFrame,
    Language,
    Observation,
    Polarity,
    Samples,
    Sentiment,
    Stage,
    Transcript,
    VoiceEmotion,
)

FRAME = 320

CONFIG = load(env={}).config

TUNING = build_tuning(CONFIG)


class LoudnessVad:
    """Takes every loud frame for speech."""

    @property
    def frame_samples(self) -> int:
        return FRAME

    def probability(self, frame: Samples) -> float:
        return float(np.abs(frame).max() > 0.05)

    def reset(self) -> None:
        pass


def digest(samples: Samples) -> int:
    """Return a number that stands for exactly this sound."""
    return int.from_bytes(hashlib.sha256(samples.tobytes()).digest()[:4], "big")


@dataclass
class HashAsr:
    """Hears a text that stands for exactly the samples it was given."""

    delay_s: float = 0.0
    fails_on: int | None = None
    calls: int = 0

    def transcribe(self, samples: Samples) -> Transcript:
        self.calls += 1
        time.sleep(self.delay_s)
        if self.calls == self.fails_on:
            raise ModelError("asr", "broke on purpose")
        text = f"今天天气{digest(samples)}"
        return Transcript(text, text, Language.ZH, 0.9)


@dataclass
class HashEmotion:
    """Hears an emotion that depends on exactly the samples it was given."""

    delay_s: float = 0.0

    def listen(self, samples: Samples) -> VoiceEmotion:
        time.sleep(self.delay_s)
        weights = np.random.default_rng(digest(samples)).dirichlet(np.full(len(Emotion), 0.3))
        scores = {emotion: float(weight) for emotion, weight in zip(Emotion, weights, strict=True)}
        embedding = tuple(float(weight) for weight in weights)
        return VoiceEmotion(scores, embedding, (EmotionFrame(0.0, 1.0, scores, embedding),))


class FlatSentiment:
    """Finds nothing in any text."""

    def read(self, text: str) -> Sentiment:
        return Sentiment(dict.fromkeys(Polarity, 0.25))


@dataclass
class Stamp:
    """Puts a full stop behind every text, or fails."""

    delay_s: float = 0.0
    fails: bool = False

    def punctuate(self, text: str) -> str:
        time.sleep(self.delay_s)
        if self.fails:
            raise ModelError(Stage.PUNCTUATION, "out of marks")
        return f"{text}。"


def session(
    engine: Engine,
    *,
    speculate: bool = True,
    heard: Callable[[Observation], None] | None = None,
    hint: Hint | None = None,
) -> Session:
    return Session(
        "s",
        engine,
        LoudnessVad(),
        CONFIG.segmenter,
        CONFIG.quality,
        TUNING,
        speculate=speculate,
        heard=heard,
        hint=hint,
    )


def speech(seconds: float, seed: int = 0) -> Samples:
    """Return noise loud enough for LoudnessVad."""
    return np.random.default_rng(seed).uniform(0.1, 0.4, round(seconds * SAMPLE_RATE)).astype(np.float32)


def silence(seconds: float) -> Samples:
    return np.zeros(round(seconds * SAMPLE_RATE), np.float32)
