"""The command line as a person meets it: quick, in UTF-8 everywhere, one clear line when something is wrong."""

import json
import os
import subprocess
import sys
import wave
from pathlib import Path

import numpy as np
import pytest

from assistant.audio.files import read
from assistant.config.files import DIALOGUES
from assistant.store.journal import decode
from assistant.types import SAMPLE_RATE, Language
from tests.stubs import CONFIG

TOP = Path(__file__).resolve().parent.parent
CLIP = DIALOGUES / "joy" / "2.flac"
HEAVY = ("torch", "funasr", "transformers", "onnxruntime", "modelscope", "numpy", "pydantic", "av")


def run(*arguments: str | Path, env: dict[str, str] | None = None) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "main.py", *map(str, arguments)],
        cwd=TOP,
        check=False,
        capture_output=True,
        encoding="utf-8",
        env={**os.environ, **(env or {})},
    )


def imported_by(statement: str) -> set[str]:
    done = subprocess.run(
        [sys.executable, "-c", f"{statement}\nimport sys\nprint(*sys.modules)"],
        cwd=TOP,
        check=True,
        capture_output=True,
        encoding="utf-8",
    )
    return {name.partition(".")[0] for name in done.stdout.splitlines()[-1].split()}


def test_help_waits_for_no_heavy_import() -> None:
    loaded = imported_by("import assistant.apps.cli as cli\ntry: cli.app(['--help'])\nexcept SystemExit: pass")
    assert not loaded & set(HEAVY)


def test_a_session_pulls_in_no_ml_package() -> None:
    assert not imported_by("import assistant.session") & set(HEAVY) - {"numpy", "pydantic"}


def test_the_models_are_not_imported_for_slots_that_are_off() -> None:
    off = "sets=['asr.kind=none', 'emotion.kind=none', 'sentiment.kind=none']"
    loaded = imported_by(
        "from assistant.config.layers import load\nfrom assistant.build import build_engine\n"
        f"build_engine(load({off}).config)"
    )
    assert not loaded & {"torch", "funasr", "transformers"}


def test_output_is_utf8_whatever_the_code_page() -> None:
    done = run("check", env={"PYTHONIOENCODING": "cp1252", "PYTHONUTF8": "0"})
    assert done.returncode == 0
    assert "✓" in done.stdout


def test_a_spoken_turn_prints_its_record_as_json_and_nothing_else() -> None:
    done = run("turn", "--audio", CLIP, "--json")
    assert done.returncode == 0, done.stderr
    (line,) = done.stdout.splitlines()
    record = decode(line)
    assert record.observation.voice is not None
    assert record.observation.transcript is not None
    assert record.timings_ms["asr"] > 0


def test_a_voice_that_the_mini_models_do_not_know_is_offered_the_real_ones(tmp_path: Path) -> None:
    backwards = tmp_path / "backwards.wav"
    with wave.open(str(backwards), "wb") as file:
        file.setparams((1, 2, SAMPLE_RATE, 0, "NONE", "not compressed"))
        file.writeframes((read(CLIP, CONFIG.audio_files)[::-1] * 32767).astype("<i2").tobytes())
    done = run("turn", "--audio", backwards, "--json", "--set", "language=en")
    assert decode(done.stdout).observation.transcript is not None
    assert "main.py models fetch" in " ".join(done.stderr.split())
    assert "4.3 GB" in done.stderr
    assert "models fetch" not in run("turn", "--audio", CLIP, "--set", "language=en").stdout


def test_each_line_of_a_text_file_is_a_conversation_of_its_own(tmp_path: Path) -> None:
    lines = tmp_path / "lines.txt"
    lines.write_text("我今天很开心\n\n你们的服务太差了\nI am so happy today\n", encoding="utf-8-sig")
    done = run("turn", "--text-file", lines, "--json")
    records = [decode(line) for line in done.stdout.splitlines()]
    assert [record.observation.text for record in records] == [
        "我今天很开心",
        "你们的服务太差了",
        "I am so happy today",
    ]
    assert {record.index for record in records} == {0}
    assert len({record.session for record in records}) == 3
    assert [record.observation.transcript and record.observation.transcript.language for record in records] == [
        Language.ZH,
        Language.ZH,
        Language.EN,
    ]
    assert records[2].reply.text.isascii()


def test_a_turn_is_shown_as_a_block_in_the_language_asked_for() -> None:
    done = run("turn", "--text", "我今天很开心", "--set", "language=en")
    for word in ("heard", "words", "judgement", "reply", "我今天很开心", "synthetic demo voice only"):
        assert word in done.stdout


@pytest.mark.parametrize(
    ("arguments", "sentence", "code"),
    [
        (["turn"], "nothing to do", 2),
        (["turn", "--audio", "{tmp}/none.wav"], "none.wav", 2),
        (["turn", "--audio", "{tmp}/silence.npy"], "silence.npy", 2),
        (["turn", "--text-file", "{tmp}/empty.txt"], "holds no text", 2),
        (["replay", "{tmp}/none.yaml"], "does not exist", 2),
        (["replay", "{tmp}"], "no dialogue scripts", 2),
        (["config", "--set", "vad.mode=9"], "'vad.mode': input should be less than or equal to 3", 2),
        (["turn", "--audio", "{clip}", "--set", "asr.model={tmp}/asr"], "--profile mini", 3),
        (["turn", "--audio", "{clip}", "--set", "asr.device=cuda:99"], "cuda:99", 2),
    ],
)
def test_what_is_wrong_is_said_without_a_traceback(
    arguments: list[str], sentence: str, code: int, tmp_path: Path
) -> None:
    (tmp_path / "empty.txt").write_text("\n\n", encoding="utf-8")
    np.save(tmp_path / "silence.npy", np.zeros(1600, np.float32))
    done = run(*(argument.format(tmp=tmp_path, clip=CLIP) for argument in arguments))
    assert done.returncode == code, done.stderr
    assert sentence in done.stderr
    assert "Traceback" not in done.stderr
    assert done.stdout == ""


def test_a_missing_text_is_refused_before_a_conversation_begins(tmp_path: Path) -> None:
    policy = (TOP / "configs" / "policy.yaml").read_text(encoding="utf-8")
    assert "replies.answer" in policy
    (tmp_path / "policy.yaml").write_text(policy.replace("replies.answer", "replies.nothing"), encoding="utf-8")
    setting = f"files.policy={tmp_path / 'policy.yaml'}"
    for command in (["check"], ["turn", "--text", "好"]):
        done = run(*command, "--set", setting)
        assert done.returncode != 0
        assert "missing key 'replies.nothing'" in done.stdout + done.stderr


def test_configuration_as_json_is_complete() -> None:
    rows = json.loads(run("config", "--json").stdout)
    assert {row["key"] for row in rows} >= {"vad.mode", "asr.model", "fusion.voice.temperature"}
    assert next(row["value"] for row in rows if row["key"] == "segmenter.hangover_s") == CONFIG.segmenter.hangover_s
