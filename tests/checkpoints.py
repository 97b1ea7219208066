"""Tiny checkpoints with random weights, laid out on disk as the hub lays out the real ones."""

import json
import math
from pathlib import Path

import numpy as np
import torch
import yaml
from torch import nn

from assistant.models import funasr_runtime
from assistant.models.quiet import undisturbed

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
POLARITIES = ("正向", "负向", "中性", "激动")
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
    network = _network(config, len(ASR_TOKENS), input_size=560)
    with torch.no_grad():
        _speak(network)
    _write(folder, config, {"state_dict": network.state_dict()}, tokens="tokens.json")
    (folder / "tokens.json").write_text(json.dumps(ASR_TOKENS), encoding="utf-8")
    (folder / "am.mvn").write_text(_cmvn(560), encoding="utf-8")
    return folder


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
        for name, weight in _network(config, len(tokens), input_size=None).state_dict().items()
    }
    _write(folder, config, {"model": weights}, tokens="tokens.txt")
    (folder / "tokens.txt").write_text("\n".join(tokens), encoding="utf-8")
    return folder


def bert(folder: Path, labels: tuple[str, ...] = POLARITIES) -> Path:
    """Write a BERT classifier over `labels` that reads at most 30 characters."""
    with undisturbed():
        from transformers import BertConfig, BertForSequenceClassification, BertTokenizer

    folder.mkdir(parents=True)
    vocabulary = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", *"今天天气真好我很难过你是谁"]
    words = folder / "vocab.txt"
    words.write_text("\n".join(dict.fromkeys(vocabulary)), encoding="utf-8")
    tokenizer = BertTokenizer(str(words), model_max_length=32)
    tokenizer.save_pretrained(folder)
    with torch.random.fork_rng():
        torch.manual_seed(7)
        network = BertForSequenceClassification(
            BertConfig(
                vocab_size=len(tokenizer),
                hidden_size=16,
                num_hidden_layers=1,
                num_attention_heads=2,
                intermediate_size=32,
                max_position_embeddings=34,
                id2label=dict(enumerate(labels)),
                label2id={label: index for index, label in enumerate(labels)},
            )
        )
        nn.init.normal_(network.classifier.weight)
    network.save_pretrained(folder)
    return folder


def edit_weights(folder: Path, change: dict[str, torch.Tensor | None]) -> None:
    """Replace weights of a FunASR checkpoint by name; None takes one out."""
    path = folder / "model.pt"
    stored = torch.load(path, weights_only=True)
    (weights,) = stored.values()
    for name, weight in change.items():
        weights.pop(name)
        if weight is not None:
            weights[name] = weight
    torch.save(stored, path)


def tone(seconds: float, hz: float = 180.0) -> np.ndarray:
    """Return a voice-like buzz that glides a little, float32 [n] at 16 kHz."""
    t = np.arange(int(seconds * 16_000)) / 16_000
    return (0.2 * np.sin(2 * np.pi * (hz + 8 * t) * t) * (0.6 + 0.4 * np.sin(2 * np.pi * 3 * t))).astype(np.float32)


def _network(config: dict[str, object], labels: int, input_size: int | None) -> nn.Module:
    with undisturbed():
        tables = funasr_runtime._tables()
    with torch.random.fork_rng():
        torch.manual_seed(7)
        options = {**config["model_conf"], **config, "specaug": None}
        return tables.model_classes[config["model"]](**options, vocab_size=labels, input_size=input_size)


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


def _write(folder: Path, config: dict[str, object], weights: dict[str, object], tokens: str) -> None:
    folder.mkdir(parents=True)
    (folder / "config.yaml").write_text(yaml.safe_dump(config, allow_unicode=True), encoding="utf-8")
    torch.save(weights, folder / "model.pt")
    files = {"init_param": "model.pt", "config": "config.yaml", "tokenizer_conf": {"token_list": tokens}}
    if "frontend" in config:
        files["frontend_conf"] = {"cmvn_file": "am.mvn"}
    index = {"framework": "pytorch", "model": {"type": "funasr"}, "file_path_metas": files}
    (folder / "configuration.json").write_text(json.dumps(index), encoding="utf-8")


def _cmvn(size: int) -> str:
    shift, scale = " ".join(["-8.3"] * size), " ".join(["0.155"] * size)
    return (
        f"<Nnet>\n<Splice> {size} {size}\n[ 0 ]\n<AddShift> {size} {size}\n<LearnRateCoef> 0 [ {shift} ]\n"
        f"<Rescale> {size} {size}\n<LearnRateCoef> 0 [ {scale} ]\n</Nnet>\n"
    )
