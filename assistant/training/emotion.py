"""Train the mini Emotion2vec, measure it on unseen voices and unseen sentences, freeze it in the hub's own layout.

python -m assistant.training.emotion
"""

import argparse
import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import cast

import numpy as np
import torch
from numpy.typing import NDArray
from rich.progress import track
from torch import nn
from torch.nn import functional

from assistant.training.corpus import load_corpus
from assistant.training.emotion_data import Clip, batches, heard, plan, record, rooms
from assistant.training.emotion_net import build, equalise, freeze, keep_exact, logits
from assistant.training.synth import EMOTIONS, VOICES_TEST, VOICES_TRAIN, Take

SEED = 1
BATCH, WARM_UP, EMA, SMOOTHING = 32, 150, 0.995, 0.05
DEV_PER_EMOTION, TEST_PER_EMOTION = 60, 100
NOISE_DB = (5.0, 40.0)
TEST_SNRS_DB = (None, 30.0, 20.0, 10.0, 5.0)
DEV_VOICES = VOICES_TRAIN[5::12]
OUT = Path(__file__).parents[1] / "checkpoints" / "mini" / "emotion"


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
            room = rooms(draw, 1)[0]
            equalise(model, [heard(clip, room, 25.0, draw) for clip in training[:: len(training) // 200]])
        model = fit(model, training, dev, cycle, options.out)
    _fold_temperature(model, [score(model, dev, snr_db) for snr_db in TEST_SNRS_DB])
    freeze(model, options.out)
    report = {"parameters": sum(p.numel() for p in model.parameters()), "steps": [cycle.steps for cycle in CYCLES]}
    report |= measure(model, test)
    (options.out / "report.json").write_text(json.dumps(report, ensure_ascii=False, indent=1), encoding="utf-8")
    print(json.dumps(report, ensure_ascii=False, indent=1))


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
    averaging = torch.optim.swa_utils.get_ema_multi_avg_fn(EMA)  # type: ignore[no-untyped-call]  # untyped in torch
    averaged = torch.optim.swa_utils.AveragedModel(model, multi_avg_fn=averaging)
    keep_exact(model)
    stream = batches(training, BATCH, NOISE_DB, SEED)
    model.train()
    for step in track(range(cycle.steps), description="training"):
        batch = next(stream)
        with torch.autocast("cpu", torch.bfloat16):
            guess = logits(model, torch.from_numpy(batch.waves))
        loss = functional.cross_entropy(guess.float(), torch.from_numpy(batch.emotions), label_smoothing=SMOOTHING)
        optimiser.zero_grad(set_to_none=True)
        loss.backward()  # type: ignore[no-untyped-call]  # untyped in torch
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


def _record(what: str, takes: Sequence[Take]) -> list[Clip]:
    return [record(take) for take in track(takes, description=f"speaking {what}")]


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
    main()
