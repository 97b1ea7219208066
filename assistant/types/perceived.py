"""What is heard and perceived: sound, an utterance and its quality, words, voice, and the observation of a turn."""

from dataclasses import dataclass
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
    PUNCTUATION = "punctuation"


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
class EmotionFrame:
    """How a stretch of an utterance was said: `start` and `end` in seconds of the utterance, the rest as below."""

    start: float
    end: float
    scores: dict[Emotion, float]
    embedding: tuple[float, ...] | None = None


@dataclass(frozen=True, slots=True)
class VoiceEmotion:
    """How it was said: `scores` over the nine labels (sum 1); `embedding` [d], session memory only.

    frames: the same over time, in a sliding window, where the analysis of a recording asks for it.
    """

    scores: dict[Emotion, float]
    embedding: tuple[float, ...] | None = None
    frames: tuple[EmotionFrame, ...] | None = None


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
