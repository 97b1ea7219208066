"""The last step of every result, computed or taken over: its numbers and its picture beside the sound."""

from pathlib import Path

from assistant.apps.analysis.envelope import Envelope
from assistant.apps.analysis.result import PICTURE, SOUND, Recording, write
from assistant.apps.analysis.timeline import draw
from assistant.apps.words import Words
from assistant.audio.wav import pieces


def finish(recording: Recording, folder: Path, words: Words) -> None:
    """Write result.json into `folder`, and the picture of the sound that lies there already. Raises OSError."""
    write(recording, folder)
    envelope = Envelope()
    for samples in pieces(folder / SOUND):
        envelope.push(samples)
    draw(folder / PICTURE, recording, envelope, words)
