"""What a difference comes to in words, the same on the screen and on the page."""

from assistant.apps.words import Words
from assistant.tuning.causes import Reason
from assistant.tuning.diff import Aspect
from assistant.tuning.report import Side
from assistant.types import Decision


def sentence(reason: Reason, words: Words) -> str:
    """Return a reason in words."""
    values = {"rule": reason.rule, "key": reason.key, "then": reason.then, "now": reason.now}
    return words.screen(f"tune.cause.{reason.cause}", values)


def aspect_of(decision: Decision, aspect: Aspect, words: Words) -> str:
    """Return one aspect of a decision in words, a dash where there is none."""
    match aspect:
        case Aspect.RULE:
            return decision.rule
        case Aspect.ACTION:
            return words.label("action", decision.action)
        case Aspect.TEMPLATE:
            return decision.template
        case Aspect.SERVICE:
            return decision.service or "–"
        case Aspect.ALERT:
            alert = decision.alert
            return f"{alert.rule} ({words.label('level', alert.level)})" if alert else "–"
        case Aspect.PRIORITY:
            return "–" if decision.priority is None else f"{decision.priority:g}"
        case Aspect.TYPING:
            return "✓" if decision.typing else "–"


def said(side: Side, other: Side, words: Words) -> str:
    """Return a reply; with its style and the message of its alert where the other side has different ones."""
    style, alert = side.reply.style, side.decision.alert
    text = side.reply.text
    if style != other.reply.style:
        sound = {"rate": f"{style.rate:g}", "pitch": f"{style.pitch_st:+g}", "energy": f"{style.energy:g}"}
        text += f" ({words.screen('tune.style', sound)})"
    message = other.decision.alert and other.decision.alert.message
    return f"{text} ⚠ {alert.message}" if alert and alert.message != message else text
