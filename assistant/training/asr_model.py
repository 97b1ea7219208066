"""The small Paraformer: its configuration, its loss, and the directory FunASR loads it from."""

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import torch
import yaml
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional

from assistant.training.asr_data import LFR_STEP, LFR_WINDOW, MEL_BINS

if TYPE_CHECKING:
    from funasr.models.paraformer.model import Paraformer

BLANK, START, END, IGNORED = 0, 1, 2, -1
WIDTH, INNER, INPUT_SIZE = 192, 640, MEL_BINS * LFR_WINDOW

_NO_DROPOUT: Mapping[str, float] = {"dropout_rate": 0.0, "positional_dropout_rate": 0.0}
_MODEL: Mapping[str, float] = {
    "ctc_weight": 0.0,
    "lsm_weight": 0.1,
    "length_normalized_loss": True,
    "predictor_weight": 1.0,
    "predictor_bias": 1,
    "sampling_ratio": 0.75,
}
CONFIG: Mapping[str, object] = {
    "model": "Paraformer",
    "model_conf": dict(_MODEL),
    "encoder": "SANMEncoder",
    "encoder_conf": {
        "output_size": WIDTH,
        "attention_heads": 4,
        "linear_units": INNER,
        "num_blocks": 6,
        **_NO_DROPOUT,
        "attention_dropout_rate": 0.0,
        "input_layer": "pe",
        "pos_enc_class": "SinusoidalPositionEncoder",
        "normalize_before": True,
        "kernel_size": 11,
        "sanm_shfit": 0,  # spelt so in FunASR
        "selfattention_layer_type": "sanm",
    },
    "decoder": "ParaformerSANMDecoder",
    "decoder_conf": {
        "attention_heads": 4,
        "linear_units": INNER,
        "num_blocks": 2,
        "att_layer_num": 2,
        **_NO_DROPOUT,
        "self_attention_dropout_rate": 0.0,
        "src_attention_dropout_rate": 0.0,
        "kernel_size": 11,
        "sanm_shfit": 0,
    },
    "predictor": "CifPredictorV2",
    "predictor_conf": {"idim": WIDTH, "threshold": 1.0, "l_order": 1, "r_order": 1, "tail_threshold": 0.45},
    "frontend": "WavFrontend",
    "frontend_conf": {
        "fs": 16000,
        "window": "hamming",
        "n_mels": MEL_BINS,
        "frame_length": 25,
        "frame_shift": 10,
        "lfr_m": LFR_WINDOW,
        "lfr_n": LFR_STEP,
        "dither": 0.0,  # FunASR's default of 1.0 makes two readings of one recording differ
    },
    "tokenizer": "CharTokenizer",
    "tokenizer_conf": {"unk_symbol": "<unk>", "split_with_space": True},
    "normalize": None,
}

_FILES: Mapping[str, object] = {
    "framework": "pytorch",
    "task": "auto-speech-recognition",
    "model": {"type": "funasr"},
    "pipeline": {"type": "funasr-pipeline"},
    "file_path_metas": {
        "init_param": "model.pt",
        "config": "config.yaml",
        "tokenizer_conf": {"token_list": "tokens.json"},
        "frontend_conf": {"cmvn_file": "am.mvn"},
    },
}


@dataclass(frozen=True, slots=True)
class Normaliser:
    """Mean and scale (1 / standard deviation) of the 560 stacked features."""

    mean: NDArray[np.float32]
    scale: NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Batch:
    """Padded features (batch, steps, 560) and targets (batch, tokens + 1) ending in ``END``, padded by ``IGNORED``."""

    features: Tensor
    feature_lengths: Tensor
    targets: Tensor
    target_lengths: Tensor


def token_list(alphabet: Sequence[str]) -> list[str]:
    """Number the characters as FunASR wants them: three specials first, ``<unk>`` last."""
    return ["<blank>", "<s>", "</s>", *alphabet, "<unk>"]


def build(vocabulary: int) -> "Paraformer":
    """Build the untrained model, with FunASR's own classes."""
    from funasr.models.paraformer import cif_predictor
    from funasr.models.paraformer.model import Paraformer

    fire = cif_predictor.cif_v1
    # In training the weights of one utterance are scaled to sum to its token count; a rounding error below it, the
    # last token never fires and cif_v1 indexes out of bounds.
    cif_predictor.cif_v1 = lambda hidden, alphas, threshold: fire(hidden, alphas * 1.0002, threshold)
    parts = {key: value for key, value in CONFIG.items() if key.split("_")[0] in ("encoder", "decoder", "predictor")}
    return Paraformer(input_size=INPUT_SIZE, vocab_size=vocabulary, **parts, **_MODEL)


def loss(model: "Paraformer", ctc: nn.Linear, ctc_weight: float, batch: Batch) -> Tensor:
    """Sum Paraformer's two losses, per token, and a CTC loss that pulls the encoder along and is thrown away after.

    Equals ``Paraformer.forward`` for the first two; written out so that the encoder runs once, in bfloat16, while the
    firing of tokens stays in float32.
    """
    with torch.autocast("cpu", torch.bfloat16):
        encoded, lengths = model.encode(batch.features, batch.feature_lengths)
        heard = ctc(encoded)
    encoded = encoded.float()
    mask = torch.arange(encoded.shape[1])[None, None, :] < lengths[:, None, None]
    acoustic, count, _, _ = model.predictor(encoded, batch.targets, mask, ignore_id=IGNORED)
    with torch.autocast("cpu", torch.bfloat16):
        mixed, _ = model.sampler(encoded, lengths, batch.targets, batch.target_lengths, acoustic)
        written = model.decoder(encoded, lengths, mixed, batch.target_lengths)[0]
    words = batch.target_lengths - 1
    aligned: Tensor = functional.ctc_loss(
        functional.log_softmax(heard.float(), -1).transpose(0, 1),
        batch.targets.clamp(min=0),
        lengths,
        words,
        reduction="sum",
        zero_infinity=True,
    )
    attention: Tensor = model.criterion_att(written.float(), batch.targets)
    counting: Tensor = model.criterion_pre(batch.target_lengths.type_as(count), count)
    return attention + counting + ctc_weight * aligned / words.sum().clamp(min=1)


@torch.no_grad()
def transcribe(model: "Paraformer", tokens: Sequence[str], features: Tensor) -> str:
    """Read one utterance, (1, steps, 560), greedily, as FunASR does.

    One at a time: FunASR's firing indexes out of bounds where the last of several utterances has no token at all.
    """
    encoded, lengths = model.encode(features, torch.tensor([features.shape[1]]))
    acoustic, count, _, _ = model.calc_predictor(encoded, lengths)
    counts = count.round().long()
    if int(counts) < 1:
        return ""
    scores, _ = model.cal_decoder_with_predictor(encoded, lengths, acoustic, counts)
    best = scores[0, : int(counts)].argmax(-1).tolist()
    return "".join(tokens[index] for index in best if index not in (BLANK, START, END))


def freeze(folder: Path, weights: Mapping[str, Tensor], normaliser: Normaliser, tokens: Sequence[str]) -> None:
    """Write the directory that ``AutoModel(model=folder)`` loads: the hub's own layout, weights in half precision."""
    folder.mkdir(parents=True, exist_ok=True)
    half = {name: value.half() if value.is_floating_point() else value for name, value in weights.items()}
    torch.save(half, folder / "model.pt")
    _write(folder / "configuration.json", json.dumps(_FILES, indent=2) + "\n")
    _write(folder / "config.yaml", yaml.safe_dump(dict(CONFIG), sort_keys=False))
    _write(folder / "tokens.json", json.dumps(list(tokens), ensure_ascii=False, indent=0) + "\n")
    _write(folder / "am.mvn", _kaldi(normaliser))


def learning_rate(step: int, steps: int, peak: float, warm_up: int) -> float:
    """Rise linearly, then fall along a cosine to a hundredth of the peak."""
    if step < warm_up:
        return peak * (step + 1) / warm_up
    done = (step - warm_up) / max(1, steps - warm_up)
    return peak * (0.01 + 0.99 * 0.5 * (1.0 + math.cos(math.pi * min(1.0, done))))


def _kaldi(normaliser: Normaliser) -> str:
    def row(values: NDArray[np.float32]) -> str:
        return "<LearnRateCoef> 0 [ " + " ".join(f"{value:.6g}" for value in values) + " ]"

    size = f"{INPUT_SIZE} {INPUT_SIZE}"
    shift, rescale = row(-normaliser.mean), row(normaliser.scale)
    parts = (
        "<Nnet>",
        f"<Splice> {size}",
        "[ 0 ]",
        f"<AddShift> {size}",
        shift,
        f"<Rescale> {size}",
        rescale,
        "</Nnet>",
    )
    return "\n".join(parts) + "\n"


def _write(path: Path, text: str) -> None:
    path.write_text(text, encoding="utf-8")
