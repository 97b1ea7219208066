"""What a policy must do whatever else it does: let people go, and answer danger in words that people wrote."""

from collections.abc import Iterator

from assistant.config.policy import Policy
from assistant.config.reach import implies
from assistant.config.when import Range, When
from assistant.types import Action

_DANGER = 2
"""The crisis level from which on no text may be a language model's."""

_IN_DANGER = {
    "crisis": When(crisis=Range(min=_DANGER)),
    "crisis_lately": When(crisis_lately=Range(min=_DANGER)),
}
"""Words of danger in this turn; words of danger of late."""


def neglected(policy: Policy) -> list[str]:
    """Return a line for every rule in the way of a duty; empty if all are done."""
    return [*_held_up(policy), *_unfixed(policy)]


def _held_up(policy: Policy) -> Iterator[str]:
    """Yield what stands before the rule that ends the conversation when asked to."""
    for rule in policy.rules:
        if rule.when.leaves and rule.then.action is not Action.END:
            yield f"policy.yaml: rules.{rule.id}: holds somebody up who wants to leave; its action must be end"
        if rule.when.leaves is None:
            yield f"policy.yaml: rules.{rule.id}: a rule `when: {{leaves: true}}` with action end must stand before it"
            return
        if rule.when.asked == ("leaves",):
            return


def _unfixed(policy: Policy) -> Iterator[str]:
    """Yield the rules that can decide in danger, or soon after, and aren't fixed."""
    for name, danger in _IN_DANGER.items():
        for rule in policy.rules:
            if _elsewhere(rule.when, name):
                continue
            if not rule.then.fixed:
                place = f"policy.yaml: rules.{rule.id}"
                yield f"{place}: can decide at `{name}: {{min: {_DANGER}}}`, so it must be `fixed: true`"
            if implies(danger, rule.when):
                break


def _elsewhere(when: When, name: str) -> bool:
    """Tell whether a rule never holds in danger; what was heard in this turn was heard lately, too."""
    ranges = [when.crisis_lately, when.crisis if name == "crisis" else None]
    calm = any(asked is not None and asked.max is not None and asked.max < _DANGER for asked in ranges)
    others = name == "crisis" and when.crisis_about is not None and "self" not in when.crisis_about
    return calm or others
