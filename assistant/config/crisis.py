"""The crisis lexicon and its small grammar. configs/crisis.yaml explains each list by example."""

from enum import StrEnum
from typing import Annotated

from pydantic import Field

from assistant.config.base import Lexicon, Section

Word = Annotated[str, Field(min_length=1)]
Letter = Annotated[str, Field(min_length=1, max_length=1)]
Words = tuple[Word, ...]


class Subject(StrEnum):
    """Whom a worrying sentence is about: the speaker, somebody else, or nobody real (news, films, lyrics)."""

    SELF = "self"
    OTHER = "other"
    QUOTED = "quoted"


class Phrase(Section):
    """Parts that follow each other, each one of its alternatives; in between fillers and up to `gap` other characters.

    level: of a sign, what it means (1 strained, 2 passive, 3 explicit); of a guard, what a sign it overlaps is worth.
    bare: a sign that is taken back by another person or a topic anywhere in its sentence, not only right before it.
    """

    level: Annotated[int, Field(ge=0, le=3)]
    parts: Annotated[tuple[Annotated[Words, Field(min_length=1)], ...], Field(min_length=1)]
    gap: Annotated[int, Field(ge=0, le=12)] = 0
    bare: bool = False


class Misheard(Lexicon):
    """Words that recognisers mishear by one character each: which characters they hear instead of which.

    closers: what may follow a sign that ends in such a word, besides the end of its clause.
    """

    words: Words
    characters: tuple[tuple[Letter, Word], ...]
    closers: Words


class Crisis(Lexicon):
    """What to listen for, and what only sounds like it."""

    variants: tuple[tuple[Word, str], ...]
    fillers: Words
    signs: tuple[Phrase, ...]
    guards: tuple[Phrase, ...]
    misheard: Misheard
    negations: Words
    rhetorical: Words
    past: Words
    others: Words
    reports: Words
    addressed: Words
    quoted: Words
    mentioned: Words
    topics: Words
    bridges: Words
