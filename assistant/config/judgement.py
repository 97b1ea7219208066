"""Settings of judgement: fusion, the statement made of it, and memory. Comments and sources: configs/default.yaml."""

from typing import Annotated

from pydantic import AfterValidator, Field, field_validator, model_validator

from assistant.config.base import Probability, Seconds, Section
from assistant.types import FELT, Emotion, Polarity

Positive = Annotated[float, Field(gt=0)]
Floor = Annotated[float, Field(gt=0, lt=0.1)]


def _only_felt(value: dict[Emotion, float]) -> dict[Emotion, float]:
    if not set(value) <= set(FELT):
        raise ValueError(f"may name {', '.join(FELT)} only")
    return value


def _distribution(value: dict[Emotion, float]) -> dict[Emotion, float]:
    if set(value) != set(FELT) or abs(sum(value.values()) - 1) > 1e-6 or min(value.values()) <= 0:
        raise ValueError(f"needs each of {', '.join(FELT)}, each above 0, summing to 1")
    return value


def _complete(rows: dict[Emotion, dict[Polarity, float]]) -> dict[Emotion, dict[Polarity, float]]:
    if set(rows) != set(FELT):
        raise ValueError(f"needs a row for each of {', '.join(FELT)}")
    for emotion, row in rows.items():
        if set(row) != set(Polarity) or abs(sum(row.values()) - 1) > 1e-6 or min(row.values()) <= 0:
            raise ValueError(f"row '{emotion}' needs all four polarities, each above 0, summing to 1")
    return rows


Bias = Annotated[dict[Emotion, Annotated[float, Field(ge=-1, le=1)]], AfterValidator(_only_felt)]
Prior = Annotated[dict[Emotion, Probability], AfterValidator(_distribution)]
Confusion = Annotated[dict[Emotion, dict[Polarity, Probability]], AfterValidator(_complete)]


class Ramp(Section):
    """A share that rises from 0 at `low` to 1 at `high`."""

    low: float
    high: float

    @model_validator(mode="after")
    def _rises(self) -> "Ramp":
        if self.high <= self.low:
            raise ValueError("high must be greater than low")
        return self


class VoiceEvidence(Section):
    """How Emotion2vec's scores become evidence, and when they may be trusted."""

    temperature: Positive
    bias: Bias
    floor: Floor
    speech_s: Ramp
    snr_db: Ramp
    speech_ratio: Ramp
    clipped_ratio: Ramp


class WordsEvidence(Section):
    """How the sentiment of the words becomes evidence, and when it may be trusted."""

    temperature: Positive
    floor: Floor
    asr_confidence: Ramp
    characters: Ramp
    fillers: tuple[Annotated[str, Field(min_length=1)], ...]
    filler_factor: Probability
    confusion: Confusion


class Pooling(Section):
    """Exponents of the two sides: `alpha` where both speak, `rho` what conflict takes from the leader and the other."""

    alpha_voice: Probability
    alpha_words: Probability
    rho_leader: Probability
    rho_other: Probability
    voice_leads_from: Probability


class Carry(Section):
    """How much of the last turn's belief enters this one: share at once, fading with time constant `fade_s`."""

    share: Annotated[float, Field(ge=0, lt=1)]
    fade_s: Positive


class Mixed(Section):
    """When two emotions together are the statement, and which pairs have a name."""

    first: Probability
    second: Probability
    gap: Probability
    total: Probability
    pairs: tuple[tuple[Emotion, Emotion], ...]

    @field_validator("pairs")
    @classmethod
    def _distinct(cls, pairs: tuple[tuple[Emotion, Emotion], ...]) -> tuple[tuple[Emotion, Emotion], ...]:
        if not {emotion for pair in pairs for emotion in pair} <= set(FELT):
            raise ValueError(f"pairs are made of {', '.join(FELT)}")
        if len({frozenset(pair) for pair in pairs if pair[0] != pair[1]}) < len(pairs):
            raise ValueError("each pair needs two different emotions and may stand here once, in either order")
        return pairs


class Statement(Section):
    """The ladder from one emotion down to `unknown`."""

    min_reliability: Probability
    category: Probability
    group: Probability
    conflict: Probability
    mixed: Mixed


class Fusion(Section):
    """Reliability-tempered log-linear pooling of voice and words."""

    prior: Prior
    deployment_prior: Prior | None
    voice: VoiceEvidence
    words: WordsEvidence
    pooling: Pooling
    carry: Carry
    statement: Statement
    valence_arousal: dict[Emotion, tuple[float, float]]

    @field_validator("valence_arousal")
    @classmethod
    def _mapped(cls, value: dict[Emotion, tuple[float, float]]) -> dict[Emotion, tuple[float, float]]:
        if set(value) != set(FELT) or any(abs(number) > 1 for point in value.values() for number in point):
            raise ValueError(f"needs each of {', '.join(FELT)}, each a pair of numbers from -1 to 1")
        return value


class Hysteresis(Section):
    """A strong emotion is on once `need` of the last `of` turns reach `enter`, and off at `leave`."""

    enter: Probability
    leave: Probability
    need: Annotated[int, Field(ge=1)]
    of: Annotated[int, Field(ge=1)]

    @model_validator(mode="after")
    def _reachable(self) -> "Hysteresis":
        if self.leave >= self.enter or self.need > self.of:
            raise ValueError("leave < enter and need <= of must hold")
        return self


class UsualRange(Section):
    """What is usual before this person is known: mean and standard deviation, counted as `weight` numbers."""

    mean: Annotated[float, Field(ge=0, le=2)]
    spread: Positive
    spread_floor: Positive
    weight: Positive


class TrendLimits(Section):
    """From how many turns on there is a trend, and how steep it must be per turn to be one."""

    turns: Annotated[int, Field(ge=2)]
    valence: Positive
    arousal: Positive


class CorrectionLimits(Section):
    """How sure the words of a correction must be, and what ends it.

    That is `overrule` reached in `turns` turns in a row, by voice and words together.
    """

    asr_confidence: Probability
    overrule: Probability
    turns: Annotated[int, Field(ge=1)]


class Memory(Section):
    """What is kept over turns."""

    window: Annotated[int, Field(ge=2, le=50)]
    min_reliability: Probability
    min_speech_s: Seconds
    min_steps: Annotated[int, Field(ge=1)]
    usual_step: UsualRange
    usual_swing: UsualRange
    trend: TrendLimits
    streak: Hysteresis
    pause_s: Annotated[float, Field(gt=0)]
    correction: CorrectionLimits
    crisis_sticky_s: Seconds

    @model_validator(mode="after")
    def _fits(self) -> "Memory":
        if self.min_steps >= self.window:
            raise ValueError("min_steps < window must hold: between so many voices there is one step less")
        if self.trend.turns > self.window:
            raise ValueError("trend.turns <= window must hold")
        return self
