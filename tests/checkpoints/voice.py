"""Emotion2vec+."""

from pathlib import Path

import torch

from tests.checkpoints.layout import network, write

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


def emotion2vec(folder: Path, tokens: tuple[str, ...] = EMOTION_TOKENS) -> Path:
    """Write an Emotion2vec with the labels in `tokens`, its keys under the prefix that the real one has."""
    audio = {
        "type": "AUDIO",
        "prenet_depth": 1,
        "prenet_layerdrop": 0.05,
        "prenet_dropout": 0.1,
        "start_drop_path_rate": 0.0,
        "end_drop_path_rate": 0.0,
        "num_extra_tokens": 4,
        "init_extra_token_zero": True,
        "local_grad_mult": 1.0,
        "use_alibi_encoder": True,
        "alibi_scale": 1.0,
        "learned_alibi": False,
        "learned_alibi_scale": True,
        "learned_alibi_scale_per_head": True,
        "learned_alibi_scale_per_layer": False,
        "num_alibi_heads": 2,
        "model_depth": 1,
        "decoder": None,
        "extractor_mode": "default",
        "feature_encoder_spec": "[(16, 400, 160)] + [(16, 3, 2)]",
        "conv_pos_width": 19,
        "conv_pos_groups": 4,
        "conv_pos_depth": 2,
        "conv_pos_pre_ln": False,
    }
    config = {
        "model": "Emotion2vec",
        "model_conf": {
            "depth": 1,
            "start_drop_path_rate": 0.0,
            "end_drop_path_rate": 0.0,
            "num_heads": 2,
            "norm_eps": 1e-5,
            "norm_affine": True,
            "encoder_dropout": 0.1,
            "post_mlp_drop": 0.1,
            "attention_dropout": 0.1,
            "activation_dropout": 0.0,
            "dropout_input": 0.0,
            "layerdrop": 0.05,
            "embed_dim": 16,
            "mlp_ratio": 2.0,
            "layer_norm_first": True,
            "average_top_k_layers": 1,
            "end_of_block_targets": False,
            "clone_batch": 1,
            "normalize": True,
            "modalities": {"audio": audio},
        },
        "scope_map": ["d2v_model.", "none"],
        "tokenizer": "CharTokenizer",
        "tokenizer_conf": {"unk_symbol": "<unk>", "split_with_space": True},
    }
    weights = {
        name if name.startswith("proj.") else f"d2v_model.{name}": weight
        for name, weight in network(config, len(tokens)).state_dict().items()
    }
    # The published file holds what its training needed as well, beside the model.
    training = {"extra_state": {"epoch": 1}, "last_optimizer_state": {"state": {0: {"exp_avg": torch.zeros(1000)}}}}
    return write(folder, config, {"model": weights, **training}, tokens=tokens, tokens_file="tokens.txt")
