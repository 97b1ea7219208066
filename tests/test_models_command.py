"""`main.py models` as a person meets it, with a hub on this machine; and after it, no network at all."""

import json
import os
import select
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from assistant.config.files import DIALOGUES
from assistant.hub.store import MANIFEST
from tests import checkpoints
from tests.hub import Hub, serve

TOP = Path(__file__).resolve().parent.parent
CLIP = DIALOGUES / "joy" / "2.flac"
VOICE, WORDS = "modelscope:iic/voice@v1", "huggingface:me/words@abc123"
NOWHERE = "http://127.0.0.1:9"

SETTINGS = """
models: {{folder: {folder}, modelscope: "{hub}", huggingface: "{hub}"}}
asr: {{kind: none}}
emotion: {{model: "modelscope:iic/voice@v1", device: cpu}}
sentiment:
  model: "huggingface:me/words@abc123"
  device: cpu
  labels: {{正向: {{正向: 1}}, 负向: {{负向: 1}}, 中性: {{中性: 1}}, 激动: {{激动: 1}}}}
"""


@dataclass(frozen=True, slots=True)
class Desk:
    """A user's machine: settings, a folder of models, and the hub that it knows."""

    settings: Path
    models: Path
    hub: Hub

    def run(self, *arguments: str | Path, prefix: tuple[str, ...] = ()) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [*prefix, sys.executable, *START, *map(str, arguments), "--config", str(self.settings)],
            cwd=TOP,
            check=False,
            capture_output=True,
            encoding="utf-8",
            env={**os.environ, "COLUMNS": "160", "MODELSCOPE_REPO_TREE_PAGE_MAX_ATTEMPTS": "1"},
        )

    def folder(self, reference: str) -> Path:
        hub, _, rest = reference.partition(":")
        return self.models / hub / rest.replace("@", "/")


START = ("-X", "warn_default_encoding", "main.py")

# Every way to another machine ends in an error that no client takes for a broken connection.
CUT = """
import socket, sys
def refuse(*arguments, **options): raise SystemExit("the network was touched")
socket.socket.connect = socket.socket.connect_ex = socket.getaddrinfo = socket.create_connection = refuse
sys.argv = sys.argv[1:]
import runpy
runpy.run_path("main.py", run_name="__main__")
"""


@pytest.fixture(scope="module")
def shelf(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("shelf")
    checkpoints.emotion2vec(folder / "iic/voice/v1")
    checkpoints.bert(folder / "me/words/abc123")
    (folder / "me/words/abc123/pytorch_model.bin").write_bytes(b"pickle")
    return folder


@pytest.fixture
def desk(shelf: Path, tmp_path: Path) -> Iterator[Desk]:
    with serve(shelf) as hub:
        settings = tmp_path / "mine.yaml"
        settings.write_text(SETTINGS.format(folder=tmp_path / "models", hub=hub.url), encoding="utf-8")
        yield Desk(settings, tmp_path / "models", hub)


@pytest.fixture
def stocked(desk: Desk) -> Desk:
    assert desk.run("models", "fetch", "-p", "mini").returncode == 0
    desk.hub.requests.clear()
    return desk


def test_a_profile_is_fetched_with_what_it_costs_said_first(desk: Desk) -> None:
    done = desk.run("models", "fetch", "-p", "mini")
    assert done.returncode == 0, done.stderr
    lines = done.stdout.splitlines()
    told = next(number for number, line in enumerate(lines) if "to fetch" in line)
    assert " are free in " in lines[told]
    assert told < next(number for number, line in enumerate(lines) if line.startswith("fetching: "))
    assert "from now on no network is needed" in lines[-1]
    assert (desk.folder(VOICE) / MANIFEST).is_file()
    assert not (desk.folder(WORDS) / "pytorch_model.bin").exists()


def test_a_dry_run_fetches_nothing(desk: Desk) -> None:
    done = desk.run("models", "fetch", "-p", "mini", "--dry-run")
    assert done.returncode == 0
    assert "to fetch" in done.stdout
    assert desk.hub.sent == 0
    assert not desk.models.exists()


def test_one_model_is_fetched_by_its_name(desk: Desk) -> None:
    assert desk.run("models", "fetch", WORDS).returncode == 0
    assert (desk.folder(WORDS) / MANIFEST).is_file()
    assert not desk.folder(VOICE).exists()


def test_what_is_here_is_not_asked_for_again(stocked: Desk) -> None:
    done = stocked.run("models", "fetch", "-p", "mini")
    assert done.returncode == 0
    assert done.stdout.count("is here") == 2
    assert stocked.hub.requests == []


def test_the_list_says_who_uses_what_and_whether_it_is_here(desk: Desk) -> None:
    assert desk.run("models", "fetch", WORDS).returncode == 0
    done = desk.run("models", "list", "-p", "mini", "--json")
    rows = {row["model"]: row for row in json.loads(done.stdout)}
    assert rows[WORDS]["state"] == "fetched"
    assert rows[WORDS]["used_by"] == ["mini: sentiment"]
    assert rows[WORDS]["where"] == str(desk.folder(WORDS))
    assert rows[WORDS]["bytes"] == sum(f.stat().st_size for f in desk.folder(WORDS).iterdir() if f.name != MANIFEST)
    assert rows[VOICE]["state"] == "missing"
    table = desk.run("models", "list", "-p", "mini").stdout
    assert "fetched" in table
    assert "missing" in table


def test_the_list_of_all_shows_the_real_models_with_size_revision_and_licence() -> None:
    done = subprocess.run(
        [sys.executable, "main.py", "models", "list", "--json"],
        cwd=TOP,
        check=True,
        capture_output=True,
        encoding="utf-8",
    )
    rows = {row["model"].partition("@")[0]: row for row in json.loads(done.stdout)}
    large = rows["modelscope:iic/emotion2vec_plus_large"]
    assert large["used_by"] == ["full: emotion"]
    assert large["revision"] == "767b2e00f04e0b75b5408c73be0d666328808af5"
    assert large["about"] and large["bytes"] > 1_900_000_000
    assert large["licence"] == "Apache-2.0"
    assert rows["bundled:checkpoints/mini/asr"]["state"] == "bundled"


def test_verify_is_content_with_what_was_fetched(stocked: Desk) -> None:
    done = stocked.run("models", "verify")
    assert done.returncode == 0
    assert done.stdout.count("✓") == 2
    assert stocked.hub.requests == []


def test_verify_finds_a_flipped_byte_and_names_the_command_that_mends_it(stocked: Desk) -> None:
    weights = stocked.folder(VOICE) / "model.pt"
    data = bytearray(weights.read_bytes())
    data[len(data) // 2] ^= 1
    weights.write_bytes(data)
    done = stocked.run("models", "verify")
    assert done.returncode == 1
    assert "changed: model.pt" in done.stdout
    command = done.stdout.splitlines()[-1].removeprefix("mend: main.py ").split()
    assert command == ["models", "fetch", "--mend", VOICE]
    assert stocked.run(*command).returncode == 0
    assert stocked.hub.sent == len(data)
    assert stocked.run("models", "verify").returncode == 0


def test_mending_without_the_hub_leaves_everything_as_it_was(stocked: Desk) -> None:
    (stocked.folder(WORDS) / "stray.txt").write_text("x", encoding="utf-8")
    done = stocked.run("models", "fetch", "--mend", WORDS, "--set", f"models.huggingface={NOWHERE}")
    assert done.returncode == 4
    assert (stocked.folder(WORDS) / MANIFEST).is_file()


def test_a_packed_file_brings_the_models_to_a_machine_with_no_network(stocked: Desk, tmp_path: Path) -> None:
    assert stocked.run("models", "pack", tmp_path / "models.tar", "-p", "mini").returncode == 0
    shutil.rmtree(stocked.models)
    done = stocked.run("models", "unpack", tmp_path / "models.tar", prefix=without_network())
    assert done.returncode == 0, done.stderr
    assert stocked.run("models", "verify", "-p", "mini").returncode == 0
    assert stocked.hub.requests == []


def test_pack_does_not_write_over_a_file(stocked: Desk, tmp_path: Path) -> None:
    (tmp_path / "mine.tar").write_bytes(b"mine")
    done = stocked.run("models", "pack", tmp_path / "mine.tar", "-p", "mini")
    assert done.returncode == 4
    assert "exists already" in done.stderr
    assert (tmp_path / "mine.tar").read_bytes() == b"mine"


def test_no_network_is_one_clear_message(desk: Desk) -> None:
    for model, hub in ((WORDS, "huggingface"), (VOICE, "modelscope")):
        done = desk.run("models", "fetch", model, "--set", f"models.{hub}={NOWHERE}")
        assert done.returncode == 4
        assert f"{NOWHERE} can't be reached" in done.stderr
        assert len(done.stderr.splitlines()) == 2
        assert "Traceback" not in done.stderr


def test_a_model_that_is_not_here_is_named_with_the_command_and_what_works_now(desk: Desk) -> None:
    done = desk.run("turn", "--audio", CLIP)
    assert done.returncode == 3
    assert f"main.py models fetch {VOICE}" in done.stderr
    assert "--profile mini" in done.stderr
    assert desk.hub.requests == []


def without_network() -> tuple[str, ...]:
    """Return the command that takes the network away from the one that follows, where the system has it."""
    command = ("unshare", "--map-root-user", "--net")
    if shutil.which("unshare") and subprocess.run([*command, "true"], check=False, capture_output=True).returncode == 0:
        return command
    return ()


def test_once_fetched_nothing_touches_the_network(stocked: Desk) -> None:
    done = subprocess.run(
        [sys.executable, "-c", CUT, "main.py", "turn", "--audio", str(CLIP), "--json", "-c", str(stocked.settings)],
        cwd=TOP,
        check=False,
        capture_output=True,
        encoding="utf-8",
    )
    assert done.returncode == 0, done.stderr
    observation = json.loads(done.stdout.splitlines()[-1])["observation"]
    assert len(observation["voice"]["scores"]) == 9
    assert observation["errors"] == []
    assert stocked.hub.requests == []


@pytest.mark.skipif(not without_network(), reason="this system can't take the network away from a process")
def test_once_fetched_it_works_on_a_machine_with_no_network(stocked: Desk) -> None:
    done = stocked.run("turn", "--text", "今天真好", "--json", prefix=without_network())
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout.splitlines()[-1])["observation"]["sentiment"]
    assert stocked.run("models", "list", prefix=without_network()).returncode == 0
    assert stocked.run("models", "verify", prefix=without_network()).returncode == 0


def at_a_terminal(desk: Desk, answer: str) -> tuple[int, str]:
    """Run a turn with a person at the keyboard, who answers the first question."""
    ours, theirs = pytest.importorskip("pty").openpty()
    process = subprocess.Popen(
        [sys.executable, *START, "turn", "--text", "你好", "--config", str(desk.settings)],
        cwd=TOP, stdin=theirs, stdout=subprocess.PIPE, stderr=theirs,
    )  # fmt: skip
    os.close(theirs)
    seen, answered, until = b"", False, time.monotonic() + 60
    while time.monotonic() < until:
        if select.select([ours], [], [], 0.1)[0]:
            try:
                seen += os.read(ours, 65536)
            except OSError:  # the other end is closed
                break
        elif process.poll() is not None:
            break
        if not answered and b"fetch now?" in seen:
            os.write(ours, f"{answer}\n".encode())
            answered = True
    process.communicate(timeout=60)
    os.close(ours)
    return process.returncode, seen.decode(errors="replace")


def test_a_person_is_asked_once_and_yes_fetches(desk: Desk) -> None:
    status, seen = at_a_terminal(desk, "y")
    assert status == 0, seen
    assert seen.count("fetch now?") == 1
    assert (desk.folder(WORDS) / MANIFEST).is_file()
    assert not desk.folder(VOICE).exists()  # typed words need no voice model


def test_no_fetches_nothing_and_says_what_else_there_is(desk: Desk) -> None:
    status, seen = at_a_terminal(desk, "n")
    assert status == 3
    assert "--profile mini" in seen
    assert desk.hub.requests == []
