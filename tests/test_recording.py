"""A recording is summed up fairly from its utterances, and a result that is not sure says why."""

import math
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assistant.core.doubt import Doubt, doubts
from assistant.core.fusion import fuse
from assistant.core.judge import judge
from assistant.core.recording import FLOOR, Recorded, summarize
from assistant.types import (
    Emotion,
    Language,
    Mood,
    Observation,
    Polarity,
    Quality,
    Sentiment,
    Stage,
    StageError,
    Token,
    Transcript,
    Verdict,
    VoiceEmotion,
)
from tests.talk import TUNING, scores

SETTINGS = TUNING.fusion
LIKELY = st.floats(0, 1)


def quality(
    speech_s: float = 3.0, verdict: Verdict = Verdict.OK, snr_db: float = 30.0, clipped: float = 0.0
) -> Quality:
    return Quality(0.1, snr_db, 0.9, clipped, speech_s, verdict)


def heard(
    voice: dict[Emotion, float] | None = None,
    speech_s: float = 3.0,
    text: str = "今天天气不错",
    words: Polarity | None = None,
    *,
    start: float = 0.0,
    verdict: Verdict = Verdict.OK,
    confidence: float = 0.95,
    embedding: tuple[float, ...] | None = None,
    errors: tuple[StageError, ...] = (),
) -> Observation:
    return Observation(
        f"u{start:g}",
        start,
        start + speech_s / 0.9,
        quality(speech_s, verdict),
        Transcript(text, text, Language.ZH, confidence, (Token(text, confidence),)),
        VoiceEmotion(scores(voice), embedding) if voice else None,
        Sentiment({kind: 0.85 if kind is words else 0.05 for kind in Polarity}) if words else None,
        errors=errors,
    )


def distributions(names: type[Emotion] | type[Polarity]) -> st.SearchStrategy[dict[str, float]]:
    masses = st.lists(st.floats(0, 1), min_size=len(names), max_size=len(names)).filter(lambda row: sum(row) > 0.01)
    return masses.map(lambda row: {name: mass / sum(row) for name, mass in zip(names, row, strict=True)})


@st.composite
def utterances(draw: st.DrawFn) -> Observation:
    """Anything that may be perceived in an utterance of a recording."""
    text = draw(st.text("今天气真好hello ,", max_size=12))
    start, speech_s = draw(st.floats(0, 3600)), draw(st.floats(0, 15))
    vector = st.tuples(*[st.floats(-3, 3)] * 3)
    voice = st.builds(VoiceEmotion, distributions(Emotion), st.none() | vector)
    sentiment = st.builds(Sentiment, distributions(Polarity))
    sound = st.builds(Quality, LIKELY, st.floats(-10, 60), LIKELY, LIKELY, st.just(speech_s), st.sampled_from(Verdict))
    transcript = st.builds(Transcript, st.just(text), st.just(text), st.sampled_from(Language), LIKELY)
    failed = st.builds(StageError, st.sampled_from(Stage), st.just("too late"))
    return Observation(
        f"u{start}",
        start,
        start + speech_s + draw(LIKELY),
        draw(sound),
        draw(st.none() | transcript),
        draw(st.none() | voice),
        draw(st.none() | sentiment) if text else None,
        errors=draw(st.just(()) | st.tuples(failed)),
    )


RECORDINGS = st.lists(utterances(), max_size=6)


# --- the laws of the whole


@given(RECORDINGS)
def test_a_recording_has_what_a_turn_has_and_can_be_judged_like_one(seen: list[Observation]) -> None:
    whole = summarize(seen)
    assert whole.voice is not None
    assert sum(whole.voice.scores.values()) == pytest.approx(1)
    assert set(whole.voice.scores) == set(Emotion)
    assert whole.sentiment is None or sum(whole.sentiment.scores.values()) == pytest.approx(1)
    assert whole.start <= whole.end
    judged = judge(whole, Mood(), TUNING, "file")
    assert judged.reply.text


@given(utterances())
def test_a_recording_of_one_utterance_is_judged_as_that_utterance(seen: Observation) -> None:
    whole = summarize([seen])
    assert judge(whole, Mood(), TUNING, "file") == judge(seen, Mood(), TUNING, "file")
    for name in ("start", "end", "quality", "sentiment", "errors", "embedding_step", "text"):
        assert getattr(whole, name) == getattr(seen, name)
    if seen.voice:
        assert whole.voice == seen.voice


@given(RECORDINGS, st.randoms(use_true_random=False))
def test_the_order_of_utterances_changes_the_text_alone(seen: list[Observation], chance: object) -> None:
    shuffled = list(seen)
    chance.shuffle(shuffled)
    one, other = summarize(seen), summarize(shuffled)
    assert one.voice.scores == pytest.approx(other.voice.scores)
    assert one.voice.embedding == pytest.approx(other.voice.embedding)
    assert one.sentiment is None or one.sentiment.scores == pytest.approx(other.sentiment.scores)
    assert (one.start, one.end) == (other.start, other.end)
    assert one.quality.speech_s == pytest.approx(other.quality.speech_s)
    assert one.quality.snr_db == pytest.approx(other.quality.snr_db)
    assert sorted(one.text) == sorted(other.text)


@given(st.lists(utterances(), min_size=2, max_size=4), st.integers(2, 3))
def test_a_recording_played_again_and_again_feels_the_same(seen: list[Observation], times: int) -> None:
    once, often = summarize(seen), summarize(seen * times)
    assert often.voice.scores == pytest.approx(once.voice.scores)
    assert often.quality.speech_s == pytest.approx(times * once.quality.speech_s)


@given(distributions(Emotion), distributions(Emotion), st.floats(0.1, 10), st.floats(0.1, 10))
def test_the_voice_is_the_mean_of_log_scores_by_seconds_of_speech(
    one: dict[Emotion, float], other: dict[Emotion, float], first_s: float, second_s: float
) -> None:
    seen = [
        replace(heard(speech_s=speech_s), voice=VoiceEmotion(voice))
        for voice, speech_s in ((one, first_s), (other, second_s))
    ]
    whole = summarize(seen).voice.scores
    share = first_s / (first_s + second_s)
    masses = {
        emotion: max(one[emotion], FLOOR) ** share * max(other[emotion], FLOOR) ** (1 - share) for emotion in Emotion
    }
    assert whole == pytest.approx({emotion: mass / sum(masses.values()) for emotion, mass in masses.items()})


# --- what a listener would expect of it


def test_the_longer_speech_decides() -> None:
    angry, calm = {Emotion.ANGRY: 0.9}, {Emotion.NEUTRAL: 0.9}
    whole = summarize([heard(calm, 8), heard(angry, 2)]).voice.scores
    assert max(whole, key=whole.get) is Emotion.NEUTRAL
    whole = summarize([heard(calm, 2), heard(angry, 8)]).voice.scores
    assert max(whole, key=whole.get) is Emotion.ANGRY


def test_an_utterance_without_voice_leaves_the_others_theirs() -> None:
    sad = heard({Emotion.SAD: 0.9}, embedding=(1.0, 2.0))
    whole = summarize([sad, heard(None, 9), heard({Emotion.SAD: 0.9}, embedding=(3.0, 4.0))])
    assert whole.voice.scores == pytest.approx(sad.voice.scores)
    assert whole.voice.embedding == pytest.approx((2.0, 3.0))


@pytest.mark.parametrize("seen", [[], [heard(None)], [heard(None), heard(None)]], ids=["none", "one", "two"])
def test_without_a_voice_all_is_unknown(seen: list[Observation]) -> None:
    whole = summarize(seen).voice
    assert whole.scores[Emotion.UNKNOWN] == 1
    assert sum(whole.scores.values()) == 1
    assert whole.embedding is None


def test_a_recording_without_speech_is_asked_back_about() -> None:
    whole = summarize([])
    assert whole.quality.verdict is Verdict.NO_SPEECH
    assert whole.text == ""
    assert judge(whole, Mood(), TUNING, "file").decision.action == "clarify"


def test_words_weigh_by_their_characters() -> None:
    long = heard(text="今天的天气真是不错啊", words=Polarity.POSITIVE, confidence=0.9)
    short = heard(text="糟糕", words=Polarity.NEGATIVE, confidence=0.3, start=9)
    whole = summarize([long, short])
    assert whole.text == "今天的天气真是不错啊\n糟糕"
    assert whole.transcript.confidence == pytest.approx((10 * 0.9 + 2 * 0.3) / 12)
    assert whole.sentiment.scores[Polarity.POSITIVE] == pytest.approx((10 * 0.85 + 2 * 0.05) / 12)
    assert whole.transcript.tokens == ()


def test_the_sound_is_summed_up_as_sound() -> None:
    loud, soft = heard(speech_s=1), heard(speech_s=3, start=5)
    loud = replace(loud, quality=replace(loud.quality, rms=0.4, snr_db=30, clipped_ratio=0.04))
    soft = replace(soft, quality=replace(soft.quality, rms=0.1, snr_db=10))
    whole = summarize([loud, soft]).quality
    assert whole.speech_s == 4
    assert whole.rms == pytest.approx(math.sqrt((0.16 + 3 * 0.01) / 4))
    assert whole.snr_db == pytest.approx(15)
    assert whole.clipped_ratio == pytest.approx(0.01)
    assert whole.speech_ratio == pytest.approx(0.9)


@pytest.mark.parametrize(
    ("parts", "verdict"),
    [
        ({Verdict.OK: 5, Verdict.NOISY: 4}, Verdict.OK),
        ({Verdict.OK: 3, Verdict.NOISY: 4}, Verdict.NOISY),
        ({Verdict.OK: 1, Verdict.NOISY: 2, Verdict.CLIPPED: 3}, Verdict.CLIPPED),
        ({Verdict.TRUNCATED: 9, Verdict.OK: 1}, Verdict.OK),
        ({Verdict.NO_SPEECH: 0, Verdict.TOO_SHORT: 0}, Verdict.NO_SPEECH),
    ],
)
def test_the_verdict_is_that_of_most_speech(parts: dict[Verdict, float], verdict: Verdict) -> None:
    assert (
        summarize([heard(speech_s=speech_s, verdict=part) for part, speech_s in parts.items()]).quality.verdict
        is verdict
    )


def test_a_stage_failed_if_it_failed_for_most_of_the_speech() -> None:
    failed = (StageError(Stage.ASR, "too late"),)
    assert summarize([heard(speech_s=2, errors=failed), heard(speech_s=3)]).errors == ()
    assert summarize([heard(speech_s=4, errors=failed), heard(speech_s=3)]).errors == failed


def test_an_hour_takes_no_more_memory_than_its_text() -> None:
    vector = tuple(float(number) for number in range(1024))
    recorded = Recorded()
    for turn in range(720):
        recorded = recorded.add(heard({Emotion.SAD: 0.9}, start=5.0 * turn, embedding=vector))
    assert recorded.only is None
    assert recorded.embedding.total.shape == (1024,)
    assert recorded.result().voice.embedding == pytest.approx(vector)
    assert recorded.result().end == pytest.approx(5 * 719 + 3 / 0.9)


# --- why a result is not sure


def causes(seen: Observation, confident: float = 1.0) -> tuple[Doubt, ...]:
    return doubts(seen, fuse(seen, Mood(), SETTINGS), confident, SETTINGS)


def test_a_sure_result_has_no_doubts() -> None:
    sure = heard({Emotion.ANGRY: 0.95}, words=Polarity.NEGATIVE)
    affect = fuse(sure, Mood(), SETTINGS)
    assert doubts(sure, affect, affect.confidence, SETTINGS) == ()
    assert doubts(sure, affect, affect.confidence + 0.01, SETTINGS) != ()


@pytest.mark.parametrize(
    ("verdict", "cause"),
    [
        (Verdict.NOISY, Doubt.NOISE),
        (Verdict.TOO_QUIET, Doubt.QUIET),
        (Verdict.TOO_SHORT, Doubt.SHORT),
        (Verdict.CLIPPED, Doubt.CLIPPED),
    ],
)
def test_what_is_wrong_with_the_sound_comes_first(verdict: Verdict, cause: Doubt) -> None:
    assert causes(heard({Emotion.SAD: 0.4}, verdict=verdict))[0] is cause


def test_without_speech_nothing_else_is_a_cause() -> None:
    assert causes(heard({Emotion.SAD: 0.4}, speech_s=0.1, verdict=Verdict.NO_SPEECH, confidence=0.1)) == (
        Doubt.NO_SPEECH,
    )
    assert causes(summarize([])) == (Doubt.NO_SPEECH,)


@pytest.mark.parametrize(
    ("sound", "cause"),
    [
        (quality(snr_db=SETTINGS.voice.snr_db.low), Doubt.NOISE),
        (quality(speech_s=SETTINGS.voice.speech_s.low), Doubt.SHORT),
        (quality(clipped=SETTINGS.voice.clipped_ratio.high), Doubt.CLIPPED),
    ],
)
def test_numbers_tell_what_the_verdict_lets_pass(sound: Quality, cause: Doubt) -> None:
    assert causes(replace(heard({Emotion.ANGRY: 0.9}), quality=sound))[0] is cause


def test_words_heard_without_confidence_in_clear_sound_are_another_language() -> None:
    assert causes(heard({Emotion.ANGRY: 0.9}, confidence=0.3))[0] is Doubt.LANGUAGE
    english = replace(
        heard({Emotion.ANGRY: 0.9}), transcript=Transcript("hello there", "hello there", Language.EN, 0.9)
    )
    assert causes(english)[0] is Doubt.LANGUAGE


def test_in_noise_unsure_words_are_no_sign_of_another_language() -> None:
    noisy = replace(heard({Emotion.ANGRY: 0.9}, confidence=0.3), quality=quality(snr_db=0))
    assert causes(noisy) == (Doubt.NOISE,)


def test_every_telling_cause_is_named_and_no_other() -> None:
    hurried = replace(heard({Emotion.ANGRY: 0.9}), quality=quality(snr_db=5, speech_s=0.5))
    assert causes(hurried) == (Doubt.SHORT, Doubt.NOISE)


def test_two_feelings_at_once_are_mixed_feelings() -> None:
    assert causes(heard({Emotion.ANGRY: 0.45, Emotion.SAD: 0.45})) == (Doubt.MIXED,)


def test_a_voice_against_its_words_is_a_conflict() -> None:
    assert causes(heard({Emotion.ANGRY: 0.9}, words=Polarity.POSITIVE))[0] is Doubt.CONFLICT


@given(utterances(), LIKELY)
def test_doubts_stand_once_and_only_below_the_threshold(seen: Observation, confident: float) -> None:
    affect = fuse(seen, Mood(), SETTINGS)
    found = doubts(seen, affect, confident, SETTINGS)
    assert len(set(found)) == len(found)
    assert not found or affect.confidence < confident
