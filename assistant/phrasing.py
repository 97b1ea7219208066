"""Lets a language model put a decided reply into words, while the template stands ready."""

import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass, replace

from assistant.config.replier import OpenAi
from assistant.core.briefing import sentences
from assistant.errors import ModelError
from assistant.ports import Replier
from assistant.types import Message, Reply, ReplySource

_POLL_S = 0.02


@dataclass(frozen=True, slots=True)
class Phrasing:
    """A language model and how long it may take."""

    replier: Replier
    settings: OpenAi

    def begin(
        self, messages: Sequence[Message], fallback: Reply, objects: Callable[[str], str | None], *, whole: bool
    ) -> "Phrased":
        """Start on a reply and return at once.

        `objects` says what is wrong with a text, None if it may be said. Sentence by sentence what may be said is let
        out; with `whole` nothing is before all of it was looked at.
        """
        return Phrased(self, messages, fallback, objects, whole=whole)


class Phrased:
    """A reply that is being phrased, on a thread of its own. Belongs to one conversation: use it from one thread.

    What was let out stays said. Where nothing was when the model failed, was late or said what it must not, the
    fallback is the reply; where the rest failed, the reply ends with the last good sentence.
    """

    def __init__(
        self,
        phrasing: Phrasing,
        messages: Sequence[Message],
        fallback: Reply,
        objects: Callable[[str], str | None],
        *,
        whole: bool,
    ) -> None:
        self._settings = phrasing.settings
        self._fallback = fallback
        self._objects = objects
        self._whole = whole
        self._began = time.monotonic()
        self._good: list[str] = []
        self._let_out = 0
        self._fault: str | None = None
        self._lock = threading.Lock()
        self._over = threading.Event()
        self._thread = threading.Thread(
            target=self._run, args=(phrasing.replier, tuple(messages)), name="reply", daemon=True
        )
        self._thread.start()

    @property
    def fault(self) -> str | None:
        """Return what went wrong, None if nothing has."""
        return self._fault

    @property
    def ms(self) -> float:
        """Return the milliseconds since it was begun."""
        return 1000 * (time.monotonic() - self._began)

    def pieces(self, *, wait: bool) -> Iterator[str]:
        """Yield what may be said and hasn't been let out; with `wait` until the reply is over, else what is there."""
        while True:
            over = self.done()
            ready = self._good[self._let_out :] if over or not self._whole else []
            self._let_out += len(ready)
            yield from ready
            if over or not wait:
                return
            self._over.wait(_POLL_S)

    def done(self) -> bool:
        """Say, without waiting, whether the reply is over: all of it is there, it failed, or its time is up."""
        if not self._over.is_set() and (late := self._late()):
            self._end(late)
        return self._over.is_set()

    def reply(self) -> Reply:
        """Return what was said; call it once `done`."""
        text = "".join(self._good[: self._let_out]).strip()
        return replace(self._fallback, text=text, source=ReplySource.LLM) if text else self._fallback

    def _late(self) -> str | None:
        passed = time.monotonic() - self._began
        if not self._good and passed > self._settings.first_piece_s:
            return f"no sentence within {self._settings.first_piece_s:g} s"
        return f"not over after {self._settings.whole_s:g} s" if passed > self._settings.whole_s else None

    def _run(self, replier: Replier, messages: tuple[Message, ...]) -> None:
        try:
            with closing(replier.phrase(messages)) as pieces:
                for sentence in sentences(self._wanted(pieces)):
                    if objection := self._objects(sentence):
                        self._end(objection)
                    self._add(sentence)
            wrong = self._objects("".join(self._good)) if self._whole else None
            self._end(wrong if self._good else "an empty answer")
        except ModelError as error:
            self._end(error.message)
        except Exception as error:  # what no adapter foresaw costs the phrasing, not the conversation
            self._end(f"{type(error).__name__}: {error}")

    def _add(self, sentence: str) -> None:
        """Take a sentence that may be said; once the reply is over nothing more is."""
        with self._lock:
            if not self._over.is_set():
                self._good.append(sentence)

    def _wanted(self, pieces: Iterator[str]) -> Iterator[str]:
        """Yield the pieces until the reply is over, whoever ended it."""
        for piece in pieces:
            if self._over.is_set():
                return
            yield piece

    def _end(self, fault: str | None) -> None:
        with self._lock:
            if not self._over.is_set():
                self._fault = fault
                if fault and self._whole:
                    self._good = []
                self._over.set()
