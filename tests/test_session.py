"""A conversation: turns in order, never blocked, never lost; speculation changes when, not what."""

from collections.abc import Iterable
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from assistant.apps.sources import chunks
from assistant.engine import Engine
from assistant.events import (
    Command,
    Control,
    Event,
    Input,
    Notice,
    Perceived,
    Recorded,
    SpeechDropped,
    SpeechStarted,
    TurnCompleted,
    TurnRevoked,
    TypedText,
    UtteranceCut,
)
from assistant.hosting import Hint
from assistant.store.journal import Journal, comparable, read_journal
from assistant.types import (
    AudioChunk,
    Cut,
    Emotion,
    Language,
    Observation,
    Quality,
    Samples,
    Stage,
    Transcript,
    TurnRecord,
    Verdict,
)
from tests.stubs import TUNING, FlatSentiment, HashAsr, HashEmotion, session, silence, speech


def engine(asr: HashAsr | None = None, emotion: HashEmotion | None = None) -> Engine:
    return Engine(asr or HashAsr(), emotion or HashEmotion(), FlatSentiment())


def play(inputs: Iterable[Input], models: Engine, *, patient: bool = True, speculate: bool = True) -> list[Event]:
    with models:
        return list(session(models, speculate=speculate).run(inputs, patient=patient))


def records(events: Iterable[Event]) -> list[TurnRecord]:
    return [event.record for event in events if isinstance(event, TurnCompleted)]


def sound(*parts: Samples) -> list[AudioChunk]:
    return list(chunks(np.concatenate(parts)))


def test_an_utterance_becomes_a_turn_and_its_record_comes_last() -> None:
    events = play(sound(silence(0.5), speech(1.0), silence(1.0)), engine())
    kinds = [event.type for event in events]
    assert kinds == ["speech_started", "utterance_cut", "perceived", "decided", "turn_completed"]
    (record,) = records(events)
    assert record.observation.start == 0.2
    assert record.observation.end == 1.6
    assert record.index == 0
    assert record.reply.text


def test_turns_keep_their_order_when_typed_words_are_faster_than_spoken_ones() -> None:
    spoken = sound(speech(1.0), silence(1.0))
    inputs = [*spoken, TypedText("你好", 2.0), *chunks(speech(1.0, 1), 2.0), *chunks(silence(1.0), 3.0)]
    done = records(play(inputs, engine(HashAsr(delay_s=0.3)), patient=False))
    assert [record.observation.utterance_id for record in done] == ["u1", "t1", "u2"]
    assert [record.index for record in done] == [0, 1, 2]


def test_listening_goes_on_while_a_slow_model_thinks() -> None:
    inputs = sound(speech(0.8), silence(0.8), speech(0.8, 1), silence(0.8))
    events = play(inputs, engine(HashAsr(delay_s=0.4)), patient=False)
    second_start = [i for i, event in enumerate(events) if isinstance(event, SpeechStarted)][1]
    first_done = next(i for i, event in enumerate(events) if isinstance(event, TurnCompleted))
    assert second_start < first_done
    assert len(records(events)) == 2


def test_speech_that_resumes_within_the_hangover_revokes_and_becomes_one_turn() -> None:
    asr = HashAsr()
    events = play(sound(speech(0.6), silence(0.3), speech(0.6, 1), silence(1.0)), engine(asr))
    assert sum(isinstance(event, TurnRevoked) for event in events) == 1
    assert len(records(events)) == 1


def test_a_click_is_dropped_and_the_next_words_are_heard() -> None:
    events = play(sound(speech(0.08), silence(1.0), speech(0.8, 1), silence(1.0)), engine())
    assert sum(isinstance(event, SpeechDropped) for event in events) == 1
    assert len(records(events)) == 1


def test_a_failed_stage_costs_its_part_of_one_turn_only() -> None:
    inputs = sound(speech(0.8), silence(1.0), speech(0.8, 1), silence(1.0))
    first, second = records(play(inputs, engine(HashAsr(fails_on=1)), speculate=False))
    assert [error.stage for error in first.observation.errors] == [Stage.ASR]
    assert first.observation.voice is not None
    assert first.reply.text
    assert second.observation.errors == ()
    assert second.observation.transcript is not None


def test_without_any_model_the_person_is_asked_back() -> None:
    with Engine(None, None, None) as deaf:
        (record,) = records(session(deaf).run(sound(speech(0.8), silence(1.0)), patient=True))
    assert record.decision.action == "clarify"


def test_what_is_open_at_the_end_is_still_answered() -> None:
    (record,) = records(play(sound(speech(1.0)), engine()))
    assert record.observation.end == 1.0


def test_commit_ends_an_utterance_at_once_and_clear_forgets_it() -> None:
    heard = [*sound(speech(0.8)), Control(Command.COMMIT, 0.8), *chunks(silence(1.0), 0.8)]
    events = play(heard, engine())
    assert [event.cut for event in events if isinstance(event, UtteranceCut)] == [Cut.COMMIT]
    cleared = [*sound(speech(0.8)), Control(Command.CLEAR, 0.8), *chunks(silence(1.0), 0.8)]
    assert records(play(cleared, engine())) == []


def test_nothing_is_taken_after_the_end() -> None:
    inputs = [*sound(speech(0.8)), Control(Command.END, 0.8), TypedText("还在吗", 0.9)]
    assert len(records(play(inputs, engine()))) == 1


def test_voice_embeddings_leave_the_session_only_as_a_distance() -> None:
    inputs = sound(speech(2.0), silence(1.0), speech(2.0, 1), silence(1.0))
    events = play(inputs, engine())
    seen = [event.observation for event in events if isinstance(event, Perceived)]
    assert [observation.voice and observation.voice.embedding for observation in seen] == [None, None]
    assert [frame.embedding for one in seen if one.voice for frame in one.voice.frames or ()] == [None, None]
    assert 'embedding":[' not in "".join(comparable(record) for record in records(events))


def test_whoever_asks_is_handed_each_observation_whole_before_anybody_sees_it() -> None:
    order: list[object] = []
    with engine() as models:
        talk = session(models, heard=order.append)
        for event in talk.run([*sound(speech(2.0), silence(1.0)), TypedText("你好", 3.0)], patient=True):
            order += [event.observation.utterance_id] if isinstance(event, Perceived) else []
    spoken, first, typed, second = order
    assert (first, second) == ("u1", "t1")
    assert spoken.voice.embedding is not None
    assert spoken.voice.frames[0].embedding is not None
    assert typed.voice is None


UNKNOWN_VOICE = Hint(0.6, "fetch the real models")


def notices(confidences: Iterable[float], *, loud: bool = True) -> list[int]:
    """Return after how many turns a notice came."""
    heard: list[Input] = []
    for number, confidence in enumerate(confidences):
        quality = Quality(0.1, 20.0, 0.8, 0.0, 1.0, Verdict.OK if loud else Verdict.NOISY)
        words = Transcript("字", "字", Language.ZH, confidence)
        seen = Observation(f"u{number}", float(number), number + 0.5, quality, words)
        heard.append(Recorded(seen, float(number)))
    turns, told = 0, []
    with Engine(None, None, None) as deaf:
        for event in session(deaf, hint=UNKNOWN_VOICE).run(heard, patient=True):
            turns += isinstance(event, TurnCompleted)
            told += [turns] if isinstance(event, Notice) and event.text == UNKNOWN_VOICE.text else []
    return told


@pytest.mark.parametrize(
    ("confidences", "told"),
    [
        ([0.9, 0.8, 0.9], []),
        ([0.3], [1]),
        ([0.3, 0.3, 0.3, 0.3], [2]),
        ([0.3, 0.9, 0.3, 0.2, 0.1], [3]),
        ([0.3, 0.9, 0.9, 0.3, 0.9], []),
        ([0.9, 0.3], []),
        ([], []),
    ],
)
def test_a_voice_that_the_recogniser_does_not_know_is_told_once(confidences: list[float], told: list[int]) -> None:
    assert notices(confidences) == told


def test_noise_is_no_foreign_voice() -> None:
    assert notices([0.1, 0.1, 0.1], loud=False) == []


pause = st.floats(0.0, 0.9)
burst = st.floats(0.05, 1.2)


@settings(max_examples=40, deadline=None)
@given(st.lists(st.tuples(burst, pause), min_size=1, max_size=6), st.integers(0, 2**32 - 1))
def test_speculation_changes_when_an_answer_is_ready_never_what_it_is(
    parts: list[tuple[float, float]], seed: int
) -> None:
    heard = [piece for i, (loud, still) in enumerate(parts) for piece in (speech(loud, seed + i), silence(still))]
    eager = records(play(sound(*heard), engine(), speculate=True))
    calm = records(play(sound(*heard), engine(), speculate=False))
    assert [comparable(record) for record in eager] == [comparable(record) for record in calm]


def test_a_journal_replays_byte_for_byte(tmp_path: Path) -> None:
    inputs = [
        *sound(speech(1.5), silence(1.0), speech(0.9, 1), silence(1.0)),
        TypedText("我很难过", 4.4),
        TypedText("我没难过,别分析我", 5.0),
    ]
    first = records(play(inputs, engine()))
    journal = Journal(tmp_path / "talk.jsonl")
    for record in first:
        journal.write(record, TUNING)
    played = read_journal(journal.path)
    with Engine(None, None, None) as deaf:
        source = [Recorded(record.observation, record.observation.end) for record in played.records]
        again = records(session(deaf).run(source, patient=True))
    assert [comparable(record) for record in again] == [comparable(record) for record in first]
    assert [correction.emotion for correction in played.records[-1].mood.corrections] == [Emotion.SAD]
    assert list(played.tunings) == [TUNING.hash()]
    assert all(record.wall_time for record in played.records)
