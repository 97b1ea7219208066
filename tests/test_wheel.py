"""What is published is whole: a wheel, installed where nothing else is, plays a bundled conversation."""

import os
import shutil
import subprocess
import sys
import venv
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest

TOP = Path(__file__).resolve().parent.parent


def run(*command: str | Path, cwd: Path, path: Path | None = None) -> str:
    done = subprocess.run(
        [str(part) for part in command],
        cwd=cwd,
        env={**os.environ, "PYTHONPATH": str(path)} if path else None,
        check=False,
        capture_output=True,
        encoding="utf-8",
        errors="replace",
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Return a folder whose gigabytes are gone afterwards."""
    path = tmp_path_factory.mktemp("wheel")
    yield path
    shutil.rmtree(path)


@pytest.fixture(scope="module")
def wheel(folder: Path) -> Path:
    run(sys.executable, "-m", "build", "--wheel", "--outdir", folder, TOP, cwd=folder)
    (built,) = folder.glob("*.whl")
    return built


def test_the_wheel_carries_configuration_texts_dialogues_and_checkpoints(wheel: Path) -> None:
    names = set(zipfile.ZipFile(wheel).namelist())
    for name in (
        "configs/default.yaml",
        "prompts/zh/replies.yaml",
        "dialogues/complaint.yaml",
        "dialogues/joy/1.flac",
        "dialogues/dialogue.schema.json",
    ):
        assert f"assistant/bundled/{name}" in names
    for slot in ("asr", "emotion", "sentiment"):
        assert any(name.startswith(f"assistant/checkpoints/mini/{slot}/") for name in names)
    assert not any(name.startswith("tests/") for name in names)


def test_where_the_wheel_is_pytest_collects_dialogues(wheel: Path, folder: Path) -> None:
    # Unpacked on the path in place of an installation: the same files and metadata, in seconds.
    site, project = folder / "site", folder / "project"
    zipfile.ZipFile(wheel).extractall(site)
    project.mkdir()
    turn = "{audio: joy.flac, expect: {emotion: happy, rule: empathise-high}}"
    script = f"name: joy\nabout: x\nlanguage: zh\nturns: [{turn}, {{text: 谢谢, expect: {{rule: thanks}}}}]\n"
    (project / "joy.dialogue.yaml").write_text(script, encoding="utf-8")
    shutil.copy(TOP / "tests" / "dialogues" / "joy" / "2.flac", project / "joy.flac")
    where = f"import assistant\ndef test_it_is_the_wheel(): assert assistant.__file__.startswith({str(site)!r})\n"
    (project / "test_where.py").write_text(where, encoding="utf-8")
    shown = run(sys.executable, "-m", "pytest", "-W", "error", cwd=project, path=site)
    assert "3 passed" in shown


def test_the_wheel_alone_plays_a_conversation(wheel: Path, folder: Path) -> None:
    venv.create(folder / "venv", with_pip=True)
    programs = folder / "venv" / ("Scripts" if sys.platform == "win32" else "bin")
    run(programs / "python", "-m", "pip", "install", "-q", wheel, cwd=folder)
    shown = run(programs / "emotion-assistant", "replay", "--quiet", cwd=folder)
    assert "complaint" in shown
