"""How a replay went: what each turn came to, what it missed, and which stage that points to."""

from dataclasses import dataclass
from enum import StrEnum

from pydantic import JsonValue

from assistant.types import TurnRecord


class Kind(StrEnum):
    """The stage whose result was not as expected, in the order in which they work."""

    VAD = "vad"
    ASR = "asr"
    EMOTION = "emotion"
    SENTIMENT = "sentiment"
    FUSION = "fusion"
    MEMORY = "memory"
    POLICY = "policy"
    REPLY = "reply"
    ALERT = "alert"
    NOTICE = "notice"
    LATENCY = "latency"
    RECORD = "record"
    """A journal decided anew gave another record."""


@dataclass(frozen=True, slots=True)
class Miss:
    """One expectation that does not hold, as a sentence."""

    kind: Kind
    text: str


class How(StrEnum):
    """How a turn came in."""

    SPOKEN = "spoken"
    TYPED = "typed"
    RECORDED = "recorded"


@dataclass(frozen=True, slots=True)
class TurnOutcome:
    """One turn of a script, `number` from 1; `start` and `end` in seconds of the session.

    said: the words of the script, else those heard. expected: as written. record: None where nothing was heard.
    """

    number: int
    how: How
    said: str
    start: float
    end: float
    expected: dict[str, JsonValue]
    record: TurnRecord | None
    misses: tuple[Miss, ...]

    @property
    def held(self) -> bool:
        """Tell whether every expectation holds."""
        return not self.misses

    @property
    def kind(self) -> Kind | None:
        """Return the earliest stage that missed: what follows it may be its doing."""
        found = {miss.kind for miss in self.misses}
        return next((kind for kind in Kind if kind in found), None)


@dataclass(frozen=True, slots=True)
class Outcome:
    """One script or conversation, played once as number `run`; `sets`: the settings that it made for itself.

    audio_s: seconds of the session; took_s: seconds it took to play.
    """

    name: str
    about: str
    path: str
    run: int
    sets: dict[str, JsonValue]
    turns: tuple[TurnOutcome, ...]
    audio_s: float
    took_s: float

    @property
    def missed(self) -> int:
        """Return how many turns missed something."""
        return sum(not turn.held for turn in self.turns)
