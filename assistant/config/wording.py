"""What no text may say, and what a remark on a feeling must say: configs/wording.yaml."""

import re
from functools import lru_cache
from typing import Annotated

from pydantic import Field

from assistant.config.base import Section
from assistant.config.phrases import any_of, plain
from assistant.types import Language

Word = Annotated[str, Field(min_length=1)]
Words = Annotated[tuple[Word, ...], Field(min_length=1)]


class Ban(Section):
    """Parts that may not follow each other, each one of its alternatives; `why` is told to whoever wrote them.

    but_not: phrases that are cut out of the text before it is looked through.
    """

    why: Word
    parts: Annotated[tuple[Words, ...], Field(min_length=1)]
    but_not: tuple[Word, ...] = ()


class Manners(Section):
    """The rules of one language; `hedges`: one of these must stand in every remark on a feeling."""

    banned: tuple[Ban, ...]
    hedges: Words


class Objection(Section):
    """What is wrong with a text: the phrase as it stands there, and why it may not."""

    phrase: str
    why: str


class Wording(Section):
    """The rules of every language."""

    zh: Manners
    en: Manners

    def of(self, language: Language) -> Manners:
        """Return the rules of a language."""
        return self.zh if language is Language.ZH else self.en

    def objection(self, text: str, language: Language) -> Objection | None:
        """Return the first banned phrase of a text, None if it may be said."""
        for ban in self.of(language).banned:
            words = plain(text)
            for phrase in ban.but_not:
                words = words.replace(plain(phrase), "\n")
            if found := _compiled(ban.parts).search(words):
                return Objection(phrase=found[0], why=ban.why)
        return None

    def hedged(self, text: str, language: Language) -> bool:
        """Tell whether a text says that it may be wrong: it sounds, it seems."""
        return _compiled((self.of(language).hedges,)).search(plain(text)) is not None


@lru_cache(maxsize=256)
def _compiled(parts: tuple[tuple[str, ...], ...]) -> re.Pattern[str]:
    return re.compile(" ?".join(f"(?:{any_of(part)})" for part in parts))
