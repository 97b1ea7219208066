"""The frame of a conversation: the word that ends it, the time after which one is reminded that this is a machine."""

import re
from dataclasses import dataclass
from functools import lru_cache

from assistant.config.manners import Leaving
from assistant.config.phrases import any_of, plain


@dataclass(frozen=True, slots=True)
class Use:
    """Time spent in conversation, in seconds of the session: since when without a break, last heard at, reminders."""

    since: float
    last: float
    reminders: int = 0


@dataclass(frozen=True, slots=True)
class Spent:
    """The use after a turn, and whether a reminder is due with it."""

    use: Use
    remind: bool


def leaves(text: str, leaving: Leaving) -> bool:
    """Tell whether a whole utterance is a wish to end: 停 and 好了停吧 are, 停车 and 别停 are not."""
    return _compiled(leaving).fullmatch(plain(text)) is not None


def spend(before: Use | None, start: float, end: float, every_s: float, break_s: float) -> Spent:
    """Return the use after a turn from `start` to `end`; `break_s` of silence before it begin a new one.

    A reminder is due with the first turn that ends after each `every_s` of use; one that was long overdue comes once.
    """
    if before is None or start - before.last >= break_s:
        before = Use(start, start)
    due = int((end - before.since) / every_s)
    return Spent(Use(before.since, max(before.last, end), max(due, before.reminders)), due > before.reminders)


@lru_cache(maxsize=4)
def _compiled(leaving: Leaving) -> re.Pattern[str]:
    around = any_of(leaving.around) if leaving.around else "(?!)"
    words, between = f"(?:{any_of(leaving.words)})", rf"(?:{around}|[^\w])*"
    return re.compile(f"{between}{words}(?:{between}{words})*{between}")
