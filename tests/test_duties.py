"""What no policy may neglect, whoever writes it: people can leave, and danger is answered in words people wrote."""

from typing import cast

import pytest

from assistant.config.duties import neglected
from assistant.config.files import CONFIGS
from assistant.config.policy import Policy
from assistant.config.yaml import Yaml, checked, read_yaml

SHIPPED = CONFIGS / "policy.yaml"


def policy(**first: Yaml) -> Policy:
    """Return the shipped policy with a rule of one's own before all others."""
    data = cast("dict[str, Yaml]", read_yaml(SHIPPED))
    rules = cast("list[Yaml]", data["rules"])
    return checked(Policy, {**data, "rules": [{"id": "mine", **first}, *rules] if first else rules}, "policy.yaml")


def without(*ids: str) -> Policy:
    data = cast("dict[str, Yaml]", read_yaml(SHIPPED))
    rules = [rule for rule in cast("list[dict[str, Yaml]]", data["rules"]) if rule["id"] not in ids]
    return checked(Policy, {**data, "rules": list(rules)}, "policy.yaml")


def unfixed(rule_id: str) -> Policy:
    data = cast("dict[str, Yaml]", read_yaml(SHIPPED))
    rules = cast("list[dict[str, dict[str, Yaml]]]", data["rules"])
    changed = [{**rule, "then": {**rule["then"], "fixed": False}} if rule["id"] == rule_id else rule for rule in rules]
    return checked(Policy, {**data, "rules": cast("Yaml", changed)}, "policy.yaml")


GREET: Yaml = {"action": "answer", "template": "replies.greeting"}


def test_the_shipped_policy_does_its_duties() -> None:
    assert neglected(policy()) == []


def test_no_rule_may_stand_before_the_way_out() -> None:
    found, *_ = neglected(policy(when={"turn": {"max": 1}, "crisis_lately": {"max": 0}}, then=GREET))
    assert "rules.mine" in found
    assert "leaves" in found


def test_a_policy_without_a_way_out_is_refused() -> None:
    assert any("leaves" in line for line in neglected(without("end", "end-in-danger")))


def test_whoever_wants_to_leave_may_not_be_talked_to_instead() -> None:
    assert any("holds somebody up" in line for line in neglected(policy(when={"leaves": True}, then=GREET)))


@pytest.mark.parametrize("rule", ["crisis-explicit", "crisis-passive", "crisis-stay", "ask-for-human"])
def test_every_rule_that_can_decide_in_danger_must_be_fixed(rule: str) -> None:
    assert any(f"rules.{rule}:" in line and "fixed: true" in line for line in neglected(unfixed(rule)))


def test_without_the_rule_that_stays_every_later_rule_would_have_to_be_fixed() -> None:
    assert any("rules.greeting:" in line for line in neglected(without("crisis-stay")))
