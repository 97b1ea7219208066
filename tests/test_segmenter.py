"""Utterances begin and end where people speak; nothing said is lost, doubled or shifted."""

import tracemalloc
from collections.abc import Iterator, Sequence

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from assistant.config.perception import Quality as QualitySettings
from assistant.config.perception import Segmenter as Settings
from assistant.core.reblock import Reblocker, pad
from assistant.core.segmenter import Dropped, Final, Resumed, Segmenter, SegmentEvent, Started, Tentative
from assistant.errors import AudioError
from assistant.types import SAMPLE_RATE, AudioChunk, Cut, Samples, Utterance, Verdict

FRAME = 320
FRAME_S = FRAME / SAMPLE_RATE
QUALITY = QualitySettings(min_rms=0.0, min_speech_s=0.0, min_snr_db=-100.0, max_clipped_ratio=1.0, min_speech_ratio=0.0)
USUAL = Settings(
    threshold=0.5,
    onset_s=0.06,
    pre_roll_s=0.3,
    tentative_s=0.14,
    hangover_s=0.6,
    tail_s=0.1,
    min_speech_s=0.12,
    max_utterance_s=15.0,
)


def changed(**values: float) -> Settings:
    return Settings(**(USUAL.model_dump() | values))


def source(frames: int) -> Samples:
    """Sound in which every sample is another number, so that a shifted or missing one shows."""
    return (np.arange(frames * FRAME) / 2.0**24).astype(np.float32)


def speech(*runs: tuple[bool, float]) -> list[bool]:
    """Frames from (speaking, seconds)."""
    return [speaking for speaking, seconds in runs for _ in range(round(seconds / FRAME_S))]


def run(flags: Sequence[bool], given_settings: Settings = USUAL) -> list[tuple[SegmentEvent, float]]:
    """Every event with the stream's time at which it came."""
    segmenter = Segmenter(given_settings, QUALITY)
    sound = source(len(flags))
    found: list[tuple[SegmentEvent, float]] = []
    for i, speaking in enumerate(flags):
        events = segmenter.step(sound[i * FRAME : (i + 1) * FRAME], 0.9 if speaking else 0.1)
        found += [(event, segmenter.time) for event in events]
    return found + [(event, segmenter.time) for event in segmenter.end()]


def events(flags: Sequence[bool], given_settings: Settings = USUAL) -> list[SegmentEvent]:
    return [event for event, _ in run(flags, given_settings)]


def finals(found: Sequence[SegmentEvent]) -> list[Utterance]:
    return [event.utterance for event in found if isinstance(event, Final)]


def kinds(found: Sequence[SegmentEvent]) -> list[type]:
    return [type(event) for event in found]


def test_one_sentence_is_one_utterance_with_a_little_sound_around_it() -> None:
    found = run(speech((False, 1), (True, 2), (False, 1)))
    assert kinds([event for event, _ in found]) == [Started, Tentative, Final]
    (started, noticed), (_, tentative_at), (final, over_at) = found
    assert isinstance(started, Started)
    assert isinstance(final, Final)
    assert started.time == 1.0
    assert noticed == pytest.approx(1.06)
    assert tentative_at == pytest.approx(3.14)
    assert over_at == pytest.approx(3.6)
    assert final.hangover_s == pytest.approx(0.6)
    assert (final.utterance.start, final.utterance.end) == (pytest.approx(0.7), pytest.approx(3.1))
    assert final.utterance.cut is Cut.SILENCE
    assert final.utterance.quality.speech_s == pytest.approx(2.0)


def test_the_end_of_an_utterance_does_not_depend_on_how_long_silence_was_waited_for() -> None:
    flags = speech((False, 0.5), (True, 1), (False, 3))
    short, long = (finals(events(flags, changed(hangover_s=h)))[0] for h in (0.2, 2.0))
    assert short.end == long.end
    np.testing.assert_array_equal(short.samples, long.samples)


def test_the_final_utterance_is_the_tentative_one_itself() -> None:
    found = events(speech((True, 1), (False, 1)))
    assert isinstance(found[1], Tentative)
    assert isinstance(found[2], Final)
    assert found[2].utterance is found[1].utterance


def test_speech_that_resumes_revokes_the_tentative_utterance_and_keeps_its_id() -> None:
    found = events(speech((True, 1), (False, 0.3), (True, 1), (False, 1)))
    assert kinds(found) == [Started, Tentative, Resumed, Tentative, Final]
    first, second = (event.utterance for event in found if isinstance(event, Tentative))
    assert first.id == second.id == "u1"
    assert len(second.samples) > len(first.samples)


def test_a_stray_frame_in_the_silence_revokes_nothing_and_delays_nothing() -> None:
    clean = speech((True, 1), (False, 1.0))
    stray = clean.copy()
    stray[round(1.3 / FRAME_S)] = True
    assert kinds(events(stray)) == kinds(events(clean)) == [Started, Tentative, Final]
    assert [at for _, at in run(stray)] == [at for _, at in run(clean)]


def test_a_click_never_starts_and_a_cough_is_dropped_and_the_next_sentence_is_heard() -> None:
    found = events(speech((False, 1), (True, 0.04), (False, 1), (True, 0.1), (False, 1), (True, 1), (False, 1)))
    assert kinds(found) == [Started, Dropped, Started, Tentative, Final]
    cough, sentence = found[1], finals(found)[0]
    assert isinstance(cough, Dropped)
    assert cough.utterance_id == "u1"
    assert sentence.id == "u2"
    assert sentence.start >= cough.end


def test_pre_roll_never_reaches_into_the_utterance_before() -> None:
    found = finals(
        events(speech((True, 1), (False, 0.3), (True, 1), (False, 1)), changed(hangover_s=0.2, pre_roll_s=2))
    )
    assert len(found) == 2
    assert found[1].start == pytest.approx(found[0].end)


def test_speech_without_a_pause_is_cut_at_full_length_and_not_a_sample_is_lost() -> None:
    flags = speech((True, 7.3), (False, 1))
    found = finals(events(flags, changed(max_utterance_s=3)))
    assert [utterance.cut for utterance in found] == [Cut.MAX_LENGTH, Cut.MAX_LENGTH, Cut.SILENCE]
    assert [utterance.duration_s for utterance in found[:2]] == [3.0, 3.0]
    assert [utterance.quality.verdict for utterance in found] == [Verdict.TRUNCATED, Verdict.TRUNCATED, Verdict.OK]
    whole = np.concatenate([utterance.samples for utterance in found])
    np.testing.assert_array_equal(whole, source(len(flags))[: len(whole)])
    assert found[-1].end == pytest.approx(7.4)


def test_long_speech_is_rather_cut_in_a_pause_than_in_a_word() -> None:
    found = finals(events(speech((True, 2.5), (False, 0.12), (True, 3), (False, 1)), changed(max_utterance_s=3)))
    assert found[0].cut is Cut.MAX_LENGTH
    assert found[0].end == pytest.approx(2.56)
    assert found[0].quality.verdict is Verdict.OK
    assert found[1].start == found[0].end


def test_a_pause_long_before_the_limit_is_no_place_to_cut() -> None:
    found = finals(events(speech((True, 1), (False, 0.12), (True, 3), (False, 1)), changed(max_utterance_s=3)))
    assert found[0].end == 3.0


def test_commit_ends_the_utterance_at_once_however_short() -> None:
    segmenter = Segmenter(USUAL, QUALITY)
    assert segmenter.commit() == ()
    for _ in range(4):
        segmenter.step(np.zeros(FRAME, np.float32), 1.0)
    (final,) = segmenter.commit()
    assert isinstance(final, Final)
    assert (final.utterance.cut, final.utterance.end, final.hangover_s) == (Cut.COMMIT, segmenter.time, 0.0)
    assert segmenter.commit() == ()


def test_commit_in_a_pause_takes_the_sound_of_the_tentative_utterance() -> None:
    segmenter = Segmenter(USUAL, QUALITY)
    found: list[SegmentEvent] = []
    for speaking in speech((True, 1), (False, 0.3)):
        found += segmenter.step(np.zeros(FRAME, np.float32), float(speaking))
    (final,) = segmenter.commit()
    assert isinstance(final, Final)
    assert isinstance(found[-1], Tentative)
    assert final.utterance.samples is found[-1].utterance.samples
    assert final.utterance.cut is Cut.COMMIT


def test_clear_forgets_the_utterance_and_the_sound_before() -> None:
    segmenter = Segmenter(USUAL, QUALITY)
    assert segmenter.clear() == ()
    for _ in range(50):
        segmenter.step(np.zeros(FRAME, np.float32), 1.0)
    (dropped,) = segmenter.clear()
    assert dropped == Dropped("u1", 0.0, 1.0)
    found: list[SegmentEvent] = []
    for speaking in speech((True, 1), (False, 1)):
        found += segmenter.step(np.zeros(FRAME, np.float32), float(speaking))
    assert finals(found)[0].start == 1.0


def test_the_end_of_the_input_ends_the_utterance() -> None:
    found = finals(events(speech((False, 1), (True, 1))))
    assert [(utterance.cut, utterance.end) for utterance in found] == [(Cut.END, 2.0)]
    assert kinds(events(speech((False, 1), (True, 0.1)))) == [Started, Dropped]


def test_hours_of_silence_and_clicks_take_no_memory() -> None:
    segmenter = Segmenter(USUAL, QUALITY)

    def listen(minutes: int) -> int:
        for i in range(minutes * 3000):
            segmenter.step(np.zeros(FRAME, np.float32), float(i % 100 == 0))
        return tracemalloc.get_traced_memory()[0]

    tracemalloc.start()
    try:
        early = listen(1)
        assert listen(5) - early < 50_000
    finally:
        tracemalloc.stop()


runs = st.lists(st.tuples(st.booleans(), st.integers(1, 60)), min_size=1, max_size=14).map(
    lambda parts: [speaking for speaking, count in parts for _ in range(count)]
)
any_settings = st.builds(
    lambda onset, pre, tail, tentative, hangover, least, longest: Settings(
        threshold=0.5,
        onset_s=onset,
        pre_roll_s=pre,
        tail_s=tail,
        tentative_s=tail + tentative,
        hangover_s=tail + tentative + hangover,
        min_speech_s=least,
        max_utterance_s=longest,
    ),
    st.sampled_from([0.01, 0.06, 0.1]),
    st.sampled_from([0.0, 0.07, 0.3, 1.0]),
    st.sampled_from([0.0, 0.1, 0.33]),
    st.sampled_from([0.02, 0.1, 0.25]),
    st.sampled_from([0.0, 0.1, 0.7]),
    st.sampled_from([0.0, 0.12, 0.5]),
    st.sampled_from([1.0, 1.7, 4.0]),
)


@settings(max_examples=150, deadline=None)
@given(runs, any_settings)
def test_law_of_sound(flags: list[bool], some: Settings) -> None:
    """Utterances are the source's own samples, in order, apart from one another, never longer than allowed."""
    sound = source(len(flags))
    before = 0.0
    for utterance in finals(events(flags, some)):
        first = round(utterance.start * SAMPLE_RATE)
        np.testing.assert_array_equal(utterance.samples, sound[first : first + len(utterance.samples)])
        assert utterance.end == pytest.approx(utterance.start + len(utterance.samples) / SAMPLE_RATE)
        assert before <= utterance.start < utterance.end
        assert utterance.duration_s <= some.max_utterance_s + 1e-9
        before = utterance.end


@settings(max_examples=150, deadline=None)
@given(runs, any_settings)
def test_law_of_speech(flags: list[bool], some: Settings) -> None:
    """All speech that is long enough to begin with lies within what was cut or, with an event, dropped."""
    held = np.zeros(len(flags) * FRAME, dtype=bool)
    for event in events(flags, some):
        if isinstance(event, Final | Dropped):
            part = event.utterance if isinstance(event, Final) else event
            held[round(part.start * SAMPLE_RATE) : round(part.end * SAMPLE_RATE)] = True
    for first, last in stretches(flags):
        if (last - first) * FRAME_S >= some.onset_s:
            assert held[first * FRAME : last * FRAME].all()


@settings(max_examples=150, deadline=None)
@given(runs, any_settings)
def test_law_of_events(flags: list[bool], some: Settings) -> None:
    """Each start is answered once; a tentative utterance is final unless speech resumed."""
    under_way: str | None = None
    tentative: Utterance | None = None
    started = 0
    for event in events(flags, some):
        match event:
            case Started():
                started += 1
                assert under_way is None
                assert event.utterance_id == f"u{started}"
                under_way = event.utterance_id
            case Tentative():
                assert tentative is None
                assert event.utterance.id == under_way
                tentative = event.utterance
            case Resumed():
                assert tentative is not None
                assert event.utterance_id == under_way
                tentative = None
            case Final():
                assert event.utterance.id == under_way
                if tentative:
                    assert event.utterance.samples is tentative.samples
                under_way = tentative = None
            case Dropped():
                assert event.utterance_id == under_way
                assert tentative is None
                under_way = None
    assert under_way is None


@settings(max_examples=60, deadline=None)
@given(runs, st.lists(st.integers(1, 5000), min_size=1, max_size=5))
def test_law_of_chunks(flags: list[bool], sizes: list[int]) -> None:
    """How the sound was chopped up on its way makes no difference."""
    sound = source(len(flags))
    frames = Reblocker(FRAME)
    got = [frame for chunk in chopped(sound, sizes) for frame in frames.push(chunk)]
    np.testing.assert_array_equal(np.stack(got), sound.reshape(-1, FRAME))
    assert len(frames.rest()) == 0


def stretches(flags: Sequence[bool]) -> Iterator[tuple[int, int]]:
    first = None
    for i, speaking in enumerate([*flags, False]):
        if speaking and first is None:
            first = i
        elif not speaking and first is not None:
            yield first, i
            first = None


def chopped(sound: Samples, sizes: Sequence[int]) -> Iterator[AudioChunk]:
    at = turn = 0
    while at < len(sound):
        size = sizes[turn % len(sizes)]
        yield AudioChunk(sound[at : at + size], at / SAMPLE_RATE)
        at, turn = at + size, turn + 1


def pushed(frames: Reblocker, samples: Samples, start: float) -> Samples:
    return np.concatenate([np.zeros(0, np.float32), *frames.push(AudioChunk(samples, start))])


def test_a_gap_in_the_sound_is_filled_with_silence() -> None:
    frames = Reblocker(100)
    ones = np.ones(1600, np.float32)
    pushed(frames, ones, 0.0)
    later = pushed(frames, ones, 1.1)
    assert frames.time == pytest.approx(1.2)
    assert not later[:16000].any()
    assert later[16000:].all()
    assert not pushed(frames, ones, 1.22)[:320].any()


def test_sound_that_comes_twice_is_heard_once() -> None:
    frames = Reblocker(100)
    sound = source(10)
    first = pushed(frames, sound[:2000], 0.0)
    again = pushed(frames, sound[1000:3200], 1000 / SAMPLE_RATE)
    np.testing.assert_array_equal(np.concatenate((first, again)), sound[:3200])
    assert not len(pushed(frames, sound[:500], 0.0))


def test_a_jittering_clock_moves_nothing() -> None:
    frames = Reblocker(160)
    sound = source(10)
    got = [pushed(frames, sound[at : at + 160], at / SAMPLE_RATE + (-1) ** at * 0.004) for at in range(0, 3200, 160)]
    np.testing.assert_array_equal(np.concatenate(got), sound)


def test_a_source_may_use_its_buffer_again() -> None:
    frames = Reblocker(160)
    buffer = np.ones(400, np.float32)
    got = list(frames.push(AudioChunk(buffer, 0.0)))
    buffer[:] = 0
    assert all(frame.all() for frame in got)
    assert frames.rest().all()


def test_the_rest_is_given_out_once_and_padded_for_the_vad() -> None:
    frames = Reblocker(160)
    pushed(frames, np.ones(200, np.float32), 0.0)
    rest = frames.rest()
    assert (len(rest), len(pad(rest, 160)), float(pad(rest, 160).sum())) == (40, 160, 40.0)
    assert len(frames.rest()) == 0


@pytest.mark.parametrize(
    ("samples", "start", "words"),
    [
        (np.zeros((2, 160), np.float32), 0.0, "mono"),
        (np.zeros(160, np.int16), 0.0, "int16"),
        (np.full(160, np.nan, np.float32), 0.0, "NaN"),
        (np.zeros(160, np.float32), float("nan"), "NaN"),
        (np.zeros(160, np.float32), 1e9, "at most an hour"),
    ],
)
def test_sound_that_is_none_is_refused_with_a_reason(samples: Samples, start: float, words: str) -> None:
    with pytest.raises(AudioError, match=words):
        list(Reblocker(160).push(AudioChunk(samples, start)))
