"""One recorded turn told in full: everything its judgement follows from, computed again and compared."""

import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from assistant.config.deployment import Consent
from assistant.config.judgement import VoiceEvidence, WordsEvidence
from assistant.config.policy import LIMIT_RULES
from assistant.config.tuning import Tuning
from assistant.core.conditions import Situation
from assistant.core.evidence import normalised, risen, words_reliability
from assistant.core.judge import judge, understand
from assistant.tuning.diff import Aspect, aspects
from assistant.tuning.ladder import Ladder, climb
from assistant.tuning.trace import Stand, asked, watching
from assistant.types import FELT, Affect, Emotion, Mood, Observation, TurnRecord

CLOSE = 1e-9
"""How far a figure that a reader recomputes may lie from the recorded one: sums in another order, nothing more."""


@dataclass(frozen=True, slots=True)
class Factor:
    """A factor of a reliability: the setting it comes from, the figure it looked at, what it came to (0-1)."""

    key: str
    figure: float
    share: float


@dataclass(frozen=True, slots=True)
class Row:
    """One emotion's way through the fusion, natural logarithms and what they sum to.

    fresh: log prior without memory; carried: with it. now, belief: exp(fresh + voice + words) and exp(carried + voice
    + words), each scaled to sum 1 over all rows.
    """

    emotion: Emotion
    fresh: float
    carried: float
    voice: float
    words: float
    now: float
    belief: float


@dataclass(frozen=True, slots=True)
class Explanation:
    """Why a turn came out as it did.

    error: the largest distance between a recomputed posterior and the recorded one. carried: share of the last belief
    in this turn's prior. stands: rules in the order in which they were asked, the last decided; `limited` when that was
    the limit on clarifications instead of it. drift: in what the program of today decides otherwise.
    """

    record: TurnRecord
    before: Mood
    situation: Situation
    voice: tuple[Factor, ...]
    words: tuple[Factor, ...]
    rows: tuple[Row, ...]
    error: float
    ladder: Ladder
    carried: float
    stands: tuple[Stand, ...]
    limited: bool
    watches: tuple[Stand, ...]
    drift: tuple[Aspect, ...]
    same_affect: bool

    @property
    def adds_up(self) -> bool:
        """Tell whether the recorded terms give the recorded posteriors, and the program still the same judgement."""
        return self.error <= CLOSE and self.same_affect and not self.drift


def explain(record: TurnRecord, before: Mood, tuning: Tuning) -> Explanation:
    """Return the explanation of a turn that was decided with `tuning` after the mood `before`."""
    seen, affect = record.observation, record.affect
    may_read = tuning.emotion_consent is Consent.GRANTED
    situation = understand(seen, before, tuning)
    anew = judge(seen, before, tuning, record.session)
    rows = _rows(affect)
    return Explanation(
        record=record,
        before=before,
        situation=situation,
        voice=tuple(_voice(seen, tuning.fusion.voice)) if may_read else (),
        words=tuple(_words(seen, tuning.fusion.words)) if may_read else (),
        rows=rows,
        error=_error(rows, affect),
        ladder=climb(affect.now, affect.reliability, tuning.fusion.statement, record.mood.denied(record.mood.turns)),
        carried=_carried(seen, before, tuning),
        stands=asked(situation, tuning.policy),
        limited=record.decision.rule in LIMIT_RULES,
        watches=tuple(watching(watch, situation) for watch in tuning.policy.watch),
        drift=aspects(record.decision, anew.decision),
        same_affect=situation.affect == affect,
    )


def _rows(affect: Affect) -> tuple[Row, ...]:
    """Return the fusion as a reader would recompute it, from the recorded terms alone."""
    terms = affect.terms
    said = {emotion: term.voice + term.words for emotion, term in terms.items()}
    now = normalised({emotion: terms[emotion].fresh + said[emotion] for emotion in FELT})
    belief = normalised({emotion: terms[emotion].prior + said[emotion] for emotion in FELT})
    return tuple(
        Row(
            emotion=emotion,
            fresh=terms[emotion].fresh,
            carried=terms[emotion].prior,
            voice=terms[emotion].voice,
            words=terms[emotion].words,
            now=now[emotion],
            belief=belief[emotion],
        )
        for emotion in FELT
    )


def _error(rows: Iterable[Row], affect: Affect) -> float:
    return max(
        max(abs(row.now - affect.now[row.emotion]), abs(row.belief - affect.belief[row.emotion])) for row in rows
    )


def _voice(seen: Observation, settings: VoiceEvidence) -> Iterator[Factor]:
    """Yield what the reliability of the voice is the product of; nothing where no voice was heard."""
    if seen.voice is None:
        return
    ignorance = seen.voice.scores.get(Emotion.OTHER, 0.0) + seen.voice.scores.get(Emotion.UNKNOWN, 0.0)
    yield Factor("other + unknown", ignorance, min(max(1.0 - ignorance, 0.0), 1.0))
    if sound := seen.quality:
        yield Factor("speech_s", sound.speech_s, risen(sound.speech_s, settings.speech_s))
        yield Factor("snr_db", sound.snr_db, risen(sound.snr_db, settings.snr_db))
        yield Factor("speech_ratio", sound.speech_ratio, risen(sound.speech_ratio, settings.speech_ratio))
        yield Factor("clipped_ratio", sound.clipped_ratio, 1.0 - risen(sound.clipped_ratio, settings.clipped_ratio))


def _words(seen: Observation, settings: WordsEvidence) -> Iterator[Factor]:
    """Yield what the reliability of the words is the product of; nothing where none were read."""
    if seen.transcript is None or seen.sentiment is None:
        return
    characters = sum(character.isalnum() for character in seen.text)
    sure = risen(seen.transcript.confidence, settings.asr_confidence)
    long = risen(characters, settings.characters)
    yield Factor("asr_confidence", seen.transcript.confidence, sure)
    yield Factor("characters", characters, long)
    if sure * long > 0:
        rest = words_reliability(seen.transcript, settings) / (sure * long)
        yield Factor("fillers", float(rest < 1), rest)


def _carried(seen: Observation, before: Mood, tuning: Tuning) -> float:
    """Return the share that the last belief has in the prior of a turn."""
    if before.belief is None or before.last_end is None:
        return 0.0
    carry = tuning.fusion.carry
    return carry.share * math.exp(-max(seen.start - before.last_end, 0.0) / carry.fade_s)
