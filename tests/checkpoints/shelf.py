"""The checkpoints of profile `full` in the hubs' layout, HUB/OWNER/NAME, and what each holds."""

import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import torch
from safetensors import safe_open

from tests.checkpoints.asr import paraformer
from tests.checkpoints.deberta import deberta
from tests.checkpoints.layout import Size, weights_in
from tests.checkpoints.punctuation import ct_transformer
from tests.checkpoints.text import NUMBERED, POLARITIES, bert
from tests.checkpoints.vad import fsmn_vad
from tests.checkpoints.voice import EMOTION_TOKENS, emotion2vec


@dataclass(frozen=True, slots=True)
class Title:
    """A checkpoint: its place on the shelf, and how it is written."""

    place: str
    write: Callable[[Path, Size], Path]


SHELF = {
    "fsmn-vad": Title(
        "modelscope/iic/speech_fsmn_vad_zh-cn-16k-common-pytorch",
        lambda folder, _: fsmn_vad(folder),
    ),
    "paraformer": Title(
        "modelscope/iic/speech_paraformer-large_asr_nat-zh-cn-16k-common-vocab8404-pytorch",
        paraformer,
    ),
    "bicif": Title(
        "modelscope/iic/speech_paraformer-large-vad-punc_asr_nat-zh-cn-16k-common-vocab8404-pytorch",
        lambda folder, size: paraformer(folder, size, bicif=True),
    ),
    "ct-punc": Title(
        "modelscope/iic/punc_ct-transformer_zh-cn-common-vocab272727-pytorch",
        ct_transformer,
    ),
    "emotion2vec": Title(
        "modelscope/iic/emotion2vec_plus_large",
        lambda folder, size: emotion2vec(folder, EMOTION_TOKENS, size),
    ),
    "emotion2vec-24": Title(
        "local/emotion2vec_24_layers",
        lambda folder, size: emotion2vec(folder, EMOTION_TOKENS, size, layers=24),
    ),
    "mdeberta": Title(
        "huggingface/Johnson8187/Chinese-Emotion-Small",
        deberta,
    ),
    "bert-8": Title(
        "local/bert_eight_tones",
        lambda folder, size: bert(folder, NUMBERED, size),
    ),
    "bert-4": Title(
        "local/bert_sentiment_chinese",
        lambda folder, size: bert(folder, POLARITIES, size),
    ),
}
"""By a short name; `local` is for what is on no hub: a depth once thought possible, a classifier of one's own."""


def take(shelf: Path, name: str, size: Size) -> Path:
    """Return the folder of a checkpoint, written now unless it is there already."""
    title = SHELF[name]
    folder = shelf / title.place
    if not folder.is_dir():
        started = folder.with_name(f"{folder.name}.part")
        shutil.rmtree(started, ignore_errors=True)
        title.write(started, size).rename(folder)
    return folder


def parameters(folder: Path) -> int:
    """Return how many numbers the weights of a checkpoint hold."""
    if (folder / "model.pt").is_file():
        stored = torch.load(folder / "model.pt", weights_only=True, mmap=True)
        return sum(weight.numel() for weight in weights_in(stored).values())
    with safe_open(folder / "model.safetensors", "pt") as file:
        return sum(torch.Size(file.get_slice(name).get_shape()).numel() for name in file.keys())  # noqa: SIM118


def size_bytes(folder: Path) -> int:
    """Return how much the files of a checkpoint take."""
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())
