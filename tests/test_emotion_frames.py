"""Emotion through the time of an utterance agrees with the emotion of the whole, however long it is."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from assistant.audio.files import read
from assistant.config.analysis import Frames
from assistant.config.perception import AudioFiles
from assistant.models import device
from assistant.models.emotion2vec import Emotion2Vec
from assistant.types import SAMPLE_RATE, Emotion, EmotionFrame, Samples
from tests import checkpoints
from tests.checkpoints import tone

TOP = Path(__file__).resolve().parent
MINI = TOP.parent / "assistant" / "checkpoints" / "mini" / "emotion"
STEP_S = 0.02
TOLERANCE = 1e-9
LIMITS = AudioFiles(
    max_bytes=10**7, max_seconds=60, min_rate_hz=8000, max_rate_hz=48_000, max_channels=2, channel="mean"
)


@pytest.fixture(scope="module", autouse=True)
def one_thread() -> Iterator[None]:
    usual = torch.get_num_threads()
    device.claim_threads(1)
    yield
    device.claim_threads(usual)


@pytest.fixture(scope="module", params=["tiny", "mini"])
def folder(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return MINI if request.param == "mini" else checkpoints.emotion2vec(tmp_path_factory.mktemp("frames") / "tiny")


def model(folder: Path, window_s: float, hop_s: float, max_window_s: float = 15) -> Emotion2Vec:
    return Emotion2Vec(folder, "cpu", max_window_s, Frames(window_s=window_s, hop_s=hop_s))


def speech() -> Samples:
    """Four sentences in a row, 12.8 s: angry, happy, sad, happy."""
    clips = [
        read(TOP / "dialogues" / name, LIMITS)
        for name in ("complaint/3.flac", "joy/1.flac", "sadness/4.flac", "joy/5.flac")
    ]
    return np.concatenate(clips)


def pooled(frames: tuple[EmotionFrame, ...], seconds: float) -> dict[Emotion, float]:
    """Return the geometric mean of the frames' scores, weighted by the features in each, scaled to sum 1."""
    counts = [round((frame.end - frame.start) / STEP_S) for frame in frames[:-1]]
    whole = (
        round(seconds * SAMPLE_RATE) - 720
    ) // 320 + 1  # 720 samples to a feature, 320 to the next, as in both networks
    weights = np.array([*counts, whole - sum(counts)]) / whole
    masses = np.exp(weights @ np.log([[frame.scores[label] for label in Emotion] for frame in frames]))
    return dict(zip(Emotion, masses / masses.sum(), strict=True))


# --- the law


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    seconds=st.floats(0.2, 8),
    window_s=st.floats(0.1, 4),
    max_window_s=st.floats(0.5, 5),
    hz=st.floats(80, 400),
)
def test_windows_side_by_side_make_up_the_whole(
    folder: Path, seconds: float, window_s: float, max_window_s: float, hz: float
) -> None:
    sound = tone(seconds, hz)
    heard = model(folder, window_s, window_s, max_window_s).listen(sound)
    assert pooled(heard.frames, len(sound) / SAMPLE_RATE) == pytest.approx(heard.scores, abs=TOLERANCE)


def test_sentences_of_several_moods_make_up_the_whole_too(folder: Path) -> None:
    sound = speech()
    heard = model(folder, 1, 1).listen(sound)
    assert pooled(heard.frames, len(sound) / SAMPLE_RATE) == pytest.approx(heard.scores, abs=TOLERANCE)
    assert np.std([frame.scores[Emotion.HAPPY] for frame in heard.frames]) > 0.001


@pytest.mark.parametrize("seconds", [0.01, 0.1, 0.5, 1.0])
def test_one_window_over_the_whole_is_the_whole(folder: Path, seconds: float) -> None:
    heard = model(folder, 1.0, 0.25).listen(tone(1)[: int(seconds * SAMPLE_RATE)])
    (frame,) = heard.frames
    assert (frame.scores, frame.embedding) == (heard.scores, heard.embedding)
    assert (frame.start, frame.end) == (0, seconds)


def test_following_the_voice_changes_nothing_of_the_whole(folder: Path) -> None:
    sound = speech()
    plain = Emotion2Vec(folder, "cpu", 15).listen(sound)
    followed = model(folder, 1, 0.25).listen(sound)
    assert plain.frames is None
    assert followed.scores == pytest.approx(plain.scores, abs=TOLERANCE)
    assert followed.embedding == pytest.approx(plain.embedding, abs=TOLERANCE)


def test_a_frame_is_what_the_head_makes_of_the_mean_of_its_features(folder: Path) -> None:
    listener, sound = model(folder, 1.0, 0.5), speech()
    with torch.inference_mode():
        source = torch.nn.functional.layer_norm(torch.from_numpy(sound), sound.shape)
        features = listener._network.extract_features(source[None], padding_mask=None)["x"][0]
        for place, frame in enumerate(listener.listen(sound).frames):
            mean = features[25 * place : 25 * place + 50].mean(dim=0)
            said = torch.softmax(listener._network.proj(mean), dim=0)
            assert frame.embedding == pytest.approx(mean.numpy(), abs=1e-5)
            assert [frame.scores[label] for label in listener._labels] == pytest.approx(said.numpy(), abs=1e-5)


# --- the window


def test_the_window_slides_by_its_hop_to_the_very_end(folder: Path) -> None:
    frames = model(folder, 1.0, 0.25).listen(tone(3.1)).frames
    assert [frame.start for frame in frames] == pytest.approx(np.arange(10) * 0.25, abs=0.51 * STEP_S)
    assert [frame.end - frame.start for frame in frames[:-1]] == pytest.approx([1.0] * 9, abs=0.51 * STEP_S)
    assert frames[-1].end == pytest.approx(3.1, abs=1e-4)


def test_a_hop_of_half_a_frame_more_does_not_drift(folder: Path) -> None:
    frames = model(folder, 0.33, 0.33).listen(tone(20)).frames
    assert [frame.start for frame in frames] == pytest.approx(np.arange(len(frames)) * 0.33, abs=0.51 * STEP_S)
    assert [frame.start for frame in frames[1:]] == [frame.end for frame in frames[:-1]]


def test_times_do_not_depend_on_how_much_the_network_hears_at_once(folder: Path) -> None:
    piecemeal = model(folder, 1.0, 0.25, max_window_s=3).listen(speech()).frames
    at_once = model(folder, 1.0, 0.25, max_window_s=60).listen(speech()).frames
    assert [(frame.start, frame.end) for frame in piecemeal] == [(frame.start, frame.end) for frame in at_once]


def test_a_window_hears_all_that_is_in_it_wherever_the_network_began_anew(folder: Path) -> None:
    fine = model(folder, 0.1, 0.1, max_window_s=3).listen(speech())
    wide = model(folder, 1.0, 0.5, max_window_s=3).listen(speech())
    for frame in wide.frames[:-1]:
        first = round(frame.start / 0.1)
        inside = [part.embedding for part in fine.frames[first : first + 10]]
        assert frame.embedding == pytest.approx(np.mean(inside, axis=0), abs=TOLERANCE)


def test_frames_tell_where_a_mood_turns_which_the_whole_blurs() -> None:
    frames = model(MINI, 1.0, 0.5, max_window_s=4).listen(speech()).frames
    moods = [max(frame.scores, key=frame.scores.get) for frame in frames]
    assert set(moods[:5]) == {Emotion.ANGRY}
    assert moods.count(Emotion.SAD) >= 4
    assert moods.index(Emotion.SAD) > 8
    assert set(moods[-4:]) == {Emotion.HAPPY}


def test_a_window_that_would_leave_gaps_is_a_mistake_of_the_configuration() -> None:
    with pytest.raises(ValidationError, match="hop_s <= window_s"):
        Frames(window_s=0.5, hop_s=1)


# --- what it takes


def test_a_model_says_which_of_its_sizes_it_is(folder: Path) -> None:
    about = Emotion2Vec(folder, "cpu", 15).about
    if folder == MINI:
        assert about == "Emotion2vec: 1 + 2 layers, width 112, 0.547 M parameters"
    else:
        assert about.startswith("Emotion2vec: 1 + 1 layers, width 16, 0.")


def test_minutes_of_sound_go_through_in_bounded_windows(folder: Path) -> None:
    listener = model(folder, 1.0, 0.25, max_window_s=4)
    heard = listener.listen(tone(120))
    assert len(heard.frames) == 477
    (biases,) = listener._network.alibi_biases.values()
    assert biases.shape[-1] <= 4 * 50
