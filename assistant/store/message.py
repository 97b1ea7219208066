"""What leaves the program about an alert: as little as somebody needs to act on."""

import re
from dataclasses import dataclass

from pydantic import TypeAdapter

from assistant.types import Level, Polarity, TurnRecord


@dataclass(frozen=True, slots=True)
class AlertMessage:
    """One alert for people outside. Never sound; scores only as the facts that the policy looked at.

    id: the same at every attempt, so that a receiver can drop what it has. time: ISO 8601 in UTC, stamped by the
    outbox. evidence: short facts, none of which quotes the speaker unless `text`, the words that were said, is there
    too.
    """

    id: str
    level: Level
    rule: str
    session: str
    message: str
    evidence: tuple[str, ...]
    time: str | None = None
    text: str | None = None
    version: int = 1


_MESSAGE = TypeAdapter(AlertMessage)


def message_of(record: TurnRecord, *, include_text: bool) -> AlertMessage | None:
    """Return the message about a turn, None where it raised no alert; without `include_text` nothing that was said."""
    alert = record.decision.alert
    if alert is None:
        return None
    return AlertMessage(
        id=alert.id,
        level=alert.level,
        rule=alert.rule,
        session=record.session,
        message=alert.message,
        evidence=tuple(fact for fact in alert.evidence if include_text or not quotes(fact)),
        text=record.observation.text if include_text else None,
    )


def quotes(fact: str) -> bool:
    """Tell whether a fact of the policy repeats words of the speaker.

    The fact of the condition `says` names the phrase that was found. All others are written in English by the program;
    the names of the four polarities aside, one with letters of another script can only have them from the speaker.
    """
    rest = _POLARITIES.sub("", fact)
    return fact.startswith("says ") or any(letter.isalpha() and not letter.isascii() for letter in rest)


_POLARITIES = re.compile("|".join(Polarity))


def encode(message: AlertMessage) -> str:
    """Return a message as one line of JSON, without what it doesn't have."""
    return _MESSAGE.dump_json(message, exclude_none=True).decode("utf-8")


def decode(line: str) -> AlertMessage:
    """Return the message of a JSON line. Raises ValidationError."""
    return _MESSAGE.validate_json(line, strict=True)
