"""The pictures of a calibration report, drawn without a display."""

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from assistant.apps.drawing import quietly
from assistant.tuning.calibration.figures import BINS, Bin
from assistant.tuning.calibration.study import Study
from assistant.tuning.calibration.systems import System
from assistant.tuning.calibration.thresholds import CATEGORY_RISK
from assistant.types import FELT

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

NAMES = {
    System.VOICE: "voice alone",
    System.WORDS: "words alone",
    System.MEAN: "equal weights",
    System.PRODUCT: "product of experts",
    System.START: "ours, start values",
    System.PRIOR: "start, prior counted",
    System.OURS: "ours, fitted",
}
_COLOURS = {
    System.VOICE: "#0072b2",
    System.WORDS: "#e69f00",
    System.MEAN: "#999999",
    System.PRODUCT: "#009e73",
    System.START: "#cc79a7",
    System.PRIOR: "#d55e00",
    System.OURS: "#000000",
}
"""Okabe and Ito's palette: told apart by the colour-blind, too."""

_GREY = "#666666"
_DPI = 130
_FEW = 10
"""Of a speaker's or a bin's turns: fewer say little and are drawn pale."""


def draw(done: Study, folder: Path) -> list[str]:
    """Write every picture into `folder`, which is there, and return their names in the order of the page."""
    pictures: dict[str, Callable[[Study], Figure]] = {
        "systems.png": _systems,
        "reliability.png": _reliability,
        "risk-coverage.png": _risk_coverage,
        "confusion.png": _confusion,
        "noise.png": _noise,
        "speakers.png": _speakers,
    }
    for name, picture in pictures.items():
        # Without the date and the version of the library in it, the same study gives the same file.
        picture(done).savefig(folder / name, dpi=_DPI, metadata={"Software": None})
    return list(pictures)


def _systems(done: Study) -> "Figure":
    """Draw NLL and UAR of every system with their intervals."""
    figure = _figure((9, 3.2))
    order = sorted(done.figures, key=lambda system: -done.figures[system]["nll"].value)
    for axes, name, title in zip(
        figure.subplots(1, 2, sharey=True),
        ("nll", "uar"),
        ("NLL, nats: lower is better", "UAR: higher is better"),
        strict=True,
    ):
        for row, system in enumerate(order):
            each = done.figures[system][name]
            axes.barh(row, each.value, color=_COLOURS[system], height=0.62, alpha=1 if system is System.OURS else 0.75)
            axes.plot((each.low, each.high), (row, row), color=_GREY, linewidth=1.6)
            axes.annotate(
                f"{each.value:.3f}", (each.high, row), (5, 0), textcoords="offset points", va="center", size=8
            )
        axes.set_yticks(range(len(order)), [NAMES[system] for system in order])
        axes.set_xlim(0, 1.16 * max(done.figures[system][name].high for system in order))
        _plain(axes, title)
    return figure


def _reliability(done: Study) -> "Figure":
    """Draw how often it is right at each confidence, before the fit and after it, over how often it is that sure."""
    figure = _figure((9, 5))
    grid = figure.subplots(2, 2, sharex=True, sharey="row", height_ratios=(3, 1))
    edges = np.arange(BINS) / BINS
    for column, system in enumerate((System.START, System.OURS)):
        upper, lower = grid[0][column], grid[1][column]
        filled = [(edge, each) for edge, each in zip(edges, done.reliability[system], strict=True) if each.count]
        upper.plot((0, 1), (0, 1), color=_GREY, linewidth=1, linestyle="--")
        for edge, each in filled:
            pale = 0.3 if each.count < _FEW else 0.85
            upper.bar(
                edge, each.accuracy, 1 / BINS, align="edge", color=_COLOURS[System.VOICE], alpha=pale, edgecolor="white"
            )
            _gap(upper, edge, each)
            lower.bar(edge, each.count, 1 / BINS, align="edge", color=_GREY, edgecolor="white")
        ece = done.figures[system]["ece"]
        _plain(upper, f"{NAMES[system]}: ECE {ece.value:.3f}")
        _plain(lower, "")
        lower.set_xlabel("confidence")
    grid[0][0].set_ylabel("share that is right")
    grid[1][0].set_ylabel("turns")
    grid[0][0].set_ylim(0, 1)
    grid[0][0].set_xlim(0, 1)
    return figure


def _gap(axes: "Axes", edge: float, each: Bin) -> None:
    """Mark from how often a bin is right to how sure it is."""
    middle = edge + 0.5 / BINS
    axes.plot((middle, middle), (each.accuracy, each.confidence), color="#d55e00", linewidth=1.4)
    axes.plot(middle, each.confidence, marker="o", markersize=3.5, color="#d55e00")


def _risk_coverage(done: Study) -> "Figure":
    """Draw how many are wrong among those that are stated, the surest first, against how many are stated."""
    figure = _figure((7, 4.4))
    axes = figure.subplots()
    for system, risks in done.risks.items():
        share = np.linspace(0, 1, len(risks))
        label = f"{NAMES[system]}, AURC {done.figures[system]['aurc'].value:.3f}"
        axes.plot(share, risks, color=_COLOURS[system], linewidth=2.4 if system is System.OURS else 1.3, label=label)
    axes.axhline(CATEGORY_RISK, color=_GREY, linewidth=1, linestyle="--")
    axes.annotate(
        f"at most {CATEGORY_RISK:.0%} wrong", (0.005, CATEGORY_RISK), (0, 3), textcoords="offset points", size=8
    )
    axes.set_xlabel("coverage: share of the turns, the surest first")
    axes.set_ylabel("share of them that is wrong")
    axes.set_xlim(0, 1)
    axes.set_ylim(0, None)
    axes.legend(frameon=False, fontsize=8, loc="best")
    _plain(axes, "What stating less would gain")
    return figure


def _confusion(done: Study) -> "Figure":
    """Draw what each emotion is taken for."""
    counts = np.array(done.confusion)
    shares = counts / np.maximum(counts.sum(axis=1, keepdims=True), 1)
    figure = _figure((6.4, 5.4))
    axes = figure.subplots()
    axes.imshow(shares, cmap="Blues", vmin=0, vmax=1)
    for row, column in np.ndindex(counts.shape):
        if counts[row, column]:
            text = f"{shares[row, column]:.0%}\n{counts[row, column]}"
            ink = "white" if shares[row, column] > 0.55 else "black"
            axes.text(column, row, text, ha="center", va="center", color=ink, size=8)
    names = [str(emotion) for emotion in FELT]
    axes.set_xticks(range(len(FELT)), names, rotation=35, ha="right")
    axes.set_yticks(range(len(FELT)), names)
    axes.set_xlabel("strongest emotion in the posterior")
    axes.set_ylabel("truth")
    axes.set_title("Ours, fitted: what each emotion is taken for", loc="left", size=10)
    axes.spines[:].set_visible(False)
    return figure


def _noise(done: Study) -> "Figure":
    """Draw NLL and UAR by SNR, before the fit and after it."""
    figure = _figure((9, 3.2))
    parts = [each for each in done.slices if each.by == "snr"]
    left, right = figure.subplots(1, 2)
    for system in (System.START, System.OURS):
        shown = [part.before if system is System.START else part.after for part in parts]
        left.plot(
            range(len(parts)), [each.nll for each in shown], marker="o", color=_COLOURS[system], label=NAMES[system]
        )
        right.plot(range(len(parts)), [each.uar for each in shown], marker="o", color=_COLOURS[system])
    for axes, title in ((left, "NLL by SNR"), (right, "UAR by SNR")):
        axes.set_xticks(range(len(parts)), [f"{part.name}\n{part.count} turns" for part in parts], size=8)
        axes.set_ylim(0, None)
        _plain(axes, title)
    if parts:
        left.legend(frameon=False, fontsize=8)
    return figure


def _speakers(done: Study) -> "Figure":
    """Draw the NLL of each speaker, before the fit and after it, the worst first."""
    parts = sorted((each for each in done.slices if each.by == "speaker"), key=lambda part: part.after.nll)
    figure = _figure((7, 1.2 + 0.2 * len(parts)))
    axes = figure.subplots()
    for row, part in enumerate(parts):
        pale = 0.35 if part.count < _FEW else 1.0
        axes.plot((part.before.nll, part.after.nll), (row, row), color=_GREY, linewidth=1, alpha=0.5 * pale, zorder=1)
        for system, nll in ((System.START, part.before.nll), (System.OURS, part.after.nll)):
            label = NAMES[system] if row == 0 else None
            axes.scatter(nll, row, color=_COLOURS[system], s=26, alpha=pale, label=label, zorder=2)
    axes.set_yticks(range(len(parts)), [f"{part.name} ({part.count})" for part in parts], size=8)
    axes.set_ylim(-0.8, len(parts) - 0.2)
    axes.set_xlim(0, None)
    axes.set_xlabel("NLL, nats")
    axes.legend(frameon=False, fontsize=8)
    _plain(axes, "By speaker (turns), each unmet by the fit")
    return figure


def _figure(size_in: tuple[float, float]) -> "Figure":
    with quietly():
        from matplotlib.figure import Figure

    return Figure(figsize=size_in, layout="constrained")


def _plain(axes: "Axes", title: str) -> None:
    axes.set_title(title, loc="left", size=10)
    axes.spines[["top", "right"]].set_visible(False)
