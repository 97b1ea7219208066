"""What voice and words each say about the emotion, and how far each may be trusted this turn."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import TypeVar

from assistant.config.judgement import Ramp, VoiceEvidence, WordsEvidence
from assistant.types import (
    FELT,
    GROUPS,
    Emotion,
    Group,
    Polarity,
    Quality,
    Sentiment,
    Transcript,
    VoiceEmotion,
)

Key = TypeVar("Key")

_KINDS = tuple(Polarity)


@dataclass(frozen=True, slots=True)
class Evidence:
    """One side's case: `reliability` in [0, 1]; `ratios` over FELT, log(P(perceived | emotion) / P(perceived)).

    positive, negative: its own mass on pleasant and unpleasant, for telling whether two sides contradict each other.
    strongest: the emotion that it speaks for by itself; words alone tell no single one.
    """

    reliability: float
    ratios: dict[Emotion, float]
    positive: float
    negative: float
    strongest: Emotion | None = None


SILENT = Evidence(0.0, dict.fromkeys(FELT, 0.0), 0.0, 0.0)
"""The case of a side that wasn't heard: it favours nothing."""


def voice_evidence(
    voice: VoiceEmotion | None, quality: Quality | None, prior: Mapping[Emotion, float], settings: VoiceEvidence
) -> Evidence:
    """Return what the voice says, its prior divided out: that counts once, in the fusion."""
    if voice is None:
        return SILENT
    logits = {
        emotion: math.log(max(voice.scores.get(emotion, 0.0), settings.floor)) / settings.temperature
        + settings.bias.get(emotion, 0.0)
        for emotion in FELT
    }
    posterior = normalised(logits)
    return Evidence(
        reliability=voice_reliability(voice, quality, settings),
        ratios={emotion: math.log(posterior[emotion] / prior[emotion]) for emotion in FELT},
        positive=math.fsum(posterior[emotion] for emotion in GROUPS[Group.POSITIVE]),
        negative=math.fsum(posterior[emotion] for emotion in GROUPS[Group.NEGATIVE]),
        strongest=max(FELT, key=lambda emotion: posterior[emotion]),
    )


def words_evidence(
    sentiment: Sentiment | None, transcript: Transcript | None, prior: Mapping[Emotion, float], settings: WordsEvidence
) -> Evidence:
    """Return what the words say, by the confusion matrix: how likely each emotion is to be put this way."""
    if sentiment is None or transcript is None:
        return SILENT
    logits = {
        polarity: math.log(max(sentiment.scores.get(polarity, 0.0), settings.floor)) / settings.temperature
        for polarity in _KINDS
    }
    posterior = normalised(logits)
    rows = settings.confusion
    usual = {label: math.fsum(prior[emotion] * rows[emotion][label] for emotion in FELT) for label in _KINDS}
    return Evidence(
        reliability=words_reliability(transcript, settings),
        ratios={
            emotion: math.log(math.fsum(rows[emotion][label] * posterior[label] / usual[label] for label in _KINDS))
            for emotion in FELT
        },
        positive=posterior[Polarity.POSITIVE],
        negative=posterior[Polarity.NEGATIVE],
    )


def voice_reliability(voice: VoiceEmotion, quality: Quality | None, settings: VoiceEvidence) -> float:
    """Return how far this voice may be trusted, in [0, 1]. Without `quality` nothing is held against the sound.

    How sure the scores are isn't a factor: flat scores have ratios near 0 and would count twice.
    """
    ignorance = voice.scores.get(Emotion.OTHER, 0.0) + voice.scores.get(Emotion.UNKNOWN, 0.0)
    reliability = min(max(1.0 - ignorance, 0.0), 1.0)
    if quality is not None:
        reliability *= risen(quality.speech_s, settings.speech_s)
        reliability *= risen(quality.snr_db, settings.snr_db)
        reliability *= risen(quality.speech_ratio, settings.speech_ratio)
        reliability *= 1.0 - risen(quality.clipped_ratio, settings.clipped_ratio)
    return reliability


def words_reliability(transcript: Transcript, settings: WordsEvidence) -> float:
    """Return how far these words may be trusted, in [0, 1]. Punctuation and spaces aren't words."""
    spoken = _bare(transcript.text)
    reliability = risen(transcript.confidence, settings.asr_confidence) * risen(len(spoken), settings.characters)
    if _consists_of(spoken, _all_bare(settings.fillers)):
        reliability *= settings.filler_factor
    return reliability


def risen(value: float, ramp: Ramp) -> float:
    """Return the share that a value has reached on a ramp, in [0, 1]."""
    return min(max((value - ramp.low) / (ramp.high - ramp.low), 0.0), 1.0)


def normalised(logits: Mapping[Key, float]) -> dict[Key, float]:
    """Return exp(logits) scaled to sum 1, in the order of `logits`."""
    top = max(logits.values())
    masses = {key: math.exp(logit - top) for key, logit in logits.items()}
    total = math.fsum(masses.values())
    return {key: mass / total for key, mass in masses.items()}


def _bare(text: str) -> str:
    return "".join(character for character in text.casefold() if character.isalnum())


@lru_cache(maxsize=64)
def _all_bare(texts: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(map(_bare, texts))


def _consists_of(text: str, parts: Sequence[str]) -> bool:
    """Tell whether `text` is nothing but `parts` in a row, in time linear in its length whatever the parts."""
    reached = {0}
    for position in range(len(text)):
        if position in reached:
            reached.update(position + len(part) for part in parts if part and text.startswith(part, position))
    return len(text) in reached
