"""A replay as JSON lines: what every turn came to, for programs."""

from collections.abc import Iterable
from dataclasses import dataclass

from pydantic import JsonValue, TypeAdapter

from assistant.apps.replay.outcome import How, Kind, Miss, Outcome, TurnOutcome
from assistant.types import (
    Action,
    Certainty,
    ConflictKind,
    Emotion,
    Group,
    Level,
    Polarity,
    TurnRecord,
    Verdict,
)


@dataclass(frozen=True, slots=True)
class Found:
    """What a turn came to; the journal has it whole."""

    text: str
    quality: Verdict | None
    voice: Emotion | None
    sentiment: Polarity | None
    certainty: Certainty
    emotion: Emotion | None
    mixed: tuple[Emotion, Emotion] | None
    group: Group | None
    confidence: float
    conflict: ConflictKind | None
    action: Action
    rule: str
    template: str
    service: str | None
    priority: float | None
    typing: bool
    alert: Level | None
    alert_rule: str | None
    reply: str
    timings_ms: dict[str, float]


@dataclass(frozen=True, slots=True)
class Line:
    """One turn of one run; `kind` is the stage that missed first."""

    dialogue: str
    path: str
    run: int
    turn: int
    how: How
    held: bool
    kind: Kind | None
    misses: tuple[Miss, ...]
    expected: dict[str, JsonValue]
    found: Found | None


_LINE = TypeAdapter(Line)


def lines(outcomes: Iterable[Outcome]) -> str:
    """Return a line of JSON per turn."""
    return "".join(
        f"{_LINE.dump_json(_line(outcome, turn)).decode('utf-8')}\n" for outcome in outcomes for turn in outcome.turns
    )


def _line(outcome: Outcome, turn: TurnOutcome) -> Line:
    return Line(
        dialogue=outcome.name,
        path=outcome.path,
        run=outcome.run,
        turn=turn.number,
        how=turn.how,
        held=turn.held,
        kind=turn.kind,
        misses=turn.misses,
        expected=turn.expected,
        found=_found(turn.record) if turn.record else None,
    )


def _found(record: TurnRecord) -> Found:
    seen, affect, decision = record.observation, record.affect, record.decision
    voice, words = seen.voice and seen.voice.scores, seen.sentiment and seen.sentiment.scores
    return Found(
        text=seen.text,
        quality=seen.quality.verdict if seen.quality else None,
        voice=max(voice, key=voice.__getitem__) if voice else None,
        sentiment=max(words, key=words.__getitem__) if words else None,
        certainty=affect.certainty,
        emotion=affect.label,
        mixed=affect.mixed,
        group=affect.group,
        confidence=affect.confidence,
        conflict=affect.conflict.kind,
        action=decision.action,
        rule=decision.rule,
        template=record.reply.template,
        service=decision.service,
        priority=decision.priority,
        typing=decision.typing,
        alert=decision.alert.level if decision.alert else None,
        alert_rule=decision.alert.rule if decision.alert else None,
        reply=record.reply.text,
        timings_ms=record.timings_ms,
    )
