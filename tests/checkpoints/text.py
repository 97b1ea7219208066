"""BERT with a classifier, as transformers saves it."""

import contextlib
import io
from itertools import chain
from pathlib import Path

import torch
from torch import nn

from assistant.models.quiet import undisturbed
from tests.checkpoints.layout import Size

POLARITIES = ("正向", "负向", "中性", "激动")
NUMBERED = tuple(f"LABEL_{number}" for number in range(8))
"""The labels of a model whose configuration doesn't name them."""

_MARKS = ("[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]")
_VOCABULARY = 21_128


def bert(folder: Path, labels: tuple[str, ...] = POLARITIES, size: Size = Size.TINY) -> Path:
    """Write a BERT classifier over `labels`; the tiny one reads at most 30 characters."""
    with undisturbed():
        from transformers import BertConfig, BertForSequenceClassification, BertTokenizer

    folder.mkdir(parents=True)
    full = size is Size.FULL
    width, blocks, positions = (768, 12, 512) if full else (16, 1, 34)
    words = folder / "vocab.txt"
    words.write_text(
        "\n".join(_words() if full else dict.fromkeys((*_MARKS, *"今天天气真好我很难过你是谁"))), encoding="utf-8"
    )
    tokenizer = BertTokenizer(str(words), model_max_length=512 if full else 32)
    tokenizer.save_pretrained(folder)
    with torch.random.fork_rng():
        torch.manual_seed(7)
        network = BertForSequenceClassification(
            BertConfig(
                vocab_size=len(tokenizer),
                hidden_size=width,
                num_hidden_layers=blocks,
                num_attention_heads=width // 64 or 2,
                intermediate_size=4 * width if full else 32,
                max_position_embeddings=positions,
                id2label=dict(enumerate(labels)),
                label2id={label: index for index, label in enumerate(labels)},
            )
        )
        nn.init.normal_(network.classifier.weight)
    with contextlib.redirect_stderr(io.StringIO()):  # a progress bar
        network.save_pretrained(folder)
    return folder


def _words() -> list[str]:
    """Return a made-up vocabulary of the published length: the marks, Chinese characters, then numbers for the rest."""
    chinese = [chr(code) for code in range(0x4E00, 0x9FA6)]
    rest = _VOCABULARY - len(_MARKS) - len(chinese)
    return list(chain(_MARKS, chinese, map(str, range(rest))))
