"""What goes to a language model that phrases replies."""

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, slots=True)
class Message:
    """One message of a chat, as every chat model takes it."""

    role: Literal["system", "user", "assistant"]
    text: str


@dataclass(frozen=True, slots=True)
class Exchange:
    """A past turn: what was said by the person, and what was answered."""

    said: str
    answered: str
