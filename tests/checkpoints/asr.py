"""Paraformer and its sibling with timestamps, BiCifParaformer."""

import math
from pathlib import Path

import torch
from torch import nn

from tests.checkpoints.layout import network, write

ASR_TOKENS = ("<blank>", "<s>", "</s>", *(chr(0x4E00 + n) for n in range(60)), "hel@@", "lo", "<unk>")
TOKENS_PER_S = 4.5


def paraformer(folder: Path, *, bicif: bool = False) -> Path:
    """Write a Paraformer that fires about 4.5 random tokens per second of any sound."""
    width = 32
    attention = {"attention_heads": 2, "linear_units": 64, "kernel_size": 11, "sanm_shfit": 0}
    predictor = {"idim": width, "threshold": 1.0, "l_order": 1, "r_order": 1, "tail_threshold": 0.45}
    upsampling = {
        "smooth_factor2": 0.25,
        "noise_threshold2": 0.01,
        "upsample_times": 3,
        "use_cif1_cnn": False,
        "upsample_type": "cnn_blstm",
    }
    config = {
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
            "num_blocks": 2,
            "input_layer": "pe",
            "pos_enc_class": "SinusoidalPositionEncoder",
            "normalize_before": True,
            "selfattention_layer_type": "sanm",
        },
        "decoder": "ParaformerSANMDecoder",
        "decoder_conf": {**attention, "num_blocks": 1, "att_layer_num": 1},
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
        "specaug_conf": {"apply_time_warp": True, "apply_freq_mask": False, "apply_time_mask": False},
        "tokenizer": "CharTokenizer",
        "tokenizer_conf": {"unk_symbol": "<unk>", "split_with_space": True},
    }
    net = network(config, len(ASR_TOKENS), input_size=560)
    with torch.no_grad():
        _speak(net)
    weights = {"state_dict": net.state_dict()}
    return write(folder, config, weights, tokens=ASR_TOKENS, tokens_file="tokens.json", features=560)


def _speak(network: nn.Module) -> None:
    """Let a random Paraformer fire at a steady rate, and say this and that instead of one token for ever."""
    share = TOKENS_PER_S * 0.06
    network.predictor.cif_output.weight.zero_()
    network.predictor.cif_output.bias.fill_(math.log(share / (1 - share)))
    hidden = []
    output = network.decoder.output_layer
    hook = output.register_forward_pre_hook(lambda _, inputs: hidden.append(inputs[0]))
    lengths = torch.tensor([200])
    noise = torch.randn(1, 200, 560, generator=torch.Generator().manual_seed(7))
    encoded, _ = network.eval().encode(noise, lengths)
    embeddings, count, *_ = network.calc_predictor(encoded, lengths)
    network.cal_decoder_with_predictor(encoded, lengths, embeddings, count.long())
    hook.remove()
    output.weight *= 30
    output.bias.copy_(-output.weight @ hidden[0][0].mean(dim=0))
