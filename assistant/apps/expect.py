"""Check one turn's record against what the script expects of it: pure."""

from collections.abc import Iterable
from enum import StrEnum
from typing import TypeVar

from assistant.apps.dialogue import Expect
from assistant.types import TurnRecord

Label = TypeVar("Label", bound=StrEnum)


def misses(expect: Expect, record: TurnRecord) -> list[str]:
    """Return a sentence for every expectation that the record does not meet; empty if all hold."""
    seen, affect, decision = record.observation, record.affect, record.decision
    found: list[str | None] = [
        _text(expect, seen.text),
        *(f"text: expected '{part}' in '{seen.text}'" for part in expect.contains if part not in seen.text),
        _same("verdict", expect.verdict, seen.quality.verdict if seen.quality else None),
        _among("voice", expect.voice, _top(seen.voice.scores) if seen.voice else None),
        _among("sentiment", expect.sentiment, _top(seen.sentiment.scores) if seen.sentiment else None),
        _among("emotion", expect.emotion, affect.label),
        _among("certainty", expect.certainty, affect.certainty),
        _same("conflict", expect.conflict, affect.conflict.kind or "none"),
        _among("action", expect.action, decision.action),
        _among("rule", expect.rule, decision.rule),
        _same("service", expect.service, decision.service),
        _same("alert", expect.alert, decision.alert.level if decision.alert else "none"),
    ]
    return [miss for miss in found if miss]


def character_error_rate(reference: str, heard: str) -> float:
    """Return edits (insertions, deletions, substitutions) per character of the reference, spaces aside."""
    want, got = reference.replace(" ", ""), heard.replace(" ", "")
    row = list(range(len(got) + 1))
    for i, expected in enumerate(want, 1):
        diagonal, row[0] = row[0], i
        for j, actual in enumerate(got, 1):
            diagonal, row[j] = row[j], min(row[j] + 1, row[j - 1] + 1, diagonal + (expected != actual))
    return row[-1] / max(len(want), 1)


def _text(expect: Expect, heard: str) -> str | None:
    if expect.heard is None:
        return None
    rate = character_error_rate(expect.heard, heard)
    return f"text: expected '{expect.heard}', heard '{heard}' (CER {rate:.0%})" if rate > expect.cer else None


def _same(name: str, expected: str | None, got: str | None) -> str | None:
    return f"{name}: expected {expected}, got {got}" if expected is not None and expected != got else None


def _among(name: str, allowed: Iterable[str], got: str | None) -> str | None:
    wanted = list(allowed)
    return f"{name}: expected {' or '.join(wanted)}, got {got}" if wanted and got not in wanted else None


def _top(scores: dict[Label, float]) -> Label:
    return max(scores, key=lambda label: scores[label])
