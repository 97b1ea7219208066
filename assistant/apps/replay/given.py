"""From what a script says was perceived to the observation that the models would have given."""

from collections.abc import Collection, Mapping
from enum import StrEnum
from typing import TypeVar

from assistant.apps.dialogue import Perceived
from assistant.language import language_of
from assistant.types import Emotion, Observation, Polarity, Quality, Sentiment, StageError, Transcript, VoiceEmotion

Label = TypeVar("Label", bound=StrEnum)


def observation(given: Perceived, number: int) -> Observation:
    """Return the observation of turn `number`, beginning at 0 s; a failed stage leaves its part out."""
    return Observation(
        utterance_id=f"p{number}",
        start=0.0,
        end=given.seconds,
        quality=Quality(
            rms=0.1,
            snr_db=given.snr_db,
            speech_ratio=0.9,
            clipped_ratio=0.0,
            speech_s=given.seconds * 0.9,
            verdict=given.quality,
        ),
        transcript=None
        if "asr" in given.failed
        else Transcript(given.text, given.text, language_of(given.text), given.confidence),
        voice=VoiceEmotion(_spread(given.voice, tuple(Emotion))) if given.voice else None,
        sentiment=Sentiment(_spread(given.words, tuple(Polarity))) if given.words else None,
        embedding_step=given.step,
        errors=tuple(StageError(stage, "failed, as the script says") for stage in given.failed),
    )


def _spread(scores: Mapping[Label, float], labels: Collection[Label]) -> dict[Label, float]:
    """Return scores over all labels that sum to 1: what is not given goes evenly to those that are not named."""
    others = len(labels) - len(scores)
    rest = max(1.0 - sum(scores.values()), 0.0)
    scale = 1.0 if others else 1.0 / sum(scores.values())
    return {label: scores[label] * scale if label in scores else rest / others for label in labels}
