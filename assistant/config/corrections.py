"""How speakers take a reading of their feelings back. configs/corrections.yaml explains each list by example."""

from typing import Annotated

from pydantic import Field, field_validator

from assistant.config.base import Lexicon, Section
from assistant.types import FELT, Emotion

Word = Annotated[str, Field(min_length=1)]
Words = Annotated[tuple[Word, ...], Field(min_length=1)]


class Named(Section):
    """Words for one emotion; a word may stand for several."""

    emotion: Emotion
    words: Words

    @field_validator("emotion")
    @classmethod
    def _felt(cls, emotion: Emotion) -> Emotion:
        if emotion not in FELT or emotion is Emotion.NEUTRAL:
            raise ValueError(f"must be one of {', '.join(each for each in FELT if each is not Emotion.NEUTRAL)}")
        return emotion


class Corrections(Lexicon):
    """A small grammar of "I'm not angry": subject, adverbs, negation, adverbs, a word for the emotion."""

    emotions: Annotated[tuple[Named, ...], Field(min_length=1)]
    subjects: Words
    negations: Words
    adverbs: Words
    objections: Words
    by_objection_only: tuple[Emotion, ...]
    supposed: Words
    not_meant: Words
    passed: Words
    hands_off: Words
