"""Why a result is not sure: the likely causes, told from what was perceived."""

from collections.abc import Iterator

from assistant.config.judgement import Fusion, Ramp
from assistant.core.evidence import risen
from assistant.types import Affect, Certainty, Doubt, Language, Observation, Quality, Transcript, Verdict

TELLING = 0.5
"""Weight from which on a cause is named: it takes half of the trust in what it touches."""

_FAULTS = {
    Verdict.NO_SPEECH: Doubt.NO_SPEECH,
    Verdict.TOO_QUIET: Doubt.QUIET,
    Verdict.TOO_SHORT: Doubt.SHORT,
    Verdict.CLIPPED: Doubt.CLIPPED,
    Verdict.NOISY: Doubt.NOISE,
}


def doubts(seen: Observation, affect: Affect, confident: float, settings: Fusion) -> tuple[Doubt, ...]:
    """Return the likely causes of a confidence below `confident`, most likely first; none if it isn't below.

    A cause weighs what it takes from the trust in voice or words, by the ramps of `settings`, so it is named where it
    did harm. Where none is telling, the one that weighs most is named.
    """
    if affect.confidence >= confident:
        return ()
    weights: dict[Doubt, float] = {}
    for doubt, weight in _causes(seen, affect, settings):
        weights[doubt] = max(weight, weights.get(doubt, 0.0))
    ranked = sorted((doubt for doubt in weights if weights[doubt] > 0), key=lambda doubt: -weights[doubt])
    return tuple(doubt for doubt in ranked if weights[doubt] >= TELLING or doubt is ranked[0])


def _causes(seen: Observation, affect: Affect, settings: Fusion) -> Iterator[tuple[Doubt, float]]:
    """Yield causes with their weights, 0-1; of equal weights the first counts, and what was told outright has 1."""
    quality = seen.quality
    if quality and quality.verdict is Verdict.NO_SPEECH:
        yield Doubt.NO_SPEECH, 1.0
        return
    if quality and quality.verdict in _FAULTS:
        yield _FAULTS[quality.verdict], 1.0
    if affect.conflict.kind:
        yield Doubt.CONFLICT, 1.0
    if affect.certainty is not Certainty.INSUFFICIENT:
        first, second = sorted(affect.now.values(), reverse=True)[:2]
        yield Doubt.MIXED, 1.0 if affect.mixed else second / first
    sound = list(_sound(quality, settings)) if quality else []
    yield from sound
    if seen.transcript:
        clean = 1.0 - max((weight for _, weight in sound), default=0.0)
        yield Doubt.LANGUAGE, clean * _strange(seen.transcript, settings.words.asr_confidence)


def _sound(quality: Quality, settings: Fusion) -> Iterator[tuple[Doubt, float]]:
    voice = settings.voice
    yield Doubt.NOISE, 1.0 - risen(quality.snr_db, voice.snr_db)
    yield Doubt.SHORT, 1.0 - risen(quality.speech_s, voice.speech_s)
    yield Doubt.CLIPPED, risen(quality.clipped_ratio, voice.clipped_ratio)


def _strange(transcript: Transcript, confidence: Ramp) -> float:
    """Return how foreign the words seem to the Chinese models: by their language, or by how unsure they were heard."""
    return 1.0 if transcript.language is not Language.ZH else 1.0 - risen(transcript.confidence, confidence)
