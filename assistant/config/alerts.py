"""Settings of alerts: where they are kept, who is told, how often it is tried. Comments: configs/default.yaml."""

import os
import re
from collections.abc import Mapping
from typing import Annotated, Literal

from pydantic import AfterValidator, Field, model_validator

from assistant.config.base import Seconds, Section
from assistant.errors import ConfigError
from assistant.types import Level

FROM_ENVIRONMENT = "env:"

CONTACT = "contact"
"""How the outbox names the speaker's contact among those who are told."""


def _address(value: str) -> str:
    """Refuse what can't be an address, without quoting it: it may hold a token."""
    if not re.fullmatch(r"env:\w+|https?://[^/\s]+(/\S*)?", value):
        raise ValueError("must be an http:// or https:// address, or env:NAME for one kept in the environment")
    return value


Address = Annotated[str, AfterValidator(_address)]
Word = Annotated[str, Field(min_length=1)]
Timeout = Annotated[float, Field(gt=0, le=60)]
SinkName = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_-]{0,31}$")]


class TerminalSink(Section):
    """A line on the error stream of the program that runs."""

    kind: Literal["terminal"]
    from_level: Level = Level.INFO


class JsonlSink(Section):
    """A line of JSON at the end of a file."""

    kind: Literal["jsonl"]
    path: Word
    from_level: Level = Level.INFO


class WebhookSink(Section):
    """An HTTP POST, signed where there is a secret; address and secret may stand in the environment."""

    kind: Literal["webhook"]
    url: Address
    secret: Word | None = None
    timeout_s: Timeout = 5.0
    from_level: Level = Level.INFO


class CommandSink(Section):
    """A program, run without a shell, with the alert as JSON on its input; exit code 0 is success."""

    kind: Literal["command"]
    argv: Annotated[tuple[Word, ...], Field(min_length=1)]
    timeout_s: Timeout = 10.0
    from_level: Level = Level.INFO


SinkChoice = Annotated[TerminalSink | JsonlSink | WebhookSink | CommandSink, Field(discriminator="kind")]


class Contact(Section):
    """Somebody whom the speaker has named, to be told of the alerts of these rules; without consent nobody is."""

    consented: bool
    sink: SinkChoice | None
    rules: Annotated[tuple[Word, ...], Field(min_length=1)]

    @model_validator(mode="after")
    def _reachable(self) -> "Contact":
        if self.consented and self.sink is None:
            raise ValueError("consented, but there is no sink to tell the contact through; set sink")
        return self


class Retry(Section):
    """The wait after a failed delivery doubles from `first_s` to `cap_s`; one that fails at that age is given up."""

    first_s: Annotated[float, Field(gt=0)]
    cap_s: Annotated[float, Field(gt=0, le=86_400)]
    give_up_after_s: Seconds

    @model_validator(mode="after")
    def _in_order(self) -> "Retry":
        if self.first_s > self.cap_s:
            raise ValueError("first_s <= cap_s must hold")
        return self

    def wait_s(self, failures: int) -> float:
        """Return the wait after so many failures in a row, in seconds."""
        return min(self.cap_s, self.first_s * 2.0 ** min(failures - 1, 64))


class Alerts(Section):
    """How alerts are kept and delivered; without an outbox there are neither."""

    outbox: str | None
    sinks: dict[SinkName, SinkChoice]
    contact: Contact
    include_text: bool
    retry: Retry
    grace_s: Seconds
    keep_days: Annotated[float, Field(gt=0)] | None

    @model_validator(mode="after")
    def _kept_first(self) -> "Alerts":
        if CONTACT in self.sinks:
            raise ValueError(f"no sink may be named '{CONTACT}': that is the person of alerts.contact")
        if (self.sinks or self.contact.consented) and self.outbox is None:
            raise ValueError("sinks need an outbox: nothing is delivered that isn't kept first; set outbox to a file")
        return self


def resolved(value: str, key: str, env: Mapping[str, str] = os.environ) -> str:
    """Return a value, or what the environment variable that it names holds. Raises ConfigError naming `key`."""
    if not value.startswith(FROM_ENVIRONMENT):
        return value
    name = value.removeprefix(FROM_ENVIRONMENT)
    if not env.get(name):
        raise ConfigError(f"{key}: the environment variable {name} is not set; set it, or another value here")
    return env[name]
