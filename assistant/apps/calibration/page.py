"""The report of a calibration as a folder: report.md to read, report.json with every figure, and the pictures."""

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from pydantic import TypeAdapter

from assistant.apps.calibration.pictures import NAMES, draw
from assistant.apps.calibration.verdict import sure, verdict, warnings
from assistant.config.calibration import numbers
from assistant.errors import OutputError
from assistant.tuning.calibration.bootstrap import RESAMPLES
from assistant.tuning.calibration.figures import BINS
from assistant.tuning.calibration.folds import FOLDS
from assistant.tuning.calibration.statements import STATED, Conflicts, Rung
from assistant.tuning.calibration.study import Study
from assistant.tuning.calibration.thresholds import (
    CATEGORY_RISK,
    CONFLICT_FLOOR,
    CONFLICT_RISK,
    GROUP_FLOOR,
    GROUP_RISK,
)
from assistant.types import FELT, Polarity

_STUDY = TypeAdapter(Study)

_COLUMNS = {
    "nll": "NLL",
    "ece": "ECE",
    "classwise_ece": "classwise ECE",
    "brier": "Brier",
    "uar": "UAR",
    "accuracy": "WA",
    "macro_f1": "macro-F1",
    "aurc": "AURC",
    "coverage": f"coverage at {CATEGORY_RISK:.0%} risk",
}


def write_report(done: Study, folder: Path) -> None:
    """Write the report into `folder`, made where it is not there. Raises OutputError."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        pictures = draw(done, folder)
        (folder / "report.json").write_bytes(_STUDY.dump_json(done, indent=2) + b"\n")
        (folder / "report.md").write_text(page(done, pictures), encoding="utf-8", newline="\n")
    except OSError as error:
        raise OutputError(f"{folder}: the report can't be written: {error.strerror}") from error


def page(done: Study, pictures: Sequence[str]) -> str:
    """Return the report as Markdown; `pictures` lie beside it."""
    return (
        "\n\n".join([*_opening(done, pictures), *_settings(done), *_statements(done), *_parts(done), *_method(done)])
        + "\n"
    )


def _opening(done: Study, pictures: Sequence[str]) -> Iterator[str]:
    from_ = done.provenance
    yield "# Calibration report"
    yield (
        f"{from_.turns} labelled turns of {from_.speakers} speakers, {from_.date}. Domain: {from_.domain}. "
        f"Data: SHA-256 `{from_.data[:16]}`."
    )
    yield f"**{verdict(done)}**"
    if found := warnings(done):
        yield "\n".join(f"- {sentence}" for sentence in found)
    yield (
        "Every figure below is of speakers that the fit had not met. In brackets the interval in which it lies with "
        "95 % probability, were other speakers recorded; for ECE it lies a little high: chance alone adds to it."
    )
    yield "## Systems"
    order = sorted(done.figures, key=lambda system: done.figures[system]["nll"].value)
    yield _table(
        ["system", *_COLUMNS.values()],
        ([NAMES[system], *(sure(done.figures[system][name]) for name in _COLUMNS)] for system in order),
    )
    yield (
        "By how much the NLL of ours, fitted, is lower than that of: "
        + "; ".join(f"{NAMES[system]} {sure(done.gain[system])}" for system in done.gain)
        + "."
    )
    yield "\n".join(f"![{name.removesuffix('.png')}]({name})" for name in pictures)


def _settings(done: Study) -> Iterator[str]:
    before, after = numbers(done.start), numbers(done.fitted)
    yield "## Settings"
    plain = (key for key in after if not key.startswith("words.confusion"))
    yield _table(
        ["fusion.", "start", "fitted"], ([key, f"{before.get(key, 0.0):.3f}", f"{after[key]:.3f}"] for key in plain)
    )
    old, new = done.start.words, done.fitted.words
    yield "Confusion matrix of the words, P(sentiment | emotion), start → fitted:"
    yield _table(
        ["", *Polarity],
        (
            [
                str(emotion),
                *(f"{old.confusion[emotion][label]:.2f} → {new.confusion[emotion][label]:.2f}" for label in Polarity),
            ]
            for emotion in FELT
        ),
    )


def _statements(done: Study) -> Iterator[str]:
    yield "## What is stated"
    yield _table(
        ["", "start: turns", "wrong", "fitted: turns", "wrong", "upper bound (95 %)"],
        (
            [str(new.certainty), str(old.count), _wrong(old), str(new.count), _wrong(new), _share(new.bound)]
            for old, new in zip(done.ladder_before, done.ladder_after, strict=True)
            if old.count or new.count
        ),
    )
    yield "## Conflicts between voice and words"
    if done.conflict_before is None or done.conflict_after is None:
        yield "No turn says whether it holds one; the threshold stays as it was."
        return
    yield _table(
        ["", "told", "of these real", "precision", "recall"],
        (_told(name, each) for name, each in (("start", done.conflict_before), ("fitted", done.conflict_after))),
    )
    yield f"{done.conflict_after.real} of {done.conflict_after.known} turns hold one."


def _parts(done: Study) -> Iterator[str]:
    yield "## Slices"
    yield _table(
        ["", "turns", "NLL start → fitted", "ECE", "UAR", "WA"],
        (
            [
                f"{part.by}: {part.name}",
                str(part.count),
                f"{part.before.nll:.3f} → {part.after.nll:.3f}",
                f"{part.before.ece:.3f} → {part.after.ece:.3f}",
                f"{part.before.uar:.3f} → {part.after.uar:.3f}",
                f"{part.before.accuracy:.3f} → {part.after.accuracy:.3f}",
            ]
            for part in done.slices
        ),
    )


def _method(done: Study) -> Iterator[str]:
    yield "## How"
    yield (
        f"Speakers were split into {FOLDS} folds, and each turn judged by a fit on the other folds: "
        + "; ".join(", ".join(fold) for fold in done.folds)
        + ". The calibration file holds one more fit, on all turns; its own figures nobody can know, but they should "
        f"be about these. Intervals: {RESAMPLES} draws of as many speakers, with repetition. ECE: {BINS} equal bins."
    )
    yield (
        "Thresholds: the lowest from which on the share of errors is bounded (Clopper and Pearson, one side, 95 %) by "
        f"{CATEGORY_RISK:.0%} for an emotion, {GROUP_RISK:.0%} for a group where no emotion was sure enough, "
        f"{CONFLICT_RISK:.0%} for a conflict. The bound takes turns for independent, which those of one speaker are "
        "not quite. An emotion is never stated below `statement.mixed.first`, a group never below "
        f"{GROUP_FLOOR:.2g}, a conflict never told below {CONFLICT_FLOOR:.2g}. The ramps of reliability, the floors"
        " and the mixed emotions are not fitted."
    )


def _table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [head, ["---", *["---:"] * (len(head) - 1)], *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def _told(name: str, each: Conflicts) -> list[str]:
    return [name, str(each.told), str(each.hits), _share(each.precision), _share(each.recall)]


def _wrong(rung: Rung) -> str:
    return f"{rung.wrong} ({rung.wrong / rung.count:.0%})" if rung.count and rung.certainty in STATED else "–"


def _share(value: float | None) -> str:
    return "–" if value is None else f"{value:.0%}"
