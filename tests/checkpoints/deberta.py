"""mDeBERTa-v3 with a classifier, as its trainers upload it: weights, a SentencePiece model, labels by number only."""

import io
import json
from pathlib import Path

import torch

from assistant.models.quiet import undisturbed
from tests.checkpoints.layout import Size

_MARKS = {"pad": "[PAD]", "bos": "[CLS]", "eos": "[SEP]", "unk": "[UNK]"}
_VOCABULARY = 251_000


def deberta(folder: Path, size: Size = Size.TINY, labels: int = 8) -> Path:
    """Write a classifier over `labels` numbered labels; the full one has the size of mDeBERTa-v3-base, 279 M."""
    with undisturbed():
        from transformers import DebertaV2Config, DebertaV2ForSequenceClassification

    full = size is Size.FULL
    width, blocks = (768, 12) if full else (16, 1)
    with torch.random.fork_rng():
        torch.manual_seed(7)
        network = DebertaV2ForSequenceClassification(
            DebertaV2Config(
                vocab_size=_VOCABULARY if full else 100,
                hidden_size=width,
                num_hidden_layers=blocks,
                num_attention_heads=width // 64 or 2,
                intermediate_size=4 * width,
                max_position_embeddings=512,
                type_vocab_size=0,
                relative_attention=True,
                position_buckets=256,
                norm_rel_ebd="layer_norm",
                share_att_key=True,
                pos_att_type=["p2c", "c2p"],
                position_biased_input=False,
                num_labels=labels,
            )
        )
    network.save_pretrained(folder)
    (folder / "spm.model").write_bytes(_sentencepiece())
    tokens = {
        f"{name}_token": mark for name, mark in {**_MARKS, "cls": "[CLS]", "sep": "[SEP]", "mask": "[MASK]"}.items()
    }
    config = {"tokenizer_class": "DebertaV2Tokenizer", "vocab_type": "spm", "do_lower_case": False, **tokens}
    (folder / "tokenizer_config.json").write_text(json.dumps(config), encoding="utf-8")
    return folder


def _sentencepiece() -> bytes:
    """Return a SentencePiece model of the characters in a few made-up sentences."""
    import sentencepiece

    model = io.BytesIO()
    sentencepiece.SentencePieceTrainer.train(
        sentence_iterator=iter(["今天天气真好", "我很难过", "你是谁", "太开心了", "气死我了", "hello there"] * 10),
        model_writer=model,
        vocab_size=80,
        hard_vocab_limit=False,
        minloglevel=2,
        **{f"{name}_id": index for index, name in enumerate(_MARKS)},
        **{f"{name}_piece": mark for name, mark in _MARKS.items()},
    )
    return model.getvalue()
