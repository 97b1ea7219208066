"""Labelled turns as arrays, and the posterior of fusion over all at once: what a fit evaluates thousands of times.

The formulae are those of `assistant.core.fusion`, which stays the judge: a test proves that both agree for any settings
and any turn. How far each side may be trusted is taken from there, since nothing that is fitted changes it.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from assistant.config.judgement import Fusion
from assistant.core.evidence import voice_evidence, words_evidence
from assistant.types import FELT, GROUPS, Emotion, Group, Labelled, Polarity

Array = npt.NDArray[np.float64]
Indices = npt.NDArray[np.intp]

POLARITIES = tuple(Polarity)
_POSITIVE, _NEGATIVE = (
    np.array([emotion in GROUPS[group] for emotion in FELT]) for group in (Group.POSITIVE, Group.NEGATIVE)
)


@dataclass(frozen=True, slots=True, eq=False)
class Turns:
    """Arrays over n turns.

    labels: [n] indices into FELT. voice, words: log scores [n, 7] and [n, 4], floored, flat where a side is missing.
    voice_trust, words_trust: reliability [n] in [0, 1].
    """

    labels: Indices
    voice: Array
    words: Array
    voice_trust: Array
    words_trust: Array

    def __len__(self) -> int:
        return len(self.labels)

    def voice_alone(self) -> "Turns":
        """Return the same turns with the words unread."""
        return Turns(self.labels, self.voice, self.words, self.voice_trust, np.zeros(len(self)))

    def words_alone(self) -> "Turns":
        """Return the same turns with the voice unheard."""
        return Turns(self.labels, self.voice, self.words, np.zeros(len(self)), self.words_trust)


@dataclass(frozen=True, slots=True, eq=False)
class Parameters:
    """The fitted settings as arrays: prior [7], bias [7], confusion [7, 4], the rest numbers as in the settings."""

    prior: Array
    voice_temperature: float
    bias: Array
    words_temperature: float
    confusion: Array
    alpha_voice: float
    alpha_words: float
    rho_leader: float
    rho_other: float
    voice_leads_from: float


def turns_of(labelled: Sequence[Labelled], settings: Fusion) -> Turns:
    """Return labelled turns as arrays."""
    seen = [turn.observation for turn in labelled]
    voice = [one.voice.scores if one.voice else {} for one in seen]
    words = [one.sentiment.scores if one.sentiment and one.transcript else {} for one in seen]
    return Turns(
        labels=np.array([FELT.index(turn.label) for turn in labelled], np.intp),
        voice=_logs([[scores.get(emotion, 0.0) for emotion in FELT] for scores in voice], settings.voice.floor),
        words=_logs([[scores.get(polarity, 0.0) for polarity in POLARITIES] for scores in words], settings.words.floor),
        voice_trust=np.array(
            [voice_evidence(one.voice, one.quality, settings.prior, settings.voice).reliability for one in seen]
        ),
        words_trust=np.array(
            [words_evidence(one.sentiment, one.transcript, settings.prior, settings.words).reliability for one in seen]
        ),
    )


def parameters_of(settings: Fusion) -> Parameters:
    """Return the settings that can be fitted as arrays."""
    pooling = settings.pooling
    return Parameters(
        prior=by_emotion(settings.prior),
        voice_temperature=settings.voice.temperature,
        bias=by_emotion(settings.voice.bias),
        words_temperature=settings.words.temperature,
        confusion=np.array([[settings.words.confusion[e][label] for label in POLARITIES] for e in FELT]),
        alpha_voice=pooling.alpha_voice,
        alpha_words=pooling.alpha_words,
        rho_leader=pooling.rho_leader,
        rho_other=pooling.rho_other,
        voice_leads_from=pooling.voice_leads_from,
    )


def by_emotion(values: dict[Emotion, float]) -> Array:
    """Return values in the order of FELT, 0 where there is none."""
    return np.array([values.get(emotion, 0.0) for emotion in FELT])


def posterior(turns: Turns, by: Parameters) -> Array:
    """Return log posteriors [n, 7] of turns without a past, and with the prior itself as that of the deployment."""
    heard = log_softmax(turns.voice / by.voice_temperature + by.bias)
    read = log_softmax(turns.words / by.words_temperature)
    voice, words = np.exp(heard), np.exp(read)
    conflict = np.sqrt(turns.voice_trust * turns.words_trust) * (
        voice[:, _NEGATIVE].sum(axis=1) * words[:, POLARITIES.index(Polarity.POSITIVE)]
        + voice[:, _POSITIVE].sum(axis=1) * words[:, POLARITIES.index(Polarity.NEGATIVE)]
    )
    leads = turns.voice_trust >= by.voice_leads_from
    rho_voice = np.where(leads, by.rho_leader, by.rho_other)
    rho_words = np.where(leads, by.rho_other, by.rho_leader)
    voice_weight = turns.voice_trust * (1 - (1 - by.alpha_voice) * turns.words_trust) * (1 - rho_voice * conflict)
    words_weight = turns.words_trust * (1 - (1 - by.alpha_words) * turns.voice_trust) * (1 - rho_words * conflict)
    prior = np.log(by.prior)
    likely = np.log(words / (by.prior @ by.confusion) @ by.confusion.T)
    return log_softmax(prior + voice_weight[:, None] * (heard - prior) + words_weight[:, None] * likely)


def log_softmax(logits: Array) -> Array:
    """Return logits [..., k] less the logarithm of their summed exponentials."""
    shifted: Array = logits - logits.max(axis=-1, keepdims=True)
    return np.asarray(shifted - np.log(np.exp(shifted).sum(axis=-1, keepdims=True)))


def _logs(scores: list[list[float]], floor: float) -> Array:
    return np.asarray(np.log(np.maximum(np.array(scores), floor)))
