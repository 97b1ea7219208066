"""Which rules of a policy never get a turn: an earlier one always holds where they do, or they contradict themselves.

What is reported is certain. Not all is found: several earlier rules may cover a later one together.
"""

from collections.abc import Collection, Iterator
from typing import cast

from assistant.config.crisis import Subject
from assistant.config.phrases import contains, plain
from assistant.config.policy import Policy, Rule
from assistant.config.when import Fall, Range, Said, When
from assistant.types import Action, Certainty

_FROM = {
    "label": (Certainty.LABEL, Certainty.MIXED),
    "mixed": (Certainty.LABEL, Certainty.MIXED),
    "group": (Certainty.GROUP,),
}
"""The certainties at which a reading has what a condition asks for."""


def unreachable(policy: Policy) -> list[str]:
    """Return a line for every rule and watch that can never hold, and every rule that another one always forestalls."""
    return [*_impossible(policy), *_forestalled(policy)]


def _impossible(policy: Policy) -> Iterator[str]:
    places = [
        *((f"rules.{rule.id}", rule.when) for rule in policy.rules),
        *((f"watch.{watch.id}", watch.when) for watch in policy.watch),
    ]
    for place, when in places:
        if why := _contradiction(when):
            yield f"policy.yaml: {place}.when: never holds: {why}"


def _forestalled(policy: Policy) -> Iterator[str]:
    deciding: list[Rule] = []
    for rule in policy.rules:
        for earlier in deciding:
            if implies(rule.when, earlier.when):
                yield f"policy.yaml: rules.{rule.id}: never reached: wherever it holds, '{earlier.id}' before it does"
                break
        if not _held_back(rule):
            deciding.append(rule)


def implies(narrow: When, wide: When) -> bool:
    """Tell whether `wide` certainly holds wherever `narrow` does."""
    return all(
        _covers(name, getattr(narrow, name), getattr(wide, name), narrow)
        for name in When.model_fields
        if getattr(wide, name) is not None
    )


def _covers(name: str, narrow: object, wide: object, all_narrow: When) -> bool:
    """Tell whether one condition of `wide` holds by the same one of `narrow`, or by what its others imply."""
    if name == "certainty":
        possible = _certainties(all_narrow)
        return possible is not None and possible <= set(cast("tuple[Certainty, ...]", wide))
    if name == "typed" and narrow is None:
        return wide is False and all_narrow.quality is not None
    if name == "mixed" and narrow is not None:
        pairs = (cast("tuple[tuple[str, str], ...]", each) for each in (narrow, wide))
        return _within(*({frozenset(pair) for pair in each} for each in pairs))
    match narrow, wide:
        case Range(), Range():
            return _inside(narrow, wide)
        case Said(), Said():
            return _says_enough(narrow, wide)
        case Fall(), Fall():
            return narrow.turns == wide.turns and narrow.by >= wide.by
        case tuple(), tuple():
            return _within(narrow, wide)
        case dict(), dict():
            return all(key in narrow and _inside(narrow[key], wide[key]) for key in wide)
        case _:
            return narrow is not None and narrow == wide


def _contradiction(when: When) -> str | None:
    """Return two conditions that can't hold together, None if none are known."""
    if _certainties(when) == set():
        return "no reading has all of what certainty, label, mixed and group ask for"
    if when.crisis and when.crisis_about and Subject.SELF not in when.crisis_about and (when.crisis.min or 0) > 1:
        return "crisis about others or quoted is level 1 at most"
    if when.typed and when.quality:
        return "what is typed has no quality of sound"
    if when.empty and when.says:
        return "nothing is said in a turn without words"
    return None


def _certainties(when: When) -> set[Certainty] | None:
    """Return the certainties at which the conditions may hold, None if they don't ask for any."""
    asked = [set(when.certainty)] if when.certainty else []
    asked += [set(allowed) for name, allowed in _FROM.items() if getattr(when, name)]
    return set.intersection(*asked) if asked else None


def _held_back(rule: Rule) -> bool:
    """Tell whether a rule may leave a turn in which it holds to later ones; too many clarifications don't."""
    return not rule.then.fixed and (rule.then.action is Action.EMPATHISE or rule.then.cool_down_s > 0)


def _within(narrow: Collection[object], wide: Collection[object]) -> bool:
    return set(narrow) <= set(wide)


def _inside(narrow: Range, wide: Range) -> bool:
    low = wide.min is None or (narrow.min is not None and narrow.min >= wide.min)
    high = wide.max is None or (narrow.max is not None and narrow.max <= wide.max)
    return low and high


def _says_enough(narrow: Said, wide: Said) -> bool:
    """Tell whether each phrase of `narrow` holds one of `wide`, and `wide` cuts nothing out that `narrow` doesn't."""
    if wide.but_not not in ((), narrow.but_not):
        return False
    return all(any(contains(plain(one), plain(other)) for other in wide.any_of) for one in narrow.any_of)
