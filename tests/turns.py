"""Completed turns that raise alerts, made by a real session from typed words."""

from dataclasses import replace

from assistant.config.tuning import Tuning
from assistant.engine import Engine
from assistant.events import TurnCompleted, TypedText
from assistant.types import TurnRecord
from tests.stubs import TUNING, session

GRIM = "我不想活了"
"""Raises an urgent alert by itself."""


def turns(*said: str | tuple[float, str], tuning: Tuning = TUNING) -> list[TurnRecord]:
    """Return the turns of one conversation: texts, or pairs of a time and a text."""
    inputs = [TypedText(text, at) for at, text in ((0.0, one) if isinstance(one, str) else one for one in said)]
    with Engine(None, None, None) as engine:
        talk = session(engine)
        talk.retune(tuning)
        return [event.record for event in talk.run(inputs, patient=True) if isinstance(event, TurnCompleted)]


def alarming(name: str, number: int = 1) -> TurnCompleted:
    """Return the event of a turn with an urgent alert: NUMBER of a conversation called NAME."""
    record = _GRIM_TURN
    alert = record.decision.alert
    assert alert is not None
    other = replace(alert, id=f"{name}-{number}-{alert.rule}")
    return TurnCompleted(replace(record, session=name, decision=replace(record.decision, alert=other)))


(_GRIM_TURN,) = turns(GRIM)
