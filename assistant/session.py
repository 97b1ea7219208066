"""One conversation: sound and text go in, turns come out. Live talk, replay and files all run through here."""

import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace

from assistant.config.perception import Quality as QualitySettings
from assistant.config.perception import Segmenter as SegmenterSettings
from assistant.config.tuning import Tuning
from assistant.core.judge import judge
from assistant.core.memory import Vector, embedding_step
from assistant.core.reblock import Reblocker, pad
from assistant.core.segmenter import Dropped, Final, Resumed, Segmenter, SegmentEvent, Started, Tentative
from assistant.engine import Engine, Pending, Perception
from assistant.events import (
    Command,
    Control,
    Decided,
    Event,
    Input,
    Perceived,
    Recorded,
    SpeechDropped,
    SpeechStarted,
    TurnCompleted,
    TurnRevoked,
    TypedText,
    UtteranceCut,
)
from assistant.hosting import Hint, Hosting
from assistant.phrasing import Phrasing
from assistant.ports import Vad
from assistant.replying import Replying, as_recorded
from assistant.types import (
    RECORD_VERSION,
    Action,
    AudioChunk,
    Mood,
    Observation,
    Reply,
    Samples,
    TurnRecord,
)


@dataclass(frozen=True, slots=True)
class _Turn:
    """A turn being perceived, or perceived; and the reply it had, where it is played again."""

    work: Pending | Perception
    reply: Reply | None = None


class Session:
    """The state of one conversation: the sound under way, the turns being perceived, the mood so far.

    Belongs to one thread. The engine may be shared between sessions; the VAD is its own. With `speculate` the models
    start at the first short silence; what they find is committed at the endpoint or revoked when speech goes on:
    this changes when an answer is ready, never what it is. `heard` is handed each observation whole, with the voice's
    embeddings, which no event carries: for the analysis of recordings. With `phrasing` a language model puts decided
    replies into words: off the path of what is decided, within its time, or the template is the reply. `hint` and
    `converses` are as in Hosting.

    A turn whose decision is to END is the last: whatever else was said or is being said is dropped.
    """

    def __init__(
        self,
        id: str,  # noqa: A002 - the field's name in every record
        engine: Engine,
        vad: Vad,
        segmenter: SegmenterSettings,
        quality: QualitySettings,
        tuning: Tuning,
        *,
        speculate: bool = True,
        heard: Callable[[Observation], None] | None = None,
        hint: Hint | None = None,
        phrasing: Phrasing | None = None,
        converses: bool = False,
    ) -> None:
        self.id = id
        self.mood = Mood()
        self.retune(tuning)
        self._engine = engine
        self._vad = vad
        self._frames = Reblocker(vad.frame_samples)
        self._segmenter = Segmenter(segmenter, quality)
        self._speculate = speculate
        self._heard = heard
        self._tentative: Pending | None = None
        self._replying = Replying(phrasing) if phrasing else None
        self._turns: deque[_Turn] = deque()
        self._typed = 0
        self._vector: Vector | None = None
        self._hosting = Hosting(converses=converses, hint=hint)
        self._over = False

    @property
    def tuning(self) -> Tuning:
        """Return what the next turn will be decided with."""
        return self._tuning

    def retune(self, tuning: Tuning) -> None:
        """Use another policy, other texts and thresholds from the next decision on."""
        self._tuning, self._tuning_hash = tuning, tuning.hash()

    def run(self, inputs: Iterable[Input], *, patient: bool = False) -> Iterator[Event]:
        """Yield what happens while `inputs` come in, and at their end what is still open.

        While sound flows nothing blocks: turns are folded in, in order, when their models have answered. `patient`
        waits for each turn before the next input is taken, which is what files and replay want.
        """
        yield from self._hosting.begin(self._tuning)
        for item in inputs:
            yield from self._take(item)
            yield from self._fold(wait=patient)
            if self._over:
                return
            if isinstance(item, Control) and item.command is Command.END:
                break
        yield from self._finish()
        yield from self._fold(wait=True)
        if not self._over:
            yield from self._hosting.end()

    def _take(self, item: Input) -> Iterator[Event]:
        match item:
            case AudioChunk():
                for frame in self._frames.push(item):
                    yield from self._hear(frame)
            case TypedText():
                self._typed += 1
                self._turns.append(_Turn(self._engine.read(item.text, f"t{self._typed}", item.time)))
            case Recorded():
                self._turns.append(_Turn(Perception(item.observation, {}), item.reply))
            case Control(command=Command.COMMIT):
                yield from self._cut(self._segmenter.commit())
            case Control(command=Command.CLEAR):
                yield from self._cut(self._segmenter.clear())
            case Control(command=Command.END):
                pass

    def _hear(self, frame: Samples) -> Iterator[Event]:
        yield from self._cut(self._segmenter.step(frame, self._vad.probability(frame)))

    def _finish(self) -> Iterator[Event]:
        rest = self._frames.rest()
        if len(rest):
            yield from self._cut(self._segmenter.step(rest, self._vad.probability(pad(rest, self._vad.frame_samples))))
        yield from self._cut(self._segmenter.end())

    def _cut(self, events: Iterable[SegmentEvent]) -> Iterator[Event]:
        """Turn what the segmenter found into work for the engine and into events."""
        for event in events:
            match event:
                case Started():
                    yield SpeechStarted(event.utterance_id, event.time)
                case Tentative() if self._speculate:
                    self._tentative = self._engine.submit(event.utterance)
                case Tentative():
                    pass
                case Resumed():
                    if self._revoke():
                        yield TurnRevoked(event.utterance_id, event.time)
                case Dropped():
                    self._revoke()
                    yield SpeechDropped(event.utterance_id, event.end)
                case Final():
                    heard = event.utterance
                    pending = self._tentative or self._engine.submit(heard)
                    self._tentative = None
                    pending.commit()
                    self._turns.append(_Turn(pending))
                    yield UtteranceCut(heard.id, heard.start, heard.end, heard.cut, heard.quality, event.hangover_s)

    def _revoke(self) -> bool:
        """Drop the work on a tentative utterance; tell whether there was any."""
        tentative, self._tentative = self._tentative, None
        if tentative:
            tentative.cancel()
        return tentative is not None

    def _fold(self, *, wait: bool) -> Iterator[Event]:
        """Complete the turns whose perception is there, in order."""
        yield from self._phrase(wait=wait)
        while self._turns and not (self._replying and self._replying.busy):
            turn = self._turns[0]
            perception = turn.work
            if isinstance(perception, Pending):
                if not (wait or perception.done()):
                    return
                perception = perception.result()
            self._turns.popleft()
            yield from self._complete(perception, turn.reply)
            yield from self._phrase(wait=wait)

    def _phrase(self, *, wait: bool) -> Iterator[Event]:
        """Go on with the reply that is being phrased, if there is one."""
        for event in self._replying.step(wait=wait) if self._replying else ():
            if isinstance(event, TurnCompleted):
                yield from self._close(event.record)
            else:
                yield event

    def _complete(self, perception: Perception, before: Reply | None) -> Iterator[Event]:
        began = time.perf_counter()
        seen, whole = self._without_vectors(perception.observation)
        if self._heard:
            self._heard(whole)
        yield Perceived(seen)
        judged = judge(seen, self.mood, self._tuning, self.id)
        yield Decided(judged.decision)
        record = TurnRecord(
            version=RECORD_VERSION,
            session=self.id,
            index=self.mood.turns,
            tuning=self._tuning_hash,
            observation=seen,
            affect=judged.affect,
            mood=judged.mood,
            decision=judged.decision,
            reply=judged.reply,
            timings_ms={**perception.timings_ms, "judge": (time.perf_counter() - began) * 1000},
        )
        self.mood = judged.mood
        if before:
            yield from self._close(as_recorded(record, before))
        elif not (self._replying and self._replying.begin(record, judged, self._tuning)):
            yield from self._close(record)

    def _close(self, record: TurnRecord) -> Iterator[Event]:
        """End a turn whose reply is there."""
        if self._replying:
            self._replying.remember(record)
        yield TurnCompleted(record)
        last = record.decision.action is Action.END
        if last:
            self._end()
        yield from self._hosting.after(record.observation, self._tuning, last=last)

    def _end(self) -> None:
        """Drop what is still being said or perceived: nobody wants an answer any more."""
        self._over = True
        self._revoke()
        for turn in self._turns:
            if isinstance(turn.work, Pending):
                turn.work.cancel()
        self._turns.clear()

    def _without_vectors(self, seen: Observation) -> tuple[Observation, Observation]:
        """Return the observation without and with its voice embeddings, the distance to the last reliable one in both.

        A vector stays in this session's memory: it is biometric-like and goes into no event and no record.
        """
        voice = seen.voice
        if voice is None or voice.embedding is None:
            return seen, seen
        step = embedding_step(voice, seen.quality, self._vector, self._tuning.fusion.voice, self._tuning.memory)
        self._vector = step.vector
        whole = replace(seen, embedding_step=step.distance)
        frames = voice.frames and tuple(replace(frame, embedding=None) for frame in voice.frames)
        return replace(whole, voice=replace(voice, embedding=None, frames=frames)), whole
