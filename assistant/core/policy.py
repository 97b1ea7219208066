"""From situation to decision: the first rule that holds decides; an alert may ride beside it."""

from assistant.config.deployment import Consent
from assistant.config.policy import LIMIT_RULE, TYPING_RULE, AlertSpec, HandOff, Policy, Rule, Then, VaryBy
from assistant.config.texts import Texts
from assistant.config.when import pair_name
from assistant.core.conditions import Situation, facts
from assistant.types import Action, Alert, Decision, Mood


def decide(situation: Situation, policy: Policy, texts: Texts, session: str) -> Decision:
    """Return what to do about a turn; `texts` phrase the alert, `session` opens its id."""
    mood = situation.mood
    passed: list[str] = []
    for rule in policy.rules:
        found = facts(rule.when, situation)
        if found is None:
            continue
        if why := hindrance(rule, situation, policy):
            passed.append(f"{rule.id} passed over: {why}")
            continue
        if too_many_clarifications(rule.then, mood, policy):
            because = f"{rule.id} again: {mood.clarifications} clarifications in a row"
            limit = limiting(situation, policy)
            return _decision(limit, policy.outcome(limit), (because,), situation, policy, texts, session)
        reason = (*found, *passed) or ("nothing else holds",)
        return _decision(rule.id, rule.then, reason, situation, policy, texts, session)
    raise AssertionError("the last rule of a policy always holds")


def hindrance(rule: Rule, situation: Situation, policy: Policy) -> str | None:
    """Return why a rule that holds must leave the turn to later ones, None if it needn't."""
    then, mood = rule.then, situation.mood
    if then.fixed:
        return None
    rested = mood.rested.get(rule.id)
    if rested is not None and situation.observation.end - rested < then.cool_down_s:
        return f"cooling down for {then.cool_down_s:g} s"
    if then.action != Action.EMPATHISE:
        return None
    if situation.consent is Consent.REFUSED:
        return "no consent to reading emotions"
    if mood.hands_off is not None:
        return "the speaker wants no remarks on feelings"
    ago = None if mood.remark_turn is None else mood.turns - mood.remark_turn
    return f"last remark {ago} turns ago" if ago is not None and ago < policy.limits.remark_every else None


def too_many_clarifications(then: Then, mood: Mood, policy: Policy) -> bool:
    """Tell whether an outcome would ask back once more than `limits.clarify_in_a_row` allows."""
    return then.action == Action.CLARIFY and not then.fixed and mood.clarifications >= policy.limits.clarify_in_a_row


def limiting(situation: Situation, policy: Policy) -> str:
    """Return which limit takes the place of one clarification too many: writing first, for those who speak."""
    speaks = situation.observation.quality is not None
    return TYPING_RULE if policy.limits.typing and speaks and situation.mood.rescues == 0 else LIMIT_RULE


def _decision(
    rule_id: str, then: Then, reason: tuple[str, ...], situation: Situation, policy: Policy, texts: Texts, session: str
) -> Decision:
    alert = None
    if then.alert and not cooling(rule_id, then.alert, situation):
        alert = _alert(rule_id, then.alert, reason, situation, texts, session)
    return Decision(
        action=then.action,
        rule=rule_id,
        reason=", ".join(reason),
        template=_template(then, situation),
        service=then.service,
        alert=alert or _watched(situation, policy, texts, session),
        priority=None if then.priority is None else then.priority + _urgency(situation.mood, policy.hand_off),
        typing=then.typing,
        cool_down_s=then.cool_down_s,
    )


def _urgency(mood: Mood, hand_off: HandOff) -> float:
    """Return what feelings add to the class of a hand-off, below 1."""
    return min(hand_off.cap, hand_off.anger * mood.anger.active + hand_off.distress * mood.distress.active)


def _watched(situation: Situation, policy: Policy, texts: Texts, session: str) -> Alert | None:
    """Return the alert of the first watch that holds and isn't cooling."""
    for watch in policy.watch:
        found = facts(watch.when, situation)
        if found is not None and not cooling(watch.id, watch.alert, situation):
            return _alert(watch.id, watch.alert, found, situation, texts, session)
    return None


def _alert(
    name: str, spec: AlertSpec, reason: tuple[str, ...], situation: Situation, texts: Texts, session: str
) -> Alert:
    observation, affect = situation.observation, situation.affect
    statement = affect.label or affect.group or affect.certainty
    evidence = (
        f"turn {situation.mood.turns} at {observation.start:.1f}-{observation.end:.1f} s",
        *reason,
        f"{statement} {affect.confidence:.2f}, valence {affect.valence:+.2f}, arousal {affect.arousal:+.2f}",
    )
    return Alert(f"{session}-{situation.mood.turns}-{name}", spec.level, name, texts.say(spec.message), evidence)


def cooling(name: str, spec: AlertSpec, situation: Situation) -> bool:
    """Tell whether the rule or watch of this name raised its alert too lately to raise it again."""
    raised = situation.mood.alerts.get(name)
    return raised is not None and situation.observation.end - raised < spec.cool_down_s


def _template(then: Then, situation: Situation) -> str:
    """Return the key of the reply."""
    value = _varying(then.vary_by, situation)
    return then.template if value is None else f"{then.template}.{value}"


def _varying(vary_by: VaryBy | None, situation: Situation) -> str | None:
    """Return what the text varies by; a rule that varies has asked for the value, so it is there."""
    affect, quality = situation.affect, situation.observation.quality
    match vary_by:
        case None:
            return None
        case VaryBy.LABEL:
            return affect.label
        case VaryBy.MIXED:
            return pair_name(affect.mixed) if affect.mixed else None
        case VaryBy.GROUP:
            return affect.group
        case VaryBy.QUALITY:
            return quality.verdict if quality else None
        case VaryBy.CONFLICT:
            return affect.conflict.kind
