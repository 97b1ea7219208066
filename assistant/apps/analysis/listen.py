"""Hears one recording from end to end, as a live conversation would, and writes down what it comes to."""

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

import numpy as np

from assistant.apps.analysis.choices import Granularity
from assistant.apps.analysis.finish import finish
from assistant.apps.analysis.options import Options, limits
from assistant.apps.analysis.result import (
    RESULT_VERSION,
    SOUND,
    VECTORS,
    Heard,
    Recording,
    Source,
    fused,
)
from assistant.apps.analysis.vectors import VectorFile
from assistant.apps.words import Words
from assistant.audio.files import stream
from assistant.audio.wav import WavWriter
from assistant.build import build_session
from assistant.config.perception import Paraformer
from assistant.config.tree import Config
from assistant.config.tuning import Tuning
from assistant.core.doubt import doubts
from assistant.core.judge import judge
from assistant.core.recording import Recorded
from assistant.core.stranger import is_foreign
from assistant.engine import Engine
from assistant.events import Notice, TurnCompleted
from assistant.types import Action, Affect, AudioChunk, Doubt, Emotion, Mood, Observation, TurnRecord


@dataclass(frozen=True, slots=True)
class Listener:
    """All that hearing recordings takes.

    settings: the fingerprint of all of it. tell: takes what a person should know.
    """

    config: Config
    tuning: Tuning
    engine: Engine
    options: Options
    settings: str
    words: Words
    tell: Callable[[Notice], None]


def listen(how: Listener, path: Path, source: Source, folder: Path, passed: Callable[[float], None]) -> Recording:
    """Write what the sound of `path` comes to into `folder` and return it; `passed` takes the seconds heard so far.

    The duration of `source` is set right. Raises AudioError for what can't be read, OSError for what can't be written.
    """
    whole, utterances, mood = Recorded(), list[Heard](), Mood()
    with ExitStack() as files:
        sound = files.enter_context(WavWriter(folder / SOUND))
        rows = files.enter_context(VectorFile(folder / VECTORS)) if _follows(how.options) else None

        def pieces() -> Iterator[AudioChunk]:
            for samples in stream(path, limits(how.config, how.options.channel)):
                start = sound.seconds
                sound.write(samples)
                yield AudioChunk(samples, start)
                passed(sound.seconds)

        for record, seen in _turns(how, path.stem, pieces()):
            whole = whole.add(seen)
            utterances.append(_heard(record, mood, how))
            mood = record.mood
            if rows and seen.voice:
                for frame in seen.voice.frames or ():
                    rows.append(frame.embedding or ())
    seen = whole.result()
    if how.options.embedding and rows is None:
        mean = seen.voice.embedding if seen.voice else None
        np.save(folder / VECTORS, np.asarray(mean or (), np.float32))
    recording = _recording(how, replace(source, duration_s=sound.seconds), seen, utterances)
    finish(recording, folder, how.words)
    return recording


def _follows(options: Options) -> bool:
    return options.embedding and options.granularity is Granularity.FRAME


def _turns(how: Listener, name: str, sound: Iterable[AudioChunk]) -> Iterator[tuple[TurnRecord, Observation]]:
    """Yield each turn with what was perceived in it, embeddings included.

    Without speculation: that is for answering sooner, and a file waits for every answer.
    """
    engine = how.config.engine.model_copy(update={"speculate": False})
    config = how.config.model_copy(update={"engine": engine})
    waiting: deque[Observation] = deque()
    session = build_session(config, how.engine, how.tuning, name, heard=waiting.append)
    for event in session.run(sound, patient=True):
        match event:
            case TurnCompleted():
                yield event.record, waiting.popleft()
            case Notice():
                how.tell(event)
            case _:
                pass


def _heard(record: TurnRecord, before: Mood, how: Listener) -> Heard:
    """Return an utterance; whether it is worth an alert is asked as if none had been raised of late."""
    seen, affect = record.observation, record.affect
    alert = judge(seen, replace(before, alerts={}), how.tuning, record.session).decision.alert
    assert seen.quality is not None  # it was heard, not typed
    voice, words = seen.voice, seen.transcript
    frames = voice.frames if voice else None
    return Heard(
        start=seen.start,
        end=seen.end,
        text=words.punctuated if words else "",
        language=words.language if words and words.text else None,
        asr_confidence=words.confidence if words else None,
        voice=voice.scores if voice else None,
        frames=frames
        and tuple(replace(frame, start=seen.start + frame.start, end=seen.start + frame.end) for frame in frames),
        sentiment=seen.sentiment.scores if seen.sentiment else None,
        fused=fused(affect),
        quality=seen.quality,
        doubts=_doubts(seen, affect, how),
        alert=alert.level if alert else None,
        rule=record.decision.rule,
        errors=seen.errors,
    )


def _recording(how: Listener, source: Source, seen: Observation, utterances: list[Heard]) -> Recording:
    """Return the whole, judged as if it were the first turn of a conversation."""
    judged = judge(seen, Mood(), how.tuning, seen.utterance_id)
    scores = seen.voice.scores if seen.voice else {Emotion.UNKNOWN: 1.0}
    emotion = max(scores, key=lambda label: scores[label])
    confidence = 0.0 if emotion in (Emotion.OTHER, Emotion.UNKNOWN) else scores[emotion]
    # The voice alone may be unsure where words settle it, and the other way round: both are in the result.
    least_sure = replace(judged.affect, confidence=min(confidence, judged.affect.confidence))
    return Recording(
        version=RESULT_VERSION,
        source=source,
        emotion=emotion,
        confidence=confidence,
        scores=scores,
        fused=fused(judged.affect),
        granularity=how.options.granularity,
        timestamp=datetime.now().astimezone().isoformat(timespec="seconds"),
        fallback_action="request_clarification" if judged.decision.action is Action.CLARIFY else None,
        suggested_response=judged.reply.text,
        doubts=_doubts(seen, least_sure, how),
        speech_s=seen.quality.speech_s if seen.quality else 0.0,
        profile=how.config.profile,
        settings=how.settings,
        utterances=tuple(utterances),
    )


def _doubts(seen: Observation, affect: Affect, how: Listener) -> tuple[Doubt, ...]:
    """Return why a result isn't sure, or shouldn't be: models made for one voice are sure of themselves with any."""
    causes = doubts(seen, affect, how.config.analysis.confident, how.tuning.fusion)
    familiar_from = how.config.asr.familiar_from if isinstance(how.config.asr, Paraformer) else None
    if familiar_from is None or not is_foreign(seen, familiar_from):
        return causes
    return (Doubt.STRANGER, *(cause for cause in causes if cause is not Doubt.LANGUAGE))
