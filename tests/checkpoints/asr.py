"""Paraformer and its sibling with timestamps, BiCifParaformer."""

from itertools import islice, product
from pathlib import Path
from string import ascii_lowercase

import numpy as np
import torch
from torch import Tensor, nn

from tests.checkpoints.layout import Frontend, Size, frontend, network, write
from tests.checkpoints.sound import tone

ASR_TOKENS = ("<blank>", "<s>", "</s>", *(chr(0x4E00 + n) for n in range(60)), "hel@@", "lo", "<unk>")
TOKENS_PER_S = 4.5

_LATIN = 100
_SECONDS = 10


def paraformer(folder: Path, size: Size = Size.TINY, *, bicif: bool = False) -> Path:
    """Write a Paraformer that fires about 4.5 random tokens per second of any sound.

    Its index names a dictionary that splits words for training, as the hub's does.
    """
    tokens = _tokens(8404) if size is Size.FULL else ASR_TOKENS
    config = _config(size, bicif)
    net = network(config, len(tokens))
    with torch.no_grad():
        _speak(net, frontend(config, 560))
    return write(
        folder,
        config,
        {"state_dict": net.state_dict()},
        tokens=tokens,
        tokens_file="tokens.json",
        features=560,
        seg_dict="\n".join(f"{token} {token}" for token in tokens[3:-1]),
    )


def _config(size: Size, bicif: bool) -> dict[str, object]:
    width, heads, units, encoder, decoder = (512, 4, 2048, 50, 16) if size is Size.FULL else (32, 2, 64, 2, 1)
    attention = {"attention_heads": heads, "linear_units": units, "kernel_size": 11, "sanm_shfit": 0}
    predictor = {"idim": width, "threshold": 1.0, "l_order": 1, "r_order": 1, "tail_threshold": 0.45}
    upsampling = {
        "smooth_factor2": 0.25,
        "noise_threshold2": 0.01,
        "upsample_times": 3,
        "use_cif1_cnn": False,
        "upsample_type": "cnn_blstm",
    }
    return {
        "model": "BiCifParaformer" if bicif else "Paraformer",
        "model_conf": {
            "ctc_weight": 0.0,
            "lsm_weight": 0.1,
            "length_normalized_loss": True,
            "predictor_weight": 1.0,
            "predictor_bias": 1,
            "sampling_ratio": 0.75,
        },
        "encoder": "SANMEncoder",
        "encoder_conf": {
            **attention,
            "output_size": width,
            "num_blocks": encoder,
            "dropout_rate": 0.1,
            "positional_dropout_rate": 0.1,
            "attention_dropout_rate": 0.1,
            "input_layer": "pe",
            "pos_enc_class": "SinusoidalPositionEncoder",
            "normalize_before": True,
            "selfattention_layer_type": "sanm",
        },
        "decoder": "ParaformerSANMDecoder",
        "decoder_conf": {
            **attention,
            "num_blocks": decoder,
            "att_layer_num": decoder,
            "dropout_rate": 0.1,
            "positional_dropout_rate": 0.1,
            "self_attention_dropout_rate": 0.1,
            "src_attention_dropout_rate": 0.1,
        },
        "predictor": "CifPredictorV3" if bicif else "CifPredictorV2",
        "predictor_conf": {**predictor, **upsampling} if bicif else predictor,
        "frontend": "WavFrontend",
        "frontend_conf": {
            "fs": 16000,
            "window": "hamming",
            "n_mels": 80,
            "frame_length": 25,
            "frame_shift": 10,
            "lfr_m": 7,
            "lfr_n": 6,
        },
        "specaug": "SpecAugLFR",
        "specaug_conf": {
            "apply_time_warp": False,
            "apply_freq_mask": True,
            "freq_mask_width_range": [0, 30],
            "lfr_rate": 6,
            "num_freq_mask": 1,
            "apply_time_mask": True,
            "time_mask_width_range": [0, 12],
            "num_time_mask": 1,
        },
        "train_conf": {"accum_grad": 1, "grad_clip": 5, "max_epoch": 150},
        "optim": "adam",
        "optim_conf": {"lr": 0.0005},
        "dataset": "AudioDataset",
        "dataset_conf": {"batch_size": 1, "shuffle": True},
        "tokenizer": "CharTokenizer",
        "tokenizer_conf": {"unk_symbol": "<unk>", "split_with_space": True},
        # The published configurations say it beside the front end, which says it as well.
        "input_size": 560,
        "ctc_conf": {"dropout_rate": 0.0, "ctc_type": "builtin", "reduce": True, "ignore_nan_grad": True},
        "normalize": None,
    }


def _tokens(count: int) -> tuple[str, ...]:
    """Return a made-up vocabulary: Chinese characters and a few open pieces of words, between the usual marks."""
    latin = ["".join(letters) + "@@" for letters in islice(product(ascii_lowercase, repeat=2), _LATIN)]
    chinese = [chr(0x4E00 + n) for n in range(count - len(latin) - 4)]
    return ("<blank>", "<s>", "</s>", *chinese, *latin, "<unk>")


def _speak(net: nn.Module, features: Frontend) -> None:
    """Let a random Paraformer fire at a steady rate, and say this and that instead of one token for ever."""
    sound = torch.from_numpy(tone(_SECONDS))
    encoded, lengths = net.encode(*features(sound[None], [len(sound)]))
    _fire(net, encoded, lengths)
    seen: list[Tensor] = []
    output = net.decoder.output_layer
    hook = output.register_forward_pre_hook(lambda _, inputs: seen.append(inputs[0]))
    embeddings, count, *_ = net.calc_predictor(encoded, lengths)
    net.cal_decoder_with_predictor(encoded, lengths, embeddings, count.round().long())
    hook.remove()
    output.weight *= 30
    output.bias.copy_(-output.weight @ seen[0][0].mean(dim=0))
    output.bias[[0, 1, 2, -1]] = -1e4  # a trained one hardly ever says blank or unknown


def _fire(net: nn.Module, encoded: Tensor, lengths: Tensor) -> None:
    """Find the bias with which 10 s of sound fire 45 tokens and a half, far from where rounding decides."""
    output = net.predictor.cif_output
    output.weight *= 0.1
    seen: list[Tensor] = []
    hook = output.register_forward_hook(lambda _, __, logits: seen.append(logits - output.bias))
    net.calc_predictor(encoded, lengths)
    hook.remove()
    logits = seen[0].double().numpy()
    low, high = -10.0, 10.0
    for _ in range(60):
        middle = (low + high) / 2
        # The predictor adds its tail_threshold of 0.45 after the last frame.
        fired = (1 / (1 + np.exp(-logits - middle))).sum() + 0.45
        low, high = (middle, high) if fired < TOKENS_PER_S * _SECONDS + 0.5 else (low, middle)
    output.bias.fill_(low)
