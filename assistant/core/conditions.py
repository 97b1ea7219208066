"""Whether the conditions of a rule hold for a turn, and in plain words why."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import pairwise

from assistant.config.deployment import Consent, ServiceProfile
from assistant.config.phrases import contains, plain
from assistant.config.policy import Fall, Range, Said, When, pair_name
from assistant.core.safety import Concern
from assistant.types import Affect, Emotion, Mood, Observation, Streak

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


def facts(when: When, situation: Situation) -> tuple[str, ...] | None:
    """Return the facts that fulfil every condition, or None when one fails; no condition, no fact."""
    found: list[str] = []
    for holds, fact in checks(when, situation):
        if not holds:
            return None
        found.append(fact)
    return tuple(found)


def checks(when: When, situation: Situation) -> Iterator[Check]:
    """Yield every condition in turn, as far as the caller goes on asking."""
    for part in (_danger, _feeling, _course, _told, _sound, _words, _place):
        yield from part(when, situation)


def _danger(when: When, situation: Situation) -> Iterator[Check]:
    yield from _in_range(when.crisis, situation.concern.level, "crisis level")
    yield from _one_of(when.crisis_about, situation.concern.about, "about")
    yield from _in_range(when.crisis_lately, situation.mood.safety.level, "crisis level lately")


def _feeling(when: When, situation: Situation) -> Iterator[Check]:
    affect = situation.affect
    yield from _one_of(when.certainty, affect.certainty, "certainty")
    yield from _one_of(when.label, affect.label, "label")
    pairs = tuple(map(pair_name, when.mixed)) if when.mixed else None
    yield from _one_of(pairs, pair_name(affect.mixed) if affect.mixed else None, "mixed")
    yield from _one_of(when.group, affect.group, "group")
    yield from _in_range(when.confidence, affect.confidence, "confidence")
    yield from _one_of(when.conflict, affect.conflict.kind, "conflict")
    yield from _in_range(when.conflict_value, affect.conflict.value, "conflict value")
    denied = situation.mood.denied(situation.mood.turns)
    yield from _beliefs(when.belief, {each: mass for each, mass in affect.belief.items() if each not in denied})


def _course(when: When, situation: Situation) -> Iterator[Check]:
    mood = situation.mood
    yield from _in_range(when.anger_turns, _active_turns(mood.anger), "turns of anger")
    yield from _in_range(when.distress_turns, _active_turns(mood.distress), "turns of distress")
    yield from _in_range(when.volatility, mood.volatility, "volatility")
    yield from _in_range(when.volatility_z, mood.volatility_z, "volatility above usual")
    yield from _in_range(when.swing, mood.swing, "swing")
    yield from _in_range(when.swing_z, mood.swing_z, "swing above usual")
    yield from _one_of(when.valence_trend, mood.valence_trend, "valence")
    yield from _one_of(when.arousal_trend, mood.arousal_trend, "arousal")
    yield from _falls(when.valence_falls, mood.valence)
    yield from _in_range(when.turn, mood.turns, "turn")
    yield from _in_range(when.clarifications, mood.clarifications, "clarifications in a row")


def _told(when: When, situation: Situation) -> Iterator[Check]:
    mood = situation.mood
    if when.corrects is not None:
        now = [correction.emotion for correction in mood.corrections if correction.turn == mood.turns]
        yield when.corrects == bool(now), f"corrects {' '.join(now)}" if now else "corrects nothing"
    if when.denied is not None:
        both = sorted(mood.denied(mood.turns).intersection(when.denied))
        yield bool(both), f"denied {' '.join(both)}"


def _sound(when: When, situation: Situation) -> Iterator[Check]:
    quality = situation.observation.quality
    yield from _one_of(when.quality, quality.verdict if quality else None, "quality")
    yield from _any_failed(when.failed, [error.stage for error in situation.observation.errors])
    if when.typed is not None:
        yield when.typed == (quality is None), "typed" if quality is None else "spoken"


def _words(when: When, situation: Situation) -> Iterator[Check]:
    transcript, sentiment = situation.observation.transcript, situation.observation.sentiment
    text = plain(situation.observation.text)
    if when.empty is not None:
        yield when.empty == (not text), "words" if text else "no words"
    yield from _in_range(when.asr_confidence, transcript.confidence if transcript else None, "confidence of the words")
    yield from _in_range(when.characters, len(text), "characters")
    yield from _says(when.says, text)
    top = max(sentiment.scores, key=lambda polarity: sentiment.scores[polarity]) if sentiment else None
    yield from _one_of(when.polarity, top, "polarity of the words")
    yield from _one_of(when.language, transcript.language if transcript else None, "language")


def _place(when: When, situation: Situation) -> Iterator[Check]:
    yield from _one_of(when.profile, situation.profile, "profile")
    yield from _one_of(when.emotion_consent, situation.consent, "consent")


def _in_range(wanted: Range | None, value: float | None, name: str) -> Iterator[Check]:
    if wanted is not None:
        yield value is not None and value in wanted, f"{name} {value if value is None else format(value, '.3g')}"


def _one_of(wanted: Iterable[str] | None, value: str | None, name: str) -> Iterator[Check]:
    if wanted is not None:
        yield value in set(wanted), f"{name} {value}"


def _any_failed(wanted: Iterable[str] | None, failed: list[str]) -> Iterator[Check]:
    if wanted is not None:
        both = sorted(set(wanted) & set(failed))
        yield bool(both), f"failed {' '.join(both)}"


def _beliefs(wanted: dict[Emotion, Range] | None, belief: dict[Emotion, float]) -> Iterator[Check]:
    for emotion, allowed in (wanted or {}).items():
        yield from _in_range(allowed, belief.get(emotion), f"belief {emotion}")


def _falls(wanted: Fall | None, valence: tuple[float, ...]) -> Iterator[Check]:
    if wanted is not None:
        last = valence[-wanted.turns :]
        falling = len(last) == wanted.turns and all(later <= earlier for earlier, later in pairwise(last))
        yield falling and last[0] - last[-1] >= wanted.by, f"valence fell over {wanted.turns} turns"


def _says(wanted: Said | None, text: str) -> Iterator[Check]:
    if wanted is not None:
        for phrase in wanted.but_not:
            text = text.replace(plain(phrase), "\n")
        hit = next((phrase for phrase in wanted.any_of if contains(text, plain(phrase))), None)
        yield hit is not None, f"says {hit}"


def _active_turns(streak: Streak) -> int | None:
    return streak.turns if streak.active else None
