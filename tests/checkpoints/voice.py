"""Emotion2vec+."""

from pathlib import Path

import torch

from tests.checkpoints.layout import Size, network, write

EMOTION_TOKENS = (
    "生气/angry",
    "厌恶/disgusted",
    "恐惧/fearful",
    "开心/happy",
    "中立/neutral",
    "其他/other",
    "难过/sad",
    "吃惊/surprised",
    "<unk>",
)


def emotion2vec(
    folder: Path, tokens: tuple[str, ...] = EMOTION_TOKENS, size: Size = Size.TINY, *, layers: int = 12
) -> Path:
    """Write an Emotion2vec with the labels in `tokens`, its keys under the prefix that the real one has.

    layers: of the full size, a third of them before the trunk; 12 as published, 24 as in data2vec 2.0 large.
    """
    config = _full(layers) if size is Size.FULL else _tiny()
    net = network(config, len(tokens))
    if size is Size.FULL:
        with torch.no_grad():
            # Random layers hardly tell one sound from another; this makes scores differ.
            net.proj.weight *= 10
    weights = {
        name if name.startswith("proj.") else f"d2v_model.{name}": weight
        for name, weight in net.state_dict().items()
        if ".decoder." not in name
    }
    # The published file holds what its training needed as well, beside the model.
    training = {"extra_state": {"epoch": 1}, "last_optimizer_state": {"state": {0: {"exp_avg": torch.zeros(1000)}}}}
    return write(folder, config, {"model": weights, **training}, tokens=tokens, tokens_file="tokens.txt")


def _tiny() -> dict[str, object]:
    audio = {
        "prenet_depth": 1,
        "num_extra_tokens": 4,
        "num_alibi_heads": 2,
        "model_depth": 1,
        "extractor_mode": "default",
        "feature_encoder_spec": "[(16, 400, 160)] + [(16, 3, 2)]",
        "conv_pos_width": 19,
        "conv_pos_groups": 4,
        "conv_pos_depth": 2,
    }
    model = {
        "depth": 1,
        "num_heads": 2,
        "embed_dim": 16,
        "mlp_ratio": 2.0,
        "layer_norm_first": True,
        "average_top_k_layers": 1,
    }
    return _config(model, audio)


def _full(layers: int) -> dict[str, object]:
    depth = layers * 2 // 3
    audio = {
        "prenet_depth": layers - depth,
        "num_extra_tokens": 10,
        "num_alibi_heads": 16,
        "model_depth": depth,
        "extractor_mode": "layer_norm",
        "feature_encoder_spec": "[(512, 10, 5)] + [(512, 3, 2)] * 4 + [(512,2,2)] + [(512,2,2)]",
        "conv_pos_width": 95,
        "conv_pos_groups": 16,
        "conv_pos_depth": 5,
        # In the configuration, though the file has no weights of it.
        "decoder": {
            "decoder_dim": 384,
            "decoder_groups": 16,
            "decoder_kernel": 7,
            "decoder_layers": 4,
            "input_dropout": 0.1,
            "add_positions_masked": False,
            "add_positions_all": False,
            "decoder_residual": True,
            "projection_layers": 1,
            "projection_ratio": 2.0,
        },
    }
    model = {
        "depth": depth,
        "num_heads": 16,
        "embed_dim": 1024,
        "mlp_ratio": 4.0,
        "layer_norm_first": False,
        "average_top_k_layers": depth,
        "loss_beta": 0.0,
        "loss_scale": None,
        "supported_modality": "AUDIO",
        "shared_decoder": None,
        "cls_type": "chunk",
    }
    return _config(model, audio)


def _config(model: dict[str, object], audio: dict[str, object]) -> dict[str, object]:
    """Return a configuration: what the sizes have in common, and what they differ in."""
    return {
        "model": "Emotion2vec",
        "model_conf": {
            "start_drop_path_rate": 0.0,
            "end_drop_path_rate": 0.0,
            "norm_eps": 1e-5,
            "norm_affine": True,
            "encoder_dropout": 0.1,
            "post_mlp_drop": 0.1,
            "attention_dropout": 0.1,
            "activation_dropout": 0.0,
            "dropout_input": 0.0,
            "layerdrop": 0.05,
            "end_of_block_targets": False,
            "clone_batch": 8,
            "normalize": True,
            **model,
            "modalities": {
                "audio": {
                    "type": "AUDIO",
                    "prenet_layerdrop": 0.05,
                    "prenet_dropout": 0.1,
                    "start_drop_path_rate": 0.0,
                    "end_drop_path_rate": 0.0,
                    "init_extra_token_zero": True,
                    "local_grad_mult": 1.0,
                    "use_alibi_encoder": True,
                    "alibi_scale": 1.0,
                    "learned_alibi": False,
                    "alibi_max_pos": None,
                    "learned_alibi_scale": True,
                    "learned_alibi_scale_per_head": True,
                    "learned_alibi_scale_per_layer": False,
                    "conv_pos_pre_ln": False,
                    "decoder": None,
                    **audio,
                }
            },
        },
        "scope_map": ["d2v_model.", "none"],
        "tokenizer": "CharTokenizer",
        "tokenizer_conf": {"unk_symbol": "<unk>", "split_with_space": True},
    }
