"""Settings of judgement: fusion, the statement made of it, and memory. Comments and sources: configs/default.yaml."""

from typing import Annotated

from pydantic import Field, field_validator

from assistant.config.base import Probability, Seconds, Section
from assistant.types import FELT, Emotion, Polarity


class Ramp(Section):
    """A reliability that rises from 0 at `low` to 1 at `high` (or falls, where the comment says so)."""

    low: float
    high: float

    @field_validator("high")
    @classmethod
    def _above_low(cls, high: float, info: object) -> float:
        low = getattr(info, "data", {}).get("low")
        if low is not None and high <= low:
            raise ValueError("high must be greater than low")
        return high


class VoiceEvidence(Section):
    """How Emotion2vec's scores become evidence, and when they may be trusted."""

    temperature: Annotated[float, Field(gt=0)]
    bias: dict[Emotion, Annotated[float, Field(ge=-1, le=1)]]
    floor: Annotated[float, Field(gt=0, lt=0.1)]
    speech_s: Ramp
    snr_db: Ramp
    speech_ratio: Ramp
    clipped_ratio: Ramp


class WordsEvidence(Section):
    """How the sentiment of the words becomes evidence, and when it may be trusted."""

    temperature: Annotated[float, Field(gt=0)]
    asr_confidence: Ramp
    characters: Ramp
    fillers: tuple[str, ...]
    filler_factor: Probability
    confusion: dict[Emotion, dict[Polarity, Probability]]

    @field_validator("confusion")
    @classmethod
    def _complete(cls, rows: dict[Emotion, dict[Polarity, float]]) -> dict[Emotion, dict[Polarity, float]]:
        for emotion in FELT:
            row = rows.get(emotion, {})
            if set(row) != set(Polarity) or abs(sum(row.values()) - 1) > 1e-6 or min(row.values()) <= 0:
                raise ValueError(f"row '{emotion}' needs all four polarities, each above 0, summing to 1")
        return rows


class Pooling(Section):
    """Exponents of the two kinds of evidence: `alpha` where both speak, `rho` how much conflict takes from the leader and the other."""

    alpha_voice: Probability
    alpha_words: Probability
    rho_leader: Probability
    rho_other: Probability
    voice_leads_from: Probability


class Carry(Section):
    """How much of the last turn's belief enters this one: share at once, fading with time constant `fade_s`."""

    share: Annotated[float, Field(ge=0, lt=1)]
    fade_s: Annotated[float, Field(gt=0)]


class Mixed(Section):
    """When two emotions together are the statement."""

    first: Probability
    second: Probability
    gap: Probability
    total: Probability


class Statement(Section):
    """The ladder from one emotion down to `unknown`."""

    min_reliability: Probability
    category: Probability
    group: Probability
    conflict: Probability
    mixed: Mixed


def _distribution(value: dict[Emotion, float]) -> dict[Emotion, float]:
    if set(value) != set(FELT) or abs(sum(value.values()) - 1) > 1e-6 or min(value.values()) <= 0:
        raise ValueError(f"needs each of {', '.join(FELT)}, each above 0, summing to 1")
    return value


class Fusion(Section):
    """Reliability-tempered log-linear pooling of voice and words."""

    prior: dict[Emotion, Probability]
    voice: VoiceEvidence
    words: WordsEvidence
    pooling: Pooling
    carry: Carry
    statement: Statement
    valence_arousal: dict[Emotion, tuple[float, float]]

    _prior = field_validator("prior")(_distribution)

    @field_validator("valence_arousal")
    @classmethod
    def _mapped(cls, value: dict[Emotion, tuple[float, float]]) -> dict[Emotion, tuple[float, float]]:
        if set(value) != set(FELT):
            raise ValueError(f"needs each of {', '.join(FELT)}")
        return value


class Hysteresis(Section):
    """A strong emotion is on once `need` of the last `of` turns reach `enter`, and off at `leave`."""

    enter: Probability
    leave: Probability
    need: Annotated[int, Field(ge=1)]
    of: Annotated[int, Field(ge=1)]


class Memory(Section):
    """What is kept over turns."""

    window: Annotated[int, Field(ge=2, le=50)]
    min_reliability: Probability
    min_speech_s: Seconds
    min_steps: Annotated[int, Field(ge=1)]
    streak: Hysteresis
    crisis_sticky_s: Seconds
