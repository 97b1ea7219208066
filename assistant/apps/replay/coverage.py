"""Which rules, alerts and texts of a policy the played dialogues reach, and which they do not."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from assistant.apps.replay.outcome import Outcome
from assistant.config.policy import LIMIT_RULE, TYPING_RULE, Policy


@dataclass(frozen=True, slots=True)
class Reach:
    """How many turns came to something, and in which dialogues."""

    name: str
    turns: int
    dialogues: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Coverage:
    """Every rule, alert and text of the policy, in its order."""

    rules: tuple[Reach, ...]
    alerts: tuple[Reach, ...]
    templates: tuple[Reach, ...]

    @property
    def missing(self) -> dict[str, tuple[str, ...]]:
        """Return what no turn came to, by part: rules, alerts, templates."""
        parts = {"rules": self.rules, "alerts": self.alerts, "templates": self.templates}
        return {name: tuple(each.name for each in part if not each.turns) for name, part in parts.items()}


def coverage(policy: Policy, outcomes: Sequence[Outcome]) -> Coverage:
    """Return what the turns of `outcomes` reach; rules of another policy, which a script may set, count nowhere."""
    records = [(each.name, turn.record) for each in outcomes for turn in each.turns if turn.record]
    alerts = [(name, record.decision.alert.rule) for name, record in records if record.decision.alert]
    limits = {TYPING_RULE: policy.limits.typing, LIMIT_RULE: policy.limits.instead}
    templates = [
        *(key for rule in policy.rules for key in rule.templates),
        *(then.template for then in limits.values() if then),
    ]
    return Coverage(
        rules=_reached(
            [*(rule.id for rule in policy.rules), *(rule for rule, then in limits.items() if then)],
            [(name, record.decision.rule) for name, record in records],
        ),
        alerts=_reached(
            [*(rule.id for rule in policy.rules if rule.then.alert), *(watch.id for watch in policy.watch)], alerts
        ),
        templates=_reached(templates, [(name, record.reply.template) for name, record in records]),
    )


def _reached(names: Iterable[str], met: Sequence[tuple[str, str]]) -> tuple[Reach, ...]:
    turns = Counter(name for _, name in met)
    return tuple(
        Reach(name, turns[name], tuple(dict.fromkeys(dialogue for dialogue, other in met if other == name)))
        for name in dict.fromkeys(names)
    )
