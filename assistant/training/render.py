"""Render the spoken turns of dialogue scripts to FLAC: ``python -m assistant.training.render tests/dialogues``."""

import argparse
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import soundfile
import yaml
from rich.progress import track

from assistant.training.synth import EMOTIONS, RATE_HZ, VOICES_TEST, VOICES_TRAIN, Emotion, Take, speak

HEAD_S, TAIL_S = 0.6, 0.3
"""Room around the speech: enough before it for the VAD's pre-roll and a first guess at the noise."""

_FIELDS = frozenset({"speaker", "emotion", "seed", "snr_db", "gain_db"})


@dataclass(frozen=True, slots=True)
class Recording:
    """One audio file to be made, and what is to be heard in it."""

    path: Path
    take: Take


def recordings(folder: Path) -> Iterator[Recording]:
    """Yield what the scripts of a folder say aloud: every turn with ``say``, ``voice`` and ``audio``.

    Raises ValueError, naming file and turn, for a voice that cannot be made.
    """
    for path in sorted(folder.glob("*.yaml")):
        script: dict[str, list[dict[str, object]]] = yaml.safe_load(path.read_text(encoding="utf-8"))
        for number, turn in enumerate(script["turns"], start=1):
            match turn:
                case {"say": str(text), "voice": dict(voice), "audio": str(audio)}:
                    yield Recording(path.parent / audio, _take(text, voice, f"{path.name}, turn {number}"))


def render(recording: Recording) -> None:
    """Write one recording as FLAC, 16 kHz mono, 16 bit."""
    recording.path.parent.mkdir(parents=True, exist_ok=True)
    soundfile.write(recording.path, speak(recording.take), RATE_HZ, format="FLAC", subtype="PCM_16")


def main() -> None:
    """Parse the command line and make the files that are missing (or, by force, all)."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path, help="folder of dialogue scripts (*.yaml)")
    parser.add_argument("--force", action="store_true", help="make again what is there already")
    options = parser.parse_args()
    wanted = [item for item in recordings(options.folder) if options.force or not item.path.exists()]
    for recording in track(wanted, f"Rendering {len(wanted)} files"):
        render(recording)


def _take(text: str, voice: dict[str, object], where: str) -> Take:
    if unknown := voice.keys() - _FIELDS:
        raise ValueError(f"{where}: unknown voice field {min(unknown)!r}; known: {', '.join(sorted(_FIELDS))}")
    speaker, snr_db = voice.get("speaker"), voice.get("snr_db")
    if speaker not in (*VOICES_TEST, *VOICES_TRAIN):
        raise ValueError(f"{where}: unknown speaker {speaker!r}; known: {', '.join((*VOICES_TEST, *VOICES_TRAIN))}")
    return Take(
        text=text,
        voice=str(speaker),
        emotion=_emotion(voice.get("emotion", "neutral"), where),
        seed=int(_number(voice.get("seed", 0), where)),
        snr_db=None if snr_db is None else _number(snr_db, where),
        gain_db=_number(voice.get("gain_db", 0.0), where),
        head_s=HEAD_S,
        tail_s=TAIL_S,
    )


def _emotion(name: object, where: str) -> Emotion:
    wanted = "<unk>" if name == "unknown" else name
    for emotion in EMOTIONS:
        if emotion == wanted:
            return emotion
    raise ValueError(f"{where}: unknown emotion {name!r}; known: {', '.join(EMOTIONS[:-1])}, unknown")


def _number(value: object, where: str) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise ValueError(f"{where}: {value!r} is not a number")
    return float(value)


if __name__ == "__main__":
    main()
