"""Recordings analysed as a user would: real files through the bundled models, results read back from disk."""

import csv
import io
import json
import os
import resource
import signal
import subprocess
import sys
import time
import wave
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

import av
import numpy as np
import pytest
import soxr
from hypothesis import given
from hypothesis import strategies as st
from rich.console import Console

from assistant.apps.analysis.batch import Outcome
from assistant.apps.analysis.choices import Channel, Granularity
from assistant.apps.analysis.index import NAME, Entry, Index
from assistant.apps.analysis.options import Options
from assistant.apps.analysis.progress import Gauge, clock
from assistant.apps.analysis.result import PICTURE, RESULT, SOUND, VECTORS, Recording, read
from assistant.apps.analysis.sources import find, shown
from assistant.apps.analysis.table import COLUMNS, Table, plain
from assistant.apps.analysis.vectors import VectorFile
from assistant.apps.analyze import analyze as analyze_
from assistant.apps.cli import main
from assistant.apps.sources import chunks
from assistant.apps.words import words_of
from assistant.audio.files import read as sound_of
from assistant.audio.wav import WavWriter
from assistant.build import build_engine, build_session
from assistant.config.files import DIALOGUES
from assistant.core.recording import FLOOR
from assistant.errors import AudioError
from assistant.events import TurnCompleted
from assistant.types import SAMPLE_RATE, Doubt, Emotion, Level, Observation, Samples, TurnRecord
from tests.stubs import CONFIG, TUNING

TOP = Path(__file__).resolve().parent.parent
DEAF = [word for slot in ("asr", "emotion", "sentiment") for word in ("--set", f"{slot}.kind=none")]
"""Without any model, where it doesn't matter what is heard."""

CODECS = {".wav": "pcm_s16le", ".flac": "flac", ".mp3": "libmp3lame"}
PAUSE: Samples = np.zeros(SAMPLE_RATE, np.float32)


def talk(*clips: str) -> Samples:
    """Utterances of the bundled dialogues with a second of silence around each."""
    return np.concatenate([PAUSE, *(part for clip in clips for part in (said(clip), PAUSE))])


def said(clip: str) -> Samples:
    return sound_of(DIALOGUES / f"{clip}.flac", CONFIG.audio_files)


def save(path: Path, *channels: Samples, rate: int = SAMPLE_RATE) -> Path:
    """Write a file of the kind that its name says."""
    length = max(map(len, channels))
    sound = np.stack([np.pad(channel, (0, length - len(channel))) for channel in channels])
    whole = np.rint(np.clip(sound, -1, 1) * 32767).astype(np.int16)
    layout = "stereo" if len(channels) == 2 else "mono"
    with av.open(str(path), "w") as file:
        stream = file.add_stream(CODECS[path.suffix], rate=rate, layout=layout)
        assert isinstance(stream, av.AudioStream)
        frame = av.AudioFrame.from_ndarray(whole.T.reshape(1, -1), format="s16", layout=layout)
        frame.sample_rate = rate
        shaper = av.AudioResampler(format=stream.codec_context.format, layout=layout, rate=rate)
        for part in [*shaper.resample(frame), *shaper.resample(None), None]:
            for packet in stream.encode(part):
                file.mux(packet)
    return path


@dataclass(frozen=True)
class Done:
    """A run of the command line."""

    code: int
    out: str
    err: str


Analyze = Callable[..., Done]


@pytest.fixture
def analyze(monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str], tmp_path: Path) -> Analyze:
    """The command itself, in this process: the models' packages are imported once for all tests."""

    def run(*arguments: str | Path, out: Path = tmp_path / "out") -> Done:
        words = ["main.py", "analyze", *map(str, arguments), "--out", str(out)]
        monkeypatch.setattr(sys, "argv", words)
        capfd.readouterr()
        with pytest.raises(SystemExit) as ended:
            main()
        captured = capfd.readouterr()
        return Done(int(ended.value.code or 0), captured.out, captured.err)

    return run


@pytest.fixture(scope="session")
def sounds(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Recordings as people have them: long, stereo, telephone, compressed, silent, noisy, broken, cut."""
    folder = tmp_path_factory.mktemp("sounds")
    joy, complaint = talk("joy/1", "joy/3"), talk("complaint/4", "complaint/5")
    save(folder / "joy.wav", joy)
    save(folder / "call.flac", joy, complaint)
    save(folder / "angry.mp3", talk(*(f"complaint/{number}" for number in range(2, 6))))
    save(folder / "phone.wav", soxr.resample(talk("sadness/3"), SAMPLE_RATE, 8000), rate=8000)
    save(folder / "silent.wav", np.zeros(3 * SAMPLE_RATE, np.float32))
    save(folder / "noise.wav", np.random.default_rng(1).normal(0, 0.1, 4 * SAMPLE_RATE).astype(np.float32))
    (folder / "broken.mp3").write_bytes(b"this is no sound" * 99)
    (folder / "cut.wav").write_bytes((folder / "joy.wav").read_bytes()[:90_000])
    return folder


def results(out: Path) -> dict[str, tuple[Path, Recording]]:
    """Every result in an output folder, by the name of its file."""
    found = {}
    for folder in sorted(out.glob("outputs_*")):
        recording = read(folder)
        assert recording is not None
        found[Path(recording.source.path).name] = (folder, recording)
    return found


def only(out: Path) -> tuple[Path, Recording]:
    (result,) = results(out).values()
    return result


def lived(samples: Samples) -> list[tuple[TurnRecord, Observation]]:
    """What a live conversation makes of the same sound."""
    whole: list[Observation] = []
    with build_engine(CONFIG) as engine:
        session = build_session(CONFIG, engine, TUNING, "live", heard=whole.append)
        events = list(session.run(chunks(samples)))
    records = [event.record for event in events if isinstance(event, TurnCompleted)]
    return list(zip(records, whole, strict=True))


def test_a_recording_becomes_a_folder_with_its_sound_its_result_and_a_picture(
    analyze: Analyze, sounds: Path, tmp_path: Path
) -> None:
    assert analyze(sounds / "joy.wav").code == 0
    folder, recording = only(tmp_path / "out")
    assert {path.name for path in folder.iterdir()} == {SOUND, RESULT, PICTURE}
    with wave.open(str(sounds / "joy.wav")) as before, wave.open(str(folder / SOUND)) as after:
        assert after.getparams() == before.getparams()
        assert after.readframes(after.getnframes()) == before.readframes(before.getnframes())
    assert recording.emotion is Emotion.HAPPY
    assert [heard.text for heard in recording.utterances] == ["我有一个好消息要告诉你", "爸爸妈妈都特别高兴"]
    assert "爸爸妈妈都特别高兴" in (folder / RESULT).read_text(encoding="utf-8")
    assert recording.source.duration_s == pytest.approx(len(talk("joy/1", "joy/3")) / SAMPLE_RATE)
    assert recording.fallback_action is None
    assert recording.suggested_response
    assert recording.speech_s > 2
    assert not (tmp_path / "out" / "utterances.csv").exists()


def test_it_hears_what_live_talk_would_hear(analyze: Analyze, sounds: Path, tmp_path: Path) -> None:
    analyze(sounds / "angry.mp3")
    _, recording = only(tmp_path / "out")
    live = lived(sound_of(sounds / "angry.mp3", CONFIG.audio_files))
    assert len(live) == len(recording.utterances) == 4
    for heard, (record, _) in zip(recording.utterances, live, strict=True):
        seen = record.observation
        assert seen.transcript
        assert seen.voice
        assert seen.sentiment
        assert (heard.start, heard.end, heard.text, heard.quality, heard.voice, heard.sentiment) == (
            seen.start,
            seen.end,
            seen.transcript.punctuated,
            seen.quality,
            seen.voice.scores,
            seen.sentiment.scores,
        )
        assert (heard.fused.confidence, heard.rule) == (record.affect.confidence, record.decision.rule)


def test_what_deserves_an_alert_is_told_but_none_is_raised(
    analyze: Analyze, sounds: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    analyze(sounds / "angry.mp3")
    _, recording = only(tmp_path / "out")
    # The second would be held back in a conversation: the first is still ringing.
    assert [heard.alert for heard in recording.utterances][-2:] == [Level.WARNING, Level.WARNING]
    live = [record.decision.alert for record, _ in lived(sound_of(sounds / "angry.mp3", CONFIG.audio_files))]
    assert live[-1] is None
    assert [path.name for path in tmp_path.iterdir()] == ["out"]


def test_the_whole_is_the_mean_of_the_log_scores_by_speech(analyze: Analyze, sounds: Path, tmp_path: Path) -> None:
    analyze(sounds / "call.flac", "--channel", "right")
    _, recording = only(tmp_path / "out")
    heard = recording.utterances
    weights = np.array([each.quality.speech_s for each in heard])
    logs = np.array([[np.log(max(each.voice[label], FLOOR)) for label in Emotion] for each in heard if each.voice])
    masses = np.exp(weights @ logs / weights.sum())
    assert [recording.scores[label] for label in Emotion] == pytest.approx(masses / masses.sum(), abs=1e-9)
    assert recording.emotion is Emotion.ANGRY
    assert recording.confidence == recording.scores[Emotion.ANGRY]
    assert recording.speech_s == pytest.approx(weights.sum())


def test_each_channel_of_a_call_is_another_person(analyze: Analyze, sounds: Path, tmp_path: Path) -> None:
    assert analyze(sounds / "call.flac", "--channel", "left", out=tmp_path / "left").code == 0
    assert analyze(sounds / "call.flac", "--channel", "right", out=tmp_path / "right").code == 0
    left, right = only(tmp_path / "left")[1], only(tmp_path / "right")[1]
    assert left.emotion is Emotion.HAPPY
    assert right.emotion is Emotion.ANGRY
    assert left.utterances[0].text == "我有一个好消息要告诉你"
    assert right.utterances[0].text == "你们的态度实在太差了"
    assert {left.source.channel, right.source.channel} == {"left", "right"}


def test_a_mono_recording_has_no_right_channel(analyze: Analyze, sounds: Path, tmp_path: Path) -> None:
    assert analyze(sounds / "joy.wav", *DEAF, "--channel", "left").code == 0
    done = analyze(sounds / "joy.wav", *DEAF, "--channel", "right")
    assert done.code == 2
    assert "mono" in done.out
    assert "--channel left or mix" in done.out


def test_telephone_sound_is_understood(analyze: Analyze, sounds: Path, tmp_path: Path) -> None:
    analyze(sounds / "phone.wav")
    folder, recording = only(tmp_path / "out")
    assert recording.emotion is Emotion.SAD
    with wave.open(str(folder / SOUND)) as file:
        assert (file.getframerate(), file.getnchannels(), file.getsampwidth()) == (SAMPLE_RATE, 1, 2)


def test_silence_is_a_result_too(analyze: Analyze, sounds: Path, tmp_path: Path) -> None:
    assert analyze(sounds / "silent.wav", "--embedding").code == 0
    folder, recording = only(tmp_path / "out")
    assert recording.utterances == ()
    assert (recording.emotion, recording.confidence) == (Emotion.UNKNOWN, 0)
    assert recording.doubts == (Doubt.NO_SPEECH,)
    assert recording.fallback_action == "request_clarification"
    assert recording.suggested_response
    assert np.load(folder / VECTORS).shape == (0,)


def test_noise_is_never_a_sure_feeling(analyze: Analyze, sounds: Path, tmp_path: Path) -> None:
    assert analyze(sounds / "noise.wav").code == 0
    _, recording = only(tmp_path / "out")
    assert recording.confidence < CONFIG.analysis.confident
    assert set(recording.doubts) & {Doubt.NOISE, Doubt.NO_SPEECH}


def test_whoever_is_unsure_says_why(analyze: Analyze, sounds: Path, tmp_path: Path) -> None:
    analyze(sounds / "call.flac", "--set", "analysis.confident=0.9")  # two people at once
    _, recording = only(tmp_path / "out")
    assert {bool(heard.doubts) for heard in recording.utterances} >= {True}
    for heard in recording.utterances:
        assert bool(heard.doubts) == (heard.fused.confidence < 0.9)


def test_a_voice_that_the_models_do_not_know_is_doubted_however_sure_they_are(
    analyze: Analyze, sounds: Path, tmp_path: Path
) -> None:
    analyze(sounds / "joy.wav", "--set", "asr.familiar_from=0.99", out=tmp_path / "foreign")
    analyze(sounds / "joy.wav", out=tmp_path / "known")
    for name, doubted in (("foreign", (Doubt.STRANGER,)), ("known", ())):
        _, recording = only(tmp_path / name)
        assert recording.confidence > CONFIG.analysis.confident
        assert recording.doubts == doubted
        assert {heard.doubts for heard in recording.utterances} == {doubted}


def test_frames_follow_the_voice_on_the_clock_of_the_recording(analyze: Analyze, sounds: Path, tmp_path: Path) -> None:
    assert analyze(sounds / "joy.wav", "-g", "frame", "--embedding").code == 0
    folder, recording = only(tmp_path / "out")
    frames = [frame for heard in recording.utterances for frame in heard.frames or ()]
    vectors = np.load(folder / VECTORS)
    assert vectors.dtype == np.float32
    assert len(vectors) == len(frames) > 5
    for heard in recording.utterances:
        assert heard.frames
        for frame in heard.frames:
            assert heard.start - 0.1 <= frame.start < frame.end <= heard.end + 0.1
            assert sum(frame.scores.values()) == pytest.approx(1)
            assert frame.embedding is None
    starts = [frame.start for frame in frames]
    assert starts == sorted(starts)
    assert len({tuple(vector) for vector in vectors}) == len(vectors)


def test_the_embedding_of_the_whole_is_the_mean_by_speech(analyze: Analyze, sounds: Path, tmp_path: Path) -> None:
    analyze(sounds / "angry.mp3", "--embedding")
    folder, _ = only(tmp_path / "out")
    live = lived(sound_of(sounds / "angry.mp3", CONFIG.audio_files))
    vectors = np.array([seen.voice.embedding for _, seen in live if seen.voice])
    weights = [seen.quality.speech_s for _, seen in live if seen.quality]
    mean = np.load(folder / VECTORS)
    assert (mean.dtype, mean.ndim) == (np.float32, 1)
    assert mean == pytest.approx(np.average(vectors, axis=0, weights=weights), rel=1e-4, abs=1e-6)


def test_no_embedding_is_kept_unless_asked_for(analyze: Analyze, sounds: Path, tmp_path: Path) -> None:
    analyze(sounds / "phone.wav", "-g", "frame")
    folder, recording = only(tmp_path / "out")
    assert not (folder / VECTORS).exists()
    assert recording.utterances[0].frames


def test_one_bad_file_does_not_stop_the_rest(analyze: Analyze, sounds: Path, tmp_path: Path) -> None:
    done = analyze(sounds)
    assert done.code == 1
    assert set(results(tmp_path / "out")) == {
        "angry.mp3", "call.flac", "joy.wav", "noise.wav", "phone.wav", "silent.wav"
    }  # fmt: skip
    assert "broken.mp3: not sound" in done.out
    assert "cut.wav: cut: 90000 of" in done.out
    assert not list((tmp_path / "out").glob(".partial*"))
    rows = list(csv.reader(io.StringIO((tmp_path / "out" / "utterances.csv").read_text(encoding="utf-8-sig"))))
    assert tuple(rows[0]) == COLUMNS
    silent = [row for row in rows if row[0].endswith("silent.wav")]
    assert [row[1:] for row in silent] == [["0.00", "3.00", "", "", "", "unknown", "0.00", "no_speech", ""]]
    joy = [row for row in rows if row[0].endswith("joy.wav")]
    assert [row[3:7] for row in joy] == [
        ["我有一个好消息要告诉你", "happy", "正向", "happy"],
        ["爸爸妈妈都特别高兴", "happy", "正向", "happy"],
    ]
    assert "warning" in [row[-1] for row in rows if row[0].endswith("angry.mp3")]


def test_where_nothing_can_be_read_the_exit_code_says_so(analyze: Analyze, sounds: Path) -> None:
    assert analyze(sounds / "broken.mp3", sounds / "cut.wav", *DEAF).code == 2


def test_results_as_json_are_lines_of_data_and_nothing_else(analyze: Analyze, sounds: Path) -> None:
    done = analyze(sounds / "phone.wav", sounds / "broken.mp3", sounds / "silent.wav", "--json")
    lines = [json.loads(line) for line in done.out.splitlines()]
    assert [Path(line["path"]).name for line in lines] == ["phone.wav", "broken.mp3", "silent.wav"]
    assert lines[0]["result"]["emotion"] == "sad"
    assert Path(lines[0]["folder"], RESULT).is_file()
    assert lines[1]["result"] is None
    assert "not sound" in lines[1]["error"]
    assert "synthetic" in done.err or "合成" in done.err


def test_without_a_terminal_progress_is_plain_lines_apart_from_the_summary(analyze: Analyze, sounds: Path) -> None:
    done = analyze(sounds / "joy.wav", sounds / "silent.wav", "--set", "language=en")
    assert "\x1b" not in done.out + done.err
    assert "1/2" in done.err
    assert "×" in done.err
    assert "×" not in done.out
    assert "2 of 2 recordings analysed (0 reused, 0 failed)" in done.out
    assert "synthetic demo voice only" in done.err
    assert done.out.splitlines()[1].startswith("joy.wav ")


def marked(folder: Path) -> None:
    """Leave a mark in a result that computing it again would not make."""
    path = folder / RESULT
    path.write_text(
        json.dumps(json.loads(path.read_text(encoding="utf-8")) | {"suggested_response": "marked"}), encoding="utf-8"
    )


def test_what_was_done_is_not_done_again(analyze: Analyze, sounds: Path, tmp_path: Path) -> None:
    analyze(sounds / "phone.wav", *DEAF)
    folder, _ = only(tmp_path / "out")
    marked(folder)
    done = analyze(sounds / "phone.wav", *DEAF, "--json")
    line = json.loads(done.out)
    assert (line["reused"], line["folder"], line["result"]["suggested_response"]) == (True, str(folder), "marked")
    assert "模型已加载" not in done.err
    assert len(results(tmp_path / "out")) == 1


def test_the_same_sound_elsewhere_gets_a_folder_of_its_own_without_being_heard_again(
    analyze: Analyze, sounds: Path, tmp_path: Path
) -> None:
    analyze(sounds / "phone.wav", *DEAF, "--embedding")
    marked(only(tmp_path / "out")[0])
    for name in ("twin.wav", "triplet.wav"):
        (tmp_path / name).write_bytes((sounds / "phone.wav").read_bytes())
    done = analyze(tmp_path / "twin.wav", tmp_path / "triplet.wav", *DEAF, "--embedding", "--json")
    assert [json.loads(line)["reused"] for line in done.out.splitlines()] == [True, True]
    found = results(tmp_path / "out")
    assert set(found) == {"phone.wav", "twin.wav", "triplet.wav"}
    for name, (folder, recording) in found.items():
        assert Path(recording.source.path).name == name
        assert recording.suggested_response == "marked"
        assert {path.name for path in folder.iterdir()} == {SOUND, RESULT, PICTURE, VECTORS}


@pytest.mark.parametrize(
    "change",
    [
        ["-g", "frame"],
        ["--channel", "left"],
        ["--embedding"],
        ["--set", "segmenter.hangover_s=0.9"],
        ["--set", "language=en"],
        ["--set", "analysis.confident=0.7"],
        ["--set", "vad.mode=0"],
    ],
)
def test_other_settings_make_another_result(change: list[str], analyze: Analyze, sounds: Path, tmp_path: Path) -> None:
    silent = [sounds / "silent.wav", *DEAF, "--json"]
    analyze(*silent)
    assert json.loads(analyze(*silent, *change).out)["reused"] is False
    assert json.loads(analyze(*silent, *change).out)["reused"] is True
    assert json.loads(analyze(*silent, "--set", "journal.folder=x").out)["reused"] is True


def test_another_checkpoint_makes_another_result(analyze: Analyze, sounds: Path, tmp_path: Path) -> None:
    model = tmp_path / "sentiment"
    model.mkdir()
    for path in (TOP / "assistant" / "checkpoints" / "mini" / "sentiment").iterdir():
        (model / path.name).write_bytes(path.read_bytes())
    choice = [sounds / "silent.wav", *DEAF[:4], "--set", f"sentiment.model={model}", "--json"]
    assert json.loads(analyze(*choice).out)["reused"] is False
    assert json.loads(analyze(*choice).out)["reused"] is True
    (model / "README.md").write_text("another one", encoding="utf-8")
    assert json.loads(analyze(*choice).out)["reused"] is False


@pytest.mark.parametrize("loss", [RESULT, SOUND, PICTURE, "everything", "half of the result"])
def test_a_result_that_is_not_whole_is_made_anew(loss: str, analyze: Analyze, sounds: Path, tmp_path: Path) -> None:
    analyze(sounds / "silent.wav", *DEAF)
    folder, _ = only(tmp_path / "out")
    if loss == "half of the result":
        (folder / RESULT).write_bytes((folder / RESULT).read_bytes()[:200])
    else:
        for path in folder.iterdir():
            if loss in (path.name, "everything"):
                path.unlink()
    line = json.loads(analyze(sounds / "silent.wav", *DEAF, "--json").out)
    assert line["reused"] is False
    assert Path(line["folder"]) != folder


def started(out: Path, *arguments: str | Path) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "main.py", "analyze", *map(str, arguments), "--out", str(out)],
        cwd=TOP,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        encoding="utf-8",
    )


@pytest.mark.parametrize(("signal_", "code", "models"), [(signal.SIGINT, 130, []), (signal.SIGKILL, -9, DEAF)])
def test_an_interrupted_run_keeps_what_is_done_and_goes_on_from_there(
    signal_: signal.Signals, code: int, models: list[str], analyze: Analyze, sounds: Path, tmp_path: Path
) -> None:
    folder, out = tmp_path / "in", tmp_path / "out"
    folder.mkdir()
    save(folder / "1.wav", talk("joy/1"))
    save(folder / "2.wav", np.tile(talk("joy/2", "joy/3"), 400))
    with started(out, folder, *models) as process:
        while not (list(out.glob("outputs_*")) and list(out.glob(".partial*"))):
            assert process.poll() is None
            time.sleep(0.02)
        time.sleep(0.3)
        process.send_signal(signal_)
        told, _ = process.communicate(timeout=30)
    assert process.returncode == code
    assert list(results(out)) == ["1.wav"]
    if signal_ is signal.SIGINT:
        assert not list(out.glob(".partial*"))
        assert "再次运行同一条命令" in told
        assert "joy" not in told
        table = (out / "utterances.csv").read_text(encoding="utf-8-sig")
        assert table.count("1.wav") == 1
    save(folder / "2.wav", talk("joy/2"))
    lines = [json.loads(line) for line in analyze(folder, *models, "--json").out.splitlines()]
    assert [line["reused"] for line in lines] == [True, False]
    assert set(results(out)) == {"1.wav", "2.wav"}
    assert not list(out.glob(".partial*"))
    assert (out / "utterances.csv").read_text(encoding="utf-8-sig").count(".wav") == 2


@pytest.mark.parametrize(
    ("path", "sentence"),
    [
        ("none.wav", "none.wav: no such file or folder"),
        ("empty", "empty: no recordings in this folder"),
        ("nothing.wav", "nothing.wav: empty, 0 bytes"),
    ],
)
def test_what_is_not_there_is_said_in_one_line(path: str, sentence: str, analyze: Analyze, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    (tmp_path / "empty" / "notes.txt").write_text("no sound", encoding="utf-8")
    (tmp_path / "nothing.wav").touch()
    done = analyze(tmp_path / path)
    assert done.code == 2
    assert sentence in done.out + done.err
    assert "Traceback" not in done.err


def test_a_folder_that_cannot_be_written_is_said_before_anything_is_heard(
    analyze: Analyze, sounds: Path, tmp_path: Path
) -> None:
    (tmp_path / "file").touch()
    done = analyze(sounds / "joy.wav", out=tmp_path / "file" / "out")
    assert done.code == 2
    assert "can't be written" in done.err
    assert "1/1" not in done.err


def test_a_full_disk_ends_the_run_in_one_line_and_keeps_the_rest(
    analyze: Analyze, sounds: Path, tmp_path: Path
) -> None:
    save(tmp_path / "z.wav", np.zeros(60 * SAMPLE_RATE, np.float32))
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1_000_000, hard))
    try:
        done = analyze(sounds / "phone.wav", tmp_path / "z.wav", sounds / "silent.wav", *DEAF)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert done.code == 2
    assert "can't be written: File too large" in done.err
    assert set(results(tmp_path / "out")) == {"phone.wav"}
    assert not list((tmp_path / "out").glob(".partial*"))
    assert "phone" in done.out


def test_two_runs_do_not_write_into_one_folder(analyze: Analyze, sounds: Path, tmp_path: Path) -> None:
    import fcntl

    (tmp_path / "out").mkdir()
    with (tmp_path / "out" / ".lock").open("ab") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        done = analyze(sounds / "joy.wav", *DEAF)
    assert done.code == 2
    assert "another analysis is writing here" in done.err
    assert analyze(sounds / "joy.wav", *DEAF).code == 0


def test_a_recording_may_be_as_long_as_the_analysis_allows(analyze: Analyze, sounds: Path) -> None:
    assert analyze(sounds / "joy.wav", *DEAF, "--set", "audio_files.max_seconds=1").code == 0
    done = analyze(sounds / "joy.wav", *DEAF, "--set", "analysis.max_seconds=2")
    assert done.code == 2
    assert "longer than 2 s" in done.out
    assert "analysis.max_seconds" in done.out


def test_memory_does_not_grow_with_the_recording(analyze: Analyze, tmp_path: Path) -> None:
    block = np.concatenate([talk("joy/1", "complaint/4", "sadness/3"), np.zeros(50 * SAMPLE_RATE, np.float32)])
    peaks = []
    for minutes in (1, 20):
        with WavWriter(tmp_path / "long.wav") as file:
            for _ in range(minutes):
                file.write(block)
        Path("/proc/self/clear_refs").write_text("5", encoding="ascii")  # the peak counts from now
        assert analyze(tmp_path / "long.wav").code == 0
        peaks.append(peak_mib())
    assert peaks[1] - peaks[0] < 45  # decoded, twenty minutes take 77 MiB; its picture is the larger by some 30


def peak_mib() -> float:
    status = Path("/proc/self/status").read_text(encoding="ascii")
    return int(next(line for line in status.splitlines() if line.startswith("VmHWM")).split()[1]) / 1024


def test_a_folder_stands_for_the_recordings_in_it_but_not_for_results(tmp_path: Path) -> None:
    names = ["b.WAV", "a.mp3", ".hidden.wav", "notes.txt", "deep/c.flac", ".git/d.wav"]
    results_ = ["outputs_20260101_120000/processed_audio.wav", "outputs_20260101_120000_2/processed_audio.wav"]
    for name in [*names, *results_, "mine/e.wav"]:
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
    found = find([tmp_path, tmp_path / "deep" / "c.flac", tmp_path / "notes.txt"], tmp_path / "mine")
    assert [str(path.relative_to(tmp_path)) for path in found] == ["a.mp3", "b.WAV", "deep/c.flac", "notes.txt"]
    assert find([tmp_path / "outputs_20260101_120000"], tmp_path / "mine")
    with pytest.raises(AudioError, match="no such file"):
        find([tmp_path / "none"], tmp_path)


def test_a_name_of_any_bytes_can_be_written_down(analyze: Analyze, sounds: Path, tmp_path: Path) -> None:
    odd = Path(os.fsdecode(os.fsencode(tmp_path) + b"/in/\xb2\xe2\xca\xd4.wav"))  # GBK
    odd.parent.mkdir()
    odd.write_bytes((sounds / "silent.wav").read_bytes())
    assert analyze(odd.parent, *DEAF).code == 0
    assert only(tmp_path / "out")[1].source.path == shown(odd)


@given(st.lists(st.integers(-32768, 32767), max_size=2000))
def test_sound_of_16_bits_is_written_bit_by_bit(tmp_path_factory: pytest.TempPathFactory, values: list[int]) -> None:
    path = tmp_path_factory.mktemp("wav") / "x.wav"
    samples = np.array(values, np.float32) / 32768
    with WavWriter(path) as file:
        for at in range(0, len(samples), 700):
            file.write(samples[at : at + 700])
    with wave.open(str(path)) as written:
        assert np.frombuffer(written.readframes(written.getnframes()), "<i2").tolist() == values


@given(st.integers(0, 40), st.integers(1, 5))
def test_vectors_are_written_row_by_row(tmp_path_factory: pytest.TempPathFactory, rows: int, width: int) -> None:
    path = tmp_path_factory.mktemp("npy") / "x.npy"
    expected = np.arange(rows * width, dtype=np.float32).reshape(rows, width if rows else 0)
    with VectorFile(path) as file:
        for row in expected:
            file.append(tuple(row.tolist()))
    assert np.array_equal(np.load(path), expected)


@given(st.text(st.characters(exclude_categories=["Cs"])))
def test_no_text_becomes_a_formula_and_none_is_lost(text: str) -> None:
    cell = plain(text)
    assert cell.removeprefix("'") == text.removeprefix("'")
    assert not cell.lstrip().startswith(("=", "+", "-", "@", "＝", "＋", "－", "＠"))
    assert not cell.startswith(("\t", "\r", "\n"))


@given(text=st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00")))
def test_every_text_comes_back_out_of_the_table(
    text: str, tmp_path_factory: pytest.TempPathFactory, spoken: Recording
) -> None:
    path = tmp_path_factory.mktemp("csv") / "utterances.csv"
    heard = replace(spoken.utterances[0], text=text)
    with Table(path) as table:
        table.append(replace(spoken, utterances=(heard, heard)))
    with path.open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.reader(file))
    assert path.read_bytes().startswith(b"\xef\xbb\xbf")
    assert [row[3] for row in rows[1:]] == [plain(text)] * 2
    assert {len(row) for row in rows} == {len(COLUMNS)}


@pytest.fixture(scope="session")
def spoken(tmp_path_factory: pytest.TempPathFactory) -> Recording:
    out = tmp_path_factory.mktemp("spoken")
    save(out / "x.wav", talk("joy/1"))
    assert analyze_(CONFIG, [out / "x.wav"], out / "out", Options(Granularity.UTTERANCE, Channel.MIX, False)) == 0
    return only(out / "out")[1]


ENTRIES = st.lists(st.builds(Entry, *[st.text(st.characters(exclude_categories=["Cs"]), max_size=9)] * 4), max_size=6)


@given(ENTRIES, st.integers(0), ENTRIES)
def test_the_index_survives_being_torn_anywhere(
    tmp_path_factory: pytest.TempPathFactory, before: list[Entry], cut: int, after: list[Entry]
) -> None:
    out = tmp_path_factory.mktemp("index")
    first = Index(out)
    for entry in before:
        first.add(entry)
    raw = (out / NAME).read_bytes() if before else b""
    torn = raw[: cut % (len(raw) + 1)]
    (out / NAME).write_bytes(torn)
    whole = [entry for number, entry in enumerate(before) if torn.count(b"\n") > number]
    second = Index(out)
    for entry in after:
        second.add(entry)
    for entry in [*whole, *after]:
        assert entry in Index(out).same(entry.sha256, entry.settings)
        assert entry in second.same(entry.sha256, entry.settings)


def test_bars_show_the_whole_run_and_the_current_file(spoken: Recording) -> None:
    console = Console(file=io.StringIO(), force_terminal=True, width=100, color_system=None)
    paths = [Path("a.wav"), Path("[b].wav")]
    gauge = Gauge(console, words_of(CONFIG), 2, {paths[0]: 60.0, paths[1]: 3600.0})
    with gauge.shown():
        for path in paths:
            gauge.begin(path)
            for seconds in range(0, 90, 30):
                gauge.passed(seconds)
                time.sleep(0.11)
            gauge.done(path, Outcome(str(path), "x", False, None, spoken))
    assert isinstance(console.file, io.StringIO)
    shown_ = console.file.getvalue()
    for part in ("1/2  a.wav", "2/2  [b].wav", "00:30 / 01:00", "00:30 / 1:01:00", "30 / 1:00:00", "×"):
        assert part in shown_, shown_


@pytest.mark.parametrize(
    ("seconds", "shown_"), [(0, "00:00"), (59.6, "01:00"), (3599, "59:59"), (3600, "1:00:00"), (36_061, "10:01:01")]
)
def test_lengths_are_shown_as_on_a_clock(seconds: float, shown_: str) -> None:
    assert clock(seconds) == shown_
