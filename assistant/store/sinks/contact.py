"""Tells the person whom the speaker has named for an emergency: that somebody should look after them, nothing more."""

from dataclasses import dataclass, replace

from assistant.store.message import AlertMessage
from assistant.store.sinks.sink import Sink


@dataclass(frozen=True, slots=True)
class Contact:
    """Brings the bare alert to another sink: neither words nor what was read of the speaker's feelings go along."""

    sink: Sink

    def deliver(self, message: AlertMessage) -> None:
        """Bring an alert. Raises DeliveryError."""
        self.sink.deliver(replace(message, evidence=(), text=None))
