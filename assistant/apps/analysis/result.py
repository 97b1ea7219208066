"""What the analysis of one recording comes to: the shape of result.json."""

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from pydantic import TypeAdapter, ValidationError

from assistant.apps.analysis.choices import Channel, Granularity
from assistant.types import (
    Affect,
    Certainty,
    Doubt,
    Emotion,
    EmotionFrame,
    Language,
    Level,
    Polarity,
    Quality,
    StageError,
)

RESULT_VERSION = 1

RESULT, SOUND, VECTORS, PICTURE = "result.json", "processed_audio.wav", "embedding.npy", "timeline.png"
"""The files of a result."""


@dataclass(frozen=True, slots=True)
class Fused:
    """What the person seems to feel.

    label: one of the seven emotions, a pair such as `sad+neutral`, a valence group, or `unknown`.
    """

    label: str
    certainty: Certainty
    confidence: float
    valence: float
    arousal: float
    conflict: float


@dataclass(frozen=True, slots=True)
class Heard:
    """One utterance of a recording; `start`, `end` and the times of `frames` in seconds of the recording.

    frames: without their embeddings, those go into embedding.npy. rule: what decided, in the order of the
    conversation. alert: what the policy would raise had it raised none of late; the analysis itself raises none.
    """

    start: float
    end: float
    text: str
    language: Language | None
    asr_confidence: float | None
    voice: dict[Emotion, float] | None
    frames: tuple[EmotionFrame, ...] | None
    sentiment: dict[Polarity, float] | None
    fused: Fused
    quality: Quality
    doubts: tuple[Doubt, ...]
    alert: Level | None
    rule: str
    errors: tuple[StageError, ...]


@dataclass(frozen=True, slots=True)
class Source:
    """The file that was heard: `sha256` of its bytes, `duration_s` of its sound, the channel that was taken."""

    path: str
    sha256: str
    duration_s: float
    channel: Channel


@dataclass(frozen=True, slots=True)
class Recording:
    """The whole of result.json.

    emotion, confidence, scores: how the whole was said: mean of the utterances' log scores, weighted by their speech;
    no confidence where the emotion is `other` or `unknown`, the model's ways of saying that it does not know.
    fused, fallback_action, suggested_response: what the assistant makes of the whole as if it were one turn. timestamp:
    ISO 8601, with the zone. settings: hash of everything that the result depends on but the sound.
    """

    version: int
    source: Source
    emotion: Emotion
    confidence: float
    scores: dict[Emotion, float]
    fused: Fused
    granularity: Granularity
    timestamp: str
    fallback_action: Literal["request_clarification"] | None
    suggested_response: str
    doubts: tuple[Doubt, ...]
    speech_s: float
    profile: str
    settings: str
    utterances: tuple[Heard, ...]


_RECORDING = TypeAdapter(Recording)


def write(recording: Recording, folder: Path) -> None:
    """Write result.json into `folder`. Raises OSError."""
    (folder / RESULT).write_bytes(_RECORDING.dump_json(recording, indent=2) + b"\n")


def read(folder: Path) -> Recording | None:
    """Return the result in `folder`, None where there is none or it isn't one of this version."""
    try:
        recording = _RECORDING.validate_json((folder / RESULT).read_bytes())
    except (OSError, ValidationError):
        return None
    return recording if recording.version == RESULT_VERSION else None


def fused(affect: Affect) -> Fused:
    """Return the short form of an affect."""
    match affect.certainty:
        case Certainty.LABEL:
            label = str(affect.label)
        case Certainty.MIXED:
            label = "+".join(affect.mixed or ())
        case Certainty.GROUP:
            label = str(affect.group)
        case _:
            label = "unknown"
    return Fused(label, affect.certainty, affect.confidence, affect.valence, affect.arousal, affect.conflict.value)
