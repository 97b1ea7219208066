"""Sound that can't be understood is told apart by its cause; sound that can is never blamed."""

import numpy as np
import pytest

from assistant.config.perception import Quality as Settings
from assistant.core.quality import SNR_RANGE_DB, Span, assess
from assistant.types import SAMPLE_RATE, Cut, Quality, Samples, Verdict

SETTINGS = Settings(min_rms=0.01, min_speech_s=0.2, min_snr_db=5.0, max_clipped_ratio=0.05, min_speech_ratio=0.1)


def voiced(seconds: float, rms: float = 0.1) -> Samples:
    """Nineteen harmonics of a gliding voice, four syllables a second."""
    t = np.arange(round(seconds * SAMPLE_RATE)) / SAMPLE_RATE
    phase = 2 * np.pi * np.cumsum(140 + 20 * np.sin(2 * np.pi * 2 * t)) / SAMPLE_RATE
    sound = sum(np.sin(k * phase) / k for k in range(1, 20)) * (0.5 - 0.5 * np.cos(2 * np.pi * 4 * t))
    return (sound * rms / np.sqrt(np.mean(sound**2))).astype(np.float32)


def noise(count: int, rms: float, seed: int = 0, *, pink: bool = False) -> Samples:
    sound = np.random.default_rng(seed).normal(size=count)
    if pink:
        spectrum = np.fft.rfft(sound)
        spectrum /= np.sqrt(np.maximum(np.fft.rfftfreq(count, 1 / SAMPLE_RATE), 30))
        sound = np.fft.irfft(spectrum, count)
    return (sound * rms / np.sqrt(np.mean(sound**2))).astype(np.float32)


def utterance(speech: Samples, before_s: float = 0.3, after_s: float = 0.1) -> tuple[Samples, list[Span]]:
    before, after = round(before_s * SAMPLE_RATE), round(after_s * SAMPLE_RATE)
    return np.pad(speech, (before, after)), [(before, before + len(speech))]


def heard(samples: Samples, spans: list[Span], cut: Cut = Cut.SILENCE) -> Quality:
    return assess(samples, spans, SETTINGS, cut)


def with_noise(snr_db: float, *, pink: bool = False, seed: int = 0, late_s: float = 0.0) -> Quality:
    """Speech in steady noise; the VAD notices it late and lingers half as long."""
    samples, [(start, end)] = utterance(voiced(1.5))
    late = round(late_s * SAMPLE_RATE)
    mixed = samples + noise(len(samples), 0.1 / 10 ** (snr_db / 20), seed, pink=pink)
    return heard(mixed, [(start + late, end + late // 2)])


def test_clear_speech_is_fine() -> None:
    quality = with_noise(30)
    assert quality.verdict is Verdict.OK
    assert quality.speech_s == pytest.approx(1.5)
    assert quality.speech_ratio == pytest.approx(1.5 / 1.9)
    assert quality.rms == pytest.approx(0.1, rel=0.01)
    assert quality.clipped_ratio == 0


@pytest.mark.parametrize("snr_db", [0, 5, 10, 15, 20, 25, 30])
@pytest.mark.parametrize("pink", [False, True], ids=["white", "pink"])
@pytest.mark.parametrize("late_s", [0.0, 0.06])
def test_the_estimate_of_noise_is_within_a_decibel(snr_db: float, pink: bool, late_s: float) -> None:
    found = [with_noise(snr_db, pink=pink, seed=seed, late_s=late_s).snr_db for seed in range(10)]
    assert np.mean(found) == pytest.approx(snr_db, abs=1)


@pytest.mark.parametrize("snr_db", [0, 10, 20])
def test_without_background_noise_is_estimated_from_the_dips_in_the_speech(snr_db: float) -> None:
    speech = voiced(1.5)
    mixed = speech + noise(len(speech), 0.1 / 10 ** (snr_db / 20))
    assert heard(mixed, [(0, len(mixed))]).snr_db == pytest.approx(snr_db, abs=2)


def test_speech_drowned_in_noise_is_noisy() -> None:
    assert with_noise(0).verdict is Verdict.NOISY
    assert with_noise(2, pink=True).verdict is Verdict.NOISY
    assert with_noise(9).verdict is Verdict.OK


@pytest.mark.xfail(strict=True, reason="noise that only begins with the speech, and that the VAD takes for speech")
def test_a_gate_that_opens_onto_noise_hides_nothing() -> None:
    speech = voiced(1.5)
    samples, spans = utterance(speech + noise(len(speech), 0.1))
    assert heard(samples + noise(len(samples), 0.0005, seed=1), spans).verdict is Verdict.NOISY


def test_padding_with_zeros_does_not_hide_noise() -> None:
    noisy = voiced(1.5) + noise(24_000, 0.1)
    samples, spans = utterance(noisy)
    assert heard(samples, spans).verdict is Verdict.NOISY


def test_estimates_stay_finite_at_either_end() -> None:
    silent, spans = utterance(voiced(1.0))
    assert heard(silent + noise(len(silent), 1e-6), spans).snr_db == SNR_RANGE_DB[1]
    assert heard(np.zeros(19_200, np.float32), [(3200, 16_000)]).snr_db == SNR_RANGE_DB[0]
    hiss = noise(19_200, 0.1)
    assert heard(hiss, [(8000, 16_000)]).snr_db < 0


def test_a_whisper_is_too_quiet() -> None:
    samples, spans = utterance(voiced(1.5, rms=0.005))
    assert heard(samples, spans).verdict is Verdict.TOO_QUIET


def test_long_pauses_make_nobody_too_quiet() -> None:
    word = voiced(0.5, rms=0.02)
    gap = np.zeros(3 * SAMPLE_RATE, np.float32)
    samples = np.concatenate((word, gap, word))
    spans = [(0, len(word)), (len(word) + len(gap), len(samples))]
    assert heard(samples, spans).rms == pytest.approx(0.02, rel=0.05)
    assert heard(samples, spans).verdict is Verdict.OK


def test_an_offset_of_the_microphone_is_no_sound() -> None:
    samples, spans = utterance(voiced(1.5, rms=0.005))
    assert heard(samples + np.float32(0.2), spans).verdict is Verdict.TOO_QUIET


def test_an_overdriven_microphone_is_clipped() -> None:
    samples, spans = utterance((voiced(1.5) * 30).clip(-1, 1))
    quality = heard(samples, spans)
    assert quality.verdict is Verdict.CLIPPED
    assert quality.clipped_ratio > 0.2


def test_a_few_samples_at_full_scale_are_no_clipping() -> None:
    speech = voiced(1.5)
    samples, spans = utterance(speech / np.abs(speech).max())
    assert heard(samples, spans).verdict is Verdict.OK


def test_a_syllable_is_too_short() -> None:
    samples, spans = utterance(voiced(0.15))
    assert heard(samples, spans).verdict is Verdict.TOO_SHORT


@pytest.mark.parametrize("spans", [[], [(16_000, 17_000)]])
def test_sound_with_hardly_any_speech_in_it_is_no_speech(spans: list[Span]) -> None:
    assert heard(noise(32_000, 0.1), spans).verdict is Verdict.NO_SPEECH


def test_nothing_at_all_is_no_speech() -> None:
    quality = heard(np.zeros(0, np.float32), [])
    assert quality.verdict is Verdict.NO_SPEECH
    assert np.isfinite([quality.rms, quality.snr_db, quality.speech_ratio, quality.clipped_ratio]).all()


def test_only_a_cut_in_full_speech_is_truncated() -> None:
    torn, spans = utterance(voiced(1.5), after_s=0)
    assert heard(torn, spans, Cut.MAX_LENGTH).verdict is Verdict.TRUNCATED
    assert heard(torn, spans, Cut.END).verdict is Verdict.OK
    paused, spans = utterance(voiced(1.5))
    assert heard(paused, spans, Cut.MAX_LENGTH).verdict is Verdict.OK


def test_the_worst_cause_is_the_one_that_is_named() -> None:
    short_quiet, spans = utterance(voiced(0.15, rms=0.001))
    assert heard(short_quiet, spans).verdict is Verdict.TOO_SHORT
    quiet_noisy, spans = utterance(voiced(1.5, rms=0.004))
    assert heard(quiet_noisy + noise(len(quiet_noisy), 0.004), spans).verdict is Verdict.TOO_QUIET
