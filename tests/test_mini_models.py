"""The bundled models understand the synthetic demo voice, and say so when they are unsure."""

from pathlib import Path

import pytest

from assistant.audio.files import read
from assistant.config.perception import AudioFiles
from assistant.models import device
from assistant.models.emotion2vec import Emotion2Vec
from assistant.models.paraformer import Paraformer
from assistant.types import Emotion, Samples

TOP = Path(__file__).resolve().parent
MINI = TOP.parent / "assistant" / "checkpoints" / "mini"
LIMITS = AudioFiles(
    max_bytes=10**7, max_seconds=60, min_rate_hz=8000, max_rate_hz=48_000, max_channels=2, channel="mean"
)


@pytest.fixture(scope="module", autouse=True)
def one_thread() -> None:
    device.claim_threads(1)


@pytest.fixture(scope="module")
def asr() -> Paraformer:
    return Paraformer(MINI / "asr", "cpu")


@pytest.fixture(scope="module")
def emotion() -> Emotion2Vec:
    return Emotion2Vec(MINI / "emotion", "cpu", 10)


def clip(name: str) -> Samples:
    return read(TOP / "dialogues" / f"{name}.flac", LIMITS)


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("complaint/1", "你好我想查一下我的快递"),
        ("complaint/3", "每次打电话都说在处理"),
        ("joy/1", "我有一个好消息要告诉你"),
        ("joy/5", "周末我们一起去吃火锅吧"),
        ("sadness/4", "我想找个人聊聊天"),
    ],
)
def test_the_recogniser_writes_down_what_was_said_and_is_sure(asr: Paraformer, name: str, text: str) -> None:
    heard = asr.transcribe(clip(name))
    assert heard.text == text
    assert heard.confidence > 0.7


@pytest.mark.parametrize(
    ("name", "label"), [("complaint/2", Emotion.ANGRY), ("joy/1", Emotion.HAPPY), ("sadness/4", Emotion.SAD)]
)
def test_the_voice_model_hears_plain_emotions(emotion: Emotion2Vec, name: str, label: Emotion) -> None:
    scores = emotion.listen(clip(name)).scores
    assert max(scores, key=lambda each: scores[each]) is label
