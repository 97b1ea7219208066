"""A dialogue script: what is said turn by turn, and what the assistant is expected to make of it."""

import json
from pathlib import Path
from typing import Annotated

from pydantic import Field, JsonValue, ValidationError, field_validator, model_validator

from assistant.apps.replay.expectation import Absent, Expect, Written
from assistant.apps.replay.one_or_more import OneOrMore
from assistant.apps.replay.places import line_of
from assistant.config.base import Probability, Seconds
from assistant.config.problems import problem
from assistant.config.yaml import read_yaml
from assistant.errors import ConfigError, ScriptError
from assistant.types import Emotion, Language, Observation, Polarity, Stage, Verdict


class Voice(Written):
    """How a spoken turn was made: read by the tool that renders the audio, not by the replay."""

    speaker: str
    emotion: Emotion
    seed: int = 0
    snr_db: float | None = None
    gain_db: float = 0


class Perceived(Written):
    """What the models are taken to have perceived of a spoken turn, written by hand; what is left out is ordinary.

    It tests judgement, not models: scores that are not given are spread evenly over the labels that are not named.
    """

    text: str = ""
    """The words; empty where none were made out."""
    confidence: Probability = 0.95
    """Of the words."""
    voice: dict[Emotion, Probability] = Field(default_factory=dict)
    """Scores of the voice; without any, the voice was not read."""
    words: dict[Polarity, Probability] = Field(default_factory=dict)
    """Scores of the words; likewise."""
    quality: Verdict = Verdict.OK
    snr_db: float = 30.0
    seconds: Annotated[float, Field(gt=0)] = 3.0
    step: Annotated[float, Field(ge=0, le=2)] | None = None
    """Distance between this voice and the one before."""
    failed: OneOrMore[Stage] = ()

    @field_validator("voice", "words")
    @classmethod
    def _shares(cls, scores: dict[str, float]) -> dict[str, float]:
        if sum(scores.values()) > 1 + 1e-9:
            raise ValueError("the scores must not sum to more than 1")
        return scores


class Turn(Written):
    """One turn, from one source: `audio`, `text`, `perceived` or `observation`."""

    say: str | None = None
    """The words of `audio`, for the tool that renders it."""
    voice: Voice | None = None
    audio: str | None = None
    """A sound file, beside the script."""
    text: Annotated[str, Field(min_length=1)] | None = None
    """Typed words."""
    perceived: Perceived | None = None
    """A spoken turn, as perceived, in short."""
    observation: Observation | None = None
    """A turn perceived earlier, as a journal has it."""
    after_s: Seconds = 0.0
    """Silence before the turn, in seconds."""
    expect: Expect = Expect()

    @model_validator(mode="after")
    def _one_source(self) -> "Turn":
        if sum(source is not None for source in (self.audio, self.text, self.perceived, self.observation)) != 1:
            raise ValueError("a turn needs exactly one of: audio, text, perceived, observation")
        return self


class Dialogue(Written):
    """A conversation with one person, and what must come of it."""

    name: Annotated[str, Field(pattern=r"^[a-z0-9_-]+$")]
    about: str
    language: Language
    """That is spoken in it."""
    speaker: str | None = None
    """Who speaks, for people who read the script."""
    sets: dict[str, JsonValue] = Field(default_factory=dict)
    """Settings that it is about, over those of the run: service_profile, region, language, memory.streak.need ..."""
    absent: Absent = Absent()
    """What must happen in none of its turns."""
    turns: Annotated[tuple[Turn, ...], Field(min_length=1)]


def load_dialogue(path: Path) -> Dialogue:
    """Return the script of one YAML file. Raises ScriptError: file, line, key and what is allowed, or audio missing."""
    try:
        data = read_yaml(path)
    except ConfigError as error:
        raise ScriptError(str(error)) from error
    text = path.read_text(encoding="utf-8")
    try:
        # Strict models take an enum or a tuple from JSON only.
        dialogue = Dialogue.model_validate_json(json.dumps(data))
    except ValidationError as error:
        found = dict(problem(Dialogue, each, data) for each in error.errors(include_url=False))
        # Of a list whose members are wrong pydantic also says that it is too short.
        own = {key: said for key, said in found.items() if not any(other.startswith(f"{key}.") for other in found)}
        lines = [f"{path}, line {line_of(text, key.split('.'))}: {said}" for key, said in own.items()]
        raise ScriptError("\n".join(lines)) from error
    for number, turn in enumerate(dialogue.turns):
        if turn.audio and not (path.parent / turn.audio).is_file():
            line = line_of(text, ("turns", str(number), "audio"))
            raise ScriptError(
                f"{path}, line {line}: turn {number + 1}: audio file {path.parent / turn.audio} does not exist"
            )
    return dialogue
