"""The network of the mini emotion model: FunASR's Emotion2vec with a fixed filter bank for a front end.

A full-size Emotion2vec learns its front end, seven convolutions, from years of speech. Here a fixed bank of Gabor
filters over pitch and formants takes their place, written into the same kind of layers. Before it stands a layer of two
channels that passes the waveform on and adds a constant: the group norm that FunASR puts on the first layer would erase
the spectral tilt otherwise, and with it half the emotions; and the layers after it, without a bias, need the constant.
"""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import cast

import numpy as np
import torch
import yaml
from funasr.models.emotion2vec.model import Emotion2vec
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional

from assistant.training.effects import Wave
from assistant.training.synth import RATE_HZ

LABELS = (
    *("生气/angry", "厌恶/disgusted", "恐惧/fearful", "开心/happy", "中立/neutral", "其他/other", "难过/sad"),
    *("吃惊/surprised", "<unk>"),
)
BANDS, PHASES, FILTER, HOP, FEATURES = 32, 4, 400, 160, 160
DEPTH, PRENET, WIDTH, HEADS = 2, 1, 112, 4
BAND_RMS = 2.0
"""Filter output in speech: well into the bend of the GELU, which takes amplitude from phase."""
_FRONT = "modality_encoders.AUDIO.local_encoder"
_PASS_GAIN, _PASS_OFFSET = 0.2, 3.0  # GELU is straight around 3: the waveform passes through it unharmed


def build() -> nn.Module:
    """Build the network with its filter bank in place."""
    model = cast("nn.Module", Emotion2vec(model_conf=_settings(), vocab_size=len(LABELS)))
    passing, filters = _convolutions(model)[:2]
    norm = next(module for module in model.modules() if isinstance(module, nn.GroupNorm))
    with torch.no_grad():
        passing.weight.copy_(torch.tensor([1.0, 0.0]).view(2, 1, 1))
        norm.weight.copy_(torch.tensor([_PASS_GAIN, 0.0]))
        norm.bias.copy_(torch.tensor([_PASS_OFFSET, 1.0]))
        filters.weight.zero_()
        filters.weight[:-1, 0] = torch.from_numpy(_gabor_bank()) / _PASS_GAIN
        filters.weight[-1, 1] = 1.0 / FILTER
    # Learnt filters would drift: one step moves 400 taps that all see the offset, and their outputs die in the GELU.
    for fixed in (passing.weight, norm.weight, norm.bias, filters.weight):
        fixed.requires_grad_(False)
    return model


def logits(model: nn.Module, waves: Tensor) -> Tensor:
    """Return logits [batch, emotions] of normalised waves [batch, samples], as inference computes them."""
    frames: Tensor = model(waves, features_only=True, mask=False, padding_mask=None)["x"]
    head = cast("nn.Linear", model.proj)
    return cast("Tensor", head(frames.float().mean(1)))


def equalise(model: nn.Module, waves: Sequence[Wave]) -> None:
    """Scale the filters to one RMS over some training speech: weak high bands count as much as strong low ones."""
    filters = _convolutions(model)[1]
    power = torch.zeros(filters.out_channels)
    with torch.no_grad():
        for wave in waves:
            sound = torch.from_numpy(wave)[None, None]
            power += (functional.conv1d(sound, filters.weight[:, :1] * _PASS_GAIN, stride=HOP) ** 2).mean((0, 2))
        filters.weight[:-1, 0] *= BAND_RMS / torch.sqrt(power[:-1] / len(waves))[:, None]


def keep_exact(model: nn.Module) -> None:
    """Run the fixed layers in float32 under autocast: bfloat16 has no room for a waveform on top of its offset."""
    for layer in list(model.get_submodule(f"{_FRONT}.conv_layers").children())[:2]:
        _run_exact(layer)


def _run_exact(layer: nn.Module) -> None:
    inner = layer.forward

    def forward(x: Tensor) -> Tensor:
        with torch.autocast("cpu", enabled=False), torch.no_grad():
            return cast("Tensor", inner(x))

    layer.forward = forward


def freeze(model: nn.Module, out: Path) -> None:
    """Write the folder that FunASR's AutoModel loads: configuration.json, config.yaml, tokens.txt, model.pt."""
    out.mkdir(parents=True, exist_ok=True)
    metas = {"init_param": "model.pt", "tokenizer_conf": {"token_list": "tokens.txt"}, "config": "config.yaml"}
    configuration = {"framework": "pytorch", "task": "emotion-recognition", "pipeline": {"type": "funasr-pipeline"}}
    configuration |= {"model": {"type": "funasr"}, "file_path_metas": metas}
    config = {"model": "Emotion2vec", "model_conf": _settings(), "tokenizer": "CharTokenizer"}
    config |= {"tokenizer_conf": {"unk_symbol": "<unk>", "split_with_space": True}}
    (out / "configuration.json").write_text(json.dumps(configuration, indent=1), encoding="utf-8")
    (out / "config.yaml").write_text(yaml.safe_dump(config, sort_keys=False), encoding="utf-8")
    (out / "tokens.txt").write_text("\n".join(LABELS) + "\n", encoding="utf-8")
    torch.save({name: tensor.contiguous() for name, tensor in model.state_dict().items()}, out / "model.pt")


def _settings() -> dict[str, object]:
    """Return Emotion2vec's `model_conf`: production's keys, smaller numbers."""
    audio = {
        "type": "AUDIO",
        "prenet_depth": PRENET,
        "prenet_layerdrop": 0.0,
        "prenet_dropout": 0.0,
        "start_drop_path_rate": 0.0,
        "end_drop_path_rate": 0.0,
        "num_extra_tokens": 4,
        "init_extra_token_zero": True,
        "mask_noise_std": 0.01,
        "mask_prob": 0.5,
        "mask_prob_min": None,
        "inverse_mask": False,
        "mask_prob_adjust": 0.05,
        "keep_masked_pct": 0.0,
        "mask_length": 5,
        "add_masks": False,
        "remove_masks": False,
        "mask_dropout": 0.0,
        "encoder_zero_mask": True,
        "mask_channel_prob": 0.0,
        "mask_channel_length": 64,
        "ema_local_encoder": False,
        "local_grad_mult": 1.0,
        "use_alibi_encoder": True,
        "alibi_scale": 1.0,
        "learned_alibi": False,
        "alibi_max_pos": None,
        "learned_alibi_scale": True,
        "learned_alibi_scale_per_head": True,
        "learned_alibi_scale_per_layer": False,
        "num_alibi_heads": HEADS,
        "model_depth": DEPTH,
        "decoder": None,
        "extractor_mode": "default",
        "feature_encoder_spec": f"[(2, 1, 1)] + [({BANDS * PHASES + 1}, {FILTER}, {HOP})] + [({FEATURES}, 3, 2)]",
        "conv_pos_width": 19,
        "conv_pos_groups": 4,
        "conv_pos_depth": 2,
        "conv_pos_pre_ln": False,
    }
    return {
        "depth": DEPTH,
        "embed_dim": WIDTH,
        "num_heads": HEADS,
        "mlp_ratio": 2.0,
        "layer_norm_first": True,
        "norm_eps": 1e-5,
        "norm_affine": True,
        "start_drop_path_rate": 0.0,
        "end_drop_path_rate": 0.0,
        "encoder_dropout": 0.0,
        "attention_dropout": 0.0,
        "activation_dropout": 0.0,
        "post_mlp_drop": 0.0,
        "dropout_input": 0.0,
        "layerdrop": 0.0,
        "average_top_k_layers": DEPTH,
        "end_of_block_targets": False,
        "clone_batch": 1,
        "loss_beta": 0.0,
        "loss_scale": None,
        "normalize": True,
        "modalities": {"audio": audio},
    }


def _convolutions(model: nn.Module) -> list[nn.Conv1d]:
    front = model.get_submodule(_FRONT)
    return [module for module in front.modules() if isinstance(module, nn.Conv1d)]


def _gabor_bank() -> NDArray[np.float32]:
    """Return filters [bands x phases, taps]: 12 bands over pitch (70-420 Hz), 20 over formants (450-7200 Hz)."""
    mel = np.linspace(2595 * np.log10(1 + 450 / 700), 2595 * np.log10(1 + 7200 / 700), 20)
    centres = np.concatenate([np.linspace(70.0, 420.0, 12), 700 * (10 ** (mel / 2595) - 1)])
    widths = np.clip(centres / 450.0, 1.0, 4.0)  # high bands have short windows
    time = (np.arange(FILTER) - (FILTER - 1) / 2) / RATE_HZ
    bank = []
    for centre, width in zip(centres, widths, strict=True):
        window = np.exp(-0.5 * (time * width / 0.0055) ** 2)
        for phase in range(PHASES):
            wave = window * np.cos(2 * np.pi * centre * time + np.pi / 2 * phase)
            wave -= window * wave.sum() / window.sum()  # no response to the constant the first layer adds
            bank.append(wave / np.linalg.norm(wave))
    return np.asarray(bank, np.float32)
