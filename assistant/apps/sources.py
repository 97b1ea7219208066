"""What feeds a session from files: the turns of a script on one timeline, at full speed or at that of speech."""

import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from assistant.apps.dialogue import Dialogue, Turn
from assistant.audio.files import read
from assistant.config.perception import AudioFiles
from assistant.events import Input, Recorded, TypedText
from assistant.types import SAMPLE_RATE, AudioChunk, Samples

CHUNK_S = 0.1
"""Length of the pieces that sound is fed in, about what a microphone delivers."""


@dataclass(frozen=True, slots=True)
class Cue:
    """One turn of a script in its place: `start` to `end` in seconds of the session, the pause after it included."""

    turn: Turn
    start: float
    end: float
    samples: Samples


def lay_out(dialogue: Dialogue, folder: Path, limits: AudioFiles, pause_s: float) -> tuple[Cue, ...]:
    """Return the turns in their places, each followed by `pause_s` of silence. Raises AudioError."""
    cues: list[Cue] = []
    at = 0
    pause: Samples = np.zeros(round(pause_s * SAMPLE_RATE), np.float32)
    for turn in dialogue.turns:
        samples = np.concatenate((_sound(turn, folder, limits), pause))
        cues.append(Cue(turn, at / SAMPLE_RATE, (at + len(samples)) / SAMPLE_RATE, samples))
        at += len(samples)
    return tuple(cues)


def inputs(cues: Iterable[Cue]) -> Iterator[Input]:
    """Yield what the session hears and reads; a typed or recorded turn comes at the start of its cue, then silence."""
    for cue in cues:
        if cue.turn.text:
            yield TypedText(cue.turn.text, cue.start)
        if cue.turn.observation:
            seen = cue.turn.observation
            yield Recorded(replace(seen, start=cue.start, end=cue.start + seen.end - seen.start), cue.start)
        yield from chunks(cue.samples, cue.start)


def _sound(turn: Turn, folder: Path, limits: AudioFiles) -> Samples:
    """Return the sound of a turn; silence of its length if it was perceived earlier, nothing if it is typed."""
    if turn.audio:
        return read(folder / turn.audio, limits)
    seconds = turn.observation.end - turn.observation.start if turn.observation else 0.0
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
