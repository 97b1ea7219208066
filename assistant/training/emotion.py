"""Train the mini Emotion2vec, measure it on unseen voices and unseen sentences, freeze it in the hub's own layout.

    python -m assistant.training.emotion

A full-size Emotion2vec learns its front end, seven convolutions, from years of speech. Here a fixed bank of Gabor
filters over pitch and formants takes their place, written into the same kind of layers. Before it stands a layer of two
channels that passes the waveform on and adds a constant: the group norm that FunASR puts on the first layer would erase
the spectral tilt otherwise, and with it half the emotions; and the layers after it, without a bias, need the constant.
"""

import argparse
import json
import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import cast

import numpy as np
import torch
import yaml
from funasr.models.emotion2vec.model import Emotion2vec
from numpy.typing import NDArray
from rich.progress import track
from torch import Tensor, nn
from torch.nn import functional

from assistant.training.corpus import load_corpus
from assistant.training.emotion_data import Clip, batches, heard, plan, record, rooms
from assistant.training.synth import EMOTIONS, RATE_HZ, VOICES_TEST, VOICES_TRAIN, Take

SEED = 1
BATCH, WARM_UP, EMA, SMOOTHING = 32, 150, 0.995, 0.05
DEV_PER_EMOTION, TEST_PER_EMOTION = 60, 100
NOISE_DB = (5.0, 40.0)
TEST_SNRS_DB = (None, 30.0, 20.0, 10.0, 5.0)
DEV_VOICES = VOICES_TRAIN[5::12]
OUT = Path(__file__).parents[1] / "checkpoints" / "mini" / "emotion"

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


@dataclass(frozen=True, slots=True)
class Cycle:
    """One cosine of training, on speech of its own."""

    steps: int
    peak_lr: float
    clips_per_emotion: int


CYCLES = (Cycle(6000, 2e-3, 1200), Cycle(4500, 1.5e-3, 1300))


@dataclass(frozen=True, slots=True, eq=False)
class Score:
    """Results on a set of clips: predicted probabilities [clips, emotions] against the truth [clips]."""

    probabilities: NDArray[np.float32]
    truth: NDArray[np.int64]

    @property
    def recalls(self) -> NDArray[np.float64]:
        """Return the share of each emotion's clips that were recognised, in the order of EMOTIONS."""
        hit = self.probabilities.argmax(1) == self.truth
        return np.array([hit[self.truth == index].mean() for index in range(len(EMOTIONS))])

    @property
    def uar(self) -> float:
        """Return the unweighted mean of the recalls."""
        return float(self.recalls.mean())

    @property
    def ece(self) -> float:
        """Return the expected calibration error over ten equal bins of the top probability (Guo et al. 2017)."""
        top, hit = self.probabilities.max(1), self.probabilities.argmax(1) == self.truth
        bins = np.minimum((top * 10).astype(int), 9)
        return float(sum(abs(hit[bins == b].sum() - top[bins == b].sum()) for b in range(10)) / len(top))

    def confusions(self) -> list[list[int]]:
        """Count clips by true emotion (row) and predicted emotion (column)."""
        table = np.zeros((len(EMOTIONS), len(EMOTIONS)), int)
        np.add.at(table, (self.truth, self.probabilities.argmax(1)), 1)
        return cast("list[list[int]]", table.tolist())


def main() -> None:
    """Synthesise, train, calibrate, measure, freeze."""
    parser = argparse.ArgumentParser(description=main.__doc__)
    parser.add_argument(
        "--resume", type=int, default=0, metavar="N", help="begin with cycle N from the weights in --out"
    )
    parser.add_argument("--out", type=Path, default=OUT)
    options = parser.parse_args()
    torch.set_num_threads(1)
    torch.manual_seed(SEED)
    rng = np.random.default_rng(SEED)

    corpus = load_corpus()
    voices = [voice for voice in VOICES_TRAIN if voice not in DEV_VOICES]
    dev = _record("dev", plan(corpus.of("fillings"), DEV_VOICES, DEV_PER_EMOTION, False, rng))
    test = _record("test", plan(corpus.of("templates", "free"), VOICES_TEST, TEST_PER_EMOTION, False, rng))

    model = build()
    if options.resume:
        model.load_state_dict(torch.load(options.out / "model.pt"))
    for number, cycle in list(enumerate(CYCLES))[options.resume :]:
        draw = np.random.default_rng((SEED, number))
        training = _record("training", plan(corpus.of("train"), voices, cycle.clips_per_emotion, True, draw))
        if number == 0:
            _equalise(model, training[:: len(training) // 200], draw)
        model = fit(model, training, dev, cycle, options.out)
    _fold_temperature(model, [score(model, dev, snr_db) for snr_db in TEST_SNRS_DB])
    freeze(model, options.out)
    report = {"parameters": sum(p.numel() for p in model.parameters()), "steps": [cycle.steps for cycle in CYCLES]}
    report |= measure(model, test)
    (options.out / "report.json").write_text(json.dumps(report, ensure_ascii=False, indent=1), encoding="utf-8")
    print(json.dumps(report, ensure_ascii=False, indent=1))


def settings() -> dict[str, object]:
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


def build() -> nn.Module:
    """Build the network with its filter bank in place."""
    model = cast("nn.Module", Emotion2vec(model_conf=settings(), vocab_size=len(LABELS)))
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


def fit(model: nn.Module, training: Sequence[Clip], dev: Sequence[Clip], cycle: Cycle, out: Path) -> nn.Module:
    """Train for one cycle; return the exponentially averaged copy, which `out` holds on the way."""
    learnt = [parameter for parameter in model.parameters() if parameter.requires_grad]
    optimiser = torch.optim.AdamW(learnt, lr=cycle.peak_lr, betas=(0.9, 0.98), weight_decay=0.01)
    schedule = torch.optim.lr_scheduler.LambdaLR(
        optimiser,
        lambda step: min(
            (step + 1) / WARM_UP, 0.01 + 0.99 * 0.5 * (1.0 + np.cos(np.pi * min(step / cycle.steps, 1.0)))
        ),
    )
    averaging = torch.optim.swa_utils.get_ema_multi_avg_fn(EMA)  # type: ignore[no-untyped-call]
    averaged = torch.optim.swa_utils.AveragedModel(model, multi_avg_fn=averaging)
    for layer in list(model.get_submodule(f"{_FRONT}.conv_layers").children())[:2]:
        _keep_exact(layer)
    stream = batches(training, BATCH, NOISE_DB, SEED)
    model.train()
    for step in track(range(cycle.steps), description="training"):
        batch = next(stream)
        with torch.autocast("cpu", torch.bfloat16):
            guess = logits(model, torch.from_numpy(batch.waves))
        loss = functional.cross_entropy(guess.float(), torch.from_numpy(batch.emotions), label_smoothing=SMOOTHING)
        optimiser.zero_grad(set_to_none=True)
        loss.backward()  # type: ignore[no-untyped-call]
        nn.utils.clip_grad_norm_(learnt, 5.0)
        optimiser.step()
        schedule.step()
        averaged.update_parameters(model)
        if step % 500 == 499:
            dev_score = score(averaged.module, dev, 20.0)
            print(
                f"step {step + 1} loss {loss.item():.3f} dev UAR {dev_score.uar:.3f} ECE {dev_score.ece:.3f}",
                flush=True,
            )
            freeze(averaged.module, out)
    return averaged.module.eval()


def score(model: nn.Module, clips: Sequence[Clip], snr_db: float | None) -> Score:
    """Classify every clip by itself, as the assistant does."""
    rng = np.random.default_rng(SEED)
    noises = rooms(rng, 16)
    model.eval()
    with torch.inference_mode():
        waves = (heard(clip, noises[index % len(noises)], snr_db, rng) for index, clip in enumerate(clips))
        rows = [torch.softmax(logits(model, torch.from_numpy(wave)[None]), -1)[0].numpy() for wave in waves]
    model.train()
    return Score(np.stack(rows), np.array([clip.emotion for clip in clips], np.int64))


def measure(model: nn.Module, test: Sequence[Clip]) -> dict[str, object]:
    """Measure the frozen weights per noise level, emotion and voice."""
    scores = {"clean" if snr is None else f"{snr:g} dB": score(model, test, snr) for snr in TEST_SNRS_DB}
    quiet = scores["20 dB"]
    hit = quiet.probabilities.argmax(1) == quiet.truth
    voices = np.array([clip.voice for clip in test])
    speech = quiet.truth != EMOTIONS.index("<unk>")
    return {
        "clips": len(test),
        "uar": {name: round(each.uar, 3) for name, each in scores.items()},
        "ece": {name: round(each.ece, 3) for name, each in scores.items()},
        "recall": {
            name: dict(zip(EMOTIONS, each.recalls.round(2).tolist(), strict=True)) for name, each in scores.items()
        },
        "accuracy_by_voice_20_db": {v: round(float(hit[(voices == v) & speech].mean()), 2) for v in VOICES_TEST},
        "confusions_20_db": [" ".join(map(str, row)) for row in quiet.confusions()],
    }


def freeze(model: nn.Module, out: Path) -> None:
    """Write the folder that FunASR's AutoModel loads: configuration.json, config.yaml, tokens.txt, model.pt."""
    out.mkdir(parents=True, exist_ok=True)
    metas = {"init_param": "model.pt", "tokenizer_conf": {"token_list": "tokens.txt"}, "config": "config.yaml"}
    configuration = {"framework": "pytorch", "task": "emotion-recognition", "pipeline": {"type": "funasr-pipeline"}}
    configuration |= {"model": {"type": "funasr"}, "file_path_metas": metas}
    config = {"model": "Emotion2vec", "model_conf": settings(), "tokenizer": "CharTokenizer"}
    config |= {"tokenizer_conf": {"unk_symbol": "<unk>", "split_with_space": True}}
    (out / "configuration.json").write_text(json.dumps(configuration, indent=1), encoding="utf-8")
    (out / "config.yaml").write_text(yaml.safe_dump(config, sort_keys=False), encoding="utf-8")
    (out / "tokens.txt").write_text("\n".join(LABELS) + "\n", encoding="utf-8")
    torch.save({name: tensor.contiguous() for name, tensor in model.state_dict().items()}, out / "model.pt")


def _record(what: str, takes: Sequence[Take]) -> list[Clip]:
    return [record(take) for take in track(takes, description=f"speaking {what}")]


def _keep_exact(layer: nn.Module) -> None:
    """Run a fixed layer in float32 under autocast: bfloat16 has no room for a waveform on top of its offset."""
    inner = layer.forward

    def forward(x: Tensor) -> Tensor:
        with torch.autocast("cpu", enabled=False), torch.no_grad():
            return cast("Tensor", inner(x))

    layer.forward = forward


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


def _equalise(model: nn.Module, clips: Sequence[Clip], rng: np.random.Generator) -> None:
    """Scale the filters to one RMS over some training speech: weak high bands count as much as strong low ones."""
    filters = _convolutions(model)[1]
    noises = rooms(rng, 4)
    power = torch.zeros(filters.out_channels)
    with torch.no_grad():
        for clip in clips:
            wave = torch.from_numpy(heard(clip, noises[0], 25.0, rng))[None, None]
            power += (functional.conv1d(wave, filters.weight[:, :1] * _PASS_GAIN, stride=HOP) ** 2).mean((0, 2))
        filters.weight[:-1, 0] *= BAND_RMS / torch.sqrt(power[:-1] / len(clips))[:, None]


def _fold_temperature(model: nn.Module, scores: Sequence[Score]) -> None:
    """Divide the head by the temperature that fits the dev voices best, so that the softmax itself is calibrated."""
    logs = torch.from_numpy(np.log(np.concatenate([each.probabilities for each in scores]) + 1e-12))
    truth = torch.from_numpy(np.concatenate([each.truth for each in scores]))
    grid = np.geomspace(0.4, 2.5, 61)
    best = min(grid.tolist(), key=lambda t: functional.cross_entropy(logs / t, truth).item())
    print(f"temperature {best:.2f}")
    head = cast("nn.Linear", model.proj)
    with torch.no_grad():
        head.weight.div_(best)
        head.bias.div_(best)


if __name__ == "__main__":
    os.environ.setdefault("TQDM_DISABLE", "1")
    main()
