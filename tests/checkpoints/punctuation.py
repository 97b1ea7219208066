"""CT-Transformer: punctuation."""

from itertools import chain, islice, product
from pathlib import Path
from string import ascii_lowercase

import torch

from tests.checkpoints.layout import Size, network, write

MARKS = ("<unk>", "_", "，", "。", "？", "、")
TINY_WORDS = (*"今天气真好我很难过你是谁去哪里吃什么了吗的", "hello", "world", "ok", "app", "3")


def ct_transformer(folder: Path, size: Size = Size.TINY, likings: dict[str, float] | None = None) -> Path:
    """Write a CT-Transformer that sets random marks; `likings` adds to the score of a mark."""
    width, heads, units, blocks = (256, 8, 1024, 4) if size is Size.FULL else (32, 2, 64, 2)
    config = {
        "model": "CTTransformer",
        "model_conf": {
            "ignore_id": 0,
            "embed_unit": width,
            "att_unit": width,
            "dropout_rate": 0.1,
            "punc_list": list(MARKS),
            "punc_weight": [1.0] * len(MARKS),
            "sentence_end_id": 3,
        },
        "encoder": "SANMEncoder",
        "encoder_conf": {
            "input_size": width,
            "output_size": width,
            "attention_heads": heads,
            "linear_units": units,
            "num_blocks": blocks,
            "dropout_rate": 0.1,
            "positional_dropout_rate": 0.1,
            "attention_dropout_rate": 0.0,
            "input_layer": "pe",
            "pos_enc_class": "SinusoidalPositionEncoder",
            "normalize_before": True,
            "kernel_size": 11,
            "sanm_shfit": 0,
            "selfattention_layer_type": "sanm",
            "padding_idx": 0,
        },
        "tokenizer": "CharTokenizer",
        "tokenizer_conf": {"unk_symbol": "<unk>"},
    }
    words = ("<blank>", "<s>", "</s>", *(_words(272_727 - 4) if size is Size.FULL else TINY_WORDS), "<unk>")
    net = network(config, len(words))
    with torch.no_grad():
        net.decoder.weight.normal_(std=2 / width**0.5, generator=torch.Generator().manual_seed(7))
        net.decoder.bias.copy_(torch.tensor([-1e4, 1.5, 0.0, 0.0, 0.0, -1.0]))
        for mark, liking in (likings or {}).items():
            net.decoder.bias[MARKS.index(mark)] += liking
    return write(folder, config, {"model": net.state_dict()}, tokens=words, tokens_file="tokens.json")


def _words(count: int) -> list[str]:
    """Return so many words: Chinese characters, then strings of letters, all made up."""
    letters = (map("".join, product(ascii_lowercase, repeat=length)) for length in range(1, 5))
    return list(islice(chain(map(chr, range(0x4E00, 0x9FA6)), *letters), count))
