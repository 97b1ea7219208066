"""Whether the conditions of a rule hold for a turn, and in plain words why."""

from collections.abc import Callable, Collection, Iterable, Iterator
from dataclasses import dataclass
from itertools import pairwise

from assistant.config.deployment import Consent, ServiceProfile
from assistant.config.phrases import plain
from assistant.config.when import Fall, Range, Said, When, pair_name
from assistant.core.safety import Concern
from assistant.types import Affect, Certainty, Emotion, Mood, Observation, Polarity, Sentiment, Streak

Check = tuple[bool, str]
"""Whether one condition holds, and the fact it looked at."""


@dataclass(frozen=True, slots=True)
class Situation:
    """All that a rule may ask about; `mood` already knows this turn."""

    observation: Observation
    affect: Affect
    mood: Mood
    concern: Concern
    profile: ServiceProfile = ServiceProfile.COMPANION
    consent: Consent = Consent.GRANTED
    leaves: bool = False
    minor: bool = False


def facts(when: When, situation: Situation) -> tuple[str, ...] | None:
    """Return the facts that fulfil every condition, or None when one fails; no condition, no fact."""
    found: list[str] = []
    for name in when.asked:
        holds, fact = _LOOK[name](when, situation)
        if not holds:
            return None
        found.append(fact)
    return tuple(found)


def checks(when: When, situation: Situation) -> Iterator[Check]:
    """Yield every condition in turn, in the order of the manual, as far as the caller goes on asking."""
    for name in when.asked:
        yield _LOOK[name](when, situation)


def _in_range(wanted: Range | None, value: float | None, name: str) -> Check:
    holds = wanted is None or (value is not None and value in wanted)
    return holds, f"{name} {value if value is None else format(value, '.3g')}"


def _one_of(wanted: Collection[str] | None, value: str | None, name: str) -> Check:
    return wanted is None or value in wanted, f"{name} {value}"


def _any_of(wanted: Iterable[str] | None, found: Iterable[str], name: str) -> Check:
    both = sorted(set(wanted or ()) & set(found))
    return wanted is None or bool(both), f"{name} {' '.join(both)}"


def _pairs(wanted: Iterable[tuple[Emotion, Emotion]] | None, mixed: tuple[Emotion, Emotion] | None) -> Check:
    names = None if wanted is None else [pair_name(pair) for pair in wanted]
    return _one_of(names, mixed and pair_name(mixed), "mixed")


def _beliefs(wanted: dict[Emotion, Range] | None, situation: Situation) -> Check:
    """Check each belief; in what the speaker has denied there is none."""
    denied = situation.mood.denied(situation.mood.turns)
    known = {emotion: mass for emotion, mass in situation.affect.belief.items() if emotion not in denied}
    parts = [_in_range(allowed, known.get(emotion), f"belief {emotion}") for emotion, allowed in (wanted or {}).items()]
    return all(holds for holds, _ in parts), ", ".join(fact for _, fact in parts)


def _falls(wanted: Fall | None, valence: tuple[float, ...]) -> Check:
    if wanted is None:
        return True, ""
    last = valence[-wanted.turns :]
    falling = len(last) == wanted.turns and all(later <= earlier for earlier, later in pairwise(last))
    return falling and last[0] - last[-1] >= wanted.by, f"valence fell over {wanted.turns} turns"


def _corrects(wanted: bool | None, situation: Situation) -> Check:
    """Check for a denial of what was stated or remarked on before, or is read in this turn; others correct nobody."""
    mood = situation.mood
    read = mood.remark_turn is not None or situation.affect.certainty is Certainty.CORRECTED
    fresh = [correction for correction in mood.corrections if correction.turn == mood.turns]
    now = [f"{correction.emotion}" for correction in fresh if read or correction.about is not None]
    now += ["all remarks on feelings"] if mood.hands_off == mood.turns else []
    return wanted in (None, bool(now)), f"corrects {' '.join(now) or 'nothing'}"


def _typed(wanted: bool | None, seen: Observation) -> Check:
    return wanted in (None, seen.quality is None), "typed" if seen.quality is None else "spoken"


def _empty(wanted: bool | None, text: str) -> Check:
    return wanted in (None, not text), "words" if text else "no words"


def _says(wanted: Said | None, text: str) -> Check:
    hit = wanted and wanted.found_in(text)
    return wanted is None or hit is not None, f"says {hit}"


def _text(situation: Situation) -> str:
    return plain(situation.observation.text)


def _strongest(sentiment: Sentiment | None) -> Polarity | None:
    return max(sentiment.scores, key=lambda polarity: sentiment.scores[polarity]) if sentiment else None


def _active_turns(streak: Streak) -> int | None:
    return streak.turns if streak.active else None


def _confidence(seen: Observation) -> float | None:
    return seen.transcript.confidence if seen.transcript else None


_LOOK: dict[str, Callable[[When, Situation], Check]] = {
    "crisis": lambda when, now: _in_range(when.crisis, now.concern.level, "crisis level"),
    "crisis_about": lambda when, now: _one_of(when.crisis_about, now.concern.about, "about"),
    "crisis_lately": lambda when, now: _in_range(when.crisis_lately, now.mood.safety.level, "crisis level lately"),
    "certainty": lambda when, now: _one_of(when.certainty, now.affect.certainty, "certainty"),
    "label": lambda when, now: _one_of(when.label, now.affect.label, "label"),
    "mixed": lambda when, now: _pairs(when.mixed, now.affect.mixed),
    "group": lambda when, now: _one_of(when.group, now.affect.group, "group"),
    "confidence": lambda when, now: _in_range(when.confidence, now.affect.confidence, "confidence"),
    "belief": lambda when, now: _beliefs(when.belief, now),
    "conflict": lambda when, now: _one_of(when.conflict, now.affect.conflict.kind, "conflict"),
    "conflict_value": lambda when, now: _in_range(when.conflict_value, now.affect.conflict.value, "conflict value"),
    "anger_turns": lambda when, now: _in_range(when.anger_turns, _active_turns(now.mood.anger), "turns of anger"),
    "distress_turns": lambda when, now: _in_range(
        when.distress_turns, _active_turns(now.mood.distress), "turns of distress"
    ),
    "volatility": lambda when, now: _in_range(when.volatility, now.mood.volatility, "volatility"),
    "volatility_z": lambda when, now: _in_range(when.volatility_z, now.mood.volatility_z, "volatility above usual"),
    "swing": lambda when, now: _in_range(when.swing, now.mood.swing, "swing"),
    "swing_z": lambda when, now: _in_range(when.swing_z, now.mood.swing_z, "swing above usual"),
    "valence_trend": lambda when, now: _one_of(when.valence_trend, now.mood.valence_trend, "valence"),
    "arousal_trend": lambda when, now: _one_of(when.arousal_trend, now.mood.arousal_trend, "arousal"),
    "valence_falls": lambda when, now: _falls(when.valence_falls, now.mood.valence),
    "corrects": lambda when, now: _corrects(when.corrects, now),
    "denied": lambda when, now: _any_of(when.denied, now.mood.denied(now.mood.turns), "denied"),
    "quality": lambda when, now: _one_of(
        when.quality, now.observation.quality.verdict if now.observation.quality else None, "quality"
    ),
    "failed": lambda when, now: _any_of(when.failed, [error.stage for error in now.observation.errors], "failed"),
    "empty": lambda when, now: _empty(when.empty, _text(now)),
    "typed": lambda when, now: _typed(when.typed, now.observation),
    "asr_confidence": lambda when, now: _in_range(
        when.asr_confidence, _confidence(now.observation), "confidence of the words"
    ),
    "characters": lambda when, now: _in_range(when.characters, len(_text(now)), "characters"),
    "says": lambda when, now: _says(when.says, _text(now)),
    "polarity": lambda when, now: _one_of(
        when.polarity, _strongest(now.observation.sentiment), "polarity of the words"
    ),
    "language": lambda when, now: _one_of(
        when.language, now.observation.transcript.language if now.observation.transcript else None, "language"
    ),
    "turn": lambda when, now: _in_range(when.turn, now.mood.turns, "turn"),
    "clarifications": lambda when, now: _in_range(
        when.clarifications, now.mood.clarifications, "clarifications in a row"
    ),
    "leaves": lambda when, now: (when.leaves in (None, now.leaves), "wants to end" if now.leaves else "goes on"),
    "minor": lambda when, now: (when.minor in (None, now.minor), "a minor" if now.minor else "no minor"),
    "profile": lambda when, now: _one_of(when.profile, now.profile, "profile"),
    "emotion_consent": lambda when, now: _one_of(when.emotion_consent, now.consent, "consent"),
}
"""How each condition is looked up; `When` has a field of the same name."""
