"""FSMN-VAD as a stream says what FunASR says of the whole, and its 0.5 is what FunASR calls speech."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
import yaml
from hypothesis import given
from hypothesis import strategies as st

from assistant.errors import ModelError, ModelMissingError
from assistant.models import funasr_runtime
from assistant.models.fsmn import Features, Fsmn
from assistant.models.fsmn_vad import FsmnVad, speech_probability
from assistant.models.funasr_runtime import Checkpoint
from assistant.types import SAMPLE_RATE, Samples
from tests.checkpoints import edit_weights, fsmn_vad

SETTINGS = {"speech_noise_thres": 0.6, "sil_pdf_ids": [0], "silence_pdf_num": 1}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return fsmn_vad(tmp_path / "vad")


@pytest.fixture(scope="module")
def checkpoint(tmp_path_factory: pytest.TempPathFactory) -> Checkpoint:
    folder = fsmn_vad(tmp_path_factory.mktemp("fsmn") / "vad")
    return funasr_runtime.load("vad", folder, ("FsmnVADStreaming",), torch.device("cpu"))


@pytest.fixture(scope="module")
def sound() -> Samples:
    """Three seconds that swell and fade, so that what the network says changes all the time."""
    t = np.arange(3 * SAMPLE_RATE) / SAMPLE_RATE
    noise = np.random.default_rng(7).normal(0, 0.05, len(t))
    return (noise * np.sin(2 * np.pi * 0.9 * t) ** 4 + 0.0005 * np.sin(2 * np.pi * 900 * t)).astype(np.float32)


def whole(checkpoint: Checkpoint, sound: Samples) -> np.ndarray:
    """The posteriors of FunASR's own front end and network for all of the sound at once [t, 248]."""
    tables = funasr_runtime._tables("FsmnVADStreaming")
    online = checkpoint.frontend
    offline = tables.frontend_classes["WavFrontend"](lfr_m=5, lfr_n=1, dither=0.0, cmvn_file=online.cmvn_file)
    features, _ = offline(torch.from_numpy(sound)[None], [len(sound)])
    with torch.inference_mode():
        return checkpoint.network.encoder(features)[0].numpy()


def frames(sound: Samples, length: int) -> list[Samples]:
    return [sound[at : at + length] for at in range(0, len(sound) - length + 1, length)]


@pytest.mark.parametrize("length", [160, 480, 1000])
def test_the_posteriors_of_the_stream_are_those_of_funasr_for_the_whole(
    checkpoint: Checkpoint, sound: Samples, length: int
) -> None:
    features = Features(checkpoint.frontend, checkpoint.frontend.cmvn)
    weights = {name: weight.numpy() for name, weight in checkpoint.network.encoder.state_dict().items()}
    network = Fsmn(weights, 4)
    complete = [features.accept(piece) for piece in frames(sound, length)]
    streamed = np.concatenate([network.posteriors(rows) for rows in complete if len(rows)])
    expected = whole(checkpoint, sound)[: len(streamed)]
    assert expected[:, 0].min() < 0.1 < 0.9 < expected[:, 0].max()
    # Its last two frames FunASR fills up with copies of the last, where a stream waits; the last piece may be left.
    assert len(whole(checkpoint, sound)) - len(streamed) in range(2, 9)
    assert np.abs(streamed - expected).max() < 1e-5


def test_a_probability_is_of_the_mean_posterior_of_the_frames_it_completes(
    checkpoint: Checkpoint, folder: Path, sound: Samples
) -> None:
    silence = whole(checkpoint, sound)[:, 0]
    vad = FsmnVad(folder, 0.0)
    found = [vad.probability(frame) for frame in frames(sound, vad.frame_samples)]
    # By the end of frame k the network has 480 (k + 1) samples, and 720 make its first frame, each next one 160 more.
    expected = [0.0, speech_probability(silence[:2].mean(), 0.6)]
    expected += [speech_probability(silence[at : at + 3].mean(), 0.6) for at in range(2, len(silence) - 4, 3)]
    assert found == pytest.approx(expected[: len(found)], abs=1e-4)
    assert min(found) < 0.1 < 0.9 < max(found)


@given(st.floats(0.0001, 0.9999), st.sampled_from([-0.2, 0.0, 0.5, 0.6, 0.9]))
def test_a_half_is_the_bar_from_which_on_funasr_says_speech(silence: float, margin: float) -> None:
    tables = funasr_runtime._tables("FsmnVADStreaming")
    encoder = yaml.safe_load(
        "{input_dim: 1, input_affine_dim: 1, fsmn_layers: 0, linear_dim: 1, proj_dim: 1, lorder: 1}"
    )
    encoder |= {"rorder": 0, "lstride": 1, "rstride": 0, "output_affine_dim": 1, "output_dim": 2}
    settings = {**SETTINGS, "speech_noise_thres": margin}
    funasr = tables.model_classes["FsmnVADStreaming"](encoder="FSMN", encoder_conf=encoder, **settings)
    cache = funasr.init_cache({})
    cache["stats"].scores = torch.tensor([[[silence, 1 - silence]]], dtype=torch.float64)
    cache["stats"].decibel = [0.0]
    says_speech = funasr.GetFrameState(0, cache=cache).name == "kFrameStateSpeech"
    found = speech_probability(silence, margin)
    assert 0 <= found <= 1
    assert (found >= 0.5) == says_speech or found == pytest.approx(0.5, abs=1e-9)


def test_the_surer_the_network_is_of_silence_the_less_it_is_speech() -> None:
    found = [speech_probability(silence, 0.6) for silence in np.linspace(0, 1, 101)]
    assert found == sorted(found, reverse=True)
    assert (found[0], found[20], found[100]) == (1, pytest.approx(0.5), 0)


def test_what_is_quieter_than_the_floor_is_silence_but_is_heard_all_the_same(folder: Path, sound: Samples) -> None:
    open_, floored = FsmnVad(folder, 0.0), FsmnVad(folder, 0.02)
    for frame in frames(sound, 480):
        expected = open_.probability(frame) if np.sqrt(np.mean(frame**2)) >= 0.02 else 0 * open_.probability(frame)
        assert floored.probability(frame) == pytest.approx(expected, abs=1e-9)


def test_a_stream_after_a_reset_begins_like_a_new_one(folder: Path, sound: Samples) -> None:
    used, fresh = FsmnVad(folder, 0.0), FsmnVad(folder, 0.0)
    for frame in frames(sound, 480):
        used.probability(frame)
    used.reset()
    for frame in frames(sound, 480):
        assert used.probability(frame) == fresh.probability(frame)


def test_two_streams_do_not_hear_each_other(folder: Path, sound: Samples) -> None:
    one, other, alone = FsmnVad(folder, 0.0), FsmnVad(folder, 0.0), FsmnVad(folder, 0.0)
    for frame in frames(sound, 480):
        other.probability(frame[::-1].copy())
        assert one.probability(frame) == alone.probability(frame)


@pytest.mark.parametrize("file", ["model.pt", "am.mvn", "config.yaml"])
def test_an_incomplete_folder_names_the_file_that_is_missing(folder: Path, file: str) -> None:
    (folder / file).unlink()
    with pytest.raises(ModelMissingError, match=file):
        FsmnVad(folder, 0.001)


def test_a_weight_that_is_missing_is_named(folder: Path) -> None:
    edit_weights(folder, {"encoder.fsmn.2.affine.linear.bias": None})
    with pytest.raises(ModelError, match=r"encoder\.fsmn\.2\.affine\.linear\.bias is missing"):
        FsmnVad(folder, 0.001)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda config: config["encoder_conf"].update(lstride=2), "lstride 2; 1 will do"),
        (lambda config: config["frontend_conf"].update(lfr_n=3), "lfr_n 3; 1 will do"),
        (lambda config: config["frontend_conf"].update(fs=8000), "fs 8000; 16000 will do"),
        (lambda config: config["model_conf"].update(speech_noise_thres=1.0), r"speech_noise_thres 1\.0; between"),
        (lambda config: config.pop("frontend"), "no frontend"),
    ],
)
def test_what_the_stream_is_not_made_for_is_refused(
    folder: Path, change: Callable[[dict[str, dict[str, object]]], object], message: str
) -> None:
    config = yaml.safe_load((folder / "config.yaml").read_text(encoding="utf-8"))
    change(config)
    (folder / "config.yaml").write_text(yaml.safe_dump(config), encoding="utf-8")
    with pytest.raises(ModelError, match=message):
        FsmnVad(folder, 0.001)
