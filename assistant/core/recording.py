"""A whole recording as if it were one turn: what was perceived in its utterances, weighed by how much was said in each.

Each number goes by what it is about: voice and sound by seconds of speech, words by their characters. The order of the
utterances matters to the text alone.
"""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field, replace
from functools import reduce

import numpy as np
import numpy.typing as npt

from assistant.core.quality import SNR_RANGE_DB
from assistant.types import (
    Emotion,
    Language,
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

FLOOR = 1e-4
"""Lowest score whose logarithm is averaged: an emotion ruled out in one utterance isn't ruled out in all."""

NAME = "recording"
"""The id of an observation that is of no single utterance."""

UNHEARD = VoiceEmotion({emotion: float(emotion is Emotion.UNKNOWN) for emotion in Emotion})
"""The voice where none was heard."""

Vector = npt.NDArray[np.float64]


def summarize(seen: Sequence[Observation]) -> Observation:
    """Return the whole of a recording whose utterances these are, in their order; see `Recorded`."""
    return reduce(Recorded.add, seen, Recorded()).result()


@dataclass(frozen=True, slots=True, eq=False)
class Mean:
    """A weighted mean in the making, of vectors of one size."""

    weight: float = 0.0
    total: Vector = field(default_factory=lambda: np.zeros(1))

    def add(self, numbers: Iterable[float], weight: float) -> "Mean":
        """Return the mean with one more vector in it; without weight it adds nothing."""
        return Mean(self.weight + weight, self.total + weight * np.fromiter(numbers, float)) if weight > 0 else self

    @property
    def value(self) -> tuple[float, ...] | None:
        """Return the mean, None while nothing is in it."""
        return tuple((self.total / self.weight).tolist()) if self.weight else None


@dataclass(frozen=True, slots=True, eq=False)
class Recorded:
    """A recording being heard, folded utterance by utterance: an hour takes no more memory than its text.

    By seconds of speech: voice (log scores, none below FLOOR), embedding, sound (power, dB of SNR, share clipped), the
    shares of each verdict and each failed stage. By seconds: share of speech. By characters: sentiment, words
    (confidence, shares of each language). `only` is the utterance as it was while there is no other.
    """

    count: int = 0
    only: Observation | None = None
    start: float = 0.0
    end: float = 0.0
    texts: tuple[str, ...] = ()
    punctuated: tuple[str, ...] = ()
    voice: Mean = field(default_factory=Mean)
    embedding: Mean = field(default_factory=Mean)
    sound: Mean = field(default_factory=Mean)
    verdicts: Mean = field(default_factory=Mean)
    failed: Mean = field(default_factory=Mean)
    errors: tuple[StageError, ...] = ()
    speech: Mean = field(default_factory=Mean)
    sentiment: Mean = field(default_factory=Mean)
    words: Mean = field(default_factory=Mean)

    def add(self, seen: Observation) -> "Recorded":
        """Return the recording with one more utterance in it."""
        first = not self.count
        heard = replace(
            self,
            count=self.count + 1,
            only=_bare(seen) if first else None,
            start=seen.start if first else min(self.start, seen.start),
            end=max(self.end, seen.end),
        )
        return heard._add_sound(seen)._add_words(seen)

    def _add_sound(self, seen: Observation) -> "Recorded":
        voice, quality = seen.voice, seen.quality
        if quality is None:
            return self
        speech_s = quality.speech_s
        logs = np.log([max(voice.scores.get(emotion, 0.0), FLOOR) for emotion in Emotion]) if voice else ()
        stages = [error.stage for error in seen.errors]
        new = [error for error in seen.errors if error.stage not in [known.stage for known in self.errors]]
        return replace(
            self,
            voice=self.voice.add(logs, speech_s if voice else 0.0),
            embedding=self.embedding.add(voice.embedding, speech_s) if voice and voice.embedding else self.embedding,
            sound=self.sound.add((quality.rms**2, quality.snr_db, quality.clipped_ratio), speech_s),
            verdicts=self.verdicts.add(_marks(Verdict, [quality.verdict]), speech_s),
            failed=self.failed.add(_marks(Stage, stages), speech_s),
            errors=(*self.errors, *new),
            speech=self.speech.add([quality.speech_ratio], seen.end - seen.start),
        )

    def _add_words(self, seen: Observation) -> "Recorded":
        transcript, sentiment = seen.transcript, seen.sentiment
        if transcript is None:
            return self
        characters = sum(map(str.isalnum, transcript.text))
        scores = [sentiment.scores.get(polarity, 0.0) for polarity in Polarity] if sentiment else ()
        return replace(
            self,
            texts=(*self.texts, transcript.text),
            punctuated=(*self.punctuated, transcript.punctuated),
            words=self.words.add((transcript.confidence, *_marks(Language, [transcript.language])), characters),
            sentiment=self.sentiment.add(scores, characters if sentiment else 0),
        )

    def result(self) -> Observation:
        """Return what was perceived in the whole; a single utterance is returned as it is, without its details.

        Voice: the mean of the log scores, scaled to sum 1; all on `unknown` where no voice was heard. Text: a line per
        utterance. Verdict: see `_verdict`. An error stays where its stage failed for more than half of the speech.
        """
        if self.only is not None:
            return replace(self.only, voice=self.only.voice or UNHEARD)
        return Observation(
            NAME,
            self.start,
            self.end,
            quality=self._quality(),
            transcript=self._transcript(),
            voice=self._voice(),
            sentiment=Sentiment(dict(zip(Polarity, scores, strict=True))) if (scores := self.sentiment.value) else None,
            errors=self._errors(),
        )

    def _voice(self) -> VoiceEmotion:
        logs = self.voice.value
        if logs is None:
            return UNHEARD
        masses = np.exp(logs)
        scores = dict(zip(Emotion, (masses / masses.sum()).tolist(), strict=True))
        return VoiceEmotion(scores, self.embedding.value)

    def _quality(self) -> Quality:
        sound, ratio, shares = self.sound.value, self.speech.value, self.verdicts.value
        if sound is None or ratio is None or shares is None:
            return Quality(0.0, SNR_RANGE_DB[0], 0.0, 0.0, 0.0, Verdict.NO_SPEECH)
        power, snr_db, clipped = sound
        return Quality(power**0.5, snr_db, ratio[0], clipped, self.sound.weight, _verdict(shares))

    def _transcript(self) -> Transcript | None:
        if not self.texts:
            return None
        confidence, *shares = self.words.value or (0.0, *_marks(Language, [Language.ZH]))
        language = max(zip(shares, Language, strict=True), key=lambda pair: pair[0])[1]
        return Transcript(_lines(self.texts), _lines(self.punctuated), language, confidence)

    def _errors(self) -> tuple[StageError, ...]:
        shares = dict(zip(Stage, self.failed.value or _marks(Stage, []), strict=True))
        return tuple(error for error in self.errors if shares[error.stage] > 0.5)


def _verdict(shares: Iterable[float]) -> Verdict:
    """Return ok if at least half of the speech is, else the fault that most of the rest has.

    Speech cut for its length is no fault here: it goes on in the next utterance.
    """
    share = dict(zip(Verdict, shares, strict=True))
    if share[Verdict.OK] + share.pop(Verdict.TRUNCATED) >= 0.5:
        return Verdict.OK
    del share[Verdict.OK]
    return max(share, key=lambda verdict: share[verdict])


def _bare(seen: Observation) -> Observation:
    """Return an utterance without the details of its course: no frames, no tokens."""
    return replace(
        seen,
        voice=seen.voice and replace(seen.voice, frames=None),
        transcript=seen.transcript and replace(seen.transcript, tokens=()),
    )


def _marks(names: Iterable[str], present: Collection[str]) -> tuple[float, ...]:
    """Return 1 for each of `names` that is present, else 0: the mean of such is a share."""
    return tuple(float(name in present) for name in names)


def _lines(texts: Iterable[str]) -> str:
    return "\n".join(text for text in texts if text)
