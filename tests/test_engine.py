"""The engine keeps the conversation alive: it runs models side by side, and what fails or is late costs only itself."""

import threading
import time
from collections.abc import Iterator

import numpy as np
import pytest

from assistant.config.perception import Deadlines
from assistant.engine import Engine, Perception
from assistant.errors import ModelError
from assistant.types import (
    Cut,
    Emotion,
    Language,
    Polarity,
    Quality,
    Samples,
    Sentiment,
    Stage,
    StageError,
    Transcript,
    Utterance,
    Verdict,
    VoiceEmotion,
)
from tests.stubs import Stamp

QUALITY = Quality(rms=0.1, snr_db=30, speech_ratio=0.9, clipped_ratio=0, speech_s=1, verdict=Verdict.OK)
SENTIMENT = Sentiment({Polarity.POSITIVE: 1.0, Polarity.NEGATIVE: 0.0, Polarity.NEUTRAL: 0.0, Polarity.AGITATED: 0.0})


class SlowAsr:
    """Hears the number written in the first sample, after a while."""

    def __init__(self, seconds: float = 0.0) -> None:
        self.seconds = seconds
        self.heard: list[str] = []

    def transcribe(self, samples: Samples) -> Transcript:
        time.sleep(self.seconds)
        self.heard.append(str(int(samples[0])))
        return Transcript(self.heard[-1], self.heard[-1], Language.ZH, 0.9)


class SlowEmotion:
    """Is sure of happiness, after a while; its embedding is the first sample."""

    def __init__(self, seconds: float = 0.0) -> None:
        self.seconds = seconds

    def listen(self, samples: Samples) -> VoiceEmotion:
        time.sleep(self.seconds)
        return VoiceEmotion({emotion: float(emotion is Emotion.HAPPY) for emotion in Emotion}, (float(samples[0]),))


class SlowSentiment:
    """Likes everything, after a while."""

    def __init__(self, seconds: float = 0.0) -> None:
        self.seconds = seconds
        self.texts: list[str] = []

    def read(self, text: str) -> Sentiment:
        time.sleep(self.seconds)
        self.texts.append(text)
        return SENTIMENT


class Held:
    """A model of any slot that answers only once it is let go."""

    def __init__(self) -> None:
        self.go = threading.Event()
        self.begun = threading.Event()
        self.calls = 0

    def transcribe(self, samples: Samples) -> Transcript:
        self._wait()
        return SlowAsr().transcribe(samples)

    def listen(self, samples: Samples) -> VoiceEmotion:
        self._wait()
        return SlowEmotion().listen(samples)

    def read(self, text: str) -> Sentiment:
        self._wait()
        return SENTIMENT

    def _wait(self) -> None:
        self.calls += 1
        self.begun.set()
        assert self.go.wait(10)


class Broken:
    """A model of any slot that raises what it is given."""

    def __init__(self, error: Exception) -> None:
        self.error = error

    def transcribe(self, samples: Samples) -> Transcript:
        raise self.error

    def listen(self, samples: Samples) -> VoiceEmotion:
        raise self.error

    def read(self, text: str) -> Sentiment:
        raise self.error

    def punctuate(self, text: str) -> str:
        raise self.error


@pytest.fixture
def held() -> Iterator[Held]:
    model = Held()
    yield model
    model.go.set()


def utterance(number: int = 1, start: float = 2.0) -> Utterance:
    samples = np.full(16_000, number, np.float32)
    return Utterance(f"u{number}", samples, start, start + 1, Cut.SILENCE, QUALITY)


def within(seconds: float) -> Deadlines:
    return Deadlines(asr=seconds, emotion=seconds, sentiment=seconds, punctuation=seconds)


def until(condition: threading.Event) -> None:
    assert condition.wait(5)


def finish(engine: Engine, number: int = 1) -> Perception:
    return engine.observe(utterance(number))


def test_words_voice_and_sentiment_come_together_in_one_observation() -> None:
    with Engine(SlowAsr(), SlowEmotion(), SlowSentiment()) as engine:
        seen = finish(engine, 7).observation
    assert (seen.utterance_id, seen.start, seen.end, seen.quality) == ("u7", 2.0, 3.0, QUALITY)
    assert seen.text == "7"
    assert seen.voice is not None
    assert seen.voice.embedding == (7.0,)
    assert seen.sentiment == SENTIMENT
    assert seen.errors == ()


def test_two_slow_models_together_take_hardly_longer_than_the_slower_one() -> None:
    with Engine(SlowAsr(0.4), SlowEmotion(0.5), None) as engine:
        began = time.monotonic()
        finish(engine)
        took = time.monotonic() - began
    assert took <= 1.2 * 0.5


def test_sentiment_is_read_while_the_voice_is_still_being_heard() -> None:
    with Engine(SlowAsr(0.2), SlowEmotion(0.5), SlowSentiment(0.25)) as engine:
        began = time.monotonic()
        finish(engine)
        took = time.monotonic() - began
    assert took <= 1.2 * 0.5


def test_sentiment_reads_the_words_that_were_heard() -> None:
    sentiment = SlowSentiment()
    with Engine(SlowAsr(), None, sentiment) as engine:
        finish(engine, 42)
    assert sentiment.texts == ["42"]


def test_timings_tell_what_each_stage_took_and_how_long_the_endpoint_waited() -> None:
    with Engine(SlowAsr(0.1), SlowEmotion(), None) as engine:
        timings = finish(engine).timings_ms
    assert timings.keys() == {"asr", "emotion", "wait"}
    assert 100 <= timings["asr"] <= timings["wait"] < 300
    assert timings["emotion"] < 50


def test_empty_slots_are_no_errors() -> None:
    with Engine(None, None, None) as engine:
        seen = finish(engine).observation
    assert (seen.transcript, seen.voice, seen.sentiment, seen.errors) == (None, None, None, ())


@pytest.mark.parametrize("error", [ModelError("asr", "bad luck"), MemoryError("bad luck"), KeyError("bad luck")])
@pytest.mark.parametrize("stage", list(Stage))
def test_a_stage_that_fails_leaves_the_others_and_says_why(stage: Stage, error: Exception) -> None:
    broken = Broken(error)
    engine = Engine(
        broken if stage is Stage.ASR else SlowAsr(),
        broken if stage is Stage.EMOTION else SlowEmotion(),
        broken if stage is Stage.SENTIMENT else SlowSentiment(),
        punctuator=broken if stage is Stage.PUNCTUATION else Stamp(),
    )
    with engine:
        seen = finish(engine).observation
        again = finish(engine).observation
    (problem,) = seen.errors
    assert problem.stage is stage
    assert "bad luck" in problem.message
    assert (seen.transcript is None) == (stage is Stage.ASR)
    assert (seen.voice is None) == (stage is Stage.EMOTION)
    assert (seen.sentiment is None) == (stage in (Stage.ASR, Stage.SENTIMENT))
    assert again.errors == seen.errors
    if stage is Stage.PUNCTUATION:
        assert seen.transcript.punctuated == seen.transcript.text


def test_words_are_punctuated_for_people_while_sentiment_reads_them_bare() -> None:
    sentiment = SlowSentiment()
    with Engine(SlowAsr(), None, sentiment, punctuator=Stamp()) as engine:
        perceived = finish(engine)
    words = perceived.observation.transcript
    assert words is not None
    assert (words.text, words.punctuated) == ("1", "1。")
    assert sentiment.texts == ["1"]
    assert perceived.timings_ms["punctuation"] >= 0


def test_punctuation_and_sentiment_do_not_wait_for_each_other() -> None:
    with Engine(SlowAsr(), None, SlowSentiment(0.3), punctuator=Stamp(0.3)) as engine:
        began = time.monotonic()
        finish(engine)
        assert time.monotonic() - began < 0.5


def test_late_punctuation_leaves_the_words_bare() -> None:
    with Engine(SlowAsr(), None, None, within(0.1), punctuator=Stamp(0.4)) as engine:
        pending = engine.submit(utterance())
        pending.commit()
        assert not pending.done()
        seen = pending.result().observation
    assert [error.stage for error in seen.errors] == [Stage.PUNCTUATION]
    assert seen.transcript is not None
    assert seen.transcript.punctuated == "1"


def test_what_was_typed_keeps_the_punctuation_it_has() -> None:
    with Engine(None, None, None, punctuator=Stamp()) as engine:
        seen = engine.read("还在吗?", "t1", 0.0).result().observation
    assert seen.transcript is not None
    assert seen.transcript.punctuated == "还在吗?"


def test_no_words_have_no_sentiment() -> None:
    class Deaf:
        def transcribe(self, samples: Samples) -> Transcript:
            return Transcript("", "", Language.ZH, 0.0)

    sentiment = SlowSentiment()
    with Engine(Deaf(), None, sentiment) as engine:
        seen = finish(engine).observation
    assert seen.transcript is not None
    assert (seen.sentiment, seen.errors, sentiment.texts) == (None, (), [])


def test_a_late_voice_is_left_out_when_its_time_is_up(held: Held) -> None:
    with Engine(SlowAsr(), held, SlowSentiment(), within(0.1)) as engine:
        began = time.monotonic()
        seen = finish(engine).observation
        took = time.monotonic() - began
        held.go.set()
    assert seen.errors == (StageError(Stage.EMOTION, "no answer within 0.1 s of the endpoint"),)
    assert (seen.voice, seen.text, seen.sentiment) == (None, "1", SENTIMENT)
    assert 0.1 <= took < 0.3


def test_late_words_are_one_error_not_two(held: Held) -> None:
    deadlines = Deadlines(asr=0.05, emotion=None, sentiment=5.0, punctuation=5.0)
    with Engine(held, SlowEmotion(), SlowSentiment(), deadlines) as engine:
        pending = engine.submit(utterance())
        pending.commit()
        time.sleep(0.1)
        assert pending.done(), "a sentiment that can't come isn't waited for"
        seen = pending.result().observation
        held.go.set()
    assert [error.stage for error in seen.errors] == [Stage.ASR]


def test_a_late_sentiment_leaves_the_words(held: Held) -> None:
    with Engine(SlowAsr(), SlowEmotion(), held, within(0.1)) as engine:
        seen = finish(engine).observation
        held.go.set()
    assert [error.stage for error in seen.errors] == [Stage.SENTIMENT]
    assert seen.text == "1"


def test_deadlines_count_from_the_endpoint_and_not_from_the_first_guess() -> None:
    with Engine(SlowAsr(0.3), None, None, within(0.2)) as engine:
        pending = engine.submit(utterance())
        time.sleep(0.2)
        pending.commit()
        seen = pending.result().observation
    assert (seen.text, seen.errors) == ("1", ())


def test_what_was_ready_too_late_stays_late_however_late_one_asks() -> None:
    with Engine(SlowAsr(0.15), None, None, within(0.05)) as engine:
        pending = engine.submit(utterance())
        pending.commit()
        time.sleep(0.3)
        seen = pending.result().observation
    assert [error.stage for error in seen.errors] == [Stage.ASR]


def test_a_guess_finished_before_the_endpoint_is_there_at_once() -> None:
    with Engine(SlowAsr(0.1), SlowEmotion(0.1), None) as engine:
        pending = engine.submit(utterance())
        time.sleep(0.2)
        assert pending.done()
        pending.commit()
        assert pending.result().timings_ms["wait"] < 20


def test_a_guess_gives_the_same_observation_as_no_guess() -> None:
    with Engine(SlowAsr(), SlowEmotion(), SlowSentiment()) as engine:
        guess = engine.submit(utterance(3))
        time.sleep(0.05)
        guess.commit()
        assert guess.result().observation == finish(engine, 3).observation


def test_done_does_not_wait(held: Held) -> None:
    with Engine(SlowAsr(), held, None) as engine:
        pending = engine.submit(utterance())
        began = time.monotonic()
        assert not pending.done()
        assert time.monotonic() - began < 0.05
        held.go.set()
        pending.result()
        assert pending.done()


def test_done_turns_true_when_the_last_deadline_has_passed(held: Held) -> None:
    with Engine(held, held, SlowSentiment(), within(0.1)) as engine:
        pending = engine.submit(utterance())
        pending.commit()
        assert not pending.done()
        time.sleep(0.15)
        assert pending.done()
        assert [error.stage for error in pending.result().observation.errors] == [Stage.ASR, Stage.EMOTION]
        held.go.set()


def test_a_revoked_utterance_that_has_not_begun_never_does(held: Held) -> None:
    with Engine(held, None, None) as engine:
        first, revoked, last = (engine.submit(utterance(number)) for number in (1, 2, 3))
        until(held.begun)
        revoked.cancel()
        held.go.set()
        assert (first.result().observation.text, last.result().observation.text) == ("1", "3")
    assert held.calls == 2
    with pytest.raises(RuntimeError, match="cancelled"):
        revoked.result()


def test_a_revoked_utterance_is_not_read_for_sentiment(held: Held) -> None:
    sentiment = SlowSentiment()
    with Engine(held, None, sentiment) as engine:
        pending = engine.submit(utterance())
        until(held.begun)
        pending.cancel()
        held.go.set()
    assert sentiment.texts == []


def test_utterances_are_heard_in_the_order_they_were_said() -> None:
    asr = SlowAsr(0.01)
    with Engine(asr, SlowEmotion(), SlowSentiment()) as engine:
        pending = [engine.submit(utterance(number)) for number in range(8)]
        texts = [each.result().observation.text for each in reversed(pending)]
    assert asr.heard == [str(number) for number in range(8)]
    assert texts == asr.heard[::-1]


def test_a_late_answer_never_shows_up_in_a_later_turn(held: Held) -> None:
    with Engine(held, SlowEmotion(), SlowSentiment(), within(0.1)) as engine:
        late = finish(engine, 1)
        held.go.set()
        time.sleep(0.05)
        following = finish(engine, 2).observation
        assert late.observation.transcript is None
        assert (following.text, following.errors) == ("2", ())


def test_a_hung_model_costs_its_stage_and_no_more_until_it_comes_back(held: Held) -> None:
    with Engine(held, SlowEmotion(), None, within(0.05)) as engine:
        for number in (1, 2):
            seen = finish(engine, number).observation
            assert [error.stage for error in seen.errors] == [Stage.ASR]
            assert seen.voice is not None
        held.go.set()
        assert finish(engine, 3).observation.text == "3"
    assert held.calls == 2, "the second turn was over, and its sound is not worth hearing"


def test_the_result_is_made_once(held: Held) -> None:
    with Engine(SlowAsr(), held, None, within(0.05)) as engine:
        pending = engine.submit(utterance())
        first = pending.result()
        held.go.set()
        time.sleep(0.05)
        assert pending.result() is first


def test_typed_words_are_read_without_a_voice() -> None:
    sentiment = SlowSentiment()
    with Engine(SlowAsr(), SlowEmotion(), sentiment) as engine:
        seen = engine.read("我很开心", "t1", 12.5).result().observation
    assert (seen.start, seen.end, seen.quality, seen.voice) == (12.5, 12.5, None, None)
    assert seen.transcript == Transcript("我很开心", "我很开心", Language.ZH, 1.0)
    assert (seen.sentiment, sentiment.texts, seen.errors) == (SENTIMENT, ["我很开心"], ())


def test_typed_english_is_english_and_blanks_are_not_read() -> None:
    sentiment = SlowSentiment()
    with Engine(None, None, sentiment) as engine:
        english = engine.read("I am fine, 谢谢", "t1", 0).result().observation
        blank = engine.read("  ", "t2", 0).result().observation
    assert english.transcript is not None
    assert english.transcript.language is Language.EN
    assert (blank.sentiment, sentiment.texts) == (None, ["I am fine, 谢谢"])


def test_closing_ends_the_workers() -> None:
    before = threading.active_count()
    engine = Engine(SlowAsr(), SlowEmotion(), SlowSentiment())
    finish(engine)
    engine.close()
    assert threading.active_count() == before


def test_closing_does_not_wait_for_a_model_that_hangs(held: Held) -> None:
    engine = Engine(held, None, None)
    engine.submit(utterance())
    until(held.begun)
    began = time.monotonic()
    engine.close(grace_s=0.1)
    assert time.monotonic() - began < 1


def test_sessions_that_share_an_engine_get_their_own_answers() -> None:
    answers: dict[int, list[str]] = {}
    with Engine(SlowAsr(0.002), SlowEmotion(0.001), SlowSentiment()) as engine:

        def converse(session: int) -> None:
            answers[session] = [finish(engine, 100 * session + turn).observation.text for turn in range(20)]

        sessions = [threading.Thread(target=converse, args=(session,)) for session in range(4)]
        for thread in sessions:
            thread.start()
        for thread in sessions:
            thread.join(10)
    assert answers == {session: [str(100 * session + turn) for turn in range(20)] for session in range(4)}


def test_importing_the_engine_brings_in_no_ml_library() -> None:
    import subprocess
    import sys

    code = "import sys, assistant.engine; print(sorted({'torch', 'funasr', 'transformers'} & set(sys.modules)))"
    out = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, encoding="utf-8", check=True)
    assert out.stdout.strip() == "[]"
