"""The rules of a policy one by one: which condition of each failed, what held them back, which one decided."""

from dataclasses import dataclass
from enum import StrEnum
from textwrap import shorten

from assistant.config.base import Section
from assistant.config.policy import Policy, Rule, Watch
from assistant.config.when import Range, When
from assistant.core.conditions import Situation, checks
from assistant.core.policy import cooling, hindrance, too_many_clarifications

LONGEST_WISH = 60
"""Characters of what a condition asks for, when it is a list of words."""


class Standing(StrEnum):
    """How a rule or a watch stood in a turn.

    held_back: all conditions hold, but manners pass it over. limited: all hold, but it would ask back
    once too often, and a limit decides in its place. cooling: a watch that raised its alert a moment ago.
    """

    HOLDS = "holds"
    FAILS = "fails"
    HELD_BACK = "held_back"
    LIMITED = "limited"
    COOLING = "cooling"


@dataclass(frozen=True, slots=True)
class Condition:
    """One condition of a rule: its key in `when`, what it asks for, the fact it looked at, whether that will do."""

    name: str
    wanted: str
    found: str
    holds: bool

    @property
    def spelt(self) -> str:
        """Return fact and wish side by side: `turns of anger 1 (anger_turns ≥ 2)`."""
        return f"{self.found} ({self.name} {self.wanted})"


@dataclass(frozen=True, slots=True)
class Stand:
    """How one rule or watch stood: its conditions as far as they were asked; a failed one is the last."""

    rule: str
    standing: Standing
    conditions: tuple[Condition, ...]
    hindrance: str | None = None


def asked(situation: Situation, policy: Policy) -> tuple[Stand, ...]:
    """Return every rule that was asked, in order; the last one decided, by itself or by its limit."""
    stands: list[Stand] = []
    for rule in policy.rules:
        stands.append(stand(rule, situation, policy))
        if stands[-1].standing in (Standing.HOLDS, Standing.LIMITED):
            break
    return tuple(stands)


def stand(rule: Rule, situation: Situation, policy: Policy) -> Stand:
    """Return how a rule stands, whatever stands before it."""
    conditions = _conditions(rule.when, situation)
    if _failed(conditions):
        return Stand(rule.id, Standing.FAILS, conditions)
    if why := hindrance(rule, situation, policy):
        return Stand(rule.id, Standing.HELD_BACK, conditions, why)
    if too_many_clarifications(rule.then, situation.mood, policy):
        return Stand(rule.id, Standing.LIMITED, conditions, f"{situation.mood.clarifications} clarifications in a row")
    return Stand(rule.id, Standing.HOLDS, conditions)


def watching(watch: Watch, situation: Situation) -> Stand:
    """Return how a watch stands, whatever stands before it."""
    conditions = _conditions(watch.when, situation)
    if _failed(conditions):
        return Stand(watch.id, Standing.FAILS, conditions)
    if cooling(watch.id, watch.alert, situation):
        ago = situation.observation.end - situation.mood.alerts[watch.id]
        return Stand(watch.id, Standing.COOLING, conditions, f"{ago:.0f} s < {watch.alert.cool_down_s:g} s")
    return Stand(watch.id, Standing.HOLDS, conditions)


def _conditions(when: When, situation: Situation) -> tuple[Condition, ...]:
    """Return the conditions of a rule in the order of the manual, up to the first that fails."""
    asked: list[Condition] = []
    for name, (holds, fact) in zip(when.asked, checks(when, situation), strict=True):
        wanted = shorten(_spelt(getattr(when, name)), LONGEST_WISH, placeholder=" …")
        asked.append(Condition(name, wanted, fact.strip(), holds))
        if not holds:
            break
    return tuple(asked)


def _failed(conditions: tuple[Condition, ...]) -> bool:
    return bool(conditions) and not conditions[-1].holds


def _spelt(wish: object) -> str:
    """Return what a condition asks for, as short as it can be put: `≥ 0.6`, `2 – 3`, `angry | sad`."""
    match wish:
        case Range(min=float(low), max=float(high)):
            return f"= {low:g}" if low == high else f"{low:g} – {high:g}"
        case Range(min=float(low)):
            return f"≥ {low:g}"
        case Range(max=float(high)):
            return f"≤ {high:g}"
        case bool():
            return str(wish).lower()
        case dict():
            return ", ".join(f"{name} {_spelt(inner)}" for name, inner in wish.items())
        case Section():
            parts = (f"{name} {_spelt(getattr(wish, name))}" for name in type(wish).model_fields if getattr(wish, name))
            return ", ".join(parts)
        case tuple():
            return " | ".join("+".join(each) if isinstance(each, tuple) else str(each) for each in wish)
        case _:
            return str(wish)
