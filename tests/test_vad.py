"""Every detector hears speech, and none takes silence, hum or hiss for it."""

import builtins
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import pytest
from scipy import signal

from assistant.audio.files import read
from assistant.config.files import DIALOGUES, locate
from assistant.config.layers import load
from assistant.config.perception import SileroVad as SileroSettings
from assistant.config.perception import WebRtcVad as WebRtcSettings
from assistant.core.reblock import pad
from assistant.errors import ModelError, ModelMissingError
from assistant.models.fsmn_vad import FsmnVad
from assistant.models.highpass import HighPass
from assistant.models.silero_vad import SileroVad
from assistant.models.webrtc_vad import WebRtcVad
from assistant.ports import Vad
from assistant.types import SAMPLE_RATE, Samples
from tests.checkpoints import fsmn_vad

SILERO = locate(SileroSettings(kind="silero").model)
SECOND = SAMPLE_RATE


def webrtc(mode: int = 2, frame_ms: int = 20, highpass_hz: float = 200.0, energy_floor: float = 0.001) -> WebRtcVad:
    return WebRtcVad(
        WebRtcSettings.model_validate(
            {
                "kind": "webrtc",
                "mode": mode,
                "frame_ms": frame_ms,
                "highpass_hz": highpass_hz,
                "energy_floor": energy_floor,
            }
        )
    )


def silero() -> SileroVad:
    return SileroVad(SILERO, 0.001)


@pytest.fixture(scope="module")
def fsmn_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return fsmn_vad(tmp_path_factory.mktemp("fsmn") / "vad")


@pytest.fixture(params=["webrtc", "silero", "fsmn"])
def make(request: pytest.FixtureRequest, fsmn_folder: Path) -> Callable[[], Vad]:
    return {"webrtc": webrtc, "silero": silero, "fsmn": lambda: FsmnVad(fsmn_folder, 0.001)}[request.param]


def probabilities(vad: Vad, sound: Samples) -> list[float]:
    starts = range(0, len(sound), vad.frame_samples)
    return [vad.probability(pad(sound[at : at + vad.frame_samples], vad.frame_samples)) for at in starts]


def share(found: Sequence[float]) -> float:
    """The share of frames that are speech."""
    return float(np.mean(np.array(found) >= 0.5))


def hiss(seconds: float, rms: float) -> Samples:
    return np.random.default_rng(7).normal(0, rms, round(seconds * SECOND)).astype(np.float32)


def hum(seconds: float) -> Samples:
    t = np.arange(round(seconds * SECOND)) / SECOND
    tones = 0.1 * np.sin(2 * np.pi * 50 * t) + 0.05 * np.sin(2 * np.pi * 150 * t)
    return tones.astype(np.float32)


@pytest.fixture(scope="module")
def sentences() -> list[Samples]:
    files = sorted(DIALOGUES.glob("complaint/*.flac"))
    assert len(files) >= 3
    return [read(path, load(env={}).config.audio_files) for path in files]


def test_speech_between_silences_is_found_where_it_is(make: Callable[[], Vad], sentences: list[Samples]) -> None:
    for sentence in sentences:
        vad = make()
        quiet = hiss(1.0, 0.0005)
        found = probabilities(vad, np.concatenate((quiet, sentence, quiet)))
        frames = SECOND // vad.frame_samples
        assert share(found[:frames]) == 0
        assert share(found[frames:-frames]) > 0.55
        assert share(found[-frames // 2 :]) == 0


@pytest.mark.parametrize(
    "sound", [np.zeros(3 * SECOND, np.float32), hiss(3, 0.0005), hum(3)], ids=["zeros", "hiss", "hum"]
)
def test_what_is_no_speech_is_not_taken_for_it(make: Callable[[], Vad], sound: Samples) -> None:
    # A stream's first tenth of a second is too little to tell a steady noise from a voice.
    vad = make()
    assert share(probabilities(vad, sound)[SECOND // 10 // vad.frame_samples + 1 :]) == 0


def test_without_its_high_pass_webrtc_would_take_hum_for_speech() -> None:
    assert share(probabilities(webrtc(highpass_hz=0.0), hum(3))) > 0.9


@pytest.mark.parametrize(
    ("floored", "open_"),
    [(webrtc(), webrtc(energy_floor=0.0)), (silero(), SileroVad(SILERO, 0.0))],
    ids=["webrtc", "silero"],
)
def test_a_murmur_from_next_door_is_speech_only_without_the_floor(
    floored: Vad, open_: Vad, sentences: list[Samples]
) -> None:
    murmur = sentences[0] * np.float32(0.005)
    assert share(probabilities(floored, murmur)) == 0
    assert share(probabilities(open_, murmur)) > 0.2


@pytest.mark.parametrize("frame_ms", [10, 20, 30])
def test_every_frame_size_of_webrtc_hears_the_same_speech(frame_ms: int, sentences: list[Samples]) -> None:
    vad = webrtc(frame_ms=frame_ms)
    assert vad.frame_samples == frame_ms * 16
    assert share(probabilities(vad, sentences[0])) > 0.6


def test_a_stream_that_is_reset_is_heard_as_if_it_were_the_first(
    make: Callable[[], Vad], sentences: list[Samples]
) -> None:
    vad = make()
    first = probabilities(vad, sentences[0])
    probabilities(vad, sentences[1])
    vad.reset()
    assert probabilities(vad, sentences[0]) == first


def test_nothing_rings_on_after_a_reset() -> None:
    vad = webrtc(mode=0, frame_ms=10, energy_floor=0.0)
    vad.probability(np.ones(vad.frame_samples, np.float32))
    vad.reset()
    assert vad.probability(np.zeros(vad.frame_samples, np.float32)) == 0


def test_silero_remembers_from_frame_to_frame(sentences: list[Samples]) -> None:
    vad, forgetful = silero(), silero()
    middle = range(SECOND, SECOND + 20 * vad.frame_samples, vad.frame_samples)
    kept = [vad.probability(sentences[0][at : at + vad.frame_samples]) for at in middle]
    lost = []
    for at in middle:
        forgetful.reset()
        lost.append(forgetful.probability(sentences[0][at : at + vad.frame_samples]))
    assert np.mean(kept) > np.mean(lost) + 0.1


@pytest.mark.parametrize("corner_hz", [80.0, 200.0])
def test_the_high_pass_is_butterworths_of_fourth_order_whatever_the_frames(corner_hz: float) -> None:
    sound = hiss(1.0, 0.3)
    expected = signal.sosfilt(signal.butter(4, corner_hz, "highpass", fs=SAMPLE_RATE, output="sos"), sound)
    for frame in (160, 320, 480):
        highpass = HighPass(corner_hz, 160)
        got = np.concatenate([highpass.filter(sound[at : at + frame]) for at in range(0, 15_840, frame)])
        np.testing.assert_allclose(got, expected[: len(got)], atol=1e-6)


def test_listening_costs_a_hundredth_of_the_time_it_takes() -> None:
    sound = hiss(10, 0.05)
    for vad in (webrtc(), silero()):
        began = time.process_time()
        probabilities(vad, sound)
        assert (time.process_time() - began) / 10 < 0.01


def test_a_missing_model_is_named(tmp_path: Path) -> None:
    with pytest.raises(ModelMissingError, match=r"nothing\.onnx"):
        SileroVad(tmp_path / "nothing.onnx", 0.0)


def test_a_file_that_is_no_model_is_refused(tmp_path: Path) -> None:
    broken = tmp_path / "broken.onnx"
    broken.write_bytes(b"no model")
    with pytest.raises(ModelError, match=r"broken\.onnx"):
        SileroVad(broken, 0.0)


def test_without_onnxruntime_the_message_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    real = builtins.__import__

    def without(name: str, *rest: object) -> object:
        if name == "onnxruntime":
            raise ImportError(name)
        return real(name, *rest)

    monkeypatch.setattr(builtins, "__import__", without)
    with pytest.raises(ModelError, match=r"emotion-assistant\[silero\]"):
        silero()
