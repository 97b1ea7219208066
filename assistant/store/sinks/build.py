"""From the configuration to sinks that can be delivered to: the one place that names their classes."""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import assert_never

from assistant.config.alerts import (
    CONTACT,
    CommandSink,
    Contact,
    JsonlSink,
    SinkChoice,
    TerminalSink,
    WebhookSink,
    resolved,
)
from assistant.store.sinks.contact import Contact as ContactSink
from assistant.store.sinks.sink import Route, Sink
from assistant.types import Level

AT_ONCE_S = 10.0
"""The longest that printing and appending take."""


def build_route(name: str, choice: SinkChoice, levels: Mapping[Level, str]) -> Route:
    """Return one sink, ready; `levels` names them in the reader's language. Raises ConfigError."""
    takes_s = choice.timeout_s if isinstance(choice, WebhookSink | CommandSink) else AT_ONCE_S
    return Route(_sink(f"alerts.sinks.{name}", choice, levels), choice.from_level, takes_s)


def build_contact(settings: Contact, levels: Mapping[Level, str]) -> Route | None:
    """Return the way to the speaker's contact, None without consent. Raises ConfigError."""
    if not settings.consented or settings.sink is None:
        return None
    route = build_route(CONTACT, settings.sink, levels)
    return replace(route, sink=ContactSink(route.sink), rules=settings.rules)


def _sink(key: str, choice: SinkChoice, levels: Mapping[Level, str]) -> Sink:
    match choice:
        case TerminalSink():
            from assistant.store.sinks.terminal import Terminal

            return Terminal(levels)
        case JsonlSink():
            from assistant.store.sinks.jsonl import Jsonl

            return Jsonl(Path(choice.path).expanduser())
        case WebhookSink():
            from assistant.store.sinks.webhook import Webhook

            secret = None if choice.secret is None else resolved(choice.secret, f"{key}.secret")
            return Webhook(resolved(choice.url, f"{key}.url"), secret, choice.timeout_s)
        case CommandSink():
            from assistant.store.sinks.command import Command

            return Command(choice.argv, choice.timeout_s)
    assert_never(choice)
