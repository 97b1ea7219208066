"""Perceives one utterance: words and voice side by side, then what the words convey and their punctuation.

No stage fells another.
"""

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from queue import SimpleQueue
from types import TracebackType
from typing import Generic, Self, TypeVar

from assistant.config.perception import Deadlines
from assistant.errors import ModelError
from assistant.language import language_of
from assistant.ports import Asr, EmotionModel, Punctuator, SentimentModel
from assistant.types import Observation, Sentiment, Stage, StageError, Transcript, Utterance, VoiceEmotion

_T = TypeVar("_T")

PATIENT = Deadlines(asr=None, emotion=None, sentiment=None, punctuation=None)
"""Every stage may take as long as it likes: for files and replay."""


@dataclass(frozen=True, slots=True)
class Perception:
    """What was perceived, the voice's embedding included, and how long it took.

    timings_ms: milliseconds of each stage that answered; `wait`, from the endpoint to this result.
    """

    observation: Observation
    timings_ms: dict[str, float]


class Engine:
    """Runs the models, each on one thread of its own, for any number of sessions; keeps nothing between utterances.

    A slot may be empty: its part of the observation is then None, without an error. `deadlines` are seconds after the
    endpoint, None waits. A model that hangs makes the turns after it late as well, each with a StageError, until it
    returns; the other models go on, and what was queued for turns that are over by then is skipped. Without a deadline
    a hung model is waited for.
    """

    def __init__(
        self,
        asr: Asr | None,
        emotion: EmotionModel | None,
        sentiment: SentimentModel | None,
        deadlines: Deadlines = PATIENT,
        *,
        punctuator: Punctuator | None = None,
    ) -> None:
        self._asr, self._emotion, self._sentiment, self._punctuator = asr, emotion, sentiment, punctuator
        self._deadlines = deadlines
        models = {
            Stage.ASR: asr,
            Stage.EMOTION: emotion,
            Stage.SENTIMENT: sentiment,
            Stage.PUNCTUATION: punctuator,
        }
        self._workers = {stage: _Worker(stage) for stage, model in models.items() if model is not None}

    def submit(self, utterance: Utterance) -> "Pending":
        """Start on an utterance, tentative or final, and return at once."""
        pending = Pending(Observation(utterance.id, utterance.start, utterance.end, utterance.quality), self._deadlines)
        asr, emotion = self._asr, self._emotion
        transcribe = partial(asr.transcribe, utterance.samples) if asr is not None else None
        listen = partial(emotion.listen, utterance.samples) if emotion is not None else None
        self._put(pending, pending.words, transcribe, then=self._follow_words)
        self._put(pending, pending.voice, listen)
        return pending

    def observe(self, utterance: Utterance) -> Perception:
        """Return what is perceived of a final utterance; blocks until every stage is there, has failed or is late."""
        pending = self.submit(utterance)
        pending.commit()
        return pending.result()

    def read(self, text: str, utterance_id: str, at: float) -> "Pending":
        """Start on typed words, entered `at` seconds into the session, and return at once; committed already."""
        pending = Pending(Observation(utterance_id, at, at), self._deadlines)
        pending.commit()
        pending.words.settle(Transcript(text, text, language_of(text), 1.0))
        pending.voice.settle(None)
        pending.punctuation.settle(None)
        self._read_words(pending)
        return pending

    def close(self, grace_s: float = 5.0) -> None:
        """End the workers once their queues are empty.

        One whose model hangs for longer than `grace_s` is left behind, to end with the process.
        """
        for worker in self._workers.values():
            worker.stop()
        for worker in self._workers.values():
            worker.join(grace_s)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _follow_words(self, pending: "Pending") -> None:
        """Let sentiment and punctuation follow, side by side, once the words are known."""
        self._read_words(pending)
        punctuator, words = self._punctuator, pending.words.value
        if punctuator is None or words is None or not words.text.strip():
            pending.punctuation.settle(None)
        else:
            self._put(pending, pending.punctuation, partial(punctuator.punctuate, words.text))

    def _read_words(self, pending: "Pending") -> None:
        """Let the sentiment of the words follow; where there are none, there is nothing to read."""
        sentiment, words = self._sentiment, pending.words.value
        if sentiment is None or words is None or not words.text.strip():
            pending.sentiment.settle(None)
        else:
            self._put(pending, pending.sentiment, partial(sentiment.read, words.text))

    def _put(
        self,
        pending: "Pending",
        step: "_Step[_T]",
        call: Callable[[], _T] | None,
        then: Callable[["Pending"], None] | None = None,
    ) -> None:
        """Queue one stage of an utterance and what follows it; a stage without a call is over at once."""

        def job() -> None:
            if call is None or pending.over:
                step.settle(None)
            else:
                step.run(call)
            if then is not None:
                then(pending)

        if call is None:
            job()
        else:
            self._workers[step.stage].put(job)


class Pending:
    """The perception of one utterance while it is being made. Belongs to one conversation: use it from one thread."""

    def __init__(self, frame: Observation, deadlines: Deadlines) -> None:
        self.words: _Step[Transcript] = _Step(Stage.ASR, deadlines.asr)
        self.voice: _Step[VoiceEmotion] = _Step(Stage.EMOTION, deadlines.emotion)
        self.sentiment: _Step[Sentiment] = _Step(Stage.SENTIMENT, deadlines.sentiment)
        self.punctuation: _Step[str] = _Step(Stage.PUNCTUATION, deadlines.punctuation)
        self.over = False
        self._frame = frame
        self._endpoint: float | None = None
        self._perception: Perception | None = None

    def commit(self, at: float | None = None) -> None:
        """Declare the utterance final, `at` on the clock of `time.monotonic`, by default now.

        Deadlines count from here; only the first call does anything.
        """
        if self._endpoint is None:
            self._endpoint = time.monotonic() if at is None else at

    def cancel(self) -> None:
        """Revoke the utterance: what hasn't begun never will, what has is thrown away, and there is no result."""
        self.over = True

    def done(self) -> bool:
        """Say, without waiting, whether `result` would return at once; before the commit nothing is late."""
        late = self.words.late(self._endpoint)
        steps = (self.words, self.voice) if late else (self.words, self.voice, self.sentiment, self.punctuation)
        return all(step.settled or step.late(self._endpoint) for step in steps)

    def result(self) -> Perception:
        """Wait until every stage is there, has failed or is late, and return what was perceived; commits if nobody has.

        What follows late words is left out without an error of its own. Nothing more of the utterance begins. Raises
        RuntimeError if it was cancelled.
        """
        if self._perception is None:
            if self.over:
                raise RuntimeError("a cancelled utterance has no result")
            self._endpoint = time.monotonic() if self._endpoint is None else self._endpoint
            self._perception = self._gather(self._endpoint)
            self.over = True
        return self._perception

    def _gather(self, endpoint: float) -> Perception:
        words, words_error = self.words.take(endpoint)
        voice, voice_error = self.voice.take(endpoint)
        late = words_error is not None and self.words.late(endpoint)
        sentiment, sentiment_error = (None, None) if late else self.sentiment.take(endpoint)
        punctuated, punctuation_error = (None, None) if late else self.punctuation.take(endpoint)
        if words is not None and punctuated is not None:
            words = replace(words, punctuated=punctuated)
        found = (words_error, voice_error, sentiment_error, punctuation_error)
        errors = tuple(error for error in found if error is not None)
        steps = (self.words, self.voice, self.sentiment, self.punctuation)
        took = {step.stage.value: step.ms for step in steps if step.ms is not None}
        return Perception(
            replace(self._frame, transcript=words, voice=voice, sentiment=sentiment, errors=errors),
            {**took, "wait": 1000 * max(0.0, time.monotonic() - endpoint)},
        )


class _Step(Generic[_T]):
    """One stage of one utterance: settled once, by one thread, with a value, with nothing or with an error."""

    def __init__(self, stage: Stage, deadline_s: float | None) -> None:
        self.stage = stage
        self.value: _T | None = None
        self.ms: float | None = None
        self._deadline_s = deadline_s
        self._error: str | None = None
        self._ended = 0.0
        self._event = threading.Event()

    @property
    def settled(self) -> bool:
        """Say whether it is over."""
        return self._event.is_set()

    def settle(self, value: _T | None) -> None:
        """End it with a value, or with nothing."""
        self.value = value
        self._end()

    def run(self, call: Callable[[], _T]) -> None:
        """End it with what `call` returns or raises."""
        began = time.monotonic()
        try:
            self.value = call()
        except ModelError as error:
            self._error = error.message
        except Exception as error:  # what no adapter foresaw, out of memory too, costs the stage, not the conversation
            self._error = f"{type(error).__name__}: {error}"
        self.ms = 1000 * (time.monotonic() - began)
        self._end()

    def late(self, endpoint: float | None) -> bool:
        """Say whether it missed its deadline, or has by now."""
        if endpoint is None or self._deadline_s is None:
            return False
        return (self._ended if self.settled else time.monotonic()) > endpoint + self._deadline_s

    def take(self, endpoint: float) -> tuple[_T | None, StageError | None]:
        """Wait until it is settled or late; return its value, or what went wrong."""
        timeout = None if self._deadline_s is None else max(0.0, endpoint + self._deadline_s - time.monotonic())
        if not self._event.wait(timeout) or self.late(endpoint):
            return None, StageError(self.stage, f"no answer within {self._deadline_s:g} s of the endpoint")
        return self.value, StageError(self.stage, self._error) if self._error is not None else None

    def _end(self) -> None:
        self._ended = time.monotonic()
        self._event.set()


class _Worker:
    """One thread that runs jobs in order; a daemon, so that a model that hangs can't keep the process alive."""

    def __init__(self, name: str) -> None:
        self._jobs: SimpleQueue[Callable[[], None] | None] = SimpleQueue()
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)
        self._thread.start()

    def put(self, job: Callable[[], None]) -> None:
        """Queue a job, which must not raise."""
        self._jobs.put(job)

    def stop(self) -> None:
        """Take no more than what is queued."""
        self._jobs.put(None)

    def join(self, timeout_s: float) -> None:
        """Wait for the thread to end."""
        self._thread.join(timeout_s)

    def _run(self) -> None:
        while (job := self._jobs.get()) is not None:
            job()
