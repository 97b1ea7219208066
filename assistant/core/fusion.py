"""Weigh voice and words into one account of what the person feels: reliability-tempered log-linear pooling.

Each side's evidence is a log likelihood ratio, scaled by an exponent and added to the log prior:

    log p(e) = log prior(e) + A * voice(e) + B * words(e) + const

An exponent is the side's reliability, lowered where the other side speaks too (both hear one person, their errors are
not independent) and where the two contradict each other. With the carried prior this is the forward step of a hidden
Markov model that stays or starts afresh.
"""

import math
from collections.abc import Mapping

from assistant.config.judgement import Carry, Fusion, Pooling
from assistant.core.evidence import Evidence, normalised, voice_evidence, words_evidence
from assistant.core.statement import state
from assistant.types import FELT, Affect, Conflict, ConflictKind, Emotion, Mood, Observation, Reliability, Term


def fuse(observation: Observation, mood: Mood, settings: Fusion) -> Affect:
    """Return what the person seems to feel, given this turn and the mood before it.

    The statement, valence and arousal come from this turn alone (`now`); `belief` also carries what earlier turns said.
    A side that is missing or can't be trusted drops out; with neither, `now` is the prior and nothing is stated. What
    the speaker has denied is not stated either, nor is a conflict that rests on a voice of that kind.
    """
    voice = voice_evidence(observation.voice, observation.quality, settings.prior, settings.voice)
    words = words_evidence(observation.sentiment, observation.transcript, settings.prior, settings.words)
    conflict = _conflict(voice, words, settings.statement.conflict)
    reliability = _weighed(voice.reliability, words.reliability, conflict.value, settings.pooling)
    fresh = settings.deployment_prior or settings.prior
    terms = _terms(_carried(fresh, mood, observation.start, settings.carry), fresh, voice, words, reliability)
    now = normalised({emotion: term.fresh + term.voice + term.words for emotion, term in terms.items()})
    denied = mood.denied(mood.turns + 1)
    stated = state(now, reliability, settings.statement, denied)
    return Affect(
        certainty=stated.certainty,
        label=stated.label,
        mixed=stated.mixed,
        group=stated.group,
        confidence=stated.confidence,
        now=now,
        belief=normalised({emotion: term.prior + term.voice + term.words for emotion, term in terms.items()}),
        valence=math.fsum(now[emotion] * settings.valence_arousal[emotion][0] for emotion in FELT),
        arousal=math.fsum(now[emotion] * settings.valence_arousal[emotion][1] for emotion in FELT),
        conflict=Conflict(conflict.value) if voice.strongest in denied else conflict,
        reliability=reliability,
        terms=terms,
    )


def _conflict(voice: Evidence, words: Evidence, threshold: float) -> Conflict:
    """Return how strongly pleasant faces unpleasant across the two sides, as far as both can be trusted."""
    masking = voice.negative * words.positive
    banter = voice.positive * words.negative
    value = math.sqrt(voice.reliability * words.reliability) * (masking + banter)
    if value < threshold:
        return Conflict(value)
    return Conflict(value, ConflictKind.MASKING_OR_SARCASM if masking >= banter else ConflictKind.BANTER_OR_RELIEF)


def _weighed(voice: float, words: float, conflict: float, pooling: Pooling) -> Reliability:
    """Return the exponents. A side alone keeps its reliability; in a conflict a clear voice leads."""
    rho_voice, rho_words = pooling.rho_leader, pooling.rho_other
    if voice < pooling.voice_leads_from:
        rho_voice, rho_words = rho_words, rho_voice
    return Reliability(
        voice=voice,
        words=words,
        voice_weight=voice * (1 - (1 - pooling.alpha_voice) * words) * (1 - rho_voice * conflict),
        words_weight=words * (1 - (1 - pooling.alpha_words) * voice) * (1 - rho_words * conflict),
    )


def _carried(fresh: Mapping[Emotion, float], mood: Mood, start: float, carry: Carry) -> dict[Emotion, float]:
    """Return the prior for a turn at `start` (seconds): the last belief, faded towards `fresh` by the silence."""
    if mood.belief is None or mood.last_end is None:
        return dict(fresh)
    share = carry.share * math.exp(-max(start - mood.last_end, 0.0) / carry.fade_s)
    return {emotion: share * mood.belief[emotion] + (1 - share) * fresh[emotion] for emotion in FELT}


def _terms(
    prior: Mapping[Emotion, float],
    fresh: Mapping[Emotion, float],
    voice: Evidence,
    words: Evidence,
    reliability: Reliability,
) -> dict[Emotion, Term]:
    return {
        emotion: Term(
            prior=math.log(prior[emotion]),
            voice=reliability.voice_weight * voice.ratios[emotion],
            words=reliability.words_weight * words.ratios[emotion],
            fresh=math.log(fresh[emotion]),
        )
        for emotion in FELT
    }
