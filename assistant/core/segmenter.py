"""Where an utterance begins and ends: speech probabilities per frame in, cut utterances out."""

from collections import deque
from dataclasses import dataclass, replace

from assistant.config.perception import Quality as QualitySettings
from assistant.config.perception import Segmenter as Settings
from assistant.core.quality import Span, assess
from assistant.core.ring import Ring
from assistant.types import SAMPLE_RATE, Cut, Samples, Utterance


@dataclass(frozen=True, slots=True)
class Started:
    """Speech began at `time`; a Final or a Dropped with the same id will follow."""

    utterance_id: str
    time: float


@dataclass(frozen=True, slots=True)
class Tentative:
    """The first short silence: this is the utterance, unless speech resumes."""

    utterance: Utterance


@dataclass(frozen=True, slots=True)
class Resumed:
    """Speech went on (noticed at `time`): the tentative utterance is void and another one with its id will follow."""

    utterance_id: str
    time: float


@dataclass(frozen=True, slots=True)
class Final:
    """The utterance is over after `hangover_s` of silence; its samples are the tentative one's very array."""

    utterance: Utterance
    hangover_s: float


@dataclass(frozen=True, slots=True)
class Dropped:
    """What had started was no utterance: too little speech (a click, a cough), or it was cleared."""

    utterance_id: str
    start: float
    end: float


SegmentEvent = Started | Tentative | Resumed | Final | Dropped

_PAUSE_SHARE = 0.25
"""How much of the longest utterance, counted from its end, is searched for a pause to cut in."""

_MIN_PAUSE = SAMPLE_RATE // 10


@dataclass(slots=True)
class _Open:
    """The utterance under way: where it begins, where its latest speech ended, and what was tentatively cut."""

    id: str
    start: int
    speech_end: int
    tentative: Utterance | None = None


class Segmenter:
    """One stream's state machine. Its time is the sound received; utterances are in order and share no sample.

    Speech counts once the latest 2 x `onset_s` hold `onset_s` of it, so that a stray frame neither begins an utterance
    nor keeps one from ending. An utterance reaches from `pre_roll_s` before its first speech (but not into the one
    before) to `tail_s` after its last, whenever its end is noticed. Memory is bounded by `max_utterance_s` and doesn't
    grow in silence.
    """

    def __init__(self, settings: Settings, quality: QualitySettings) -> None:
        self._quality = quality
        self._threshold = settings.threshold
        self._onset = max(_samples(settings.onset_s), 1)
        self._pre_roll = _samples(settings.pre_roll_s)
        self._tentative_after = _samples(settings.tentative_s)
        self._hangover = _samples(settings.hangover_s)
        self._tail = _samples(settings.tail_s)
        self._min_speech = _samples(settings.min_speech_s)
        self._longest = _samples(settings.max_utterance_s)
        self._sound = Ring()
        self._spans: deque[Span] = deque()
        self._free_from = 0
        self._count = 0
        self._open: _Open | None = None

    @property
    def _now(self) -> int:
        return self._sound.end

    @property
    def time(self) -> float:
        """Return the seconds of sound received."""
        return self._now / SAMPLE_RATE

    def step(self, frame: Samples, probability: float) -> tuple[SegmentEvent, ...]:
        """Take the next frame, float32 [n], and its probability of speech; return what became certain with it."""
        self._sound.append(frame)
        events: list[SegmentEvent] = []
        if probability >= self._threshold:
            self._hear(self._now - len(frame))
            first = self._onset_at()
            if first is not None:
                events += self._speak(first)
        if self._open:
            events += self._wait(self._open)
        self._forget()
        return tuple(events)

    def commit(self) -> tuple[SegmentEvent, ...]:
        """End the utterance under way now, however short; nothing happens when there is none."""
        return (self._finish(self._open, Cut.COMMIT),) if self._open else ()

    def end(self) -> tuple[SegmentEvent, ...]:
        """End the utterance under way because the input is over; too little speech is dropped, as after a silence."""
        return (self._finish(self._open, Cut.END),) if self._open else ()

    def clear(self) -> tuple[SegmentEvent, ...]:
        """Forget all sound received so far, the utterance under way included."""
        events = (self._drop(self._open, self._now),) if self._open else ()
        self._free_from = self._now
        self._forget()
        return events

    def _hear(self, start: int) -> None:
        """Note that the VAD hears speech from `start` until now."""
        if self._spans and self._spans[-1][1] == start:
            start = self._spans.pop()[0]
        self._spans.append((start, self._now))

    def _onset_at(self) -> int | None:
        """Return where the speech of the window begins, or None while there isn't enough of it."""
        window = max(self._now - 2 * self._onset, self._free_from)
        first, heard = self._now, 0
        for start, end in reversed(self._spans):
            if end <= window:
                break
            first = max(start, window)
            heard += end - first
        return first if heard >= self._onset else None

    def _speak(self, first: int) -> list[SegmentEvent]:
        """Take speech from `first` until now for certain: begin or resume, and cut what has grown too long."""
        if self._open is None:
            return [self._begin(max(first - self._pre_roll, self._free_from, self._sound.begin), first)]
        utterance = self._open
        utterance.speech_end = self._now
        events: list[SegmentEvent] = []
        if utterance.tentative:
            utterance.tentative = None
            events.append(Resumed(utterance.id, self.time))
        while utterance.speech_end > utterance.start + self._longest:
            at = self._cut_at(utterance.start)
            events.append(Final(self._cut(utterance, at, Cut.MAX_LENGTH), 0.0))
            events.append(self._begin(at, max(at, next(start for start, end in self._spans if end > at))))
            utterance = self._open
        return events

    def _wait(self, utterance: _Open) -> list[SegmentEvent]:
        """Look how long the silence after the latest speech has lasted: first the tentative utterance, then the end."""
        silence = self._now - utterance.speech_end
        events: list[SegmentEvent] = []
        if silence >= self._tentative_after and utterance.tentative is None and self._has_enough(utterance):
            utterance.tentative = self._cut(utterance, self._end_of(utterance), Cut.SILENCE)
            events.append(Tentative(utterance.tentative))
        if silence >= self._hangover:
            events.append(self._finish(utterance, Cut.SILENCE))
        return events

    def _begin(self, start: int, first: int) -> Started:
        self._count += 1
        self._open = _Open(f"u{self._count}", start, self._now)
        return Started(self._open.id, first / SAMPLE_RATE)

    def _finish(self, utterance: _Open, cut: Cut) -> Final | Dropped:
        if cut is not Cut.COMMIT and not self._has_enough(utterance):
            return self._drop(utterance, self._end_of(utterance))
        end = self._end_of(utterance)
        whole = utterance.tentative or self._cut(utterance, end, cut)
        self._close(end)
        silence_s = (self._now - utterance.speech_end) / SAMPLE_RATE
        return Final(whole if whole.cut is cut else replace(whole, cut=cut), silence_s)

    def _drop(self, utterance: _Open, end: int) -> Dropped:
        self._close(end)
        return Dropped(utterance.id, utterance.start / SAMPLE_RATE, end / SAMPLE_RATE)

    def _close(self, end: int) -> None:
        self._open = None
        self._free_from = end
        self._forget()

    def _end_of(self, utterance: _Open) -> int:
        return min(utterance.speech_end + self._tail, utterance.start + self._longest, self._now)

    def _has_enough(self, utterance: _Open) -> bool:
        return sum(end - max(start, utterance.start) for start, end in self._spans) >= self._min_speech

    def _cut_at(self, start: int) -> int:
        """Return where to cut an utterance that is too long: in the longest pause of its last part, else at its limit.

        A torn word is lost to the recogniser on both sides of the cut.
        """
        limit = start + self._longest
        search = limit - round(self._longest * _PAUSE_SHARE)
        ends = [end for _, end in self._spans]
        starts = [start for start, _ in self._spans][1:]
        pauses = [(b - a, a) for a, b in zip(ends, starts, strict=False) if search <= a < limit and b - a >= _MIN_PAUSE]
        if not pauses:
            return limit
        length, at = max(pauses)
        return min(at + self._tail, at + length // 2, limit)

    def _cut(self, utterance: _Open, end: int, cut: Cut) -> Utterance:
        begin = utterance.start
        samples = self._sound.slice(begin, end)
        spans = [(max(a, begin) - begin, min(b, end) - begin) for a, b in self._spans if b > begin and a < end]
        quality = assess(samples, spans, self._quality, cut)
        return Utterance(utterance.id, samples, begin / SAMPLE_RATE, end / SAMPLE_RATE, cut, quality)

    def _forget(self) -> None:
        """Let go of the sound that no utterance can hold any more."""
        keep = self._open.start if self._open else max(self._now - self._pre_roll - 2 * self._onset, self._free_from)
        self._sound.forget(keep)
        while self._spans and self._spans[0][1] <= keep:
            self._spans.popleft()


def _samples(seconds: float) -> int:
    return round(seconds * SAMPLE_RATE)
