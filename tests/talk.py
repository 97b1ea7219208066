"""Conversations made by hand: observations in, judgements out, through the shipped tuning."""

from dataclasses import dataclass, field

from assistant.build import build_tuning
from assistant.config.layers import load
from assistant.config.tuning import Tuning
from assistant.core.judge import Judgement, judge
from assistant.types import (
    Emotion,
    Language,
    Mood,
    Observation,
    Polarity,
    Quality,
    Sentiment,
    Stage,
    StageError,
    Transcript,
    Verdict,
    VoiceEmotion,
)

TUNING = build_tuning(load(env={}).config)


@dataclass
class Talk:
    """A conversation: each turn takes three seconds, with five seconds of silence before it."""

    tuning: Tuning = TUNING
    mood: Mood = field(default_factory=Mood)
    time: float = 0.0

    def hears(
        self,
        text: str | None,
        voice: dict[Emotion, float] | None = None,
        words: Polarity | None = None,
        verdict: Verdict = Verdict.OK,
        confidence: float = 0.95,
        step: float | None = None,
        errors: tuple[Stage, ...] = (),
        language: Language = Language.ZH,
    ) -> Judgement:
        """Return what a spoken turn comes to; `voice` scores of the rest are spread evenly."""
        self.time += 5
        seen = Observation(
            utterance_id=f"u{self.mood.turns}",
            start=self.time,
            end=self.time + 3,
            quality=Quality(rms=0.1, snr_db=30, speech_ratio=0.9, clipped_ratio=0, speech_s=2.8, verdict=verdict),
            transcript=None if text is None else Transcript(text, text, language, confidence),
            voice=VoiceEmotion(scores(voice or {Emotion.NEUTRAL: 0.9})),
            sentiment=Sentiment({kind: 0.85 if kind == words else 0.05 for kind in Polarity}) if words else None,
            embedding_step=step,
            errors=tuple(StageError(stage, "too late") for stage in errors),
        )
        return self._judge(seen)

    def reads(self, text: str, language: Language = Language.ZH) -> Judgement:
        """Return what a typed turn comes to."""
        self.time += 5
        seen = Observation(f"u{self.mood.turns}", self.time, self.time, None, Transcript(text, text, language, 1.0))
        return self._judge(seen)

    def _judge(self, seen: Observation) -> Judgement:
        self.time = seen.end
        judged = judge(seen, self.mood, self.tuning, "s1")
        self.mood = judged.mood
        return judged


def scores(known: dict[Emotion, float]) -> dict[Emotion, float]:
    """Return scores over the nine labels that sum to 1."""
    rest = (1 - sum(known.values())) / (len(Emotion) - len(known))
    return {emotion: known.get(emotion, rest) for emotion in Emotion}


def ordinary() -> Observation:
    """Return an ordinary turn, clearly spoken, about nothing in particular."""
    text = "帮我查一下明天的天气"
    return Observation(
        utterance_id="u0",
        start=0,
        end=3,
        quality=Quality(rms=0.1, snr_db=30, speech_ratio=0.9, clipped_ratio=0, speech_s=2.8, verdict=Verdict.OK),
        transcript=Transcript(text, text, Language.ZH, 0.95),
        sentiment=Sentiment({kind: 0.85 if kind is Polarity.NEUTRAL else 0.05 for kind in Polarity}),
    )
