"""What stands in the outbox: an alert, how far each of its deliveries is, and who has answered."""

from dataclasses import dataclass
from enum import StrEnum

from assistant.store.message import AlertMessage


class State(StrEnum):
    """How far one delivery is.

    pending: waits for its first or its next attempt. sending: somebody is at it, or was killed at it. given_up: failed
    for longer than is tried.
    """

    PENDING = "pending"
    SENDING = "sending"
    DELIVERED = "delivered"
    GIVEN_UP = "given_up"


@dataclass(frozen=True, slots=True)
class Claim:
    """One attempt to deliver an alert to a sink, counted from 1; `number` is the alert's place in the outbox."""

    number: int
    sink: str
    attempt: int
    message: AlertMessage


@dataclass(frozen=True, slots=True)
class Delivery:
    """One sink's part. Times in seconds since 1970.

    attempts: begun in all. failures: in a row. due: of the next attempt, or until when the present one may take.
    error: of the last failure.
    """

    sink: str
    state: State
    attempts: int
    failures: int
    due: float
    delivered: float | None
    error: str | None


@dataclass(frozen=True, slots=True)
class Acknowledged:
    """Who has seen to an alert, when (seconds since 1970), and what they noted."""

    by: str
    at: float
    note: str | None


@dataclass(frozen=True, slots=True)
class Entry:
    """One alert of the outbox; `stored` in seconds since 1970."""

    message: AlertMessage
    stored: float
    acknowledged: Acknowledged | None
    deliveries: tuple[Delivery, ...]
