"""The profile `full` from an empty disk to an answer, as at a user's desk: everything is real but the weights.

A hub on this machine serves checkpoints with random weights in the real ones' layout; `models fetch` gets them; then
the network is cut and the profile is used. Tiny checkpoints run always, those of the full size with `pytest -m full`.
"""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
import yaml

from assistant.config.files import DIALOGUES
from assistant.store.journal import decode
from assistant.types import Emotion, Polarity
from tests.checkpoints import Size
from tests.checkpoints.shelf import SHELF, take
from tests.hub import serve

TOP = Path(__file__).resolve().parent.parent
CLIP = DIALOGUES / "joy" / "2.flac"
SLOTS = {
    "vad": "fsmn-vad",
    "asr": "paraformer",
    "punctuator": "ct-punc",
    "emotion": "emotion2vec",
    "sentiment": "mdeberta",
}
CUT = """
import runpy, socket, sys
def cut(*_, **__):
    raise AssertionError("the network was touched")
socket.socket.connect = socket.socket.connect_ex = socket.getaddrinfo = socket.create_connection = cut
sys.argv = sys.argv[1:]
runpy.run_path(sys.argv[0], run_name="__main__")
"""
"""Runs a script without a network: whoever reaches for it fails, and says so."""


@dataclass(frozen=True, slots=True)
class Desk:
    """A machine where `full` was fetched: the settings that say from where, and the width of its voice embeddings."""

    settings: Path
    width: int


@pytest.fixture(scope="module", params=[Size.TINY, pytest.param(Size.FULL, marks=pytest.mark.full)], ids=str)
def desk(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    """Fetch `full` from a hub on this machine, which is gone before anything else is run."""
    folder = tmp_path_factory.mktemp("desk")
    kept = os.environ.get("ASSISTANT_FULL_CHECKPOINTS") if request.param is Size.FULL else None
    shelf = Path(kept) if kept else folder / "shelf"
    settings: dict[str, dict[str, str]] = {}
    for slot, name in SLOTS.items():
        hub, place = SHELF[name].place.split("/", 1)
        (folder / "hub" / place).mkdir(parents=True)
        # Linked, not copied: the full ones are 4 GB.
        shutil.copytree(take(shelf, name, request.param), folder / "hub" / place / "random", copy_function=os.link)
        settings[slot] = {"model": f"{hub}:{place}@random"}
    with serve(folder / "hub") as hub:
        settings["models"] = {"folder": str(folder / "models"), "modelscope": hub.url, "huggingface": hub.url}
        written = folder / "desk.yaml"
        written.write_text(yaml.safe_dump(settings), encoding="utf-8")
        done = _run("main.py", "models", "fetch", "--profile", "full", "--config", written)
        assert done.returncode == 0, done.stderr
    yield Desk(written, 1024 if request.param is Size.FULL else 16)
    shutil.rmtree(folder)


def test_once_fetched_a_turn_needs_no_network(desk: Desk) -> None:
    done = _cut_off("turn", "--audio", CLIP, "--json", "--profile", "full", "--config", desk.settings)
    assert done.returncode == 0, done.stderr
    seen = decode(done.stdout).observation
    assert seen.errors == ()
    assert seen.transcript is not None
    assert seen.voice is not None
    assert seen.sentiment is not None
    assert 3 <= len(seen.transcript.tokens) / (seen.end - seen.start) <= 6
    assert seen.transcript.punctuated.rstrip("。？,.?") != ""
    assert seen.transcript.punctuated != seen.transcript.text
    assert set(seen.voice.scores) == set(Emotion)
    assert sum(seen.voice.scores.values()) == pytest.approx(1)
    assert set(seen.sentiment.scores) == set(Polarity)
    assert "Emotion2vec: " in done.stderr


def test_once_fetched_a_recording_is_analysed_without_a_network(desk: Desk, tmp_path: Path) -> None:
    how = ("--granularity", "frame", "--embedding", "--out", tmp_path)
    done = _cut_off("analyze", CLIP, *how, "--profile", "full", "--config", desk.settings)
    assert done.returncode == 0, done.stderr
    (result,) = tmp_path.glob("outputs_*/result.json")
    recording = json.loads(result.read_text(encoding="utf-8"))
    frames = [frame for each in recording["utterances"] for frame in each["frames"]]
    assert len(frames) > 1
    assert np.load(result.with_name("embedding.npy")).shape == (len(frames), desk.width)
    assert recording["profile"] == "full"


def test_what_was_fetched_is_found_whole(desk: Desk) -> None:
    done = _cut_off("models", "verify", "--profile", "full", "--config", desk.settings)
    assert done.returncode == 0, done.stdout + done.stderr


def test_a_machine_without_the_models_is_told_what_to_run_and_what_works_now(tmp_path: Path) -> None:
    elsewhere = ("--set", f"models.folder={tmp_path}")
    done = _cut_off("turn", "--text", "你好", "--profile", "full", *elsewhere)
    assert done.returncode == 3
    assert "main.py models fetch" in done.stderr
    assert "--profile mini" in done.stderr


def _run(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, *map(str, arguments)], cwd=TOP, check=False, capture_output=True, encoding="utf-8"
    )


def _cut_off(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
    return _run("-c", CUT, "main.py", *arguments)
