"""Measure the frozen speech recogniser through FunASR's own AutoModel, and write its model card."""

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from assistant.training.asr_data import Trial
from assistant.training.synth import VOICES_TEST, VOICES_TRAIN, speak

CARD = """# Mini Paraformer: speech to text for the synthetic demo voice

A Paraformer of {parameters:.1f} million parameters ({size:.1f} MB, half precision) in the layout of the model hub:
FunASR's `AutoModel(model=<this folder>)` loads it exactly as it loads Paraformer-large.

**It understands espeak-ng's Mandarin only.** It makes the assistant run, and its tests mean something, without a
download. It will fail on people, and nothing measured with it says anything about production accuracy.

## How it was made

`python -m assistant.training.asr` (read that file: it is the whole recipe). {voices} espeak-ng 1.52 voices with random
vocal tracts and microphones, the eight emotions of Emotion2Vec+ as prosody and effects, noise of 5-40 dB on 60 %; two
thirds sentences of the project's corpus, whole, spliced or mutated, one third word salad; {alphabet} characters. No
recording of a person was used.

## Measured

Character error rate (edits per character) on {tests} clips of {unseen} voices that were never trained, all emotions in
turn, half of them in 10-30 dB of noise; greedy, one utterance at a time, through `AutoModel` on the CPU.

{tables}

Of {silent_count} sounds that are no speech (noise, hum, clicks, tones), {silent:.0%} give the empty text they should.

## Licence

Apache-2.0, as the project. espeak-ng (GPL-3) made the sound; none of it is in here.
"""


@dataclass(frozen=True, slots=True)
class Heard:
    """A test utterance and what the model made of it."""

    test: Trial
    text: str


def write(folder: Path, tests: Sequence[Trial]) -> None:
    """Run the whole test against a frozen checkpoint and describe both in its README.md."""
    heard = listen(folder, tests)
    spoken = [item for item in heard if item.test.sample.text]
    silent = [item for item in heard if not item.test.sample.text]
    weights = folder / "model.pt"
    card = CARD.format(
        parameters=weights.stat().st_size / 2e6,
        size=weights.stat().st_size / 1e6,
        voices=len(VOICES_TRAIN),
        unseen=len(VOICES_TEST),
        alphabet=(folder / "tokens.json").read_text(encoding="utf-8").count("\n") - 6,
        tests=len(spoken),
        tables=tables(spoken),
        silent_count=len(silent),
        silent=sum(not item.text for item in silent) / max(1, len(silent)),
    )
    (folder / "README.md").write_text(card, encoding="utf-8")


def listen(folder: Path, tests: Sequence[Trial]) -> list[Heard]:
    """Speak every take again and have FunASR transcribe it."""
    from funasr import AutoModel

    logging.disable(logging.WARNING)
    model = AutoModel(model=str(folder), device="cpu", disable_update=True, disable_pbar=True, ncpu=1)
    return [Heard(test, str(model.generate(input=speak(test.take))[0]["text"]).replace(" ", "")) for test in tests]


def tables(heard: Sequence[Heard]) -> str:
    """Tabulate the error rate by test set and by what is heard in it."""
    columns: tuple[tuple[str, Callable[[Heard], str]], ...] = (
        ("test set", lambda item: item.test.test_set),
        ("emotion (all sets)", lambda item: item.test.take.emotion),
        ("voice (all sets)", lambda item: item.test.take.voice),
        ("noise (all sets)", lambda item: _noise(item.test.take.snr_db)),
    )
    return "\n\n".join(_table(title, group, heard) for title, group in columns)


def error_rate(expected: Sequence[str], heard: Sequence[str]) -> float:
    """Give the character error rate: edits over all pairs, per expected character."""
    edits = sum(distance(want, got) for want, got in zip(expected, heard, strict=True))
    return edits / max(1, sum(map(len, expected)))


def distance(left: str, right: str) -> int:
    """Count the insertions, deletions and substitutions that turn one text into the other (Levenshtein)."""
    row = list(range(len(right) + 1))
    for i, a in enumerate(left, start=1):
        diagonal, row[0] = row[0], i
        for j, b in enumerate(right, start=1):
            diagonal, row[j] = row[j], min(row[j] + 1, row[j - 1] + 1, diagonal + (a != b))
    return row[-1]


def _table(title: str, group: Callable[[Heard], str], heard: Sequence[Heard]) -> str:
    rows = [f"| {title} | clips | CER | exact |", "| --- | ---: | ---: | ---: |"]
    for name in dict.fromkeys(map(group, heard)):
        items = [item for item in heard if group(item) == name]
        expected, texts = [item.test.sample.text for item in items], [item.text for item in items]
        exact = sum(want == got for want, got in zip(expected, texts, strict=True)) / len(items)
        rows.append(f"| {name} | {len(items)} | {error_rate(expected, texts):.1%} | {exact:.0%} |")
    return "\n".join(rows)


def _noise(snr_db: float | None) -> str:
    if snr_db is None:
        return "clean"
    return "10-20 dB" if snr_db < 20.0 else "20-30 dB"
