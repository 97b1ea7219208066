"""Synthetic speech carries what a take asks for, and the recogniser trained on it hears what was said."""

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

pytest.importorskip("espeakng_loader", reason="the training extra is not installed")
pytest.importorskip("jieba", reason="the training extra is not installed")

from assistant.models.paraformer import Paraformer
from assistant.models.quiet import undisturbed
from assistant.training import asr_model, asr_report, effects, espeak
from assistant.training.asr_data import Sample, Trial, load_shards, log_mel, stack, training_take
from assistant.training.asr_texts import LONGEST, Texts
from assistant.training.corpus import load_corpus
from assistant.training.render import recordings, render
from assistant.training.synth import EMOTIONS, RATE_HZ, VOICES_TEST, VOICES_TRAIN, Emotion, Take, speak

TOP = Path(__file__).parents[1]
BUNDLED = TOP / "assistant" / "checkpoints" / "mini" / "asr"
TEXT = "今天天气怎么样"
PHRASE = st.text(alphabet="一二三四五", max_size=6)


def rms(wave: np.ndarray) -> float:
    return float(np.sqrt(np.mean(wave**2)))


def brightness(wave: np.ndarray) -> float:
    power = np.abs(np.fft.rfft(wave)) ** 2
    return float(np.average(np.fft.rfftfreq(len(wave), 1 / RATE_HZ), weights=power))


def mean(measure: Callable[[np.ndarray], float], emotion: Emotion) -> float:
    return float(np.mean([measure(speak(Take(TEXT, "f3", emotion, seed))) for seed in range(8)]))


# --- speech


def test_mandarin_is_read_as_mandarin_and_not_spelt_in_english():
    spoken = espeak.phonemes("今天银行")
    assert "tɕ" in spoken
    assert "(en)" not in spoken


def test_no_test_voice_was_heard_in_training():
    assert not set(VOICES_TRAIN) & set(VOICES_TEST)
    assert len(VOICES_TRAIN) >= 40


@pytest.mark.parametrize("emotion", EMOTIONS)
def test_a_take_is_a_sane_waveform_whatever_is_felt_in_it(emotion):
    wave = speak(Take(TEXT, "linda", emotion, seed=3, snr_db=20.0, timbre=True))
    assert wave.dtype == np.float32
    assert wave.ndim == 1
    assert 0.5 < len(wave) / RATE_HZ < 5.0
    assert np.isfinite(wave).all()
    assert np.abs(wave).max() <= 1.0


def test_the_same_seed_gives_the_same_delivery_and_other_seeds_others():
    first, again = (len(speak(Take(TEXT, "f3", "happy", seed=5))) for _ in range(2))
    assert abs(first - again) < 0.01 * RATE_HZ
    lengths = [len(speak(Take(TEXT, "f3", "happy", seed))) for seed in range(6)]
    assert max(lengths) - min(lengths) > 0.05 * RATE_HZ


def test_speech_stands_between_the_silences_that_were_asked_for():
    wave = speak(Take(TEXT, "paul", head_s=0.4, tail_s=0.2))
    assert rms(wave[: round(0.39 * RATE_HZ)]) < 0.002
    assert rms(wave[-round(0.19 * RATE_HZ) :]) < 0.002
    assert rms(wave[round(0.4 * RATE_HZ) : round(0.7 * RATE_HZ)]) > 0.02


@pytest.mark.parametrize("snr_db", [0.0, 10.0, 25.0])
def test_noise_lies_as_far_below_the_speech_as_asked(snr_db):
    wave = speak(Take(TEXT, "m4", snr_db=snr_db, head_s=1.0))
    noise = rms(wave[:RATE_HZ])
    assert 20 * np.log10(0.08 / noise) == pytest.approx(snr_db, abs=1.5)


def test_gain_makes_it_softer_by_as_many_decibels():
    loud, soft = (rms(speak(Take(TEXT, "m4", gain_db=gain))) for gain in (0.0, -20.0))
    assert 20 * np.log10(loud / soft) == pytest.approx(20.0, abs=0.5)


def test_anger_is_faster_than_calm_and_sadness_slower():
    assert mean(len, "angry") < 0.95 * mean(len, "neutral")
    assert mean(len, "sad") > 1.15 * mean(len, "neutral")


def test_joy_is_brighter_than_calm_and_sadness_darker():
    assert mean(brightness, "happy") > 1.15 * mean(brightness, "neutral")
    assert mean(brightness, "sad") < 0.8 * mean(brightness, "neutral")


def test_other_is_a_thin_line_that_neutral_is_not():
    def bass(wave: np.ndarray) -> float:
        power = np.abs(np.fft.rfft(wave)) ** 2
        return float(power[np.fft.rfftfreq(len(wave), 1 / RATE_HZ) < 250].sum() / power.sum())

    assert mean(bass, "other") < 0.3 * mean(bass, "neutral")


def test_surprise_rises():
    rising = effects.rise(np.sin(np.arange(RATE_HZ) * 0.2).astype(np.float32), 0.9, 1.3)
    half = len(rising) // 2
    crossings = [int(np.sum(np.diff(np.sign(part)) != 0)) for part in (rising[:half], rising[half:])]
    assert crossings[1] > 1.1 * crossings[0]


def test_a_voice_that_does_not_exist_is_named_in_the_error():
    with pytest.raises(ValueError, match="nobody"):
        speak(Take(TEXT, "nobody"))


# --- what the recogniser is taught


@pytest.fixture(scope="module")
def texts() -> Texts:
    with undisturbed():
        return Texts(load_corpus())


def test_training_never_speaks_a_held_out_sentence_and_spells_all_it_says(texts):
    held_out = {sentence.text for sentence in load_corpus().of("fillings", "templates", "free")}
    rng = np.random.default_rng(0)
    drawn = [texts.draw(rng) for _ in range(1500)]
    assert not held_out & set(drawn)
    assert set("".join(drawn)) <= set(texts.alphabet)
    assert all(0 < len(text) <= LONGEST for text in drawn)
    assert len(set(drawn)) > 1200


def test_the_alphabet_spells_the_whole_corpus(texts):
    assert {character for sentence in load_corpus().sentences for character in sentence.text} <= set(texts.alphabet)


def test_most_of_training_sounds_as_a_voice_detector_cuts_it(texts):
    rng = np.random.default_rng(1)
    takes = [training_take(texts, rng) for _ in range(300)]
    assert sum(0.2 <= take.head_s <= 0.4 and take.tail_s <= 0.15 for take in takes) > 150
    assert {take.voice for take in takes} <= set(VOICES_TRAIN)
    assert any(take.emotion == "<unk>" for take in takes)


@given(st.integers(1, 120))
@settings(deadline=None)
def test_frames_are_stacked_exactly_as_funasr_stacks_them(frames):
    with undisturbed():
        from funasr.frontends.wav_frontend import apply_lfr

    mel = np.random.default_rng(frames).normal(size=(frames, 80)).astype(np.float16)
    theirs = apply_lfr(torch.from_numpy(mel.astype(np.float32)), 7, 6).numpy()
    assert np.array_equal(stack(mel), theirs)


def test_a_step_of_training_on_one_sentence_makes_it_likelier():
    torch.manual_seed(0)
    torch.set_num_threads(1)
    tokens = asr_model.token_list(tuple("今天气怎么样"))
    model, ctc = asr_model.build(len(tokens)), torch.nn.Linear(asr_model.WIDTH, len(tokens))
    feature = torch.from_numpy(stack(log_mel(speak(Take(TEXT, "f1"))))[None] / 10)
    target = torch.tensor([[*(tokens.index(character) for character in TEXT), asr_model.END]])
    batch = asr_model.Batch(feature, torch.tensor([feature.shape[1]]), target, torch.tensor([target.shape[1]]))
    optimiser = torch.optim.AdamW([*model.parameters(), *ctc.parameters()], lr=1e-3)
    losses = []
    for _ in range(12):
        loss = asr_model.loss(model, ctc, 0.4, batch)
        loss.backward()
        optimiser.step()
        optimiser.zero_grad()
        losses.append(loss.item())
    assert losses[-1] < 0.6 * losses[0]


def test_the_learning_rate_rises_then_falls_to_almost_nothing():
    rates = [asr_model.learning_rate(step, 1000, 1e-3, 100) for step in range(1000)]
    assert max(rates) == pytest.approx(1e-3, rel=0.01)
    assert np.argmax(rates) in (99, 100)
    assert rates[-1] < 2e-5


def test_an_unfinished_shard_is_not_read(tmp_path):
    (tmp_path / "0000.partial").write_bytes(b"half of it")
    assert load_shards(tmp_path) == []


# --- how it is measured


@given(PHRASE, PHRASE)
def test_edit_distance_is_a_distance(left, right):
    edits = asr_report.distance(left, right)
    assert edits == asr_report.distance(right, left)
    assert (edits == 0) == (left == right)
    assert abs(len(left) - len(right)) <= edits <= max(len(left), len(right))


@given(PHRASE, PHRASE, PHRASE)
def test_no_detour_is_shorter_than_the_way(left, middle, right):
    detour = asr_report.distance(left, middle) + asr_report.distance(middle, right)
    assert asr_report.distance(left, right) <= detour


def test_error_rate_counts_edits_per_expected_character():
    assert asr_report.error_rate(["今天很好", "你好"], ["今天好", "你号"]) == pytest.approx(2 / 6)


def test_the_report_has_a_line_per_test_set_and_voice():
    take = Take("你好", "paul", snr_db=15.0)
    test = Trial(Sample(np.zeros((1, 80), np.float16), "你好"), take, "free sentences")
    table = asr_report.tables([asr_report.Heard(test, "你号")])
    assert "| free sentences | 1 | 50.0% | 0% |" in table
    assert "| paul | 1 | 50.0% | 0% |" in table
    assert "| 10-20 dB | 1 | 50.0% | 0% |" in table


# --- rendering dialogues

SCRIPT = """
name: demo
turns:
  - say: 你好
    voice: {speaker: f3, emotion: unknown, seed: 4, snr_db: 20, gain_db: -6}
    audio: demo/1.flac
  - text: 谢谢
"""


def test_only_spoken_turns_are_rendered_and_they_come_out_as_written(tmp_path):
    (tmp_path / "demo.yaml").write_text(SCRIPT, encoding="utf-8")
    (recording,) = recordings(tmp_path)
    assert recording.path == tmp_path / "demo" / "1.flac"
    assert (recording.take.emotion, recording.take.snr_db, recording.take.gain_db) == ("<unk>", 20.0, -6.0)
    render(recording)
    from assistant.training.render import soundfile

    info = soundfile.info(recording.path)
    assert (info.samplerate, info.channels, info.format, info.subtype) == (16000, 1, "FLAC", "PCM_16")


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ("speaker: nobody", "turn 1: unknown speaker 'nobody'"),
        ("speaker: f3, emotion: bored", "unknown emotion 'bored'"),
        ("speaker: f3, seed: often", "'often' is not a number"),
        ("speaker: f3, speed: 2", "unknown voice field 'speed'"),
    ],
)
def test_a_voice_that_cannot_be_made_says_where_and_why(tmp_path, wrong, message):
    script = f"turns:\n  - say: 你好\n    voice: {{{wrong}}}\n    audio: 1.flac\n"
    (tmp_path / "odd.yaml").write_text(script, encoding="utf-8")
    with pytest.raises(ValueError, match=message):
        list(recordings(tmp_path))


# --- the bundled checkpoint


def test_the_bundled_recogniser_hears_an_unseen_voice_say_the_dialogues():
    model = Paraformer(BUNDLED, "cpu")
    clear = [item for item in recordings(TOP / "tests" / "dialogues") if item.take.snr_db is None]
    heard = [model.transcribe(speak(item.take)).text for item in clear]
    assert asr_report.error_rate([item.take.text for item in clear], heard) < 0.1


def test_the_bundled_recogniser_hears_nothing_where_nothing_is_said():
    model = Paraformer(BUNDLED, "cpu")
    heard = [model.transcribe(speak(Take("", "", "<unk>", seed))).text for seed in range(10)]
    assert heard.count("") >= 9


def test_funasr_itself_loads_the_bundled_checkpoint_whole():
    script = (
        "import sys; from funasr import AutoModel\n"
        "model = AutoModel(model=sys.argv[1], device='cpu', disable_update=True, disable_pbar=True, ncpu=1)\n"
        "print('HEARD', model.generate(input=sys.argv[2])[0]['text'])"
    )
    (recording, *_) = recordings(TOP / "tests" / "dialogues")
    command = [sys.executable, "-c", script, str(BUNDLED), str(recording.path)]
    output = subprocess.run(command, capture_output=True, encoding="utf-8", check=True).stdout
    assert "miss key" not in output
    heard = output.rpartition("HEARD ")[2].strip()
    assert asr_report.error_rate([recording.take.text], [heard]) < 0.2
