"""A dialogue script: what is said turn by turn, and what the assistant is expected to make of it."""

from pathlib import Path
from typing import Annotated, Literal

from pydantic import ConfigDict, Field, model_validator

from assistant.config.base import Probability, Section
from assistant.config.yaml import checked, read_yaml
from assistant.errors import ConfigError, ScriptError
from assistant.types import Action, Certainty, ConflictKind, Emotion, Language, Level, Observation, Polarity, Verdict


class Expect(Section):
    """What must hold of a turn's record; what is left out is free. Of several listed values any will do."""

    # Lax, because what `_listed` hands on is no longer the JSON in which strict models take enums and tuples.
    model_config = ConfigDict(**(Section.model_config | {"strict": False}))

    heard: str | None = None
    """Text that must be recognised, up to `cer`, the character error rate."""
    cer: Probability = 0.2
    contains: tuple[str, ...] = ()
    verdict: Verdict | None = None
    voice: tuple[Emotion, ...] = ()
    """The strongest label of the voice alone."""
    sentiment: tuple[Polarity, ...] = ()
    """The strongest polarity of the words alone."""
    emotion: tuple[Emotion, ...] = ()
    """The fused label."""
    certainty: tuple[Certainty, ...] = ()
    conflict: ConflictKind | Literal["none"] | None = None
    action: tuple[Action, ...] = ()
    rule: tuple[str, ...] = ()
    service: str | None = None
    alert: Level | Literal["none"] | None = None

    @model_validator(mode="before")
    @classmethod
    def _listed(cls, data: object) -> object:
        """Take one value where a list may stand."""
        lists = ("contains", "voice", "sentiment", "emotion", "certainty", "action", "rule")
        if not isinstance(data, dict):
            return data
        return {key: [value] if key in lists and isinstance(value, str) else value for key, value in data.items()}


class Voice(Section):
    """How a spoken turn was made: read by the tool that renders the audio, not by the replay."""

    speaker: str
    emotion: Emotion
    seed: int = 0
    snr_db: float | None = None
    gain_db: float = 0


class Turn(Section):
    """One turn: spoken (`audio`; `say` has the words in it), typed (`text`) or perceived earlier (`observation`)."""

    say: str | None = None
    voice: Voice | None = None
    audio: str | None = None
    text: Annotated[str, Field(min_length=1)] | None = None
    observation: Observation | None = None
    expect: Expect = Expect()

    @model_validator(mode="after")
    def _one_source(self) -> "Turn":
        if sum(source is not None for source in (self.audio, self.text, self.observation)) != 1:
            raise ValueError("a turn needs exactly one of: audio, text, observation")
        return self


class Dialogue(Section):
    """A conversation with one person."""

    name: Annotated[str, Field(pattern=r"^[a-z0-9_-]+$")]
    about: str
    language: Language
    turns: Annotated[tuple[Turn, ...], Field(min_length=1)]


def load_dialogue(path: Path) -> Dialogue:
    """Return the script of one YAML file. Raises ScriptError: file, key and what is allowed, or the audio missing."""
    try:
        dialogue = checked(Dialogue, read_yaml(path), str(path))
    except ConfigError as error:
        raise ScriptError(str(error)) from error
    for number, turn in enumerate(dialogue.turns, 1):
        if turn.audio and not (path.parent / turn.audio).is_file():
            raise ScriptError(f"{path}: turn {number}: audio file {path.parent / turn.audio} does not exist")
    return dialogue
