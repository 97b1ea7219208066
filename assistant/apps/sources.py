"""What feeds a session from files: the turns of a script on one timeline, at full speed or at that of speech."""

import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from assistant.apps.dialogue import Dialogue, Turn
from assistant.apps.replay.given import observation
from assistant.audio.files import read
from assistant.config.perception import AudioFiles
from assistant.events import Input, Recorded, TypedText
from assistant.types import SAMPLE_RATE, AudioChunk, Observation, Samples

CHUNK_S = 0.1
"""Length of the pieces that sound is fed in, about what a microphone delivers."""


@dataclass(frozen=True, slots=True)
class Cue:
    """One turn of a script in its place: `start` to `end` in seconds of the session, the pause after it included.

    seen: what was perceived of it earlier, placed at its start, if it is no sound and no text.
    """

    turn: Turn
    start: float
    end: float
    samples: Samples
    seen: Observation | None = None


def lay_out(dialogue: Dialogue, folder: Path, limits: AudioFiles, pause_s: float) -> tuple[Cue, ...]:
    """Return the turns in their places, each followed by `pause_s` of silence. Raises AudioError."""
    cues: list[Cue] = []
    at = 0
    pause: Samples = np.zeros(round(pause_s * SAMPLE_RATE), np.float32)
    for number, turn in enumerate(dialogue.turns, 1):
        at += round(turn.after_s * SAMPLE_RATE)
        start = at / SAMPLE_RATE
        seen = _seen(turn, number, start)
        samples = np.concatenate((_sound(turn, seen, folder, limits), pause))
        at += len(samples)
        cues.append(Cue(turn, start, at / SAMPLE_RATE, samples, seen))
    return tuple(cues)


def inputs(cues: Iterable[Cue]) -> Iterator[Input]:
    """Yield what the session hears and reads; a typed or recorded turn comes at the start of its cue, then silence.

    Silence before a turn is left to the session, which fills gaps.
    """
    for cue in cues:
        if cue.turn.text:
            yield TypedText(cue.turn.text, cue.start)
        if cue.seen:
            yield Recorded(cue.seen, cue.start)
        yield from chunks(cue.samples, cue.start)


def _seen(turn: Turn, number: int, start: float) -> Observation | None:
    seen = observation(turn.perceived, number) if turn.perceived else turn.observation
    return replace(seen, start=start, end=start + seen.end - seen.start) if seen else None


def _sound(turn: Turn, seen: Observation | None, folder: Path, limits: AudioFiles) -> Samples:
    """Return the sound of a turn; silence of its length if it was perceived earlier, nothing if it is typed."""
    if turn.audio:
        return read(folder / turn.audio, limits)
    seconds = seen.end - seen.start if seen else 0.0
    return np.zeros(round(seconds * SAMPLE_RATE), np.float32)


def chunks(samples: Samples, start: float = 0.0) -> Iterator[AudioChunk]:
    """Yield sound, float32 [n], in pieces of `CHUNK_S`."""
    size = round(CHUNK_S * SAMPLE_RATE)
    for at in range(0, len(samples), size):
        yield AudioChunk(samples[at : at + size], start + at / SAMPLE_RATE)


def paced(source: Iterable[Input]) -> Iterator[Input]:
    """Yield each piece of sound when it would have been heard: at session time t, t seconds after the first."""
    began = time.monotonic()
    for item in source:
        if isinstance(item, AudioChunk):
            time.sleep(max(0.0, began + item.end - time.monotonic()))
        yield item
