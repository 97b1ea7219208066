"""Train the small Paraformer on synthetic speech: ``python -m assistant.training.asr --work FOLDER``.

Synthesises what is missing, trains (resuming where it stopped), freezes the averaged weights into the bundled
checkpoint, and measures it there through FunASR. One thread; everything is scheduled by steps, never by the clock.

What mattered, in this order: short utterances first, no dropout, small batches; word salad; many voices; the CTC head.
"""

import argparse
import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from rich.progress import MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn, track
from torch import Tensor, nn
from torch.optim.swa_utils import AveragedModel, get_ema_multi_avg_fn

from assistant.training import asr_model, asr_report
from assistant.training.asr_data import (
    MEL_BINS,
    Sample,
    Trial,
    cached_trials,
    load_shards,
    stack,
    write_shards,
)
from assistant.training.asr_model import END, IGNORED, INPUT_SIZE, WIDTH, Batch, Normaliser
from assistant.training.asr_texts import Texts
from assistant.training.corpus import load_corpus

BUNDLED = Path(__file__).parents[1] / "checkpoints" / "mini" / "asr"


@dataclass(frozen=True, slots=True)
class Plan:
    """The schedule. ``short_steps`` at the start hear only utterances of at most ``short_frames`` (60 ms each)."""

    steps: int = 22_500
    batch_size: int = 20
    peak_rate: float = 1.5e-3
    warm_up: int = 300
    short_steps: int = 2_000
    short_frames: int = 38
    ctc_weight: float = 0.4
    clip: float = 5.0
    average: float = 0.998
    checkpoint_every: int = 500
    freeze_every: int = 2_000
    seed: int = 1


def main() -> None:
    """Parse the command line, then synthesise, train, freeze and measure."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--work", type=Path, required=True, help="folder for audio features and training state (3 GB)")
    parser.add_argument("--shards", type=int, default=70, help="thousands of training utterances")
    parser.add_argument("--steps", type=int, default=Plan().steps)
    parser.add_argument("--out", type=Path, default=BUNDLED)
    options = parser.parse_args()
    torch.set_num_threads(1)
    shards = options.work / "shards"
    for _ in track(write_shards(shards, options.shards, processes=2), "Synthesising", total=options.shards):
        pass
    samples = load_shards(shards)
    tests = cached_trials(options.work / "test.pickle", load_corpus(), {sample.text for sample in samples})
    tokens = _tokens(options.work / "tokens.json")
    train(samples, tests, tokens, Plan(steps=options.steps), options.work / "state.pt", options.out)
    asr_report.write(options.out, tests)


def train(samples: list[Sample], tests: list[Trial], tokens: list[str], plan: Plan, state: Path, out: Path) -> None:
    """Train until the plan is done and freeze the averaged weights into ``out`` (now and then on the way, too)."""
    torch.manual_seed(plan.seed)
    normaliser = _measure(samples)
    model = asr_model.build(len(tokens))
    ctc = nn.Linear(WIDTH, len(tokens))
    weights = [*model.parameters(), *ctc.parameters()]
    optimiser = torch.optim.AdamW(weights, lr=plan.peak_rate, betas=(0.9, 0.98), weight_decay=0.01, fused=True)
    averaged = AveragedModel(model, multi_avg_fn=get_ema_multi_avg_fn(plan.average))  # type: ignore[no-untyped-call]  # untyped in torch
    parts = {"model": model, "ctc": ctc, "optimiser": optimiser, "averaged": averaged}
    first = _resume(state, parts)
    quick = tests[:: max(1, len(tests) // 160)]

    columns = (TextColumn("step"), MofNCompleteColumn(), TextColumn("{task.description}"), TimeElapsedColumn())
    with Progress(*columns, TimeRemainingColumn()) as progress:
        task = progress.add_task("", total=plan.steps, completed=first)
        batches = _batches(samples, tokens, normaliser, plan, first)
        for step, batch in enumerate(batches, start=first):
            for group in optimiser.param_groups:
                group["lr"] = asr_model.learning_rate(step, plan.steps, plan.peak_rate, plan.warm_up)
            loss = asr_model.loss(model, ctc, plan.ctc_weight, batch)
            loss.backward()  # type: ignore[no-untyped-call]  # untyped in torch
            nn.utils.clip_grad_norm_(weights, plan.clip)
            optimiser.step()
            optimiser.zero_grad()
            averaged.update_parameters(model)
            progress.update(task, advance=1, description=f"loss {loss.item():.2f}")
            done = step + 1
            if done % plan.checkpoint_every == 0 or done == plan.steps:
                _save(state, parts, done)
                wrong = _quick_error(averaged.module, quick, tokens, normaliser)
                progress.console.print(f"step {done}: loss {loss.item():.3f}, quick test CER {wrong:.2%}")
            if done % plan.freeze_every == 0 or done == plan.steps:
                asr_model.freeze(out, averaged.module.state_dict(), normaliser, tokens)


def _batches(
    samples: list[Sample], tokens: list[str], normaliser: Normaliser, plan: Plan, first: int
) -> Iterator[Batch]:
    """Yield batches of like length, in random order, from step ``first`` to the end of the plan."""
    number = {token: index for index, token in enumerate(tokens)}
    rng = np.random.default_rng([plan.seed, first])
    short = [sample for sample in samples if len(sample.mel) <= plan.short_frames * 6]
    step = first
    while step < plan.steps:
        pool = short if step < plan.short_steps else samples
        order = rng.permutation(len(pool))
        for chunk in np.array_split(order, max(1, len(order) // (plan.batch_size * 50))):
            by_length = sorted(chunk, key=lambda index: len(pool[index].mel))
            groups = [by_length[i : i + plan.batch_size] for i in range(0, len(chunk), plan.batch_size)]
            for group in rng.permutation(len(groups)):
                yield _collate([pool[index] for index in groups[group]], number, normaliser, rng)
                step += 1
                if step == plan.steps:
                    return
            if pool is short and step >= plan.short_steps:
                break


def _collate(
    samples: list[Sample], number: dict[str, int], normaliser: Normaliser, rng: np.random.Generator | None = None
) -> Batch:
    """Stack, normalise and pad; with a generator also shift the frame grid and hide a band now and then."""
    features = [stack(sample.mel, int(rng.integers(6)) if rng else 0) for sample in samples]
    features = [(feature - normaliser.mean) * normaliser.scale for feature in features]
    if rng:
        for feature in features:
            if rng.uniform() < 0.3:
                low, width = int(rng.integers(MEL_BINS - 10)), int(rng.integers(2, 11))
                feature.reshape(len(feature), -1, MEL_BINS)[:, :, low : low + width] = 0.0
    targets = [[*(number[character] for character in sample.text), END] for sample in samples]
    return Batch(
        nn.utils.rnn.pad_sequence([torch.from_numpy(feature) for feature in features], batch_first=True),
        torch.tensor([len(feature) for feature in features]),
        nn.utils.rnn.pad_sequence([torch.tensor(target) for target in targets], True, IGNORED),
        torch.tensor([len(target) for target in targets]),
    )


def _tokens(path: Path) -> list[str]:
    """Fix the vocabulary when training starts: the corpus may grow before it is resumed."""
    if not path.exists():
        tokens = asr_model.token_list(Texts(load_corpus()).alphabet)
        path.write_text(json.dumps(tokens, ensure_ascii=False), encoding="utf-8")
    loaded: list[str] = json.loads(path.read_text(encoding="utf-8"))
    return loaded


def _measure(samples: list[Sample]) -> Normaliser:
    """Take the mean and spread of each mel bin over a part of the data; all seven stacked frames share them."""
    frames = np.concatenate([sample.mel for sample in samples[:4000]]).astype(np.float32)
    repeat = INPUT_SIZE // MEL_BINS
    return Normaliser(np.tile(frames.mean(0), repeat), np.tile(1.0 / frames.std(0), repeat))


def _quick_error(model: nn.Module, tests: list[Trial], tokens: list[str], normaliser: Normaliser) -> float:
    model.eval()
    heard = [
        asr_model.transcribe(model, tokens, _collate([Sample(test.sample.mel, "")], {}, normaliser).features)
        for test in tests
    ]
    return asr_report.error_rate([test.sample.text for test in tests], heard)


def _save(path: Path, parts: "dict[str, nn.Module | torch.optim.Optimizer]", step: int) -> None:
    partial = path.with_suffix(".partial")
    torch.save({"step": step} | {name: part.state_dict() for name, part in parts.items()}, partial)
    partial.rename(path)


def _resume(path: Path, parts: "dict[str, nn.Module | torch.optim.Optimizer]") -> int:
    if not path.exists():
        return 0
    state: dict[str, Tensor] = torch.load(path, weights_only=True)
    for name, part in parts.items():
        part.load_state_dict(state[name])  # type: ignore[arg-type]  # each part takes its own kind of state
    return int(state["step"])


if __name__ == "__main__":
    main()
