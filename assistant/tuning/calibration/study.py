"""The whole of a calibration: what was fitted, what it is worth on unmet speakers, and whether it is worth having."""

import datetime
import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from pydantic import TypeAdapter

from assistant.config.calibration import ENOUGH_TURNS, Calibration, Fitted, Provenance, fitted_of
from assistant.config.calibration import Figures as Headline
from assistant.config.judgement import Fusion
from assistant.errors import ScriptError
from assistant.tuning.calibration.arrays import Array, Indices
from assistant.tuning.calibration.bootstrap import Estimate, bootstrap
from assistant.tuning.calibration.figures import Bin, bins, confusion, risk_by_coverage
from assistant.tuning.calibration.fit import fit
from assistant.tuning.calibration.folds import FOLDS, held_out
from assistant.tuning.calibration.slices import Slice, slices
from assistant.tuning.calibration.statements import Conflicts, Rung, conflicts, ladder
from assistant.tuning.calibration.systems import ALONE, System
from assistant.types import FELT, Emotion, Labelled

POINTS = 101
"""Of each risk-coverage curve that are kept."""

_LABELLED = TypeAdapter(Labelled)


@dataclass(frozen=True, slots=True)
class Study:
    """A calibration and all that its report shows; all figures are of speakers that the fit hadn't met.

    labels: how often each emotion is met. folds: the speakers of each. figures: of each system, by name. gain: by how
    much the NLL of ours is below each one's. best_alone: the better of voice alone and words alone;
    beats_best_alone: whether the NLL of ours is below its, with all of the interval. confusion: counts,
    truth by strongest emotion, in the order of FELT. reliability: bins of confidence. risks: error rates at POINTS
    coverages, the surest turns first.
    """

    provenance: Provenance
    start: Fitted
    fitted: Fitted
    labels: dict[Emotion, int]
    folds: tuple[tuple[str, ...], ...]
    figures: dict[System, dict[str, Estimate]]
    gain: dict[System, Estimate]
    best_alone: System
    beats_best_alone: bool
    confusion: tuple[tuple[int, ...], ...]
    reliability: dict[System, tuple[Bin, ...]]
    risks: dict[System, tuple[float, ...]]
    ladder_before: tuple[Rung, ...]
    ladder_after: tuple[Rung, ...]
    conflict_before: Conflicts | None
    conflict_after: Conflicts | None
    slices: tuple[Slice, ...]


def study(
    labelled: Sequence[Labelled],
    start: Fusion,
    today: datetime.date,
    *,
    domain: str | None = None,
    folded: Callable[[], None] = lambda: None,
    drawn: Callable[[], None] = lambda: None,
) -> Study:
    """Return a calibration of `start` on labelled turns; their order is of no importance.

    domain: what the turns are of, by default as they say themselves. `folded` is called FOLDS times, `drawn` RESAMPLES
    times. Raises ScriptError if turns or speakers are too few.
    """
    turns, data = in_order(labelled)
    _refuse_too_few(turns)
    fitted = fit(turns, start)
    labels: Indices = np.array([FELT.index(turn.label) for turn in turns], np.intp)
    unmet = held_out(turns, start, folded)
    sure = bootstrap(unmet.posteriors, labels, [turn.speaker for turn in turns], drawn)
    best = min(ALONE, key=lambda system: sure.figures[system]["nll"].value)
    return Study(
        provenance=Provenance(
            domain=domain or " + ".join(sorted({turn.domain or "unnamed" for turn in turns})),
            date=today,
            turns=len(turns),
            speakers=len({turn.speaker for turn in turns}),
            data=data,
        ),
        start=fitted_of(start),
        fitted=fitted,
        labels={emotion: sum(turn.label is emotion for turn in turns) for emotion in FELT},
        folds=unmet.folds,
        figures=sure.figures,
        gain=sure.gain,
        best_alone=best,
        beats_best_alone=sure.gain[best].low > 0,
        confusion=tuple(tuple(row) for row in confusion(unmet.posteriors[System.OURS], labels).tolist()),
        reliability={system: bins(p.max(axis=1), p.argmax(axis=1) == labels) for system, p in unmet.posteriors.items()},
        risks={system: _thinned(risk_by_coverage(p, labels)) for system, p in unmet.posteriors.items()},
        ladder_before=ladder(turns, unmet.before),
        ladder_after=ladder(turns, unmet.after),
        conflict_before=conflicts(turns, unmet.before),
        conflict_after=conflicts(turns, unmet.after),
        slices=slices(turns, labels, unmet.posteriors),
    )


def calibration_of(done: Study) -> Calibration:
    """Return what is written into a calibration file."""
    return Calibration(
        version=1,
        provenance=done.provenance,
        before=_headline(done, System.START),
        after=_headline(done, System.OURS),
        fusion=done.fitted,
    )


def in_order(labelled: Sequence[Labelled]) -> tuple[list[Labelled], str]:
    """Return the turns in an order of their own, and the SHA-256 of them: neither depends on that of the lines."""
    lines = sorted((_LABELLED.dump_json(turn), index) for index, turn in enumerate(labelled))
    digest = hashlib.sha256(b"\n".join(line for line, _ in lines))
    return [labelled[index] for _, index in lines], digest.hexdigest()


def _refuse_too_few(turns: Sequence[Labelled]) -> None:
    if len(turns) < ENOUGH_TURNS:
        raise ScriptError(f"{len(turns)} labelled turns are too few to calibrate on; it takes about {ENOUGH_TURNS}")
    speakers = {turn.speaker for turn in turns}
    if len(speakers) < FOLDS:
        raise ScriptError(
            f"{len(speakers)} speakers are too few to tell how it works for others; it takes {FOLDS} or more: "
            + ", ".join(sorted(speakers))
        )


def _headline(done: Study, system: System) -> Headline:
    figures = done.figures[system]
    return Headline(**{name: figures[name].value for name in Headline.model_fields})


def _thinned(risks: Array) -> tuple[float, ...]:
    """Return error rates [n] at POINTS coverages from the surest turn to all of them."""
    return tuple(risks[np.linspace(0, len(risks) - 1, POINTS).round().astype(np.intp)].tolist())
