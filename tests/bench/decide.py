"""How fast recorded turns are decided anew: what `main.py tune diff` does between reading a journal and showing it.

    python -m tests.bench.decide [--turns 10000] [--rounds 5] [--json]

The conversations are made up, each turn with words and scores of its own, and recorded with the shipped tuning. One
process, one thread. Two clocks: the wall's, and that of the processor, which other work on the machine disturbs less.
"""

import argparse
import gc
import json
import random
import re
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from assistant.build import build_tuning
from assistant.config.layers import load
from assistant.config.tuning import Tuning
from assistant.config.yaml import read_yaml
from assistant.core.judge import judge
from assistant.store.journal import Journal, read_journal
from assistant.tuning.diff import diff
from assistant.tuning.report import Book, report
from assistant.types import (
    RECORD_VERSION,
    Emotion,
    Language,
    Mood,
    Observation,
    Polarity,
    Quality,
    Sentiment,
    Transcript,
    TurnRecord,
    Verdict,
    VoiceEmotion,
)

T = TypeVar("T")

CORPUS = Path(__file__).resolve().parents[2] / "assistant" / "training" / "corpus"

TURNS_EACH = 20
"""Length of a conversation."""

STRICTER = ("fusion.statement.category=0.6", "fusion.statement.group=0.75")
"""Settings that change what is stated in many turns."""


@dataclass(frozen=True, slots=True)
class Figure:
    """Seconds that one step took in the best of its rounds: on the wall's clock and on the processor's."""

    step: str
    wall_s: float
    cpu_s: float


def main() -> None:
    """Print a line per step, or all of it as JSON."""
    parser = argparse.ArgumentParser(description="How fast recorded turns are decided anew.")
    parser.add_argument("--turns", type=int, default=10_000)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--json", action="store_true")
    arguments = parser.parse_args()
    tuning, stricter = build_tuning(load(env={}).config), build_tuning(load(sets=STRICTER, env={}).config)
    records = recorded(arguments.turns, tuning)
    book = Book("made up", records, {tuning.hash(): tuning})
    gc.freeze()  # as `tune diff` does once it has read its journals
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "made-up.jsonl"
        journal = Journal(path)
        for record in records:
            journal.write(record, tuning)
        figures = [
            timed("read the journal", lambda: read_journal(path), 1),
            timed("decide anew, same tuning", lambda: diff(records, tuning), arguments.rounds),
            timed("decide anew, stricter tuning", lambda: diff(records, stricter), arguments.rounds),
            timed("the same with every reason", lambda: report([book], stricter), arguments.rounds),
        ]
    changed = report([book], stricter)
    if arguments.json:
        steps = {figure.step: {"wall_s": figure.wall_s, "cpu_s": figure.cpu_s} for figure in figures}
        shown = {"turns": len(records), "changed": len(changed.entries), "processes": 1, "steps": steps}
        print(json.dumps(shown, indent=2))
        return
    print(f"{len(records)} turns, {len(changed.entries)} of them change with the stricter tuning; one process")
    for figure in figures:
        each = 1e6 * figure.cpu_s / len(records)
        print(f"{figure.step:30} {figure.wall_s:6.2f} s wall, {figure.cpu_s:6.2f} s processor, {each:4.0f} µs a turn")


def recorded(turns: int, tuning: Tuning, seed: int = 1) -> list[TurnRecord]:
    """Return the records of made-up conversations, each turn with words and scores of its own."""
    chance = random.Random(seed)
    lines = list(_lines())
    known = tuning.hash()
    records: list[TurnRecord] = []
    for number in range(turns):
        index = number % TURNS_EACH
        mood = Mood() if index == 0 else records[-1].mood
        text = f"{_line(lines, chance)}{_line(lines, chance) if chance.random() < 0.3 else ''}{number}"
        seen = _seen(text, index, chance)
        session = f"talk-{number // TURNS_EACH}"
        judged = judge(seen, mood, tuning, session)
        records.append(
            TurnRecord(
                RECORD_VERSION, session, index, known, seen, judged.affect, judged.mood, judged.decision, judged.reply
            )
        )
    return records


def _line(lines: list[str], chance: random.Random) -> str:
    """Return a sentence, one of its `(this|that)` alternatives taken each time."""
    return re.sub(r"\(([^()]*)\)", lambda match: chance.choice(match[1].split("|")), chance.choice(lines))


def _lines() -> Iterator[str]:
    """Yield the patterns of the sentences that the small models learned from: ordinary talk of every colour."""
    for path in sorted(CORPUS.glob("*.yaml")):
        yield from _texts(read_yaml(path))


def _texts(node: object) -> Iterator[str]:
    if isinstance(node, str) and len(node) >= 4:
        yield node
    elif isinstance(node, dict):
        for inner in node.values():
            yield from _texts(inner)
    elif isinstance(node, list):
        for inner in node:
            yield from _texts(inner)


def _seen(text: str, index: int, chance: random.Random) -> Observation:
    start = 9.0 * index
    clear = chance.random() < 0.9
    quality = Quality(
        0.1, chance.uniform(3, 35), 0.8, 0.0, chance.uniform(0.4, 4), Verdict.OK if clear else Verdict.NOISY
    )
    return Observation(
        utterance_id=f"u{index}",
        start=start,
        end=start + 3,
        quality=quality,
        transcript=Transcript(text, text, Language.ZH, chance.uniform(0.5, 1)),
        voice=VoiceEmotion(_shares(tuple(Emotion), chance)),
        sentiment=Sentiment(_shares(tuple(Polarity), chance)),
        embedding_step=chance.uniform(0, 1),
    )


def _shares(keys: tuple[T, ...], chance: random.Random) -> dict[T, float]:
    """Return shares that sum to 1, one of them mostly far ahead."""
    weights = [chance.random() ** 4 for _ in keys]
    total = sum(weights)
    return {key: weight / total for key, weight in zip(keys, weights, strict=True)}


def timed(step: str, call: Callable[[], object], rounds: int) -> Figure:
    """Return how long a call takes when it takes least."""
    walls: list[float] = []
    cpus: list[float] = []
    for _ in range(rounds):
        wall, cpu = time.perf_counter(), time.process_time()
        call()
        walls.append(time.perf_counter() - wall)
        cpus.append(time.process_time() - cpu)
    return Figure(step, min(walls), min(cpus))


if __name__ == "__main__":
    main()
