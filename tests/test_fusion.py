"""Fusion states what voice and words bear out, says when they disagree, and shows how it came to that."""

import math
import random
from collections.abc import Mapping
from dataclasses import replace
from typing import TypeVar

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from assistant.config.judgement import Fusion
from assistant.config.layers import load
from assistant.core.fusion import fuse
from assistant.core.statement import state
from assistant.errors import ConfigError
from assistant.types import (
    FELT,
    GROUPS,
    Affect,
    Certainty,
    ConflictKind,
    Correction,
    Emotion,
    Group,
    Language,
    Mood,
    Observation,
    Polarity,
    Quality,
    Reliability,
    Sentiment,
    Transcript,
    Verdict,
    VoiceEmotion,
)

Key = TypeVar("Key")

SETTINGS = load().config.fusion
CLEAR = Quality(rms=0.1, snr_db=30, speech_ratio=0.9, clipped_ratio=0, speech_s=3, verdict=Verdict.OK)
PRIOR = SETTINGS.prior


def voice(**named: float) -> VoiceEmotion:
    """Scores as named; all labels not named share the rest equally."""
    scores = {Emotion(name): score for name, score in named.items()}
    rest = (1 - sum(scores.values())) / (len(Emotion) - len(scores))
    return VoiceEmotion({label: scores.get(label, rest) for label in Emotion})


def words(positive: float, negative: float, neutral: float, agitated: float) -> Sentiment:
    return Sentiment(dict(zip(Polarity, (positive, negative, neutral, agitated), strict=True)))


def said(text: str = "今天天气不错", confidence: float = 1.0) -> Transcript:
    return Transcript(text, text, Language.ZH, confidence)


def turn(
    heard: VoiceEmotion | None = None,
    meant: Sentiment | None = None,
    *,
    quality: Quality = CLEAR,
    transcript: Transcript | None = None,
    start: float = 0.0,
) -> Observation:
    transcript = transcript or (said() if meant else None)
    return Observation("u", start, start + 2, quality if heard else None, transcript, heard, meant)


def feel(observation: Observation, mood: Mood | None = None, settings: Fusion = SETTINGS) -> Affect:
    return fuse(observation, mood or Mood(), settings)


# What the design computes for the start values, by hand: voice, words, (K, A, B), posterior, statement.
WORKED = {
    "angry voice, pleasant words": (
        turn(voice(angry=0.62, disgusted=0.18), words(0.82, 0.06, 0.10, 0.02)),
        (0.693, 0.790, 0.277),
        {
            "angry": 0.451,
            "disgusted": 0.155,
            "happy": 0.109,
            "neutral": 0.099,
            "surprised": 0.068,
            "sad": 0.065,
            "fearful": 0.053,
        },
        (Certainty.LABEL, Emotion.ANGRY, None, None, ConflictKind.MASKING_OR_SARCASM),
    ),
    "angry voice, neutral words": (
        turn(voice(angry=0.90), words(0.05, 0.08, 0.85, 0.02)),
        (0.048, 0.873, 0.587),
        {"angry": 0.769, "neutral": 0.057, "sad": 0.039},
        (Certainty.LABEL, Emotion.ANGRY, None, None, None),
    ),
    "angry voice, unpleasant words": (
        turn(voice(angry=0.90), words(0.02, 0.70, 0.06, 0.22)),
        (0.035, 0.874, 0.593),
        {"angry": 0.829, "sad": 0.037, "disgusted": 0.033},
        (Certainty.LABEL, Emotion.ANGRY, None, None, None),
    ),
    "sad voice, unpleasant words": (
        turn(voice(sad=0.55, neutral=0.40), words(0.04, 0.52, 0.42, 0.02)),
        (0.030, 0.884, 0.591),
        {"sad": 0.554, "neutral": 0.363},
        (Certainty.LABEL, Emotion.SAD, {Emotion.SAD, Emotion.NEUTRAL}, None, None),
    ),
    "a voice between sad and neutral": (
        turn(voice(sad=0.42, neutral=0.38)),
        (0.0, 0.943, 0.0),
        {"sad": 0.389, "neutral": 0.385},
        (Certainty.MIXED, Emotion.SAD, {Emotion.SAD, Emotion.NEUTRAL}, None, None),
    ),
    "the same with neutral words": (
        turn(voice(sad=0.42, neutral=0.38), words(0.04, 0.30, 0.64, 0.02)),
        (0.034, 0.846, 0.606),
        {"neutral": 0.400, "sad": 0.381},
        (Certainty.MIXED, Emotion.NEUTRAL, {Emotion.SAD, Emotion.NEUTRAL}, None, None),
    ),
    "a happy voice": (
        turn(voice(happy=0.853, neutral=0.045)),
        (0.0, 0.971, 0.0),
        {"happy": 0.784, "neutral": 0.075},
        (Certainty.LABEL, Emotion.HAPPY, None, None, None),
    ),
    "happy voice, unpleasant words": (
        turn(voice(happy=0.80, neutral=0.10), words(0.03, 0.85, 0.10, 0.02)),
        (0.623, 0.820, 0.307),
        {"happy": 0.557, "neutral": 0.195},
        (Certainty.LABEL, Emotion.HAPPY, None, None, ConflictKind.BANTER_OR_RELIEF),
    ),
    "sad voice, pleasant words": (
        turn(voice(sad=0.70, neutral=0.20), words(0.80, 0.05, 0.13, 0.02)),
        (0.571, 0.824, 0.332),
        {"sad": 0.495, "neutral": 0.318, "happy": 0.062},
        (Certainty.LABEL, Emotion.SAD, {Emotion.SAD, Emotion.NEUTRAL}, None, ConflictKind.MASKING_OR_SARCASM),
    ),
    "unpleasant words alone": (
        turn(meant=words(0.04, 0.88, 0.06, 0.02)),
        (0.0, 0.0, 1.0),
        {"sad": 0.297, "neutral": 0.270, "angry": 0.165, "fearful": 0.097, "disgusted": 0.069},
        (Certainty.GROUP, None, None, Group.NEGATIVE, None),
    ),
    "pleasant words alone": (
        turn(meant=words(0.90, 0.03, 0.06, 0.01)),
        (0.0, 0.0, 1.0),
        {"happy": 0.455, "neutral": 0.371},
        (Certainty.LABEL, Emotion.HAPPY, {Emotion.HAPPY, Emotion.NEUTRAL}, None, None),
    ),
    "neutral words alone": (
        turn(meant=words(0.05, 0.06, 0.87, 0.02)),
        (0.0, 0.0, 1.0),
        {"neutral": 0.591},
        (Certainty.LABEL, Emotion.NEUTRAL, None, None, None),
    ),
    "a voice the model can't place, and too short": (
        turn(voice(other=0.55, unknown=0.20), quality=replace(CLEAR, speech_s=1.0)),
        (0.0, 0.125, 0.0),
        {"neutral": 0.414, "happy": 0.173},
        (Certainty.INSUFFICIENT, None, None, None, None),
    ),
}


@pytest.mark.parametrize("case", WORKED)
def test_the_worked_checks_come_out_to_three_digits(case: str) -> None:
    observation, (conflict, voice_weight, words_weight), posterior, statement = WORKED[case]
    affect = feel(observation)
    assert affect.conflict.value == pytest.approx(conflict, abs=0.0005)
    assert affect.reliability.voice_weight == pytest.approx(voice_weight, abs=0.0005)
    assert affect.reliability.words_weight == pytest.approx(words_weight, abs=0.0005)
    assert {name: affect.now[Emotion(name)] for name in posterior} == pytest.approx(posterior, abs=0.0005)
    certainty, label, mixed, group, kind = statement
    assert (affect.certainty, affect.label, affect.group, affect.conflict.kind) == (certainty, label, group, kind)
    assert (set(affect.mixed) if affect.mixed else None) == mixed


def test_the_mass_of_what_is_stated_is_the_confidence() -> None:
    assert feel(turn(meant=words(0.04, 0.88, 0.06, 0.02))).confidence == pytest.approx(0.628, abs=0.0005)
    pair = feel(turn(voice(sad=0.42, neutral=0.38)))
    assert pair.confidence == pytest.approx(pair.now[Emotion.SAD] + pair.now[Emotion.NEUTRAL])
    assert feel(turn()).confidence == 0


def test_two_strong_emotions_without_a_name_are_not_called_mixed() -> None:
    observation = turn(voice(sad=0.42, neutral=0.38))
    unnamed = SETTINGS.statement.mixed.model_copy(update={"pairs": ((Emotion.HAPPY, Emotion.SAD),)})
    statement = SETTINGS.statement.model_copy(update={"mixed": unnamed})
    affect = feel(observation, settings=SETTINGS.model_copy(update={"statement": statement}))
    assert (affect.certainty, affect.mixed) == (Certainty.AMBIGUOUS, None)


@pytest.mark.parametrize(
    ("limit", "just_met", "just_missed"),
    [("first", 0.40, 0.41), ("second", 0.30, 0.31), ("gap", 0.101, 0.099), ("total", 0.70, 0.71)],
)
def test_a_pair_must_meet_every_limit_of_a_mixed_statement(limit: str, just_met: float, just_missed: float) -> None:
    now = dict.fromkeys(FELT, 0.3 / 5 - 1e-4) | {Emotion.SAD: 0.4002, Emotion.NEUTRAL: 0.3003}
    trusted = Reliability(voice=1.0, words=0.0, voice_weight=1.0, words_weight=0.0)
    lax = {"first": 0.0, "second": 0.0, "gap": 1.0, "total": 0.0}

    def certainty(value: float) -> Certainty:
        mixed = SETTINGS.statement.mixed.model_copy(update=lax | {limit: value})
        return state(now, trusted, SETTINGS.statement.model_copy(update={"mixed": mixed})).certainty

    assert certainty(just_met) is Certainty.MIXED
    assert certainty(just_missed) is Certainty.AMBIGUOUS


def test_a_silent_turn_is_insufficient_and_leaves_the_prior() -> None:
    affect = feel(turn())
    assert affect.certainty is Certainty.INSUFFICIENT
    assert affect.now == pytest.approx(PRIOR)


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({}, 1.0),
        ({"speech_s": 0.5}, 0.0),
        ({"speech_s": 1.0}, 0.5),
        ({"snr_db": 9.0}, 0.5),
        ({"snr_db": -20.0}, 0.0),
        ({"speech_ratio": 0.35}, 0.5),
        ({"clipped_ratio": 0.0275}, 0.5),
        ({"clipped_ratio": 0.2}, 0.0),
        ({"speech_s": 1.0, "snr_db": 9.0}, 0.25),
    ],
)
def test_bad_sound_makes_the_voice_count_less(change: dict[str, float], expected: float) -> None:
    sure = VoiceEmotion({Emotion.ANGRY: 1.0})
    affect = feel(turn(sure, quality=replace(CLEAR, **change)))
    assert affect.reliability.voice == pytest.approx(expected)


@pytest.mark.parametrize(
    ("transcript", "expected"),
    [
        (said("我今天很开心"), 1.0),
        (said("我今天很开心", confidence=0.65), 0.5),
        (said("我今天很开心", confidence=0.3), 0.0),
        (said("我高兴"), 0.5),
        (said("好!!!! ……"), 0.0),
        (said(""), 0.0),
        (said("嗯,好的。啊……嗯"), 0.5),
        (said("Okay, yeah!"), 0.5),
        (said("嗯好的我知道"), 1.0),
    ],
)
def test_unsure_short_or_filler_words_count_less(transcript: Transcript, expected: float) -> None:
    affect = feel(turn(meant=words(0.9, 0.03, 0.06, 0.01), transcript=transcript))
    assert affect.reliability.words == pytest.approx(expected)


def test_sentiment_without_a_transcript_and_a_transcript_without_sentiment_say_nothing() -> None:
    assert feel(Observation("u", 0, 1, sentiment=words(0, 1, 0, 0))).certainty is Certainty.INSUFFICIENT
    assert feel(Observation("u", 0, 1, transcript=said())).certainty is Certainty.INSUFFICIENT


def test_in_a_conflict_a_clear_voice_leads_and_a_poor_one_follows() -> None:
    heard, meant = voice(angry=0.90, other=0.0, unknown=0.0), words(0.90, 0.03, 0.06, 0.01)
    leading = feel(turn(heard, meant))
    following = feel(turn(heard, meant, quality=replace(CLEAR, speech_s=1.0)))
    assert leading.label is Emotion.ANGRY
    assert leading.conflict.kind is following.conflict.kind is ConflictKind.MASKING_OR_SARCASM
    assert following.reliability.voice == pytest.approx(0.5)
    assert following.now[Emotion.HAPPY] > following.now[Emotion.ANGRY]


def test_zeros_and_certainties_of_a_model_break_nothing() -> None:
    heard = VoiceEmotion({label: float(label is Emotion.FEARFUL) for label in Emotion})
    affect = feel(turn(heard, words(0, 1, 0, 0)))
    assert affect.label is Emotion.FEARFUL
    assert all(0 < mass < 1 for mass in affect.now.values())


def test_however_many_angry_turns_leave_the_belief_short_of_certain() -> None:
    mood = Mood()
    for index in range(20):
        observation = turn(voice(angry=0.5, neutral=0.3), start=index * 5.0)
        affect = feel(observation, mood)
        mood = replace(mood, belief=affect.belief, last_end=observation.end)
    assert 0.8 < affect.belief[Emotion.ANGRY] < 0.95
    assert affect.now == feel(turn(voice(angry=0.5, neutral=0.3))).now


def test_where_anger_is_usual_the_same_voice_is_more_likely_angry() -> None:
    hotline = dict.fromkeys(FELT, 0.1) | {Emotion.ANGRY: 0.4}
    there = SETTINGS.model_copy(update={"deployment_prior": hotline})
    observation = turn(voice(angry=0.4, neutral=0.4))
    assert feel(observation, settings=there).now[Emotion.ANGRY] > feel(observation).now[Emotion.ANGRY]
    assert feel(turn(), settings=there).now == pytest.approx(hotline)


# Laws, for any scores and any sound.

unit = st.floats(0, 1)


@st.composite
def shares(draw: st.DrawFn, count: int) -> list[float]:
    weights = draw(st.lists(unit, min_size=count, max_size=count))
    total = sum(weights)
    assume(total > 1e-6)
    return [weight / total for weight in weights]


voices = shares(len(Emotion)).map(lambda scores: VoiceEmotion(dict(zip(Emotion, scores, strict=True))))
known_voices = shares(len(FELT)).map(lambda scores: VoiceEmotion(dict(zip(FELT, scores, strict=True))))
sentiments = shares(len(Polarity)).map(lambda scores: Sentiment(dict(zip(Polarity, scores, strict=True))))
beliefs = shares(len(FELT)).map(lambda masses: dict(zip(FELT, masses, strict=True)))
qualities = st.builds(Quality, unit, st.floats(-10, 60), unit, unit, st.floats(0, 15), st.sampled_from(list(Verdict)))
transcripts = st.builds(said, st.text(max_size=12), unit)
turns = st.builds(
    Observation,
    st.just("u"),
    st.just(100.0),
    st.just(102.0),
    st.none() | qualities,
    st.none() | transcripts,
    st.none() | voices,
    st.none() | sentiments,
)
moods = st.builds(Mood, belief=beliefs, last_end=st.floats(0, 100))


def is_distribution(masses: Mapping[Emotion, float]) -> bool:
    return set(masses) == set(FELT) and math.isclose(math.fsum(masses.values()), 1) and min(masses.values()) > 0


@given(turns, moods)
def test_both_posteriors_are_distributions_and_every_number_is_in_range(observation: Observation, mood: Mood) -> None:
    affect = feel(observation, mood)
    assert is_distribution(affect.now)
    assert is_distribution(affect.belief)
    bounded = affect.reliability
    for share in (bounded.voice, bounded.words, bounded.voice_weight, bounded.words_weight, affect.conflict.value):
        assert 0 <= share <= 1
    assert bounded.voice_weight <= bounded.voice
    assert bounded.words_weight <= bounded.words
    assert -1 <= affect.valence <= 1
    assert -1 <= affect.arousal <= 1


@given(turns, moods)
def test_a_reader_recomputes_both_posteriors_from_the_terms_alone(observation: Observation, mood: Mood) -> None:
    affect = feel(observation, mood)
    said = {emotion: term.voice + term.words for emotion, term in affect.terms.items()}
    for posterior, start in (
        (affect.belief, {emotion: term.prior for emotion, term in affect.terms.items()}),
        (affect.now, {emotion: term.fresh for emotion, term in affect.terms.items()}),
    ):
        masses = {emotion: math.exp(start[emotion] + said[emotion]) for emotion in FELT}
        total = math.fsum(masses.values())
        assert {emotion: mass / total for emotion, mass in masses.items()} == pytest.approx(posterior, abs=1e-12)


@given(turns, moods, st.sets(st.sampled_from(FELT)))
def test_what_is_denied_changes_the_statement_never_the_figures(
    observation: Observation, mood: Mood, denied: set[Emotion]
) -> None:
    corrected = replace(mood, corrections=tuple(Correction(emotion, 0) for emotion in sorted(denied)))
    plain, affect = feel(observation, mood), feel(observation, corrected)
    for figure in ("now", "belief", "terms", "valence", "arousal", "reliability"):
        assert getattr(affect, figure) == getattr(plain, figure)
    assert affect.conflict.value == plain.conflict.value
    assert denied.isdisjoint({affect.label, *(affect.mixed or ())})
    if plain.certainty is Certainty.LABEL and plain.label not in denied:
        assert (affect.certainty, affect.label) == (Certainty.LABEL, plain.label)
    if plain.label in denied:
        assert (affect.certainty, affect.confidence) == (Certainty.CORRECTED, 0)
    if affect.group:
        assert affect.confidence == pytest.approx(
            sum(affect.now[each] for each in GROUPS[affect.group] if each not in denied)
        )


@given(turns)
def test_without_a_past_the_belief_is_what_this_turn_says(observation: Observation) -> None:
    affect = feel(observation)
    assert affect.belief == affect.now


@given(voices, qualities, sentiments, transcripts)
def test_a_side_that_cannot_be_trusted_leaves_the_other_alone(
    heard: VoiceEmotion, quality: Quality, meant: Sentiment, transcript: Transcript
) -> None:
    unheard = replace(quality, snr_db=-10.0)
    alone = feel(turn(meant=meant, transcript=transcript))
    assert feel(turn(heard, meant, quality=unheard, transcript=transcript)).now == alone.now
    unread = replace(transcript, confidence=0.0)
    assert feel(turn(heard, meant, quality=quality, transcript=unread)).now == feel(turn(heard, quality=quality)).now


@given(known_voices)
def test_a_fully_reliable_voice_alone_comes_through_as_calibrated(heard: VoiceEmotion) -> None:
    raised = {
        emotion: max(heard.scores[emotion], SETTINGS.voice.floor) ** (1 / SETTINGS.voice.temperature)
        for emotion in FELT
    }
    total = math.fsum(raised.values())
    expected = {emotion: mass / total for emotion, mass in raised.items()}
    assert feel(turn(heard)).now == pytest.approx(expected, abs=1e-9)


@given(turns, moods, st.randoms(use_true_random=False))
def test_the_order_of_labels_changes_nothing(observation: Observation, mood: Mood, chance: random.Random) -> None:
    def shuffled(scores: Mapping[Key, float]) -> dict[Key, float]:
        return dict(chance.sample(list(scores.items()), len(scores)))

    other = replace(
        observation,
        voice=observation.voice and VoiceEmotion(shuffled(observation.voice.scores)),
        sentiment=observation.sentiment and Sentiment(shuffled(observation.sentiment.scores)),
    )
    settings = SETTINGS.model_copy(update={"prior": shuffled(PRIOR)})
    assert feel(other, mood, settings) == feel(observation, mood)


@given(known_voices, st.floats(0.5, 1.5), st.floats(0.5, 1.5))
def test_the_emotion_the_voice_speaks_for_most_never_loses_by_a_more_reliable_voice(
    heard: VoiceEmotion, one: float, other: float
) -> None:
    poor, good = sorted((one, other))
    worse = feel(turn(heard, quality=replace(CLEAR, speech_s=poor)))
    better = feel(turn(heard, quality=replace(CLEAR, speech_s=good)))
    favoured = max(FELT, key=lambda emotion: feel(turn(heard)).terms[emotion].voice)
    assert better.now[favoured] >= worse.now[favoured] - 1e-12


@given(beliefs, st.floats(0, 600))
def test_a_turn_that_says_nothing_moves_the_belief_towards_the_prior(
    belief: dict[Emotion, float], silence_s: float
) -> None:
    affect = feel(turn(start=silence_s), Mood(belief=belief, last_end=0.0))
    share = 0.6 * math.exp(-silence_s / 75)
    assert {emotion: affect.belief[emotion] - PRIOR[emotion] for emotion in FELT} == pytest.approx(
        {emotion: share * (belief[emotion] - PRIOR[emotion]) for emotion in FELT}, abs=1e-12
    )


@given(known_voices, sentiments)
def test_a_conflict_needs_both_sides(heard: VoiceEmotion, meant: Sentiment) -> None:
    assert feel(turn(heard)).conflict.value == 0
    assert feel(turn(meant=meant)).conflict.value == 0


# Settings that can't work are refused when they are read.


@pytest.mark.parametrize(
    ("setting", "complaint"),
    [
        ("fusion.prior.sad=0.5", "summing to 1"),
        ("fusion.deployment_prior={sad: 1}", "needs each of"),
        ("fusion.voice.bias={other: 0.5}", "may name"),
        ("fusion.voice.snr_db={low: 3, high: 3}", "high must be greater than low"),
        ("fusion.words.confusion.sad.中性=0.5", "row 'sad'"),
        ("fusion.statement.mixed.pairs=[[sad, neutral], [neutral, sad]]", "may stand here once"),
        ("fusion.statement.mixed.pairs=[[sad, unknown]]", "pairs are made of"),
        ("fusion.valence_arousal.sad=[-2, 0]", "numbers from -1 to 1"),
        ("memory.streak.leave=0.55", "leave < enter"),
        ("memory.streak.need=4", "need <= of"),
        ("memory.min_steps=5", "min_steps < window"),
        ("memory.trend.turns=6", "trend.turns <= window"),
    ],
)
def test_settings_that_cannot_work_are_refused_with_the_reason(setting: str, complaint: str) -> None:
    with pytest.raises(ConfigError, match=complaint):
        load(sets=[setting])
