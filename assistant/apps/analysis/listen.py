"""Hears one recording from end to end, as a live conversation would, and writes down what it comes to."""

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from assistant.apps.analysis.choices import Granularity
from assistant.apps.analysis.findings import recording, utterance
from assistant.apps.analysis.finish import finish
from assistant.apps.analysis.options import Terms, limits
from assistant.apps.analysis.result import (
    SOUND,
    VECTORS,
    Heard,
    Recording,
    Source,
)
from assistant.apps.analysis.vectors import VectorFile
from assistant.apps.words import Words
from assistant.audio.files import stream
from assistant.audio.wav import WavWriter
from assistant.build import build_session
from assistant.core.recording import Recorded
from assistant.engine import Engine
from assistant.events import Notice, TurnCompleted
from assistant.types import AudioChunk, Mood, Observation, TurnRecord


@dataclass(frozen=True, slots=True)
class Listener:
    """All that hearing recordings takes; `tell` takes what a person should know."""

    terms: Terms
    engine: Engine
    words: Words
    tell: Callable[[Notice], None]


def listen(how: Listener, path: Path, source: Source, folder: Path, passed: Callable[[float], None]) -> Recording:
    """Write what the sound of `path` comes to into `folder` and return it; `passed` takes the seconds heard so far.

    The duration of `source` is set right. Raises AudioError for what can't be read, OSError for what can't be written.
    """
    whole, utterances, mood = Recorded(), list[Heard](), Mood()
    with ExitStack() as files:
        sound = files.enter_context(WavWriter(folder / SOUND))
        rows = files.enter_context(VectorFile(folder / VECTORS)) if _follows(how.terms) else None

        def pieces() -> Iterator[AudioChunk]:
            for samples in stream(path, limits(how.terms.config, how.terms.options.channel)):
                start = sound.seconds
                sound.write(samples)
                yield AudioChunk(samples, start)
                passed(sound.seconds)

        for record, seen in _turns(how, path.stem, pieces()):
            whole = whole.add(seen)
            utterances.append(utterance(record, mood, how.terms))
            mood = record.mood
            if rows and seen.voice:
                for frame in seen.voice.frames or ():
                    rows.append(frame.embedding or ())
    seen = whole.result()
    if how.terms.options.embedding and rows is None:
        mean = seen.voice.embedding if seen.voice else None
        np.save(folder / VECTORS, np.asarray(mean or (), np.float32))
    result = recording(replace(source, duration_s=sound.seconds), seen, utterances, how.terms)
    finish(result, folder, how.words)
    return result


def _follows(terms: Terms) -> bool:
    return terms.options.embedding and terms.options.granularity is Granularity.FRAME


def _turns(how: Listener, name: str, sound: Iterable[AudioChunk]) -> Iterator[tuple[TurnRecord, Observation]]:
    """Yield each turn with what was perceived in it, embeddings included.

    Without speculation: that is for answering sooner, and a file waits for every answer.
    """
    engine = how.terms.config.engine.model_copy(update={"speculate": False})
    config = how.terms.config.model_copy(update={"engine": engine})
    waiting: deque[Observation] = deque()
    session = build_session(config, how.engine, how.terms.tuning, name, heard=waiting.append)
    for event in session.run(sound, patient=True):
        match event:
            case TurnCompleted():
                yield event.record, waiting.popleft()
            case Notice():
                how.tell(event)
            case _:
                pass
