"""Labelled observations of synthetic speakers, to try calibration on: ``python -m assistant.training.observations``.

Whole takes go through a session with the bundled mini models, so that an observation is what the assistant would have
perceived. They are synthetic through and through: they show how calibration works, they calibrate nothing for people.
"""

import argparse
import json
import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from rich.progress import track

from assistant.build import build_engine, build_session, build_tuning
from assistant.config.files import CALIBRATION
from assistant.config.layers import load
from assistant.config.tree import Config
from assistant.config.tuning import Tuning
from assistant.engine import Engine
from assistant.events import TurnCompleted
from assistant.store.labelled import encode_labelled
from assistant.training.corpus import Corpus, Label, load_corpus
from assistant.training.synth import RATE_HZ, VOICES_TEST, VOICES_TRAIN, Emotion, Take, speak
from assistant.types import AudioChunk, Labelled, Observation
from assistant.types import Emotion as Felt

HEAD_S, TAIL_S = 0.6, 0.9
"""Room around the speech: enough before it for a first guess at the noise, and after it for the end of the turn."""

TRIES = 4
"""A take that the detector cuts in two, or takes for no speech at all, is spoken anew, with more luck."""

ROUNDING = 5
"""Decimals that are kept: the scores are not known better, and the file is half as long."""

_CHUNK = RATE_HZ // 10

# What each emotion says in four takes: words that agree, that leave it open and, in the last, that do not fit.
_WORDS: dict[Emotion, tuple[Label, ...]] = {
    "angry": ("负向", "激动", "中性", "正向"),
    "disgusted": ("负向", "负向", "中性", "正向"),
    "fearful": ("负向", "激动", "中性", "正向"),
    "happy": ("正向", "正向", "中性", "负向"),
    "neutral": ("中性", "中性", "正向", "负向"),
    "sad": ("负向", "负向", "中性", "正向"),
    "surprised": ("激动", "激动", "中性", "正向"),
}
_OPPOSITE = {(emotion, "正向") for emotion in ("angry", "disgusted", "fearful", "sad")} | {("happy", "负向")}


@dataclass(frozen=True, slots=True)
class Planned:
    """One take to be made, and what will be true of it."""

    take: Take
    snr_db: float
    conflict: bool
    domain: str


def plan(corpus: Corpus, voices: Sequence[str], snr_db: tuple[float, float], seed: int) -> Iterator[Planned]:
    """Yield four takes of each emotion by each voice, in sentences that no model was trained on."""
    rng = np.random.default_rng(seed)
    unseen = corpus.of("templates", "free", "fillings")
    texts = {
        label: [each.text for each in unseen if each.sentiment == label] for label in ("正向", "负向", "中性", "激动")
    }
    for voice in voices:
        known = "test" if voice in VOICES_TEST else "training"
        for emotion, labels in _WORDS.items():
            for label in labels:
                snr = math.floor(10 * rng.uniform(*snr_db)) / 10  # below the upper end
                take = Take(
                    text=str(rng.choice(texts[label])),
                    voice=voice,
                    emotion=emotion,
                    seed=int(rng.integers(2**31)),
                    snr_db=snr,
                    head_s=HEAD_S,
                    tail_s=TAIL_S,
                )
                yield Planned(take, snr, (emotion, label) in _OPPOSITE, f"synthetic, {known} voices")


def perceive(planned: Planned, config: Config, engine: Engine, tuning: Tuning, number: int) -> Labelled | None:
    """Return what the assistant perceives of a take, None where it does not come out as one turn."""
    for again in range(TRIES):
        take = replace(planned.take, seed=planned.take.seed + again)
        wave = speak(take)
        session = build_session(config, engine, tuning, f"take-{number}")
        sound = (AudioChunk(wave[at : at + _CHUNK], at / RATE_HZ) for at in range(0, len(wave), _CHUNK))
        events = session.run(sound, patient=True)
        turns = [event.record.observation for event in events if isinstance(event, TurnCompleted)]
        if len(turns) == 1:
            seen = replace(_bare(turns[0]), utterance_id=f"{take.voice}-{number}")
            label = Felt(take.emotion)
            return Labelled(seen, label, take.voice, planned.snr_db, planned.domain, planned.conflict)
    return None


def main() -> None:
    """Parse the command line, make the observations, say what could not be made."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, default=CALIBRATION / "synthetic.jsonl")
    parser.add_argument("--training-voices", type=int, default=16, help="beside the ten test voices")
    parser.add_argument("--snr-db", type=float, nargs=2, default=(0.0, 20.0), metavar=("LOW", "HIGH"))
    parser.add_argument("--seed", type=int, default=4)
    options = parser.parse_args()
    chosen = np.random.default_rng(options.seed).choice(VOICES_TRAIN, options.training_voices, replace=False)
    voices = [*VOICES_TEST, *sorted(str(voice) for voice in chosen)]
    config = load("mini", env={}).config
    tuning = build_tuning(config)
    takes = list(plan(load_corpus(), voices, tuple(options.snr_db), options.seed))
    with build_engine(config, deadlines=False) as engine:
        made = [perceive(each, config, engine, tuning, number) for number, each in enumerate(track(takes, "Speaking"))]
    turns = [turn for turn in made if turn is not None]
    options.out.parent.mkdir(parents=True, exist_ok=True)
    lines = [json.dumps(_rounded(json.loads(encode_labelled(turn))), ensure_ascii=False) for turn in turns]
    options.out.write_text("\n".join(lines) + "\n", encoding="utf-8", newline="\n")
    print(f"{len(turns)} of {len(takes)} takes in {options.out}; the rest did not come out as one turn each")


def _bare(seen: Observation) -> Observation:
    """Return an observation without what calibration has no use for, a voice's vectors above all."""
    words = replace(seen.transcript, tokens=()) if seen.transcript else None
    voice = replace(seen.voice, embedding=None, frames=None) if seen.voice else None
    return replace(seen, transcript=words, voice=voice, embedding_step=None)


def _rounded(node: object) -> object:
    match node:
        case float():
            return round(node, ROUNDING)
        case dict():
            return {key: _rounded(inner) for key, inner in node.items()}
        case list():
            return [_rounded(inner) for inner in node]
        case _:
            return node


if __name__ == "__main__":
    main()
