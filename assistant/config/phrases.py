"""How phrases that a file lists are found in a text: both brought to one form, Latin letters as whole words only."""

import re
import unicodedata
from collections.abc import Iterable
from functools import lru_cache


@lru_cache(maxsize=4096)
def plain(text: str) -> str:
    """Return text as it is compared: full width made half width, lower case, single spaces."""
    return " ".join(unicodedata.normalize("NFKC", text).lower().replace("’", "'").split())


def contains(text: str, phrase: str) -> bool:
    """Tell whether text holds the phrase, both plain; Chinese has no gaps between its words to look at."""
    return re.search(pattern(phrase), text) is not None


def pattern(phrase: str) -> str:
    """Return a regular expression for a plain phrase."""
    return f"{_no_letter(phrase[0], '<!')}{re.escape(phrase)}{_no_letter(phrase[-1], '!')}"


def any_of(phrases: Iterable[str]) -> str:
    """Return a regular expression for the longest of the phrases that fits."""
    return "|".join(pattern(plain(phrase)) for phrase in sorted(phrases, key=len, reverse=True))


def _no_letter(character: str, look: str) -> str:
    """Return what keeps a word from beginning or ending inside another one."""
    return f"(?{look}[a-z0-9])" if character.isascii() and character.isalnum() else ""
