"""How a conversation is framed: what ends it, how often it is said that this is a machine. Comments: default.yaml."""

from typing import Annotated

from pydantic import Field

from assistant.config.base import Lexicon, Section

Phrase = Annotated[str, Field(min_length=1)]


class Leaving(Lexicon):
    """What ends the conversation, said as a whole utterance; `around`: what may be said before and after it."""

    words: Annotated[tuple[Phrase, ...], Field(min_length=1)]
    around: tuple[Phrase, ...]


class Remind(Section):
    """After how many seconds of use the speaker is reminded that this is a machine, adults and minors."""

    adults_s: Annotated[float, Field(ge=60)]
    minors_s: Annotated[float, Field(ge=60)]


class Manners(Section):
    """A pause of `break_s` seconds ends a use; the next turn begins another."""

    leaving: Leaving
    remind: Remind
    break_s: Annotated[float, Field(gt=0)]
