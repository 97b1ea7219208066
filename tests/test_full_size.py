"""Every adapter takes checkpoints of the published sizes: random weights, so shapes and laws, not understanding.

FSMN-VAD, 0.4 M, is in the ordinary run; the others by `python -m pytest -m full`, which writes them (6 GB) to a
temporary folder, or takes them from the one that ASSISTANT_FULL_CHECKPOINTS names.
"""

import math
import os
import re
import resource
import shutil
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
import torch

from assistant.config.analysis import Frames
from assistant.models import device
from assistant.models.bert import Bert
from assistant.models.ct_transformer import CtTransformer
from assistant.models.emotion2vec import Emotion2Vec
from assistant.models.fsmn_vad import FsmnVad
from assistant.models.paraformer import Paraformer
from assistant.types import Polarity
from tests.checkpoints import NUMBERED, Size, take, tone
from tests.checkpoints.shelf import parameters

LABELS = ["angry", "disgusted", "fearful", "happy", "neutral", "other", "sad", "surprised", "unknown"]
SENTENCE = "今天的天气真好我们下午一起去公园散步然后再去吃饭你觉得怎么样呢好吗"


@pytest.fixture(scope="module", autouse=True)
def two_threads() -> Iterator[None]:
    usual = torch.get_num_threads()
    device.claim_threads(2)
    yield
    device.claim_threads(usual)


@pytest.fixture(scope="session")
def shelf(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    if named := os.environ.get("ASSISTANT_FULL_CHECKPOINTS"):
        yield Path(named)
        return
    folder = tmp_path_factory.mktemp("full")
    yield folder
    shutil.rmtree(folder)  # pytest would keep it for three runs


@pytest.fixture
def told(capsys: pytest.CaptureFixture[str]) -> Callable[[str], None]:
    """Print a line of figures in the midst of the dots."""

    def tell(line: str) -> None:
        with capsys.disabled():
            print(f"\n  {line}", end="", flush=True)  # noqa: T201

    return tell


def memory() -> str:
    """How much memory the process takes and has taken at most, files it has mapped included."""
    pages = int(Path("/proc/self/statm").read_text("utf-8").split()[1])
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return f"{pages * os.sysconf('SC_PAGE_SIZE') / 1e6:.0f} MB, at most {peak * 1024 / 1e6:.0f} MB"


def test_fsmn_vad_hears_at_its_only_size(tmp_path: Path) -> None:
    folder = take(tmp_path, "fsmn-vad", Size.FULL)
    assert parameters(folder) / 1e6 == pytest.approx(0.43, abs=0.01)
    vad = FsmnVad(folder, 0.001)
    loud = np.random.default_rng(7).normal(0, 0.05, 48_000)
    sound = np.concatenate((np.zeros(16_000), loud, np.zeros(16_000))).astype(np.float32)
    frames = [sound[at : at + vad.frame_samples] for at in range(0, len(sound), vad.frame_samples)]
    found = [vad.probability(np.pad(frame, (0, vad.frame_samples - len(frame)))) for frame in frames]
    assert min(found) == 0
    assert all(0 <= probability <= 1 for probability in found)
    assert max(found[:30]) < 0.5 < np.mean(found[40:130])
    assert max(found[-25:]) < 0.5


@pytest.mark.full
@pytest.mark.parametrize(("name", "size_m"), [("paraformer", 220.08), ("bicif", 225.07)])
def test_paraformer_large_says_as_many_words_as_were_fired(
    shelf: Path, told: Callable[[str], None], name: str, size_m: float
) -> None:
    folder = take(shelf, name, Size.FULL)
    assert parameters(folder) / 1e6 == pytest.approx(size_m, abs=0.01)
    began = time.monotonic()
    asr = Paraformer(folder, "cpu")
    loaded = time.monotonic() - began
    for seconds in (3, 10):
        began = time.monotonic()
        heard = asr.transcribe(tone(seconds))
        took = time.monotonic() - began
        told(f"{name}: {len(heard.tokens)} tokens in {seconds} s, {took:.2f} s, loaded in {loaded:.2f} s, {memory()}")
        assert 4 <= len(heard.tokens) / seconds <= 5
        times = [time for token in heard.tokens for time in (token.start, token.end)]
        assert times == sorted(times)
        assert 0 <= times[0] < times[-1] <= seconds
        assert all(0 < token.confidence <= 1 for token in heard.tokens)
        assert heard.text == "".join(token.text for token in heard.tokens)
    assert len({token.text for token in heard.tokens}) > 3, "not one word for ever"


@pytest.mark.full
@pytest.mark.parametrize(
    ("name", "size_m", "about"),
    [("emotion2vec", 162.14, "4 + 8 layers"), ("emotion2vec-24", 313.29, "8 + 16 layers")],
)
def test_emotion2vec_large_scores_nine_labels_in_the_order_of_its_list(
    shelf: Path, told: Callable[[str], None], name: str, size_m: float, about: str
) -> None:
    folder = take(shelf, name, Size.FULL)
    assert parameters(folder) / 1e6 == pytest.approx(size_m, abs=0.01)
    began = time.monotonic()
    voice = Emotion2Vec(folder, "cpu", 10.0, Frames(window_s=1.0, hop_s=0.5))
    loaded = time.monotonic() - began
    assert about in voice.about
    began = time.monotonic()
    heard = voice.listen(tone(3))
    told(f"{voice.about}: 3 s in {time.monotonic() - began:.2f} s, loaded in {loaded:.2f} s, {memory()}")
    assert list(heard.scores) == LABELS
    assert math.fsum(heard.scores.values()) == pytest.approx(1, abs=1e-9)
    assert heard.embedding is not None
    assert len(heard.embedding) == 1024
    assert heard.frames is not None
    assert [frame.start for frame in heard.frames][:3] == pytest.approx([0.0, 0.5, 1.0], abs=0.02)
    assert all(math.fsum(frame.scores.values()) == pytest.approx(1, abs=1e-9) for frame in heard.frames)
    other = voice.listen(np.random.default_rng(7).normal(0, 0.1, 48_000).astype(np.float32))
    assert other.scores != heard.scores
    stored = torch.load(folder / "model.pt", weights_only=True, mmap=True)
    assert {"model", "last_optimizer_state"} <= set(stored)
    assert stored["model"]["d2v_model.modality_encoders.AUDIO.alibi_scale"].shape == (1, 1, 16, 1, 1)


@pytest.mark.full
@pytest.mark.parametrize(
    ("name", "size_m", "labels"),
    [
        ("mdeberta", 278.81, NUMBERED),
        ("bert-8", 102.27, NUMBERED),
        ("bert-4", 102.27, tuple(polarity.value for polarity in Polarity)),
    ],
)
def test_a_text_classifier_spreads_its_labels_over_the_polarities(
    shelf: Path, told: Callable[[str], None], name: str, size_m: float, labels: tuple[str, ...]
) -> None:
    folder = take(shelf, name, Size.FULL)
    assert parameters(folder) / 1e6 == pytest.approx(size_m, abs=0.01)
    began = time.monotonic()
    polarities = list(Polarity)
    bert = Bert(folder, "cpu", {label: {polarities[at % 4]: 1.0} for at, label in enumerate(labels)})
    loaded = time.monotonic() - began
    began = time.monotonic()
    read = bert.read(SENTENCE)
    told(f"{name}: one sentence in {time.monotonic() - began:.3f} s, loaded in {loaded:.2f} s, {memory()}")
    assert list(read.scores) == polarities
    assert math.fsum(read.scores.values()) == pytest.approx(1, abs=1e-6)
    assert bert.read(SENTENCE * 100).scores != read.scores, "3,300 characters are cut, not refused"


@pytest.mark.full
def test_ct_punc_sets_marks_and_leaves_the_words(shelf: Path, told: Callable[[str], None]) -> None:
    folder = take(shelf, "ct-punc", Size.FULL)
    assert parameters(folder) / 1e6 == pytest.approx(72.99, abs=0.01)
    began = time.monotonic()
    punctuator = CtTransformer(folder, "cpu")
    loaded = time.monotonic() - began
    began = time.monotonic()
    punctuated = punctuator.punctuate(SENTENCE)
    told(f"ct-punc: one sentence in {time.monotonic() - began:.3f} s, loaded in {loaded:.2f} s, {memory()}")
    assert punctuated[-1] in "。？"
    for text in (SENTENCE, SENTENCE * 10, "我用iphone打电话 hello world ok", "Zebra 动物园 9 点开门"):
        assert re.sub(r"[，。？、,.?]", "", punctuator.punctuate(text)) == text
