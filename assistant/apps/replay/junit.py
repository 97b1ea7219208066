"""A replay as JUnit XML, which every CI reads: a suite per dialogue, a case per turn."""

import re
from collections.abc import Sequence
from xml.etree.ElementTree import Element, SubElement, indent, tostring

from assistant.apps.replay.outcome import Outcome, TurnOutcome

_NO_XML = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
"""Characters that XML 1.0 has no way to hold."""


def junit(outcomes: Sequence[Outcome]) -> str:
    """Return the report; a missed turn is a failure, its type the stage that missed first."""
    top = Element("testsuites", name="replay")
    several = max((outcome.run for outcome in outcomes), default=1) > 1
    for outcome in outcomes:
        name = f"{outcome.name} (run {outcome.run})" if several else outcome.name
        suite = SubElement(
            top,
            "testsuite",
            name=name,
            tests=str(len(outcome.turns)),
            failures=str(outcome.missed),
            errors="0",
            skipped="0",
            time=f"{outcome.took_s:.3f}",
            file=outcome.path,
        )
        for turn in outcome.turns:
            _case(suite, turn, name, outcome.path)
    _count(top, outcomes)
    indent(top)
    return '<?xml version="1.0" encoding="UTF-8"?>\n' + tostring(top, encoding="unicode") + "\n"


def _case(suite: Element, turn: TurnOutcome, classname: str, path: str) -> None:
    timings = turn.record.timings_ms if turn.record else {}
    seconds = sum(timings.get(stage, 0.0) for stage in ("wait", "judge")) / 1000
    name = _clean(f"turn {turn.number}: {turn.said}".rstrip(": "))
    case = SubElement(suite, "testcase", name=name, classname=classname, time=f"{seconds:.3f}", file=path)
    if turn.misses:
        told = "\n".join(f"[{miss.kind}] {miss.text}" for miss in turn.misses)
        failure = SubElement(case, "failure", type=str(turn.kind), message=_clean(turn.misses[0].text))
        failure.text = _clean(told)


def _count(top: Element, outcomes: Sequence[Outcome]) -> None:
    top.set("tests", str(sum(len(outcome.turns) for outcome in outcomes)))
    top.set("failures", str(sum(outcome.missed for outcome in outcomes)))
    top.set("errors", "0")
    top.set("time", f"{sum(outcome.took_s for outcome in outcomes):.3f}")


def _clean(text: str) -> str:
    return _NO_XML.sub("\ufffd", text)
