"""The report says what the figures say, also when there is little or nothing good to say."""

import datetime
from dataclasses import replace
from pathlib import Path

import pytest

from assistant.apps.calibration.page import page, write_report
from assistant.apps.calibration.verdict import verdict, warnings
from assistant.config.files import CALIBRATION
from assistant.config.layers import load
from assistant.errors import OutputError
from assistant.store.labelled import read_labelled
from assistant.tuning.calibration.bootstrap import Estimate
from assistant.tuning.calibration.study import Study, study
from assistant.tuning.calibration.systems import System
from assistant.types import Emotion

START = load(env={}).config.fusion


@pytest.fixture(scope="module")
def bare() -> Study:
    """Turns of typed words with a voice, as it were: no SNR, no domain, no word on conflicts, nobody disgusted."""
    turns = [
        replace(
            each,
            observation=replace(each.observation, quality=None),
            label=Emotion.ANGRY if each.label is Emotion.DISGUSTED else each.label,
            snr_db=None,
            domain=None,
            conflict=None,
        )
        for each in read_labelled(CALIBRATION / "synthetic.jsonl")
    ]
    return study(turns, START, datetime.date(2026, 11, 21))


def gaining(done: Study, value: float, low: float, high: float) -> Study:
    gain = done.gain | {done.best_alone: Estimate(value, low, high)}
    return replace(done, gain=gain, beats_best_alone=low > 0)


def test_a_report_of_bare_turns_is_whole(bare: Study, tmp_path: Path) -> None:
    write_report(bare, tmp_path / "a" / "report")
    text = (tmp_path / "a" / "report" / "report.md").read_text(encoding="utf-8")
    assert "No turn says whether it holds one" in text
    assert "snr:" not in text
    assert "domain:" not in text
    assert "Domain: unnamed." in text
    assert "nan" not in text.lower().replace("unnamed", "")
    assert len(list((tmp_path / "a" / "report").glob("*.png"))) == 6


def test_a_table_has_as_many_cells_in_every_row(bare: Study) -> None:
    for block in page(bare, ["x.png"]).split("\n\n"):
        if block.startswith("|"):
            assert len({line.count("|") for line in block.splitlines()}) == 1


def test_the_verdict_follows_the_interval(bare: Study) -> None:
    assert verdict(gaining(bare, 0.05, 0.02, 0.08)).startswith("Fusion beats the better side alone")
    assert verdict(gaining(bare, 0.05, -0.02, 0.08)).startswith("Fusion is not shown to beat")
    worse = verdict(gaining(bare, -0.05, -0.08, 0.02))
    assert worse.startswith("Fusion does NOT beat the better side alone (voice alone)")
    assert worse.endswith("Do not ship it on these data.")


def test_what_falls_silent_and_what_is_rare_is_told(bare: Study) -> None:
    told = " ".join(warnings(bare))
    assert "Fewer than 10 turns each: disgusted." in told
    assert "start values" not in told
    silent = bare.fitted.statement.model_copy(update={"category": 1.0, "group": 1.0, "conflict": 1.0})
    voice = bare.fitted.voice.model_copy(update={"temperature": 10.0})
    words = bare.fitted.words.model_copy(update={"temperature": 0.25})
    mute = bare.fitted.model_copy(update={"statement": silent, "voice": voice, "words": words, "prior": START.prior})
    told = " ".join(warnings(replace(bare, fitted=mute)))
    for sentence in (
        "No emotion is ever stated",
        "No group is ever stated",
        "No conflict is ever told",
        "temperature of the voice is at its limit",
        "temperature of the words is at its limit",
        "The start values fit these turns best",
    ):
        assert sentence in told


def test_the_best_system_stands_first(bare: Study) -> None:
    rows = [line for line in page(bare, []).splitlines() if line.startswith("| ours, fitted |")]
    best = min(bare.figures, key=lambda system: bare.figures[system]["nll"].value)
    table = page(bare, []).split("## Systems\n\n")[1].splitlines()
    assert len(rows) == 1
    assert (best is System.OURS) == table[2].startswith("| ours, fitted |")


def test_a_place_that_cannot_be_written_is_named(bare: Study, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("", encoding="utf-8")
    with pytest.raises(OutputError, match="file: the report can't be written"):
        write_report(bare, tmp_path / "file")
