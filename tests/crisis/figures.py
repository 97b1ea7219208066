"""What the lexicon makes of the lines, and the figures of it."""

import math
from collections.abc import Iterable
from dataclasses import dataclass

from assistant.config.crisis import Crisis, Subject
from assistant.config.files import CONFIGS
from assistant.config.yaml import checked, read_yaml
from assistant.core.safety import assess
from tests.crisis.lines import Half, Line, Set, load_lines

RECALL = 0.98
"""Of the explicit lines at least this share must be at level 2 or more."""

MOST_FALSE_ALARMS = 5
"""So many ordinary lines at level 2 or more may be."""


@dataclass(frozen=True, slots=True)
class Answer:
    """A line and what the lexicon says of it."""

    line: Line
    level: int
    about: Subject

    @property
    def alarm(self) -> bool:
        """Tell whether fixed texts would take over."""
        return self.level >= 2

    @property
    def right(self) -> bool:
        """Tell whether level and subject are as wanted."""
        somebody_else = self.line.group == "others"
        return self.line.least <= self.level <= self.line.most and (self.about is Subject.OTHER) >= somebody_else


@dataclass(frozen=True, slots=True)
class Figures:
    """Counts over some lines; `wrong_kind`: of those without an alarm, the ones that are not as wanted."""

    lines: int
    alarms: int
    wrong_kind: int

    @property
    def share(self) -> float:
        """Return the share of the lines at level 2 or more: recall of danger, false alarms of the rest."""
        return self.alarms / self.lines if self.lines else 0.0

    @property
    def interval(self) -> tuple[float, float]:
        """Return the 95 % interval of the share, after Wilson (1927)."""
        if not self.lines:
            return 0.0, 1.0
        z, n, p = 1.96, self.lines, self.share
        middle, half = p + z * z / (2 * n), z * math.sqrt(p * (1 - p) / n + z * z / (4 * n * n))
        return (middle - half) / (1 + z * z / n), (middle + half) / (1 + z * z / n)


def measure() -> list[Answer]:
    """Return what configs/crisis.yaml makes of every line."""
    lexicon = checked(Crisis, read_yaml(CONFIGS / "crisis.yaml"), "configs/crisis.yaml")
    concerns = ((line, assess(line.text, lexicon)) for line in load_lines())
    return [Answer(line, concern.level, concern.about) for line, concern in concerns]


def figures(answers: Iterable[Answer], which: Set, *halves: Half) -> Figures:
    """Return the counts of one set in some halves."""
    mine = [answer for answer in answers if answer.line.set is which and answer.line.half in halves]
    return Figures(
        lines=len(mine),
        alarms=sum(answer.alarm for answer in mine),
        wrong_kind=sum(not answer.right and not answer.alarm for answer in mine),
    )
