"""A calibration in sentences: whether it is worth having, and what to know before it is used."""

from assistant.apps.calibration.pictures import NAMES
from assistant.tuning.calibration.bootstrap import Estimate
from assistant.tuning.calibration.fit import TEMPERATURES
from assistant.tuning.calibration.study import Study
from assistant.tuning.calibration.systems import System
from assistant.tuning.calibration.thresholds import CATEGORY_RISK, CONFLICT_RISK, GROUP_RISK

RARE = 10
"""Fewer turns of an emotion than this are told."""


def verdict(done: Study) -> str:
    """Say in a sentence whether fusion is worth having over the better side alone."""
    best, gain = NAMES[done.best_alone], done.gain[done.best_alone]
    ours, alone = (done.figures[system]["nll"].value for system in (System.OURS, done.best_alone))
    measured = f"NLL {ours:.3f} against {alone:.3f}, lower by {sure(gain)}"
    if done.beats_best_alone:
        return f"Fusion beats the better side alone ({best}): {measured}."
    if gain.value > 0:
        return f"Fusion is not shown to beat the better side alone ({best}): {measured}, an interval that reaches 0."
    return f"Fusion does NOT beat the better side alone ({best}): {measured}. Do not ship it on these data."


def warnings(done: Study) -> list[str]:
    """Return what a reader must know before the file is used: limits that were met, statements that fall silent."""
    fitted, rare = done.fitted, [emotion for emotion, count in done.labels.items() if count < RARE]
    found = [
        (
            fitted.statement.category >= 1,
            f"No emotion is ever stated: no threshold bounds the errors by {CATEGORY_RISK:.0%}.",
        ),
        (fitted.statement.group >= 1, f"No group is ever stated: no threshold bounds the errors by {GROUP_RISK:.0%}."),
        (
            fitted.statement.conflict >= 1,
            f"No conflict is ever told: no threshold bounds the errors by {CONFLICT_RISK:.0%}.",
        ),
        (_at_limit(fitted.voice.temperature), "The temperature of the voice is at its limit."),
        (_at_limit(fitted.words.temperature), "The temperature of the words is at its limit."),
        (
            bool(rare),
            f"Fewer than {RARE} turns each: {', '.join(rare)}. Their biases and rows are hardly better than guesses.",
        ),
        (fitted.prior == done.start.prior, "The start values fit these turns best: only the thresholds are new."),
    ]
    return [sentence for applies, sentence in found if applies]


def sure(each: Estimate) -> str:
    """Return a figure with its interval."""
    return f"{each.value:.3f} [{each.low:.3f}, {each.high:.3f}]"


def _at_limit(temperature: float) -> bool:
    return any(abs(temperature / limit - 1) < 1e-6 for limit in TEMPERATURES)
