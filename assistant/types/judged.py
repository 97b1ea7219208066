"""What is made of it: affect, decision, reply, and the record of a turn."""

from dataclasses import dataclass, field
from enum import StrEnum

from assistant.types.mood import Mood
from assistant.types.perceived import Emotion, Group, Observation


@dataclass(frozen=True, slots=True)
class Term:
    """The additive parts (natural log) of one emotion's score.

    Prior with what earlier turns said, weighted voice evidence, weighted word evidence; `fresh` is the prior without
    memory.
    """

    prior: float
    voice: float
    words: float
    fresh: float


class ConflictKind(StrEnum):
    """Which way voice and words disagree."""

    MASKING_OR_SARCASM = "masking_or_sarcasm"
    BANTER_OR_RELIEF = "banter_or_relief"


@dataclass(frozen=True, slots=True)
class Conflict:
    """How strongly the polarity of voice and words disagree.

    `value` in [0, 1]; `kind` once it is past the configured threshold.
    """

    value: float
    kind: ConflictKind | None = None


@dataclass(frozen=True, slots=True)
class Reliability:
    """How far each kind of evidence may be trusted this turn, and the exponents that follow from it."""

    voice: float
    words: float
    voice_weight: float
    words_weight: float


class Certainty(StrEnum):
    """How precise the statement is: one emotion, a named pair, a valence group, or nothing, with the reason.

    insufficient: neither voice nor words can be trusted. ambiguous: they point nowhere in particular. corrected: they
    point to what the speaker has denied.
    """

    LABEL = "label"
    MIXED = "mixed"
    GROUP = "group"
    INSUFFICIENT = "insufficient"
    AMBIGUOUS = "ambiguous"
    CORRECTED = "corrected"


@dataclass(frozen=True, slots=True)
class Affect:
    """What the person seems to feel, how sure that is, and why.

    label: for `LABEL`, and for `MIXED` the stronger of the pair. mixed: the pair as the configuration lists it, for
    `MIXED`, and beside a `LABEL` where the pair holds too. confidence: mass of what is stated, 0 where nothing is.
    now: posterior of this turn over FELT. belief: posterior carried over turns. Both tell what was perceived, whatever
    the speaker denies; only the statement and the kind of a conflict keep to that. terms: a reader can recompute both:
    belief(e) is proportional to exp(prior + voice + words), now(e) to exp(fresh + voice + words).
    """

    certainty: Certainty
    label: Emotion | None
    mixed: tuple[Emotion, Emotion] | None
    group: Group | None
    confidence: float
    now: dict[Emotion, float]
    belief: dict[Emotion, float]
    valence: float
    arousal: float
    conflict: Conflict
    reliability: Reliability
    terms: dict[Emotion, Term]


class Doubt(StrEnum):
    """A likely cause of a result that is not sure; `STRANGER` is a voice that the recogniser doesn't know."""

    STRANGER = "stranger"
    NO_SPEECH = "no_speech"
    NOISE = "noise"
    QUIET = "quiet"
    SHORT = "short"
    CLIPPED = "clipped"
    LANGUAGE = "language"
    MIXED = "mixed"
    CONFLICT = "conflict"


class Action(StrEnum):
    """What the assistant does in answer to a turn; an alert may ride beside any of them. END: it was told to stop."""

    ANSWER = "answer"
    EMPATHISE = "empathise"
    CLARIFY = "clarify"
    RECOMMEND = "recommend"
    ALERT = "alert"
    END = "end"


class Level(StrEnum):
    """How urgent an alert is."""

    INFO = "info"
    WARNING = "warning"
    URGENT = "urgent"


@dataclass(frozen=True, slots=True)
class Alert:
    """Someone must look: `id` is session-turn-rule, `evidence` short facts a person can check."""

    id: str
    level: Level
    rule: str
    message: str
    evidence: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Decision:
    """What to do, which rule said so, and why.

    `template` is a key of the prompts; `service` an id of configs/services.yaml. priority: of handing over to a person,
    None where nobody is asked for; higher is served first. typing: the speaker is offered to write instead, so a screen
    may open its keyboard. cool_down_s: seconds for which the rule leaves its turns to others now, 0 for none.
    """

    action: Action
    rule: str
    reason: str
    template: str
    service: str | None = None
    alert: Alert | None = None
    priority: float | None = None
    typing: bool = False
    cool_down_s: float = 0.0


@dataclass(frozen=True, slots=True)
class Style:
    """How a reply should sound, relative to the voice's normal: factors for rate and energy, semitones for pitch."""

    rate: float = 1.0
    pitch_st: float = 0.0
    energy: float = 1.0


class ReplySource(StrEnum):
    """Who phrased a reply."""

    TEMPLATE = "template"
    LLM = "llm"
    FIXED = "fixed"


@dataclass(frozen=True, slots=True)
class Reply:
    """What is said back."""

    text: str
    template: str
    style: Style
    source: ReplySource


@dataclass(frozen=True, slots=True)
class TurnRecord:
    """One turn from ear to mouth: a line of the journal.

    timings_ms: measured milliseconds per stage. wall_time: ISO 8601, stamped by the journal. Both are left out when
    records are compared.
    """

    version: int
    session: str
    index: int
    tuning: str
    observation: Observation
    affect: Affect
    mood: Mood
    decision: Decision
    reply: Reply
    timings_ms: dict[str, float] = field(default_factory=dict)
    wall_time: str | None = None


RECORD_VERSION = 3
