"""The timeline of one dialogue as an SVG: its turns on a time axis, coloured by what was felt, misses and alerts."""

from collections.abc import Iterator
from html import escape

from assistant.apps.replay.outcome import How, Outcome, TurnOutcome

WIDTH = 1000
"""Units of the picture from side to side; it is drawn as wide as there is room."""

LONGEST_GAP_S = 4.0
"""Longer silence is cut out, and its length written into the gap."""

LEAST_S = 1.2
"""A turn is drawn at least this long, or typed ones would not be seen."""

_TOP, _HIGH, _MOOD, _LOW = 22, 26, 30, 84


def strip(outcome: Outcome) -> str:
    """Return the timeline; above the turns alerts and first misses, below them the valence of each, -1 to 1.

    Nothing for a journal without turns.
    """
    if not outcome.turns:
        return ""
    places = _places(outcome)
    scale = (WIDTH - 20) / max(places[-1][1], 1.0)
    parts = [*_breaks(outcome, places, scale), *_valence(outcome, places, scale)]
    for turn, (start, end) in zip(outcome.turns, places, strict=True):
        parts += _turn(turn, 10 + start * scale, 10 + end * scale)
    return f'<svg class="strip" viewBox="0 0 {WIDTH} {_LOW + _MOOD}" role="img">{"".join(parts)}</svg>'


def _places(outcome: Outcome) -> list[tuple[float, float]]:
    """Return where each turn begins and ends, in seconds of the picture."""
    places: list[tuple[float, float]] = []
    at, last = 0.0, 0.0
    for turn in outcome.turns:
        at += min(max(turn.start - last, 0.0), LONGEST_GAP_S)
        length = max(turn.end - turn.start, LEAST_S)
        places.append((at, at + length))
        at, last = at + length, turn.end
    return places


def _breaks(outcome: Outcome, places: list[tuple[float, float]], scale: float) -> Iterator[str]:
    yield f'<line class="axis" x1="0" y1="{_TOP + _HIGH}" x2="{WIDTH}" y2="{_TOP + _HIGH}"/>'
    pairs = zip(outcome.turns, outcome.turns[1:], places, places[1:], strict=False)
    for before, after, (_, end), (start, _) in pairs:
        if after.start - before.end > LONGEST_GAP_S:
            middle = 10 + (start + end) / 2 * scale
            yield f'<text class="gap" x="{middle:.1f}" y="{_TOP + _HIGH - 8}">⋯ {after.start - before.end:.0f} s</text>'


def _valence(outcome: Outcome, places: list[tuple[float, float]], scale: float) -> Iterator[str]:
    middle = _LOW + _MOOD / 2 - 2
    points = [
        (10 + (start + end) / 2 * scale, middle - turn.record.affect.valence * _MOOD / 2)
        for turn, (start, end) in zip(outcome.turns, places, strict=True)
        if turn.record
    ]
    yield f'<line class="axis" x1="0" y1="{middle}" x2="{WIDTH}" y2="{middle}"/>'
    yield f'<polyline class="valence" points="{" ".join(f"{x:.1f},{y:.1f}" for x, y in points)}"/>'
    yield from (f'<circle class="valence" cx="{x:.1f}" cy="{y:.1f}" r="2.5"/>' for x, y in points)


def _turn(turn: TurnOutcome, left: float, right: float) -> Iterator[str]:
    width, middle = right - left, (left + right) / 2
    first, second = _colours(turn)
    look = "turn" if turn.held else "turn missed"
    yield f"<g><title>{escape(f'{turn.number}. {turn.said}')}</title>"
    box = f'y="{_TOP}" height="{_HIGH}" rx="{_HIGH / 2 if turn.how is How.TYPED else 4}"'
    yield f'<rect class="e-{first}" x="{left:.1f}" width="{width:.1f}" {box}/>'
    if second != first:
        yield f'<rect class="e-{second}" x="{middle:.1f}" width="{width / 2:.1f}" y="{_TOP}" height="{_HIGH}"/>'
    yield f'<rect class="{look}" x="{left:.1f}" width="{width:.1f}" {box}/>'
    yield f'<text class="number" x="{middle:.1f}" y="{_TOP + _HIGH + 15}">{turn.number}</text>'
    rule = turn.record.decision.rule if turn.record else "–"
    if width > 6.2 * len(rule):
        yield f'<text class="rule" x="{middle:.1f}" y="{_TOP + _HIGH + 28}">{escape(rule)}</text>'
    alert = turn.record.decision.alert if turn.record else None
    if alert:
        yield f'<text class="alert {alert.level}" x="{middle:.1f}" y="15">▲</text>'
    if turn.kind:
        yield f'<text class="kind" x="{middle + (36 if alert else 0):.1f}" y="15">✗ {turn.kind}</text>'
    yield "</g>"


def _colours(turn: TurnOutcome) -> tuple[str, str]:
    """Return the colours of both halves: those of a pair, or one emotion twice, or none."""
    affect = turn.record.affect if turn.record else None
    if affect is None:
        return "none", "none"
    if affect.mixed and affect.label is None:
        return affect.mixed
    pair = affect.mixed if affect.mixed and affect.certainty == "mixed" else None
    alone = affect.label or "none"
    return pair or (alone, alone)
