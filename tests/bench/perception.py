"""What it costs to perceive one utterance: loading, memory, each model alone, all side by side and one after the other.

    python -m tests.bench.perception [--asr DIR] [--emotion DIR] [--sentiment DIR] [--seconds 3] [--threads 0] ...

A folder that isn't given is filled with a tiny random checkpoint. Random weights cost what trained ones of their size
do. The clock is the wall's: on a busy machine only the ratios, taken round by round, mean anything.
"""

import argparse
import resource
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from tests import checkpoints

T = TypeVar("T")


def main() -> None:
    """Print one line per figure."""
    parser = argparse.ArgumentParser(description="What it costs to perceive one utterance.")
    for slot in ("asr", "emotion", "sentiment"):
        parser.add_argument(f"--{slot}", type=Path)
    parser.add_argument("--seconds", type=float, default=3.0)
    parser.add_argument("--threads", type=int, default=0)
    parser.add_argument("--rounds", type=int, default=15)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        measure(arguments, Path(folder))


def measure(arguments: argparse.Namespace, folder: Path) -> None:
    asr_folder = arguments.asr or checkpoints.paraformer(folder / "asr")
    emotion_folder = arguments.emotion or checkpoints.emotion2vec(folder / "emotion")
    sentiment_folder = arguments.sentiment or checkpoints.bert(folder / "sentiment")

    import numpy as np

    from assistant.engine import Engine
    from assistant.models import device
    from assistant.models.bert import Bert
    from assistant.models.emotion2vec import Emotion2Vec
    from assistant.models.paraformer import Paraformer
    from assistant.types import Cut, Polarity, Quality, Utterance, Verdict

    say("torch threads", str(device.claim_threads(arguments.threads)))
    asr = timed("load asr", lambda: Paraformer(asr_folder, "cpu"))
    emotion = timed("load emotion", lambda: Emotion2Vec(emotion_folder, "cpu", 15))
    labels = {polarity.value: {polarity: 1.0} for polarity in Polarity}
    sentiment = timed("load sentiment", lambda: Bert(sentiment_folder, "cpu", labels))
    say("peak RSS", f"{resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024:.0f} MB")

    sound = checkpoints.tone(arguments.seconds).astype(np.float32)
    text = asr.transcribe(sound).text or "今天天气真好"
    quality = Quality(0.1, 30, 1, 0, arguments.seconds, Verdict.OK)
    heard = Utterance("u", sound, 0, arguments.seconds, Cut.SILENCE, quality)

    def one_after_the_other() -> None:
        asr.transcribe(sound)
        emotion.listen(sound)
        sentiment.read(text)

    with Engine(asr, emotion, sentiment) as engine:
        arms: dict[str, Callable[[], object]] = {
            "asr": lambda: asr.transcribe(sound),
            "emotion": lambda: emotion.listen(sound),
            "sentiment": lambda: sentiment.read(text),
            "one after the other": one_after_the_other,
            "engine": lambda: engine.observe(heard),
        }
        costs: dict[str, list[float]] = {name: [] for name in arms}
        for arm in arms.values():
            arm()
        for _ in range(arguments.rounds):
            for name, arm in arms.items():
                costs[name].append(wall_ms(arm))
    for name, values in costs.items():
        say(name, f"{statistics.median(values):.1f} ms median, {min(values):.1f} best, of {arguments.seconds:g} s")
    ratio = statistics.median(
        side / after for side, after in zip(costs["engine"], costs["one after the other"], strict=True)
    )
    say("engine / one after the other", f"{ratio:.2f}")
    say("peak RSS", f"{resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024:.0f} MB")


def timed(name: str, call: Callable[[], T]) -> T:
    began = time.perf_counter()
    value = call()
    say(name, f"{time.perf_counter() - began:.2f} s")
    return value


def wall_ms(call: Callable[[], object]) -> float:
    began = time.perf_counter()
    call()
    return 1000 * (time.perf_counter() - began)


def say(name: str, value: str) -> None:
    print(f"{name:30} {value}")


if __name__ == "__main__":
    main()
