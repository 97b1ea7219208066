"""Brings alerts from the outbox to the sinks, beside the conversation, and takes new ones from its events."""

import time
from collections.abc import Mapping
from threading import Event as Flag
from threading import Thread

from assistant.errors import AlertError, DeliveryError
from assistant.events import Event, TurnCompleted
from assistant.store.message import message_of
from assistant.store.outbox import Outbox
from assistant.store.sinks.sink import Route

POLL_S = 2.0
"""How often each sink looks for what another process has stored."""

MARGIN_S = 5.0
"""A claim is held for so much longer than its delivery may take, for noting how it went."""

LAST_WORDS_S = 0.1
"""What an attempt that ends with the grace time gets for noting so."""


class Dispatcher:
    """Delivers, on one thread per sink, whatever the outbox holds for it, what an earlier run left included.

    A slow or broken sink holds up neither the conversation nor the other sinks. `take` writes to the disk, some
    milliseconds, and returns; an alert is safe from then on: see Outbox for what is promised about its delivery. The
    dispatcher owns the outbox and closes it.
    """

    def __init__(
        self, outbox: Outbox, routes: Mapping[str, Route], *, include_text: bool = False, grace_s: float = 5.0
    ) -> None:
        self._outbox = outbox
        self._routes = routes
        self._include_text = include_text
        self._grace_s = grace_s
        self._until: float | None = None
        self._troubles: dict[str, AlertError] = {}
        self._wakes = {name: Flag() for name in routes}
        self._threads = [
            Thread(target=self._carry, args=(name, route), name=f"alerts to {name}", daemon=True)
            for name, route in routes.items()
        ]

    def start(self) -> None:
        """Begin with what is there."""
        for thread in self._threads:
            thread.start()

    def take(self, event: Event) -> None:
        """Keep the alert of a completed turn, if it has one, and see to its delivery; other events pass.

        Raises AlertError when it can't be kept, so that nobody will be told.
        """
        message = (
            message_of(event.record, include_text=self._include_text) if isinstance(event, TurnCompleted) else None
        )
        if message is None:
            return
        meant = [name for name, route in self._routes.items() if route.wants(message)]
        if self._outbox.put(message, meant):
            for name in meant:
                self._wakes[name].set()

    def close(self) -> int:
        """Deliver what can be within the grace time, retries included; return how many deliveries remain for later.

        One that outlasts it is left behind and counts as not done. Raises AlertError where the outbox couldn't be used.
        """
        self._until = time.monotonic() + self._grace_s
        for wake in self._wakes.values():
            wake.set()
        for thread in self._threads:
            thread.join(max(0.0, self._until - time.monotonic()) + LAST_WORDS_S)
        if self._troubles:
            raise next(iter(self._troubles.values()))
        left = sum(self._outbox.waiting(name) for name in self._routes)
        if not any(thread.is_alive() for thread in self._threads):
            self._outbox.close()
        return left

    def _carry(self, name: str, route: Route) -> None:
        wake = self._wakes[name]
        while True:
            wake.clear()
            wait_s = self._step(name, route)
            if self._until is not None and (wait_s is None or wait_s > self._until - time.monotonic()):
                return
            wake.wait(POLL_S if wait_s is None else min(wait_s, POLL_S))

    def _step(self, name: str, route: Route) -> float | None:
        """Make one attempt, if any is due; return the seconds until there may be more to do, None for nothing."""
        try:
            wait_s = 0.0 if deliver_next(self._outbox, name, route) else self._outbox.wait_s(name)
        except AlertError as error:  # a full disk, say: what was claimed comes back when its lease is over
            self._troubles[name] = error
            return POLL_S
        self._troubles.pop(name, None)
        return wait_s


def deliver_next(outbox: Outbox, name: str, route: Route) -> bool:
    """Make one attempt to deliver what is due at a sink, and note how it went; tell whether anything was due."""
    claim = outbox.claim(name, route.takes_s + MARGIN_S)
    if claim is None:
        return False
    try:
        route.sink.deliver(claim.message)
    except DeliveryError as error:
        outbox.failed(claim, _line(str(error)))
    except Exception as error:  # what no sink foresaw costs this attempt, not the thread
        outbox.failed(claim, _line(f"{type(error).__name__}: {error}"))
    else:
        outbox.delivered(claim)
    return True


def _line(text: str) -> str:
    """Return what a sink said as one short line that can be shown: who answers is not to be trusted."""
    return " ".join("".join(letter if letter.isprintable() else " " for letter in text).split())[:300]
