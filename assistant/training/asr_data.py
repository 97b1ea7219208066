"""Training and test audio of the speech recogniser, as log-mel features in shards on disk."""

import multiprocessing
import pickle
from collections.abc import Container, Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import numpy as np
from numpy.typing import NDArray

from assistant.training.asr_texts import Texts
from assistant.training.corpus import Corpus, load_corpus
from assistant.training.synth import EMOTIONS, VOICES_TEST, VOICES_TRAIN, Take, speak

if TYPE_CHECKING:
    from funasr.frontends.wav_frontend import WavFrontend

SHARD_SIZE = 1000
MEL_BINS, LFR_WINDOW, LFR_STEP = 80, 7, 6  # Paraformer's low frame rate: 7 frames stacked, every 6th kept

TestSet = Literal["seen sentences", "unseen fillings", "unseen templates", "free sentences", "not speech"]


@dataclass(frozen=True, slots=True)
class Sample:
    """One utterance: log-mel frames, float16 of (frames, 80) at 100 Hz, and what is said in it."""

    mel: NDArray[np.float16]
    text: str


@dataclass(frozen=True, slots=True)
class Trial:
    """A test utterance with what the report groups by."""

    sample: Sample
    take: Take
    test_set: TestSet


def write_shards(folder: Path, count: int, processes: int) -> Iterator[Path]:
    """Synthesise the shards that are still missing in ``folder``; yield each path when it is there."""
    folder.mkdir(parents=True, exist_ok=True)
    paths = [folder / f"{index:04d}.npz" for index in range(count)]
    missing = [path for path in paths if not path.exists()]
    yield from (path for path in paths if path not in missing)
    with multiprocessing.get_context("spawn").Pool(processes) as pool:
        yield from pool.imap_unordered(_write_shard, missing)


def load_shards(folder: Path) -> list[Sample]:
    """Read every shard that is complete."""
    samples: list[Sample] = []
    for path in sorted(folder.glob("*.npz")):
        with np.load(path) as shard:
            frames, starts = shard["frames"], np.concatenate([[0], np.cumsum(shard["lengths"])])
            texts = [str(text) for text in shard["texts"]]
        samples += [Sample(frames[starts[i] : starts[i + 1]], text) for i, text in enumerate(texts)]
    return samples


def stack(mel: NDArray[np.float16], phase: int = 0) -> NDArray[np.float32]:
    """Stack frames as FunASR's ``apply_lfr`` does: (frames, 80) to (ceil(frames / 6), 560).

    ``phase`` drops up to 5 leading frames, so that training hears every alignment of the grid.
    """
    mel = mel[phase:]
    steps = np.arange(-(-len(mel) // LFR_STEP)) * LFR_STEP
    window = np.arange(LFR_WINDOW) - (LFR_WINDOW - 1) // 2
    index = np.clip(steps[:, None] + window, 0, len(mel) - 1)
    return np.asarray(mel[index].reshape(len(steps), MEL_BINS * LFR_WINDOW), np.float32)


def training_take(texts: Texts, rng: np.random.Generator) -> Take:
    """Draw one utterance as the assistant will meet it: mostly cut by a VAD, in all levels of noise."""
    cut_by_vad = rng.uniform() < 0.6
    plain = rng.uniform() < 0.2
    return Take(
        text=texts.draw(rng),
        voice=str(rng.choice(VOICES_TRAIN)),
        emotion="<unk>" if rng.uniform() < 0.02 else "neutral" if plain else EMOTIONS[int(rng.integers(8))],
        seed=int(rng.integers(2**31)),
        snr_db=None if rng.uniform() < 0.4 else float(rng.triangular(5.0, 22.0, 40.0)),
        gain_db=float(rng.uniform(-20.0, 8.0)),
        timbre=bool(rng.uniform() < 0.75),
        head_s=float(rng.uniform(0.2, 0.4) if cut_by_vad else rng.uniform(0.05, 0.5)),
        tail_s=float(rng.uniform(0.05, 0.15) if cut_by_vad else rng.uniform(0.05, 0.5)),
    )


def trials(corpus: Corpus, seed: int = 7) -> list[Trial]:
    """Synthesise the test: unseen voices, every emotion in turn, half of it in 10-30 dB of noise."""
    rng = np.random.default_rng(seed)
    seen = [sentence.text for sentence in corpus.of("train")]
    sets: tuple[tuple[TestSet, list[str]], ...] = (
        ("seen sentences", [str(text) for text in rng.choice(seen, 320, replace=False)]),
        ("unseen fillings", [str(t) for t in rng.choice([s.text for s in corpus.of("fillings")], 240, replace=False)]),
        ("unseen templates", [sentence.text for sentence in corpus.of("templates")] * 2),
        ("free sentences", [sentence.text for sentence in corpus.of("free")] * 4),
        ("not speech", [""] * 40),
    )
    samples: list[Trial] = []
    for test_set, texts in sets:
        voices = rng.permutation(np.resize(VOICES_TEST, len(texts)))
        emotions = rng.permutation(np.resize(EMOTIONS[:8], len(texts)))
        for index, (text, voice, emotion) in enumerate(zip(texts, voices, emotions, strict=True)):
            noise = float(rng.uniform(10.0, 30.0)) if index % 2 else None
            label = EMOTIONS[8] if not text else EMOTIONS[EMOTIONS.index(str(emotion))]
            take = Take(text, str(voice), label, seed=10**9 + len(samples), snr_db=noise)
            samples.append(Trial(Sample(log_mel(speak(take)), text), take, test_set))
    return samples


def cached_trials(path: Path, corpus: Corpus, trained: Container[str]) -> list[Trial]:
    """Read the test from ``path``, or synthesise it; what training has heard counts as a seen sentence only."""
    if not path.exists():
        path.write_bytes(pickle.dumps(trials(corpus)))
    samples: list[Trial] = pickle.loads(path.read_bytes())
    return [s for s in samples if s.test_set in ("seen sentences", "not speech") or s.sample.text not in trained]


def log_mel(wave: NDArray[np.float32]) -> NDArray[np.float16]:
    """Compute the features of FunASR's own front end, before stacking and normalisation."""
    import torch

    features, _ = _frontend()(torch.from_numpy(wave)[None], torch.tensor([len(wave)]))
    return np.asarray(features[0].numpy(), np.float16)


@cache
def _frontend() -> "WavFrontend":
    from funasr.frontends.wav_frontend import WavFrontend

    return WavFrontend(lfr_m=1, lfr_n=1, dither=0.0, n_mels=MEL_BINS)


def _write_shard(path: Path) -> Path:
    import torch

    torch.set_num_threads(1)
    rng = np.random.default_rng(int(path.stem))
    texts = Texts(load_corpus())
    samples: list[Sample] = []
    while len(samples) < SHARD_SIZE:
        take = training_take(texts, rng)
        samples.append(Sample(log_mel(speak(take)), "" if take.emotion == "<unk>" else take.text))
    _save(path, samples)
    return path


def _save(path: Path, samples: Sequence[Sample]) -> None:
    partial = path.with_suffix(".partial")
    with partial.open("wb") as file:
        np.savez(
            file,
            frames=np.concatenate([sample.mel for sample in samples]),
            lengths=[len(sample.mel) for sample in samples],
            texts=[sample.text for sample in samples],
        )
    partial.rename(path)
