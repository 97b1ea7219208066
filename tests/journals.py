"""Journals for tests: what conversations of stub sessions leave behind, and random turns for laws."""

from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

from hypothesis import strategies as st

from assistant.build import build_tuning
from assistant.config.layers import load
from assistant.config.tuning import Tuning
from assistant.core.judge import judge
from assistant.engine import Engine
from assistant.events import Input, TurnCompleted, TypedText
from assistant.store.journal import Journal
from assistant.tuning.report import Book
from assistant.types import (
    RECORD_VERSION,
    AudioChunk,
    Emotion,
    Language,
    Mood,
    Observation,
    Polarity,
    Quality,
    ReplySource,
    Sentiment,
    Stage,
    StageError,
    Transcript,
    TurnRecord,
    Verdict,
    VoiceEmotion,
)
from tests.stubs import TUNING, FlatSentiment, HashAsr, HashEmotion, session, silence, speech
from tests.talk import scores

LINES = (
    "谢谢",
    "你们到底行不行",
    "我要投诉",
    "最近总是睡不着",
    "我没生气",
    "我不想活了",
    "帮我查一下明天的天气",
    "嗯",
    "hello",
    "",
)


def stub_journal(path: Path) -> Journal:
    """Write the journal of one session in which sound and typed words take turns."""
    inputs: list[Input] = []
    at = 0.0
    for number, line in enumerate(LINES[:6]):
        inputs.append(TypedText(line, at))
        sound = [silence(0.5), speech(1.5, seed=number), silence(1.5)]
        for samples in sound:
            inputs.append(AudioChunk(samples, at))
            at += len(samples) / 16_000
    journal = Journal(path)
    with Engine(HashAsr(), HashEmotion(), FlatSentiment()) as engine:
        talk = session(engine)
        for event in talk.run(inputs, patient=True):
            if isinstance(event, TurnCompleted):
                journal.write(event.record, talk.tuning)
    return journal


def written(path: Path, records: Iterable[TurnRecord], tuning: Tuning = TUNING) -> Path:
    """Write records into a journal."""
    journal = Journal(path)
    for record in records:
        journal.write(record, tuning)
    return path


def recorded(seen: Iterable[Observation], tuning: Tuning = TUNING, name: str = "s1") -> tuple[TurnRecord, ...]:
    """Return the records of a conversation."""
    records: list[TurnRecord] = []
    mood, known = Mood(), tuning.hash()
    for index, observation in enumerate(seen):
        judged = judge(observation, mood, tuning, name)
        mood = judged.mood
        records.append(
            TurnRecord(
                version=RECORD_VERSION,
                session=name,
                index=index,
                tuning=known,
                observation=observation,
                affect=judged.affect,
                mood=judged.mood,
                decision=judged.decision,
                reply=judged.reply,
            )
        )
    return tuple(records)


def spoken(
    text: str, voice: dict[Emotion, float], words: Polarity | None = None, at: float = 0.0, speech_s: float = 2.8
) -> Observation:
    """Return a clear turn of three seconds; `voice` scores of the rest are spread evenly."""
    return Observation(
        utterance_id=f"u{at:g}",
        start=at,
        end=at + 3,
        quality=Quality(0.1, 30, 0.9, 0.0, speech_s, Verdict.OK),
        transcript=Transcript(text, text, Language.ZH, 0.95),
        voice=VoiceEmotion(scores(voice)),
        sentiment=Sentiment({kind: 0.85 if kind is words else 0.05 for kind in Polarity}) if words else None,
    )


def tuned(*sets: str) -> Tuning:
    """Return the shipped tuning with some settings changed."""
    return build_tuning(load(sets=sets, env={}).config)


def book(records: Iterable[TurnRecord], tuning: Tuning = TUNING, name: str = "journal") -> Book:
    """Return records as a journal that was read."""
    return Book(name, tuple(records), {tuning.hash(): tuning})


def phrased(record: TurnRecord) -> TurnRecord:
    """Return a record whose reply a language model had phrased."""
    return replace(record, reply=replace(record.reply, text="说得很自由", source=ReplySource.LLM))


def shares(keys: tuple[Emotion, ...] | tuple[Polarity, ...]) -> st.SearchStrategy[dict[Emotion | Polarity, float]]:
    def to_shares(weights: list[float]) -> dict[Emotion | Polarity, float]:
        total = sum(weights)
        return {key: weight / total for key, weight in zip(keys, weights, strict=True)}

    return st.lists(st.floats(0.001, 1), min_size=len(keys), max_size=len(keys)).map(to_shares)


@st.composite
def conversations(draw: st.DrawFn) -> tuple[Observation, ...]:
    """Return the turns of a random conversation: typed, spoken, failed, silent, in any quality."""
    at = 0.0
    turns: list[Observation] = []
    for number in range(draw(st.integers(1, 7))):
        at += draw(st.floats(0, 200))
        end = at + draw(st.floats(0.1, 10))
        text = draw(st.sampled_from(LINES))
        typed = draw(st.booleans())
        heard = Transcript(text, text, draw(st.sampled_from(Language)), 1.0 if typed else draw(st.floats(0, 1)))
        quality = Quality(
            0.1, draw(st.floats(-5, 40)), draw(st.floats(0, 1)), 0.0, end - at, draw(st.sampled_from(Verdict))
        )
        turns.append(
            Observation(
                utterance_id=f"u{number}",
                start=at,
                end=end,
                quality=None if typed else quality,
                transcript=draw(st.sampled_from((heard, None))) if not typed else heard,
                voice=None if typed else VoiceEmotion(draw(shares(tuple(Emotion)))),
                sentiment=draw(st.none() | shares(tuple(Polarity)).map(Sentiment)),
                embedding_step=draw(st.none() | st.floats(0, 2)),
                errors=draw(st.sampled_from(((), (StageError(Stage.ASR, "late"),)))),
            )
        )
        at = end
    return tuple(turns)
