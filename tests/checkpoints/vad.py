"""FSMN-VAD in its only size, with random weights but for one channel that tells loud from quiet."""

from pathlib import Path

import torch
from torch import nn

from tests.checkpoints.layout import network, write

_CONFIG = {
    "model": "FsmnVADStreaming",
    "model_conf": {
        "sample_rate": 16000,
        "detect_mode": 1,
        "snr_mode": 0,
        "max_end_silence_time": 800,
        "max_start_silence_time": 3000,
        "do_start_point_detection": True,
        "do_end_point_detection": True,
        "window_size_ms": 200,
        "sil_to_speech_time_thres": 150,
        "speech_to_sil_time_thres": 150,
        "speech_2_noise_ratio": 1.0,
        "do_extend": 1,
        "lookback_time_start_point": 200,
        "lookahead_time_end_point": 100,
        "max_single_segment_time": 60000,
        "snr_thres": -100.0,
        "noise_frame_num_used_for_snr": 100,
        "decibel_thres": -100.0,
        "speech_noise_thres": 0.6,
        "fe_prior_thres": 0.0001,
        "silence_pdf_num": 1,
        "sil_pdf_ids": [0],
        "speech_noise_thresh_low": -0.1,
        "speech_noise_thresh_high": 0.3,
        "output_frame_probs": False,
        "frame_in_ms": 10,
        "frame_length_ms": 25,
    },
    "encoder": "FSMN",
    "encoder_conf": {
        "input_dim": 400,
        "input_affine_dim": 140,
        "fsmn_layers": 4,
        "linear_dim": 250,
        "proj_dim": 128,
        "lorder": 20,
        "rorder": 0,
        "lstride": 1,
        "rstride": 0,
        "output_affine_dim": 140,
        "output_dim": 248,
    },
    "frontend": "WavFrontendOnline",
    "frontend_conf": {
        "fs": 16000,
        "window": "hamming",
        "n_mels": 80,
        "frame_length": 25,
        "frame_shift": 10,
        "dither": 0.0,
        "lfr_m": 5,
        "lfr_n": 1,
    },
}

_VOICED = slice(160 + 10, 160 + 40)
"""Of the 5 stacked frames the middle one, of its 80 bands those where a voice has most of its energy."""

_QUIET = 0.2
"""The normalised log-mel energy between a quiet room (about 0.03) and speech (mostly 0.8 and up)."""


_OFFSET = 2.0
"""Keeps the loudness above 0, where the layers cut it off."""


def fsmn_vad(folder: Path) -> Path:
    """Write an FSMN-VAD that takes whatever is loud between 0.4 and 2 kHz for speech."""
    net = network(_CONFIG, 0)
    with torch.no_grad():
        _hear_loudness(net.encoder)
    return write(folder, _CONFIG, net.state_dict(), features=400)


def _hear_loudness(encoder: nn.Module) -> None:
    """Carry the loudness through channel 0 of every layer, and let it decide against class 0, silence.

    The first layer adds that of the last 20 frames, a tenth of each, so that a word isn't cut at every stop.
    """
    first = encoder.in_linear1.linear
    first.weight[0] = 0
    first.weight[0, _VOICED] = 1 / 30
    first.bias[0] = _OFFSET
    steps = [encoder.in_linear2, encoder.out_linear1]
    for layer in encoder.fsmn:
        steps += [layer.linear, layer.affine]
        layer.fsmn_block.conv_left.weight[0] = 0
    encoder.fsmn[0].fsmn_block.conv_left.weight[0] = 0.1
    for step in steps:
        step.linear.weight[0] = 0
        step.linear.weight[0, 0] = 1
        if step.linear.bias is not None:
            step.linear.bias[0] = 0
    last = encoder.out_linear2.linear
    last.weight *= 5
    last.weight[0] = 0
    last.weight[0, 0] = -20
    last.bias[0] = 20 * 3 * (_OFFSET + _QUIET) + 5
