"""Synthetic observations to calibrate on: balanced, in sentences no model was trained on, marked for what they are."""

from collections import Counter

import pytest

pytest.importorskip("espeakng_loader", reason="the training extra is not installed")

from assistant.engine import Engine
from assistant.training.corpus import load_corpus
from assistant.training.observations import Planned, perceive, plan
from assistant.training.synth import VOICES_TEST, VOICES_TRAIN, Take
from assistant.types import FELT
from tests.stubs import CONFIG, TUNING, FlatSentiment, HashAsr, HashEmotion

CORPUS = load_corpus()
PLANNED = list(plan(CORPUS, [VOICES_TEST[0], VOICES_TRAIN[0]], (0.0, 20.0), seed=1))


def test_every_voice_says_as_much_in_every_emotion() -> None:
    counts = Counter((each.take.voice, each.take.emotion) for each in PLANNED)
    assert counts == {(voice, emotion): 4 for voice in (VOICES_TEST[0], VOICES_TRAIN[0]) for emotion in FELT}


def test_no_sentence_was_trained_on() -> None:
    trained = {sentence.text for sentence in CORPUS.of("train")}
    assert not {each.take.text for each in PLANNED} & trained


def test_a_conflict_is_an_unpleasant_voice_with_pleasant_words_or_the_other_way_round() -> None:
    sentiment = {sentence.text: sentence.sentiment for sentence in CORPUS.sentences}
    for each in PLANNED:
        opposite = {"happy": "负向"} | dict.fromkeys(("angry", "disgusted", "fearful", "sad"), "正向")
        assert each.conflict == (sentiment[each.take.text] == opposite.get(each.take.emotion))


def test_noise_and_domain_are_marked() -> None:
    assert all(0 <= each.snr_db < 20 and each.take.snr_db == each.snr_db for each in PLANNED)
    assert {(each.take.voice in VOICES_TEST, each.domain) for each in PLANNED} == {
        (True, "synthetic, test voices"),
        (False, "synthetic, training voices"),
    }


def test_an_observation_keeps_what_calibration_needs_and_no_voice() -> None:
    take = Take("今天天气怎么样", VOICES_TEST[0], "sad", snr_db=20.0, head_s=0.6, tail_s=0.9)
    with Engine(HashAsr(), HashEmotion(), FlatSentiment()) as engine:
        found = perceive(Planned(take, 20.0, False, "synthetic"), CONFIG, engine, TUNING, 7)
    assert found is not None
    assert (found.label, found.speaker, found.snr_db, found.conflict) == ("sad", VOICES_TEST[0], 20.0, False)
    seen = found.observation
    assert seen.utterance_id == f"{VOICES_TEST[0]}-7"
    assert seen.quality is not None
    assert seen.quality.snr_db == pytest.approx(20, abs=5)
    assert seen.transcript is not None
    assert seen.transcript.tokens == ()
    assert seen.voice is not None
    assert (seen.voice.embedding, seen.voice.frames, seen.embedding_step) == (None, None, None)
