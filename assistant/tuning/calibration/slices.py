"""The same figures on parts of the turns: by noise, by speaker, by where they come from."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from assistant.tuning.calibration.arrays import Array, Indices
from assistant.tuning.calibration.figures import Figures, figures
from assistant.tuning.calibration.systems import System
from assistant.types import Labelled

SNR_STEP_DB = 5


@dataclass(frozen=True, slots=True)
class Slice:
    """The turns of one part: `by` what they were parted, its `name`, how many, and figures before and after the fit."""

    by: str
    name: str
    count: int
    before: Figures
    after: Figures


def slices(labelled: Sequence[Labelled], labels: Indices, posteriors: Mapping[System, Array]) -> tuple[Slice, ...]:
    """Return the parts by SNR, rising, by domain and by speaker."""
    return (
        *_parts("snr", [_snr(turn) for turn in labelled], labels, posteriors),
        *_parts("domain", [(0, turn.domain) if turn.domain else None for turn in labelled], labels, posteriors),
        *_parts("speaker", [(0, turn.speaker) for turn in labelled], labels, posteriors),
    )


def _snr(turn: Labelled) -> tuple[int, str] | None:
    """Return the SNR as it was recorded, else as it was measured, in steps; None for typed words."""
    measured = turn.observation.quality
    snr_db = turn.snr_db if turn.snr_db is not None else measured.snr_db if measured else None
    if snr_db is None:
        return None
    step = int(snr_db // SNR_STEP_DB)
    return step, f"{step * SNR_STEP_DB} to {(step + 1) * SNR_STEP_DB} dB"


def _parts(
    by: str, keys: Sequence[tuple[int, str] | None], labels: Indices, posteriors: Mapping[System, Array]
) -> list[Slice]:
    """Return a slice per key, in their order; turns without one are in none."""
    found: list[Slice] = []
    for key in sorted({key for key in keys if key is not None}):
        here = np.array([index for index, each in enumerate(keys) if each == key], np.intp)
        before, after = (figures(posteriors[system][here], labels[here]) for system in (System.START, System.OURS))
        found.append(Slice(by, key[1], len(here), before, after))
    return found
