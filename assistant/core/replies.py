"""From decision to words: the next phrasing in turn, its placeholders filled, its style from the rule."""

from assistant.config.policy import Policy
from assistant.config.services import Services
from assistant.config.texts import Texts
from assistant.config.when import pair_name
from assistant.types import Affect, Certainty, Decision, Mood, Reply, ReplySource, Style


def render(decision: Decision, affect: Affect, mood: Mood, policy: Policy, services: Services, texts: Texts) -> Reply:
    """Return what is said. Phrasings rotate by how often `mood` has used the template, so none comes twice running.

    Raises ConfigError when a text or a service is missing; `assistant.config.check` finds that beforehand.
    """
    then = policy.outcome(decision.rule)
    style = policy.styles[then.style]
    return Reply(
        text=texts.say(
            decision.template, _values(decision, affect, services, texts), mood.phrasings.get(decision.template, 0)
        ),
        template=decision.template,
        style=Style(rate=style.rate, pitch_st=style.pitch_st, energy=style.energy),
        source=ReplySource.FIXED if then.fixed else ReplySource.TEMPLATE,
    )


def feeling(affect: Affect, texts: Texts) -> str | None:
    """Return the name of what was stated: the pair, the emotion or the group; None when nothing was."""
    if affect.certainty is Certainty.MIXED and affect.mixed:
        return texts.say(f"labels.mixed.{pair_name(affect.mixed)}")
    if affect.label:
        return texts.say(f"labels.emotion.{affect.label}")
    return texts.say(f"labels.group.{affect.group}") if affect.group else None


def _values(decision: Decision, affect: Affect, services: Services, texts: Texts) -> dict[str, str]:
    """Return what placeholders may be filled with in this turn."""
    values: dict[str, str] = {}
    if name := feeling(affect, texts):
        values["feeling"] = name
    service = services.find(decision.service) if decision.service else None
    if service:
        values["service"] = texts.say(service.text)
    return values
