"""The conditions of a rule, typed, one field each. Manual by example: configs/policy.yaml."""

import re
from functools import cached_property
from typing import Annotated

from pydantic import Field, field_validator, model_validator

from assistant.config.base import Section
from assistant.config.crisis import Subject
from assistant.config.deployment import Consent, ServiceProfile
from assistant.config.phrases import any_of
from assistant.types import (
    Certainty,
    ConflictKind,
    Emotion,
    Group,
    Language,
    Polarity,
    Stage,
    Trend,
    Verdict,
)

Pair = tuple[Emotion, Emotion]
Word = Annotated[str, Field(min_length=1)]


class Range(Section):
    """A closed range; a missing side is open."""

    min: float | None = None
    max: float | None = None

    @model_validator(mode="after")
    def _in_order(self) -> "Range":
        if self.min is None and self.max is None:
            raise ValueError("needs min, max or both")
        if self.min is not None and self.max is not None and self.min > self.max:
            raise ValueError("min must not be greater than max")
        return self

    def __contains__(self, value: float) -> bool:
        """Tell whether a value lies in the range."""
        return (self.min is None or value >= self.min) and (self.max is None or value <= self.max)


class Said(Section):
    """Words that the turn must contain: one of `any_of`, once every phrase of `but_not` is cut out of the text."""

    any_of: Annotated[tuple[Word, ...], Field(min_length=1)]
    but_not: tuple[Word, ...] = ()

    def found_in(self, text: str) -> str | None:
        """Return the phrase that a plain text contains, None if it holds none."""
        found = self._wanted.search(self._unwanted.sub("\n", text) if self._unwanted else text)
        return found[0] if found else None

    @cached_property
    def _wanted(self) -> re.Pattern[str]:
        return re.compile(any_of(self.any_of))

    @cached_property
    def _unwanted(self) -> re.Pattern[str] | None:
        return re.compile(any_of(self.but_not)) if self.but_not else None


class Fall(Section):
    """Valence that went down over the last `turns` turns without rising in between, by at least `by` in all."""

    turns: Annotated[int, Field(ge=2)]
    by: Annotated[float, Field(gt=0, le=2)]


class When(Section):
    """Conditions that must all hold; a list holds when one of its members does. Nothing named: always true."""

    crisis: Range | None = None
    crisis_about: tuple[Subject, ...] | None = None
    crisis_lately: Range | None = None
    certainty: tuple[Certainty, ...] | None = None
    label: tuple[Emotion, ...] | None = None
    mixed: tuple[Pair, ...] | None = None
    group: tuple[Group, ...] | None = None
    confidence: Range | None = None
    belief: dict[Emotion, Range] | None = None
    conflict: tuple[ConflictKind, ...] | None = None
    conflict_value: Range | None = None
    anger_turns: Range | None = None
    distress_turns: Range | None = None
    volatility: Range | None = None
    volatility_z: Range | None = None
    swing: Range | None = None
    swing_z: Range | None = None
    valence_trend: tuple[Trend, ...] | None = None
    arousal_trend: tuple[Trend, ...] | None = None
    valence_falls: Fall | None = None
    corrects: bool | None = None
    denied: tuple[Emotion, ...] | None = None
    quality: tuple[Verdict, ...] | None = None
    failed: tuple[Stage, ...] | None = None
    empty: bool | None = None
    typed: bool | None = None
    asr_confidence: Range | None = None
    characters: Range | None = None
    says: Said | None = None
    polarity: tuple[Polarity, ...] | None = None
    language: tuple[Language, ...] | None = None
    turn: Range | None = None
    clarifications: Range | None = None
    leaves: bool | None = None
    minor: bool | None = None
    profile: tuple[ServiceProfile, ...] | None = None
    emotion_consent: tuple[Consent, ...] | None = None

    @field_validator("*")
    @classmethod
    def _not_empty(cls, value: object) -> object:
        if value in ((), {}):
            raise ValueError("an empty list never holds; name a value or leave the condition out")
        return value

    @cached_property
    def asked(self) -> tuple[str, ...]:
        """Return the names of the conditions that are set, in the order of the manual."""
        return tuple(name for name in type(self).model_fields if getattr(self, name) is not None)

    @property
    def unconditional(self) -> bool:
        """Tell whether every turn fulfils it."""
        return not self.asked


def pair_name(pair: Pair) -> str:
    """Return the name of a pair of emotions as it stands in keys: alphabetical, so that either order finds it."""
    return "_".join(sorted(pair))
