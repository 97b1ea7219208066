"""How a long task tells how far it is."""

from typing import Protocol


class Progress(Protocol):
    """Follows a task that goes through many bytes."""

    def start(self, task: str, total: int, done: int = 0) -> None:
        """Begin `task`, of `total` bytes, of which `done` need no work."""

    def advance(self, count: int) -> None:
        """Count bytes that were gone through; below zero where they must be gone through again."""


class Silent:
    """Follows nothing."""

    def start(self, task: str, total: int, done: int = 0) -> None:
        """Take no notice."""

    def advance(self, count: int) -> None:
        """Take no notice."""
