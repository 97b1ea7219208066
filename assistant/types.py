"""The values that flow through the assistant: frozen, comparable, serialisable.

Every time is in seconds of audio since the session began; every probability is in [0, 1]. Nothing here knows a model,
a file or a clock.
"""

from dataclasses import dataclass, field
from enum import StrEnum

import numpy as np
import numpy.typing as npt

SAMPLE_RATE = 16_000
"""Hz. Sound is float32 mono at this rate everywhere inside; other rates end at the door (`assistant.audio`)."""

Samples = npt.NDArray[np.float32]


class Emotion(StrEnum):
    """The nine labels of Emotion2vec+, by name; `OTHER` and `UNKNOWN` are its ways of saying that it does not know."""

    ANGRY = "angry"
    DISGUSTED = "disgusted"
    FEARFUL = "fearful"
    HAPPY = "happy"
    NEUTRAL = "neutral"
    OTHER = "other"
    SAD = "sad"
    SURPRISED = "surprised"
    UNKNOWN = "unknown"


FELT = (
    Emotion.ANGRY,
    Emotion.DISGUSTED,
    Emotion.FEARFUL,
    Emotion.HAPPY,
    Emotion.NEUTRAL,
    Emotion.SAD,
    Emotion.SURPRISED,
)
"""The seven emotions that fusion decides between."""


class Polarity(StrEnum):
    """What the words alone convey; `AGITATED` is arousal, not valence."""

    POSITIVE = "正向"
    NEGATIVE = "负向"
    NEUTRAL = "中性"
    AGITATED = "激动"


class Group(StrEnum):
    """A valence group, named when no single emotion is sure enough."""

    POSITIVE = "positive"
    NEGATIVE = "negative"
    NEUTRAL = "neutral"


GROUPS = {
    Group.POSITIVE: (Emotion.HAPPY,),
    Group.NEGATIVE: (Emotion.ANGRY, Emotion.DISGUSTED, Emotion.FEARFUL, Emotion.SAD),
    Group.NEUTRAL: (Emotion.NEUTRAL, Emotion.SURPRISED),
}
"""Which emotions belong to each group."""


class Cut(StrEnum):
    """Why an utterance ended."""

    SILENCE = "silence"
    MAX_LENGTH = "max_length"
    COMMIT = "commit"
    END = "end"


class Verdict(StrEnum):
    """Whether an utterance is fit to be understood, and if not, why."""

    OK = "ok"
    TOO_QUIET = "too_quiet"
    TOO_SHORT = "too_short"
    CLIPPED = "clipped"
    NOISY = "noisy"
    TRUNCATED = "truncated"
    NO_SPEECH = "no_speech"


class Stage(StrEnum):
    """A step of perception that may fail on its own."""

    ASR = "asr"
    EMOTION = "emotion"
    SENTIMENT = "sentiment"


class Language(StrEnum):
    """A language the assistant answers in."""

    ZH = "zh"
    EN = "en"


@dataclass(frozen=True, slots=True, eq=False)
class AudioChunk:
    """A stretch of sound as it arrives: `samples` float32 [n], 16 kHz mono; `start` in seconds."""

    samples: Samples
    start: float

    @property
    def end(self) -> float:
        """Return the time just after the last sample, in seconds."""
        return self.start + len(self.samples) / SAMPLE_RATE


@dataclass(frozen=True, slots=True)
class Quality:
    """How good the sound of one utterance is.

    rms: of the speech in it, full scale = 1. snr_db: speech over background, in dB. speech_ratio: share of it that is
    speech. clipped_ratio: share of the speech at full scale. speech_s: seconds of speech in it.
    """

    rms: float
    snr_db: float
    speech_ratio: float
    clipped_ratio: float
    speech_s: float
    verdict: Verdict


@dataclass(frozen=True, slots=True, eq=False)
class Utterance:
    """What one person said between two silences: `samples` float32 [n] with a little sound before and after."""

    id: str
    samples: Samples
    start: float
    end: float
    cut: Cut
    quality: Quality

    @property
    def duration_s(self) -> float:
        """Return its length in seconds."""
        return self.end - self.start


@dataclass(frozen=True, slots=True)
class Token:
    """One recognised token with its confidence and, when known, its place in the utterance in seconds."""

    text: str
    confidence: float
    start: float | None = None
    end: float | None = None


@dataclass(frozen=True, slots=True)
class Transcript:
    """What was said. An empty text is a legal answer: no words were heard.

    punctuated: the text with punctuation where a punctuator runs, else equal to `text`. confidence: mean probability
    of the tokens.
    """

    text: str
    punctuated: str
    language: Language
    confidence: float
    tokens: tuple[Token, ...] = ()


@dataclass(frozen=True, slots=True)
class VoiceEmotion:
    """How it was said: `scores` over the nine labels (sum 1); `embedding` [d], session memory only, never written down.

    frames: scores over time, for the analysis of recordings.
    """

    scores: dict[Emotion, float]
    embedding: tuple[float, ...] | None = None
    frames: tuple[dict[Emotion, float], ...] | None = None


@dataclass(frozen=True, slots=True)
class Sentiment:
    """What the words convey: `scores` over the four polarities (sum 1)."""

    scores: dict[Polarity, float]


@dataclass(frozen=True, slots=True)
class StageError:
    """A stage that failed or came too late; the turn goes on without it."""

    stage: Stage
    message: str


@dataclass(frozen=True, slots=True)
class Observation:
    """What was perceived in one turn: the unit of replay.

    quality: None for typed text. embedding_step: distance (0-2) between this voice embedding and the previous
    reliable one.
    """

    utterance_id: str
    start: float
    end: float
    quality: Quality | None = None
    transcript: Transcript | None = None
    voice: VoiceEmotion | None = None
    sentiment: Sentiment | None = None
    embedding_step: float | None = None
    errors: tuple[StageError, ...] = ()

    @property
    def text(self) -> str:
        """Return the words heard or typed, empty if none."""
        return self.transcript.text if self.transcript else ""


@dataclass(frozen=True, slots=True)
class Term:
    """The additive parts (natural log) of one emotion's score.

    Prior, weighted voice evidence, weighted word evidence.
    """

    prior: float
    voice: float
    words: float


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
    """How precise the statement is: one emotion, a named pair, a valence group, or nothing, with the reason."""

    LABEL = "label"
    MIXED = "mixed"
    GROUP = "group"
    INSUFFICIENT = "insufficient"
    AMBIGUOUS = "ambiguous"


@dataclass(frozen=True, slots=True)
class Affect:
    """What the person seems to feel, how sure that is, and why.

    label: for `LABEL`, and for `MIXED` the stronger of the pair. mixed: the pair as the configuration lists it, for
    `MIXED`, and beside a `LABEL` where the pair holds too. confidence: mass of what is stated, 0 where nothing is.
    now: posterior of this turn over FELT. belief: posterior carried over turns. terms: a reader can recompute it:
    belief(e) is proportional to exp(prior + voice + words).
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


@dataclass(frozen=True, slots=True)
class Streak:
    """A strong emotion over turns with hysteresis.

    `hits` newest last, `active` once entered, `turns` since it began.
    """

    hits: tuple[bool, ...] = ()
    active: bool = False
    turns: int = 0


@dataclass(frozen=True, slots=True)
class Usual:
    """What is usual for this person: `count`, `mean`, sum of squared deviations of the steps that left the window."""

    count: int = 0
    mean: float = 0.0
    squares: float = 0.0


@dataclass(frozen=True, slots=True)
class Safety:
    """The crisis state.

    `level` 0 none, 1 strained, 2 passive, 3 explicit: the highest of late; `since`: when one was last seen.
    """

    level: int = 0
    since: float | None = None


@dataclass(frozen=True, slots=True)
class Mood:
    """Memory's whole state: a pure fold over turns, without any vector.

    belief: over FELT, None before the first turn. embedding_steps: the last few distances between voice embeddings.
    volatility: their mean, None while they are too few; volatility_z: that against what is usual. valence, arousal:
    of the last few turns that said something, newest last; swing: root mean square of the steps they make in that
    plane. turns: how many there were. remark_turn: `turns` when an emotion was last remarked on. clarifications:
    asked in a row. phrasings: how often each text key was used. alerts: time of the last alert per rule. last_end:
    end of the last turn.
    """

    belief: dict[Emotion, float] | None = None
    embedding_steps: tuple[float, ...] = ()
    volatility: float | None = None
    volatility_z: float | None = None
    usual: Usual = field(default_factory=Usual)
    valence: tuple[float, ...] = ()
    arousal: tuple[float, ...] = ()
    swing: float | None = None
    anger: Streak = field(default_factory=Streak)
    distress: Streak = field(default_factory=Streak)
    remark_turn: int | None = None
    clarifications: int = 0
    phrasings: dict[str, int] = field(default_factory=dict)
    alerts: dict[str, float] = field(default_factory=dict)
    safety: Safety = field(default_factory=Safety)
    last_end: float | None = None
    turns: int = 0


class Action(StrEnum):
    """What the assistant does in answer to a turn; an alert may ride beside any of them."""

    ANSWER = "answer"
    EMPATHISE = "empathise"
    CLARIFY = "clarify"
    RECOMMEND = "recommend"
    ALERT = "alert"


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

    `template` is a key of the prompts; `service` an id of configs/services.yaml.
    """

    action: Action
    rule: str
    reason: str
    template: str
    service: str | None = None
    alert: Alert | None = None


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


RECORD_VERSION = 1
