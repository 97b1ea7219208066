"""`main.py calibrate`, its file in use, and what every screen says of the confidences."""

import io
import json
import subprocess
from pathlib import Path

import pytest
from rich.console import Console

from assistant.apps.extra import require
from assistant.apps.screen import Screen
from assistant.build import build_tuning
from assistant.config.calibration import Calibration, fitted_of, load_calibration, numbers, replaced
from assistant.config.files import CALIBRATION
from assistant.config.layers import load
from assistant.config.tree import Config
from assistant.config.tuning import Tuning
from assistant.errors import ConfigError
from assistant.store.labelled import read_labelled
from assistant.tuning.calibration.study import in_order
from tests.test_cli import run

EXAMPLE = "bundled:calibration/synthetic.json"


def with_file(reference: str, *sets: str) -> Config:
    return load(sets=[f"calibration.file={reference}", "language=en", *sets], env={}).config


def example() -> Calibration:
    found = load_calibration(with_file(EXAMPLE).calibration)
    assert found is not None
    return found


def loading(config: Config) -> str:
    out = io.StringIO()
    with Screen(config, Console(file=out, width=200)).loading():
        pass
    return out.getvalue()


def few(tmp_path: Path) -> Path:
    """A calibration file like the example, that rests on 199 turns."""
    provenance = example().provenance.model_copy(update={"turns": 199})
    path = tmp_path / "few.json"
    path.write_text(example().model_copy(update={"provenance": provenance}).model_dump_json(), encoding="utf-8")
    return path


# A calibration file in use.


def test_a_file_reads_back_as_what_was_written(tmp_path: Path) -> None:
    path = tmp_path / "calibration.json"
    path.write_text(example().model_dump_json(indent=2), encoding="utf-8")
    assert load_calibration(with_file(str(path)).calibration) == example()


def test_the_fitted_values_replace_the_start_values_and_nothing_else() -> None:
    plain, fitted = build_tuning(with_file("null")), build_tuning(with_file(EXAMPLE))
    assert fitted_of(fitted.fusion) == example().fusion
    assert fitted.calibrated == example().provenance
    assert plain.calibrated is None
    assert replaced(fitted.fusion, fitted_of(plain.fusion)) == plain.fusion
    assert fitted.model_copy(update={"fusion": plain.fusion, "calibrated": None}) == plain


def test_the_hash_of_the_tuning_changes_with_the_calibration(tmp_path: Path) -> None:
    hashes = {build_tuning(with_file(file)).hash() for file in ("null", EXAMPLE, str(few(tmp_path)))}
    assert len(hashes) == 3


def test_a_tuning_keeps_its_calibration_through_the_journal() -> None:
    tuning = build_tuning(with_file(EXAMPLE))
    assert Tuning.model_validate_json(tuning.model_dump_json()) == tuning


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"extra": 1}, "unknown key 'extra'; known: after, before, fusion, provenance, version"),
        ({"version": 2}, "'version'"),
        ({"fusion": {}}, "missing key 'fusion.prior'"),
        ({"provenance": {"turns": 0}}, "'provenance.turns'"),
    ],
)
def test_a_broken_file_is_refused_by_name_and_key(change: dict[str, object], sentence: str, tmp_path: Path) -> None:
    path = tmp_path / "broken.json"
    path.write_text(json.dumps(json.loads(example().model_dump_json()) | change), encoding="utf-8")
    with pytest.raises(ConfigError) as error:
        build_tuning(with_file(str(path)))
    assert f"{path}: " in str(error.value)
    assert sentence in str(error.value)


# What every screen says.


def test_without_a_file_a_screen_says_uncalibrated() -> None:
    assert "uncalibrated: the confidences rest on start values" in loading(with_file("null"))


def test_with_a_file_a_screen_says_on_what_it_rests() -> None:
    shown = loading(with_file(EXAMPLE))
    assert "uncalibrated" not in shown
    assert "calibrated on 695 turns of 26 speakers, 2026-11-21: synthetic, test voices" in shown


def test_a_file_of_too_few_turns_is_called_uncalibrated(tmp_path: Path) -> None:
    assert "uncalibrated: the calibration rests on 199 turns" in loading(with_file(str(few(tmp_path))))


def test_the_configuration_shows_what_is_in_use_and_from_where() -> None:
    rows = {
        row["key"]: row for row in json.loads(run("config", "--json", "--set", f"calibration.file={EXAMPLE}").stdout)
    }
    for key, value in numbers(example().fusion).items():
        assert (rows[f"fusion.{key}"]["value"], rows[f"fusion.{key}"]["layer"]) == (value, EXAMPLE)
    assert rows["fusion.voice.floor"]["layer"] == "configs/default.yaml"
    assert "fusion.voice.bias" not in rows
    assert "未校准" in run("config").stdout
    assert "已校准" in run("config", "--set", f"calibration.file={EXAMPLE}").stdout


# The command.


def test_the_shipped_calibration_is_that_of_the_shipped_turns() -> None:
    shipped = read_labelled(CALIBRATION / "synthetic.jsonl")
    rests_on = example().provenance
    assert (rests_on.turns, rests_on.speakers) == (len(shipped), len({each.speaker for each in shipped}))
    assert rests_on.data == in_order(shipped)[1]


@pytest.fixture(scope="module")
def done(tmp_path_factory: pytest.TempPathFactory) -> tuple[subprocess.CompletedProcess[str], Path]:
    folder = tmp_path_factory.mktemp("calibrate")
    where = ("--out", folder / "here" / "calibration.json", "--report", folder / "report")
    return run("calibrate", "bundled:calibration/synthetic.jsonl", *where, "--set", "language=en"), folder


def test_it_writes_a_file_that_can_be_used(done: tuple[subprocess.CompletedProcess[str], Path]) -> None:
    finished, folder = done
    assert finished.returncode == 0, finished.stderr
    written = load_calibration(with_file(str(folder / "here" / "calibration.json")).calibration)
    assert written is not None
    # The example was made by this very command: whoever changes the fit or the start values makes it anew.
    assert numbers(written.fusion) == pytest.approx(numbers(example().fusion), abs=1e-3)
    assert written.after.nll < written.before.nll


def test_it_says_plainly_whether_fusion_is_worth_having(done: tuple[subprocess.CompletedProcess[str], Path]) -> None:
    finished, folder = done
    report = json.loads((folder / "report" / "report.json").read_text(encoding="utf-8"))
    assert report["beats_best_alone"] is True
    assert "Fusion beats the better side alone (voice alone): NLL 0." in finished.stdout
    for name in ("ours, fitted", "product of experts", "equal weights", "words alone", "calibration written to"):
        assert name in finished.stdout


def test_every_picture_and_figure_of_the_report_is_there(done: tuple[subprocess.CompletedProcess[str], Path]) -> None:
    _, folder = done
    page = (folder / "report" / "report.md").read_text(encoding="utf-8")
    pictures = sorted(path.name for path in (folder / "report").glob("*.png"))
    assert len(pictures) == 6
    for name in pictures:
        assert f"]({name})" in page
        assert (folder / "report" / name).read_bytes().startswith(b"\x89PNG")
    for term in (
        "NLL",
        "classwise ECE",
        "Brier",
        "UAR",
        "macro-F1",
        "AURC",
        "coverage at 30% risk",
        "recall",
        "0 to 5 dB",
    ):
        assert term in page
    report = json.loads((folder / "report" / "report.json").read_text(encoding="utf-8"))
    assert f"| ours, fitted | {report['figures']['ours']['nll']['value']:.3f} [" in page


@pytest.mark.parametrize(
    ("lines", "sentence"),
    [(0, "0 labelled turns are too few to calibrate on; it takes about 200"), (199, "199 labelled turns are too few")],
)
def test_too_few_turns_are_refused_in_one_line(lines: int, sentence: str, tmp_path: Path) -> None:
    path = tmp_path / "few.jsonl"
    whole = (CALIBRATION / "synthetic.jsonl").read_text(encoding="utf-8").splitlines()
    path.write_text("\n".join(whole[:lines]), encoding="utf-8")
    finished = run("calibrate", path, "--out", tmp_path / "calibration.json")
    assert finished.returncode == 2
    assert sentence in finished.stderr
    assert "Traceback" not in finished.stderr
    assert not (tmp_path / "calibration.json").exists()


def test_a_missing_extra_is_named() -> None:
    require("calibrate", "json")
    with pytest.raises(
        ConfigError, match=r"no_such_package: not installed; pip install 'emotion-assistant\[calibrate\]'"
    ):
        require("calibrate", "json", "no_such_package")
