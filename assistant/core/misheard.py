"""Words of danger as a recogniser may have misheard them: one character off, found and put right at their place."""

import re
from dataclasses import dataclass
from functools import lru_cache

from assistant.config.crisis import Misheard


@dataclass(frozen=True, slots=True)
class Righted:
    """A text with misheard words put right, of the same length; `words`: from where to where each of them stands."""

    text: str
    words: tuple[tuple[int, int], ...]


def put_right(text: str, settings: Misheard) -> Righted | None:
    """Return the text as it may have been meant, None where no word of the list is one character off."""
    found = [(*match.span(1), word) for word, pattern in _compiled(settings) for match in pattern.finditer(text)]
    words = tuple((start, end) for start, end, word in found if _off(text[start:end], word) == 1)
    if not words:
        return None
    letters = list(text)
    for start, end, word in found:
        if (start, end) in words:
            letters[start:end] = word
    return Righted("".join(letters), words)


def _off(heard: str, word: str) -> int:
    return sum(one != other for one, other in zip(heard, word, strict=True))


@lru_cache(maxsize=4)
def _compiled(settings: Misheard) -> tuple[tuple[str, re.Pattern[str]], ...]:
    """Return each word with what it may have been heard as."""
    heard = dict(settings.characters)
    return tuple((word, re.compile(f"(?=({''.join(_any(it, heard) for it in word)}))")) for word in settings.words)


def _any(letter: str, heard: dict[str, str]) -> str:
    return f"[{re.escape(letter + heard.get(letter, ''))}]"
