"""What goes into a session and what the outside may see of it."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Literal

from assistant.types import AudioChunk, Cut, Decision, Observation, Quality, Reply, TurnRecord


@dataclass(frozen=True, slots=True)
class TypedText:
    """A turn typed instead of spoken."""

    text: str
    time: float


@dataclass(frozen=True, slots=True)
class Recorded:
    """A turn that was perceived earlier: the observation of a journal, and the reply if a language model phrased it."""

    observation: Observation
    time: float
    reply: Reply | None = None


class Command(StrEnum):
    """What a session can be told.

    commit: end the utterance now. clear: forget the sound of the utterance under way. end: finish what is open, stop.
    """

    COMMIT = "commit"
    CLEAR = "clear"
    END = "end"


@dataclass(frozen=True, slots=True)
class Control:
    """An order to the session."""

    command: Command
    time: float


Input = AudioChunk | TypedText | Recorded | Control


@dataclass(frozen=True, slots=True)
class SpeechStarted:
    """Someone began to speak at `time`; an UtteranceCut or a SpeechDropped with the same id will follow."""

    utterance_id: str
    time: float
    type: Literal["speech_started"] = "speech_started"


@dataclass(frozen=True, slots=True)
class SpeechDropped:
    """What had started was no utterance: too little speech (a click, a cough), or it was cleared."""

    utterance_id: str
    time: float
    type: Literal["speech_dropped"] = "speech_dropped"


@dataclass(frozen=True, slots=True)
class UtteranceCut:
    """An utterance ended.

    Its place in the session, why it ended, how good it sounds, and the seconds of silence that were waited for.
    """

    utterance_id: str
    start: float
    end: float
    cut: Cut
    quality: Quality
    hangover_s: float
    type: Literal["utterance_cut"] = "utterance_cut"


@dataclass(frozen=True, slots=True)
class Perceived:
    """Models have answered for one turn."""

    observation: Observation
    type: Literal["perceived"] = "perceived"


@dataclass(frozen=True, slots=True)
class Decided:
    """The policy has chosen."""

    decision: Decision
    type: Literal["decided"] = "decided"


@dataclass(frozen=True, slots=True)
class ReplyDelta:
    """The next sentence of a reply that a language model is phrasing; the whole is in the record."""

    utterance_id: str
    text: str
    type: Literal["reply_delta"] = "reply_delta"


@dataclass(frozen=True, slots=True)
class TurnRevoked:
    """Work begun on a tentative utterance was dropped, because speech went on."""

    utterance_id: str
    time: float
    type: Literal["turn_revoked"] = "turn_revoked"


@dataclass(frozen=True, slots=True)
class TurnCompleted:
    """The turn is over; always its last event."""

    record: TurnRecord
    type: Literal["turn_completed"] = "turn_completed"


@dataclass(frozen=True, slots=True)
class Notice:
    """Something the person should know."""

    level: Literal["info", "warning", "error"]
    text: str
    type: Literal["notice"] = "notice"


Event = (
    SpeechStarted
    | SpeechDropped
    | UtteranceCut
    | Perceived
    | Decided
    | ReplyDelta
    | TurnRevoked
    | TurnCompleted
    | Notice
)
