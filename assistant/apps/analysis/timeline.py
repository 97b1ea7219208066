"""A picture of a recording over time: its sound, how it was said, what it came to, and the words."""

import math
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from assistant.apps.analysis.choices import Channel
from assistant.apps.analysis.envelope import Envelope
from assistant.apps.analysis.lettering import FONT, fitted, width_em, wrapped
from assistant.apps.analysis.page import COLOURS, DPI, LARGE, LEFT, NOTE, PAPER, PLAIN, RIGHT, WIDTH, Page, clock
from assistant.apps.analysis.result import Recording
from assistant.apps.analysis.strips import Row, draw_row, name_of, sure
from assistant.apps.drawing import quietly
from assistant.apps.words import Words
from assistant.types import Emotion, Group

HEADER, REMARK, GAP, FOOT = 0.8, 0.25, 0.2, 0.1
"""Inches: above the rows, where there is a remark beneath the title, between the rows, below."""

LENGTHS = (60, 300, 600, 1800, 3600, 7200, 14_400)
"""Seconds that a row may show: the first with which a recording fits on MOST_ROWS."""

MOST_ROWS = 12
READABLE_S = 60
"""Rows longer than this have no room for words."""

MOST_LINES = 4

MINI = "mini"
"""The profile of the bundled models, which no picture may pass off as the real ones."""

_CHANNELS = {Channel.LEFT: "channel_left", Channel.RIGHT: "channel_right", Channel.MIX: "channel_mix"}


def draw(path: Path, recording: Recording, envelope: Envelope, words: Words) -> None:
    """Write the picture, a PNG, of a recording with its `envelope`. Raises OSError.

    Up to twelve minutes of it are shown with the words, a minute to a row; of more there is an overview.
    """
    with quietly():
        from matplotlib.figure import Figure
        from matplotlib.font_manager import get_font

        glyphs = frozenset(get_font(str(FONT)).get_charmap())
    rows = list(_rows(recording))
    header = HEADER + (REMARK if recording.profile == MINI else 0.0)
    height = header + sum(row.height + GAP for row in rows) - GAP + FOOT
    figure = Figure(figsize=(WIDTH, height), dpi=DPI, facecolor=PAPER)
    axes = figure.add_axes((0, 0, 1, 1))
    axes.set_axis_off()
    page = Page(axes, glyphs, words)
    _header(page, recording, height)
    top = height - header
    for row in rows:
        draw_row(page, row, top, envelope)
        top -= row.height + GAP
    axes.set(xlim=(0, WIDTH), ylim=(0, height))
    figure.savefig(path, format="png", metadata={"Software": None})


def _rows(recording: Recording) -> Iterator[Row]:
    """Yield the rows; a short recording fills its only one."""
    duration_s = max(recording.source.duration_s, 0.1)
    length_s = next((length for length in LENGTHS if duration_s <= MOST_ROWS * length), LENGTHS[-1])
    inches = (WIDTH - LEFT - RIGHT) / max(min(length_s, duration_s), 1.0)
    for place in range(math.ceil(duration_s / length_s)):
        start, end = place * length_s, min((place + 1) * length_s, duration_s)
        heard = tuple(each for each in recording.utterances if each.start < end and each.end > start)
        row = Row(start, end, inches, heard, {})
        yield replace(row, written=_written(row)) if length_s <= READABLE_S else row


def _written(row: Row) -> dict[int, list[str]]:
    """Return the lines under each utterance, in the row that has most of it, up to where the next one begins."""
    lines = {}
    for place, heard in enumerate(row.heard):
        if row.has(heard):
            until = row.heard[place + 1].start if place + 1 < len(row.heard) else row.end
            room = (row.x(until) - row.x(heard.start) - 0.1) * 72 / PLAIN
            lines[place] = wrapped(heard.text, room, MOST_LINES) if room >= 2 else []
    return lines


def _header(page: Page, recording: Recording, height: float) -> None:
    words, source = page.words, recording.source
    facts = [
        f"{words.screen('sound')} {clock(source.duration_s, 1)}",
        words.screen(_CHANNELS[source.channel]),
        f"{words.screen('voice')} {sure(words.label('emotion', recording.emotion), recording.confidence)}",
        f"{words.screen('judgement')} {sure(name_of(recording.fused, words), recording.fused.confidence)}",
    ]
    if recording.doubts:
        causes = words.screen("and").join(words.label("doubt", doubt) for doubt in recording.doubts)
        facts.append(f"{words.screen('doubts')} {causes}")
    page.write(LEFT, height - 0.3, fitted(Path(source.path).name, 48), LARGE)
    page.write(LEFT, height - 0.6, "   ·   ".join(facts), 10.5)
    if recording.profile == MINI:
        page.write(LEFT, height - 0.84, words.screen("mini"), PLAIN, NOTE)
    _legend(page, height - 0.3)


def _legend(page: Page, y: float) -> None:
    """Explain sign and colours, up to the right margin."""
    signs: dict[Group | None, str] = {group: page.words.label("polarity", group) for group in Group}
    signs[None] = page.words.label("emotion", Emotion.UNKNOWN)
    alert = page.words.screen("alert")
    x = WIDTH - RIGHT - sum(map(_room, (alert, *signs.values())))
    page.mark(x + 0.08, y)
    page.write(x + 0.22, y, alert, PLAIN)
    x += _room(alert)
    for group, name in signs.items():
        page.fill((x, x + 0.16, y - 0.07, y + 0.07, COLOURS[group]))
        page.write(x + 0.22, y, name, PLAIN)
        x += _room(name)


def _room(name: str) -> float:
    """Return the inches that a sign with its name takes in the legend."""
    return 0.22 + width_em(name) * PLAIN / 72 + 0.16
