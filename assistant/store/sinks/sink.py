"""What every sink does, and how one is taken into service."""

from dataclasses import dataclass
from typing import Protocol

from assistant.store.message import AlertMessage
from assistant.store.outbox import URGENCY
from assistant.types import Level


class Sink(Protocol):
    """Somewhere that alerts are brought to, from one thread at a time."""

    def deliver(self, message: AlertMessage) -> None:
        """Bring an alert; only return once it has arrived. Raises DeliveryError.

        May be asked for the same alert again: whoever receives it knows it by its id.
        """
        ...


@dataclass(frozen=True, slots=True)
class Route:
    """A sink, the least level that it is meant for, and the longest that one delivery takes, in seconds.

    rules: whose alerts it is meant for, None for all.
    """

    sink: Sink
    from_level: Level
    takes_s: float
    rules: tuple[str, ...] | None = None

    def wants(self, message: AlertMessage) -> bool:
        """Tell whether an alert is meant for it."""
        mine = self.rules is None or message.rule in self.rules
        return mine and URGENCY[message.level] >= URGENCY[self.from_level]
