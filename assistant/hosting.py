"""What a conversation tells a person besides its turns: that this is a machine, how long it has gone on, what helps."""

from collections.abc import Iterator
from dataclasses import dataclass

from assistant.config.deployment import Consent
from assistant.config.tuning import Tuning
from assistant.core.judge import answer_language
from assistant.core.manners import Use, spend
from assistant.core.stranger import Stranger
from assistant.events import Notice
from assistant.types import Language, Observation


@dataclass(frozen=True, slots=True)
class Hint:
    """What to tell someone whose voice the recogniser does not know; from which confidence on it does."""

    familiar_from: float
    text: str


class Hosting:
    """The notices of one conversation; belongs to its session.

    With `converses` a person is told that this is a machine, at the start and again after long use; for files and tests
    there is nobody to tell. `hint` is for whose voice turns out to be foreign to the recogniser.
    """

    def __init__(self, *, converses: bool, hint: Hint | None) -> None:
        self._converses = converses
        self._hint = hint
        self._stranger = Stranger(hint.familiar_from) if hint else None
        self._use: Use | None = None

    def begin(self, tuning: Tuning) -> Iterator[Notice]:
        """Say what this is, and that feelings are read where they are."""
        if not self._converses:
            return
        language = Language.ZH if tuning.language == "auto" else Language(tuning.language)
        reads = tuning.emotion_consent is Consent.GRANTED
        for key in ("manners.disclosure", "manners.reads_feelings") if reads else ("manners.disclosure",):
            yield Notice("info", tuning.texts[language].say(key))

    def after(self, seen: Observation, tuning: Tuning, *, last: bool) -> Iterator[Notice]:
        """Say what is to be said after a turn: where help is, and, unless it was the last, what this is once more."""
        if self._hint and self._stranger and self._stranger.hear(seen):
            yield Notice("info", self._hint.text)
        if self._converses and not last:
            yield from self._remind(seen, tuning)

    def end(self) -> Iterator[Notice]:
        """Say what is still to be said at the end."""
        if self._hint and self._stranger and self._stranger.end():
            yield Notice("info", self._hint.text)

    def _remind(self, seen: Observation, tuning: Tuning) -> Iterator[Notice]:
        """Remind of what this is, once with the turn that fills another stretch of use."""
        manners = tuning.manners
        every_s = manners.remind.minors_s if tuning.minor_mode else manners.remind.adults_s
        spent = spend(self._use, seen.start, seen.end, every_s, manners.break_s)
        self._use = spent.use
        if spent.remind:
            yield Notice("info", tuning.texts[answer_language(seen, tuning)].say("manners.reminder"))
