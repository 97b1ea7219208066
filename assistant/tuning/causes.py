"""Why a turn comes out differently: which rule lost or gained which condition, and what only follows from before."""

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

from assistant.config.judgement import Statement
from assistant.config.policy import LIMIT_RULES, Policy, Rule, Then, Watch
from assistant.config.tuning import Tuning
from assistant.core.conditions import Situation
from assistant.core.judge import judge, understand
from assistant.tuning.diff import Aspect, Case, aspects, statement
from assistant.tuning.ladder import climb
from assistant.tuning.trace import Stand, Standing, asked, stand, watching
from assistant.types import Alert


class Cause(StrEnum):
    """A kind of reason for a difference; what it says stands in prompts/LANGUAGE/console.yaml.

    Of the rule that decided then: gone, fails (a condition no longer holds), held_back, limited, overtaken (it holds,
    but another one is asked before it now). Of the rule that decides now: new, failed (a condition that did not hold
    then), was_held_back, was_limited. Of a watch likewise, and cooling. outcome: the same rule, but its `then` reads
    differently. varies: the same rule, its text goes by what was found. reading: a step of the ladder from one emotion
    to unknown, or its winner, came out differently. carried: this turn alone would have come out as before, it follows
    from the turns before it. drifted: the recorded tuning itself comes out differently today: the program has changed.
    """

    GONE = "gone"
    FAILS = "fails"
    HELD_BACK = "held_back"
    LIMITED = "limited"
    COOLING = "cooling"
    OVERTAKEN = "overtaken"
    NEW = "new"
    FAILED = "failed"
    WAS_HELD_BACK = "was_held_back"
    WAS_LIMITED = "was_limited"
    WAS_COOLING = "was_cooling"
    OUTCOME = "outcome"
    VARIES = "varies"
    READING = "reading"
    CARRIED = "carried"
    DRIFTED = "drifted"


@dataclass(frozen=True, slots=True)
class Reason:
    """One reason: the rule or watch it is about; `then` and `now` are facts, or values of a setting, side by side.

    key: the condition, or the key of `then`, that makes the difference.
    """

    cause: Cause
    rule: str = ""
    key: str = ""
    then: str = ""
    now: str = ""


def reasons(case: Case, old: Tuning, new: Tuning) -> tuple[Reason, ...]:
    """Return why `new` decides a turn otherwise than it was decided with `old`."""
    seen, session = case.record.observation, case.record.session
    sides = _Sides(understand(seen, case.mood_then, old), understand(seen, case.mood_now, new), old.policy, new.policy)
    found = list(_reading(case, old.fusion.statement, new.fusion.statement))
    if case.aspects:
        found += _rules(case, sides)
    if Aspect.ALERT in case.aspects:
        found += _alerts(case.record.decision.alert, case.anew.decision.alert, sides)
    recorded = case.record.decision
    alone = case.mood_now == case.mood_then or aspects(recorded, judge(seen, case.mood_then, new, session).decision)
    if case.aspects and not alone:
        found.append(Reason(Cause.CARRIED))
    if aspects(recorded, judge(seen, case.mood_then, old, session).decision):
        found.append(Reason(Cause.DRIFTED))
    return tuple(found)


@dataclass(frozen=True, slots=True)
class _Sides:
    """The same turn as it was then and as it is now, with the rules of either side."""

    then: Situation
    now: Situation
    old: Policy
    new: Policy


def _reading(case: Case, old: Statement, new: Statement) -> Iterator[Reason]:
    """Yield the first step of the ladder that came out differently; where all came out alike, the winners."""
    before, after = case.record.affect, case.anew.affect
    if statement(before) == statement(after):
        return
    turn = case.record.mood.turns
    then = climb(before.now, before.reliability, old, case.record.mood.denied(turn))
    now = climb(after.now, after.reliability, new, case.anew.mood.denied(turn))
    for was, is_ in zip(then.rungs, now.rungs, strict=False):
        if was.holds != is_.holds:
            yield Reason(Cause.READING, "", was.key, f"{was.about} {was.spelt}", f"{is_.about} {is_.spelt}")
            return
    was, is_ = then.rungs[-1], now.rungs[-1]
    if was.about != is_.about:
        yield Reason(Cause.READING, "", was.key, f"{was.about} {was.spelt}", f"{is_.about} {is_.spelt}")
    if before.conflict.kind != after.conflict.kind:
        value = f"{before.conflict.value:.3f}", f"{after.conflict.value:.3f}"
        yield Reason(Cause.READING, "", "conflict", f"{value[0]} ({old.conflict:g})", f"{value[1]} ({new.conflict:g})")


def _rules(case: Case, sides: _Sides) -> Iterator[Reason]:
    before, after = case.record.decision.rule, case.anew.decision.rule
    if before == after:
        yield from _outcome(case, sides)
        return
    then, now = _deciding(before, sides.then, sides.old), _deciding(after, sides.now, sides.new)
    if then:
        yield from _lost(then, now, sides)
    if now:
        yield from _gained(now, sides)


def _deciding(rule_id: str, situation: Situation, policy: Policy) -> Rule | None:
    """Return the rule behind a decision: for one made by a limit, the rule that the limit hit."""
    if rule_id in LIMIT_RULES:
        rule_id = asked(situation, policy)[-1].rule
    return _named(rule_id, policy.rules)


def _lost(rule: Rule, decider: Rule | None, sides: _Sides) -> Iterator[Reason]:
    """Yield why the rule that decided then decides no longer."""
    today = _named(rule.id, sides.new.rules)
    if today is None:
        yield Reason(Cause.GONE, rule.id)
        return
    was, is_ = stand(rule, sides.then, sides.old), stand(today, sides.now, sides.new)
    match is_.standing:
        case Standing.FAILS:
            yield _compared(Cause.FAILS, is_, was, now_fails=True)
        case Standing.HELD_BACK:
            yield Reason(Cause.HELD_BACK, rule.id, now=is_.hindrance or "")
        case Standing.LIMITED if was.standing is not Standing.LIMITED:
            yield Reason(Cause.LIMITED, rule.id, now=is_.hindrance or "")
        case _ if decider and decider.id != rule.id:
            yield Reason(Cause.OVERTAKEN, rule.id, now=decider.id)
        case _:
            pass


def _gained(rule: Rule, sides: _Sides) -> Iterator[Reason]:
    """Yield why the rule that decides now didn't then."""
    yesterday = _named(rule.id, sides.old.rules)
    if yesterday is None:
        yield Reason(Cause.NEW, rule.id)
        return
    was, is_ = stand(yesterday, sides.then, sides.old), stand(rule, sides.now, sides.new)
    match was.standing:
        case Standing.FAILS:
            yield _compared(Cause.FAILED, was, is_, now_fails=False)
        case Standing.HELD_BACK:
            yield Reason(Cause.WAS_HELD_BACK, rule.id, then=was.hindrance or "")
        case Standing.LIMITED if is_.standing is not Standing.LIMITED:
            yield Reason(Cause.WAS_LIMITED, rule.id, then=was.hindrance or "")
        case _:
            pass


def _compared(cause: Cause, failing: Stand, holding: Stand, *, now_fails: bool) -> Reason:
    """Return the condition at which one side fails, next to how it was on the other."""
    wrong = failing.conditions[-1]
    right = next((each for each in holding.conditions if each.name == wrong.name), None)
    found = right.found if right and right.wanted == wrong.wanted else right.spelt if right else "–"
    then, now = (found, wrong.spelt) if now_fails else (wrong.spelt, found)
    return Reason(cause, failing.rule, wrong.name, then, now)


def _outcome(case: Case, sides: _Sides) -> Iterator[Reason]:
    """Yield the keys of the rule's `then` that read differently, or what its text varies by."""
    rule_id = case.anew.decision.rule
    old, new = _then(rule_id, sides.old), _then(rule_id, sides.new)
    if old is None or new is None:
        return
    for key in Then.model_fields:
        if getattr(old, key) != getattr(new, key):
            yield Reason(Cause.OUTCOME, rule_id, key, str(getattr(old, key)), str(getattr(new, key)))
    was, is_ = case.record.decision, case.anew.decision
    if old.priority == new.priority and was.priority != is_.priority:
        yield Reason(Cause.OUTCOME, rule_id, Aspect.PRIORITY, str(was.priority), str(is_.priority))
    before, after = was.template, is_.template
    if old == new and new.vary_by and before != after:
        yield Reason(Cause.VARIES, rule_id, new.vary_by, before, after)


def _then(rule_id: str, policy: Policy) -> Then | None:
    try:
        return policy.outcome(rule_id)
    except KeyError:
        return None


def _alerts(before: Alert | None, after: Alert | None, sides: _Sides) -> Iterator[Reason]:
    """Yield why a watch no longer raises its alert, and why another does; the alerts of rules follow the rules."""
    if before and (watch := _watched(before.rule, sides.old)):
        today = _watched(before.rule, sides.new)
        if today is None:
            yield Reason(Cause.GONE, watch.id)
        else:
            was, is_ = watching(watch, sides.then), watching(today, sides.now)
            if is_.standing is Standing.FAILS:
                yield _compared(Cause.FAILS, is_, was, now_fails=True)
            elif is_.standing is Standing.COOLING:
                yield Reason(Cause.COOLING, watch.id, now=is_.hindrance or "")
            elif after and after.rule != watch.id:
                yield Reason(Cause.OVERTAKEN, watch.id, now=after.rule)
    if after and (watch := _watched(after.rule, sides.new)):
        yesterday = _watched(after.rule, sides.old)
        if yesterday is None:
            yield Reason(Cause.NEW, watch.id)
        else:
            was, is_ = watching(yesterday, sides.then), watching(watch, sides.now)
            if was.standing is Standing.FAILS:
                yield _compared(Cause.FAILED, was, is_, now_fails=False)
            elif was.standing is Standing.COOLING:
                yield Reason(Cause.WAS_COOLING, watch.id, then=was.hindrance or "")


def _named(rule_id: str, rules: tuple[Rule, ...]) -> Rule | None:
    return next((rule for rule in rules if rule.id == rule_id), None)


def _watched(name: str, policy: Policy) -> Watch | None:
    return next((watch for watch in policy.watch if watch.id == name), None)
