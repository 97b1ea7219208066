"""Print how well danger is heard: `python -m tests.crisis [HALF...]`; exit code 1 below target."""

import sys
from collections import Counter
from collections.abc import Sequence

from rich.console import Console
from rich.table import Table

from tests.crisis.figures import MOST_FALSE_ALARMS, RECALL, Answer, Figures, figures, measure
from tests.crisis.lines import Half, Set

_HEADS = ("set", "half", "lines", "at 2 or more", "share", "95 %", "wrong kind")


def main(halves: Sequence[Half]) -> int:
    """Print the table, every line that was got wrong, and the verdict; return the exit code."""
    console = Console(width=None if sys.stdout.isatty() else 140, highlight=False)
    answers = [answer for answer in measure() if answer.line.half in halves]
    table = Table(*_HEADS, title="Danger in words, by configs/crisis.yaml")
    for which in Set:
        for half in halves:
            if (of := figures(answers, which, half)).lines:
                table.add_row(which, half, *_row(of))
    console.print(table)
    console.print(
        "explicit, passive: share heard. hard, ordinary: share of false alarms. wrong kind: a line of level 1 or 0 that"
    )
    console.print("got another one, or a helper's line that was taken for the speaker's own.")
    for which in Set:
        _wrong(console, which, [answer for answer in answers if answer.line.set is which and not answer.right])
    heard = figures(answers, Set.EXPLICIT, *halves)
    alarms = figures(answers, Set.ORDINARY, *halves)
    met = heard.share >= RECALL and alarms.alarms <= MOST_FALSE_ALARMS
    console.print(
        f"explicit heard: {heard.share:.3f} (wanted {RECALL}); ordinary lines at 2 or more: {alarms.alarms} "
        f"(at most {MOST_FALSE_ALARMS}): {'met' if met else 'MISSED'}"
    )
    return 0 if met else 1


def _row(of: Figures) -> tuple[str, str, str, str, str]:
    low, high = of.interval
    return str(of.lines), str(of.alarms), f"{of.share:.3f}", f"{low:.3f}-{high:.3f}", str(of.wrong_kind)


def _wrong(console: Console, which: Set, answers: Sequence[Answer]) -> None:
    if not answers:
        return
    groups = Counter(answer.line.group for answer in answers)
    console.print(f"\n{which}: {len(answers)} not as wanted: " + ", ".join(f"{name} {n}" for name, n in groups.items()))
    for answer in answers:
        line = answer.line
        wanted = str(line.least) if line.least == line.most else f"{line.least}-{line.most}"
        console.print(f"  {answer.level} ({answer.about}), wanted {wanted}: {line.text}  [{line.half}]", markup=False)


if __name__ == "__main__":
    chosen = [Half(name) for name in sys.argv[1:]] or list(Half)
    raise SystemExit(main(chosen))
