"""Check one turn's record against what the script expects of it: pure."""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from enum import StrEnum
from typing import TypeVar

from assistant.apps.replay.expectation import Absent, Expect, MoodExpect
from assistant.apps.replay.outcome import Kind, Miss
from assistant.config.when import Range
from assistant.events import Notice
from assistant.types import Emotion, Mood, TurnRecord

Label = TypeVar("Label", bound=StrEnum)


def misses(expect: Expect, record: TurnRecord, notices: Sequence[Notice] = (), *, realtime: bool = False) -> list[Miss]:
    """Return a sentence for every expectation that the record does not meet, in the order of the stages.

    Where a stage failed, the sentence about its result says why. `notices` are those of the turn. How long it took
    counts only where sound came at the speed of speech.
    """
    found = [
        *_perceived(expect, record),
        *_judged(expect, record),
        *_decided(expect, record),
        *absences(expect.absent, record, notices),
        *(_late(expect, record) if realtime else ()),
    ]
    failed: dict[str, str] = {error.stage: error.message for error in record.observation.errors}
    told = [replace(miss, text=f"{miss.text} ({failed[miss.kind]})") if miss.kind in failed else miss for miss in found]
    return sorted(told, key=lambda miss: list(Kind).index(miss.kind))


def absences(absent: Absent, record: TurnRecord, notices: Sequence[Notice] = ()) -> Iterator[Miss]:
    """Yield a sentence for everything that happened although it must not."""
    affect, decision = record.affect, record.decision
    alert = decision.alert
    felt = affect.mixed or (affect.label,)
    rules = [decision.rule, *([alert.rule] if alert else [])]
    yield from _no(Kind.FUSION, "emotion", absent.emotion, [emotion for emotion in felt if emotion])
    yield from _no(Kind.POLICY, "rule", absent.rule, rules)
    yield from _no(Kind.POLICY, "action", absent.action, [decision.action])
    yield from _no(Kind.POLICY, "service", absent.service, [decision.service] if decision.service else [])
    yield from _no(Kind.ALERT, "alert", absent.alert, [alert.level] if alert else [])
    yield from _no(Kind.NOTICE, "notice", absent.notice, [notice.level for notice in notices])


def character_error_rate(reference: str, heard: str) -> float:
    """Return edits (insertions, deletions, substitutions) per character of the reference, spaces aside."""
    want, got = reference.replace(" ", ""), heard.replace(" ", "")
    row = list(range(len(got) + 1))
    for i, expected in enumerate(want, 1):
        diagonal, row[0] = row[0], i
        for j, actual in enumerate(got, 1):
            diagonal, row[j] = row[j], min(row[j] + 1, row[j - 1] + 1, diagonal + (expected != actual))
    return row[-1] / max(len(want), 1)


def _perceived(expect: Expect, record: TurnRecord) -> Iterator[Miss]:
    seen = record.observation
    yield from _among(Kind.VAD, "quality", expect.quality, seen.quality.verdict if seen.quality else None)
    if expect.heard is not None and (rate := character_error_rate(expect.heard, seen.text)) > expect.cer:
        yield Miss(Kind.ASR, f"text: expected '{expect.heard}', heard '{seen.text}' (CER {rate:.0%})")
    for part in expect.contains:
        if part not in seen.text:
            yield Miss(Kind.ASR, f"text: expected '{part}' in '{seen.text}'")
    yield from _among(Kind.EMOTION, "voice", expect.voice, _top(seen.voice.scores) if seen.voice else None)
    yield from _among(
        Kind.SENTIMENT, "sentiment", expect.sentiment, _top(seen.sentiment.scores) if seen.sentiment else None
    )


def _judged(expect: Expect, record: TurnRecord) -> Iterator[Miss]:
    affect = record.affect
    yield from _among(Kind.FUSION, "certainty", expect.certainty, affect.certainty)
    yield from _among(Kind.FUSION, "emotion", expect.emotion, affect.label)
    yield from _among(Kind.FUSION, "group", expect.group, affect.group)
    if expect.mixed and set(expect.mixed) != set(affect.mixed or ()):
        yield Miss(Kind.FUSION, f"mixed: expected {' and '.join(expect.mixed)}, got {affect.mixed}")
    yield from _within(Kind.FUSION, "confidence", expect.confidence, affect.confidence)
    yield from _same(Kind.FUSION, "conflict", expect.conflict, affect.conflict.kind or "none")
    yield from _within(Kind.FUSION, "conflict_value", expect.conflict_value, affect.conflict.value)
    yield from _mood(expect.mood, record.mood, record.affect.belief)


def _mood(expect: MoodExpect, mood: Mood, belief: Mapping[Emotion, float]) -> Iterator[Miss]:
    kind = Kind.MEMORY
    yield from _among(kind, "mood.valence_trend", expect.valence_trend, mood.valence_trend)
    yield from _among(kind, "mood.arousal_trend", expect.arousal_trend, mood.arousal_trend)
    yield from _within(kind, "mood.anger_turns", expect.anger_turns, mood.anger.turns)
    yield from _within(kind, "mood.distress_turns", expect.distress_turns, mood.distress.turns)
    for emotion, allowed in expect.belief.items():
        yield from _within(kind, f"mood.belief.{emotion}", allowed, belief[emotion])
    if missing := set(expect.denied) - mood.denied(mood.turns):
        yield Miss(kind, f"mood.denied: expected {' and '.join(sorted(missing))}, too")
    yield from _within(kind, "mood.crisis", expect.crisis, mood.safety.level)
    yield from _within(kind, "mood.clarifications", expect.clarifications, mood.clarifications)


def _decided(expect: Expect, record: TurnRecord) -> Iterator[Miss]:
    decision, reply = record.decision, record.reply.text
    yield from _among(Kind.POLICY, "rule", expect.rule, decision.rule)
    yield from _among(Kind.POLICY, "action", expect.action, decision.action)
    yield from _same(Kind.POLICY, "service", expect.service, decision.service or "none")
    if isinstance(expect.priority, Range):
        yield from _within(Kind.POLICY, "priority", expect.priority, decision.priority)
    elif expect.priority and decision.priority is not None:
        yield Miss(Kind.POLICY, f"priority: expected none, got {decision.priority:g}")
    if expect.typing not in (None, decision.typing):
        yield Miss(Kind.POLICY, f"typing: expected {expect.typing}, got {decision.typing}")
    yield from _among(Kind.REPLY, "template", expect.template, record.reply.template)
    for part in expect.reply.contains:
        if part not in reply:
            yield Miss(Kind.REPLY, f"reply: expected '{part}' in '{reply}'")
    for part in expect.reply.lacks:
        if part in reply:
            yield Miss(Kind.REPLY, f"reply: '{part}' must not be in '{reply}'")
    alert = decision.alert
    yield from _same(Kind.ALERT, "alert", expect.alert, alert.level if alert else "none")
    yield from _among(Kind.ALERT, "alert_rule", expect.alert_rule, alert.rule if alert else None)


def _late(expect: Expect, record: TurnRecord) -> Iterator[Miss]:
    took = sum(record.timings_ms.get(stage, 0.0) for stage in ("wait", "judge"))
    if expect.within_ms is not None and took > expect.within_ms:
        yield Miss(Kind.LATENCY, f"latency: expected within {expect.within_ms:g} ms, took {took:.0f} ms")


def _same(kind: Kind, name: str, expected: str | None, got: str | None) -> Iterator[Miss]:
    if expected is not None and expected != got:
        yield Miss(kind, f"{name}: expected {expected}, got {got}")


def _among(kind: Kind, name: str, allowed: Collection[str], got: str | None) -> Iterator[Miss]:
    if allowed and got not in allowed:
        yield Miss(kind, f"{name}: expected {' or '.join(allowed)}, got {got}")


def _within(kind: Kind, name: str, allowed: Range | None, got: float | None) -> Iterator[Miss]:
    if allowed is not None and (got is None or got not in allowed):
        sides = [f"{sign} {side:g}" for sign, side in ((">=", allowed.min), ("<=", allowed.max)) if side is not None]
        yield Miss(kind, f"{name}: expected {' and '.join(sides)}, got {got if got is None else format(got, '.3g')}")


def _no(kind: Kind, name: str, unwanted: Collection[str], got: Iterable[str]) -> Iterator[Miss]:
    for each in got:
        if each in unwanted:
            yield Miss(kind, f"{name}: {each} must not come")


def _top(scores: dict[Label, float]) -> Label:
    return max(scores, key=lambda label: scores[label])
