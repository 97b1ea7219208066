"""A calibration file: settings of fusion that were fitted to labelled turns, with what is known about them."""

import datetime
from collections.abc import Iterator
from typing import Annotated, Literal

from pydantic import Field

from assistant.config.base import Probability, Section
from assistant.config.files import locate
from assistant.config.judgement import Bias, Confusion, Fusion, Positive, Prior
from assistant.config.yaml import checked, read_yaml

ENOUGH_TURNS = 200
"""Fewer labelled turns than this calibrate nothing: what was fitted to them is as good as a guess."""


class CalibrationSlot(Section):
    """Which calibration file is used; null leaves the start values."""

    file: str | None


class FittedVoice(Section):
    """Fitted part of `fusion.voice`."""

    temperature: Positive
    bias: Bias


class FittedWords(Section):
    """Fitted part of `fusion.words`."""

    temperature: Positive
    confusion: Confusion


class FittedPooling(Section):
    """Fitted part of `fusion.pooling`."""

    alpha_voice: Probability
    alpha_words: Probability
    rho_leader: Probability
    rho_other: Probability


class FittedStatement(Section):
    """Fitted part of `fusion.statement`."""

    category: Probability
    group: Probability
    conflict: Probability


class Fitted(Section):
    """What replaces the settings of the same name in `fusion`; all others stay as configured."""

    prior: Prior
    voice: FittedVoice
    words: FittedWords
    pooling: FittedPooling
    statement: FittedStatement


class Figures(Section):
    """How good the fused posteriors were on speakers that the fit had not met; see assistant/tuning/calibration."""

    nll: float
    ece: Probability
    brier: float
    accuracy: Probability
    uar: Probability


class Provenance(Section):
    """What a calibration rests on; `data`: SHA-256 over the labelled lines, sorted."""

    domain: str
    date: datetime.date
    turns: Annotated[int, Field(ge=1)]
    speakers: Annotated[int, Field(ge=1)]
    data: Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]

    @property
    def enough(self) -> bool:
        """Whether it rests on enough turns to speak of calibration at all."""
        return self.turns >= ENOUGH_TURNS


class Calibration(Section):
    """One calibration file; `before` and `after`: figures with the start values and with the fitted ones."""

    version: Literal[1]
    provenance: Provenance
    before: Figures
    after: Figures
    fusion: Fitted


def load_calibration(slot: CalibrationSlot) -> Calibration | None:
    """Return the calibration in use, None without one. Raises ConfigError: file, key, what is allowed."""
    if slot.file is None:
        return None
    path = locate(slot.file)
    return checked(Calibration, read_yaml(path), str(path))  # JSON is YAML


def fitted_of(fusion: Fusion) -> Fitted:
    """Return the part of the settings that a calibration replaces."""
    voice, words, pooling, statement = fusion.voice, fusion.words, fusion.pooling, fusion.statement
    return Fitted(
        prior=fusion.prior,
        voice=FittedVoice(temperature=voice.temperature, bias=voice.bias),
        words=FittedWords(temperature=words.temperature, confusion=words.confusion),
        pooling=FittedPooling(
            alpha_voice=pooling.alpha_voice,
            alpha_words=pooling.alpha_words,
            rho_leader=pooling.rho_leader,
            rho_other=pooling.rho_other,
        ),
        statement=FittedStatement(category=statement.category, group=statement.group, conflict=statement.conflict),
    )


def numbers(fitted: Fitted) -> dict[str, float]:
    """Return every fitted number by its dotted key below `fusion`."""
    return dict(_leaves(fitted.model_dump(mode="json"), ""))


def replaced(fusion: Fusion, fitted: Fitted) -> Fusion:
    """Return `fusion` with its fitted settings replaced."""
    return fusion.model_copy(
        update={
            "prior": fitted.prior,
            "voice": fusion.voice.model_copy(update=dict(fitted.voice)),
            "words": fusion.words.model_copy(update=dict(fitted.words)),
            "pooling": fusion.pooling.model_copy(update=dict(fitted.pooling)),
            "statement": fusion.statement.model_copy(update=dict(fitted.statement)),
        }
    )


def _leaves(node: object, key: str) -> Iterator[tuple[str, float]]:
    if isinstance(node, dict):
        for name, inner in node.items():
            yield from _leaves(inner, f"{key}.{name}" if key else str(name))
    elif isinstance(node, float):
        yield key, node
