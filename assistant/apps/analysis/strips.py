"""One stretch of a recording, drawn as strips over one time: sound, emotions, what they came to, words."""

import math
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import numpy.typing as npt

from assistant.apps.analysis.envelope import Envelope
from assistant.apps.analysis.lettering import width_em
from assistant.apps.analysis.page import (
    COLOURS,
    DPI,
    FAINT,
    INK,
    LEFT,
    PAPER,
    PLAIN,
    RIGHT,
    SILENCE,
    SMALL,
    WIDTH,
    Box,
    Colour,
    Page,
    clock,
    colour_of,
    paler,
)
from assistant.apps.analysis.result import Fused, Heard
from assistant.apps.words import Words
from assistant.config.when import pair_name
from assistant.types import Certainty, Emotion, Group

Pixels = npt.NDArray[np.float64]

MARKS, WAVE, HEAT, SEAM, LABEL, LINE, CLOCK = 0.2, 0.5, 1.26, 0.04, 0.22, 0.17, 0.3
"""Inches of each strip, from top to bottom; LINE is of each line of words."""

QUIET = 0.05
"""Sound that is never louder than this share of full scale isn't blown up to fill its strip."""

ORDER = (
    Emotion.HAPPY,
    Emotion.SURPRISED,
    Emotion.NEUTRAL,
    Emotion.SAD,
    Emotion.FEARFUL,
    Emotion.DISGUSTED,
    Emotion.ANGRY,
    Emotion.OTHER,
    Emotion.UNKNOWN,
)

_TICKS_S = (0.5, 1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 1200)
_MOST_TICKS = 24


@dataclass(frozen=True, slots=True)
class Row:
    """A stretch of the recording from `start` to `end`, drawn `inches` long per second.

    heard: what was said in it, in part at least; written: the lines of words under some of them, by their place there.
    """

    start: float
    end: float
    inches: float
    heard: tuple[Heard, ...]
    written: dict[int, list[str]]

    @property
    def height(self) -> float:
        """Return the height of all its strips, in inches."""
        lines = max(map(len, self.written.values()), default=0)
        return MARKS + WAVE + HEAT + SEAM + LABEL + lines * LINE + CLOCK

    def has(self, heard: Heard) -> bool:
        """Tell whether the better part of an utterance is here: it is named once."""
        return self.start <= (heard.start + heard.end) / 2 < self.end

    def x(self, time: float) -> float:
        """Return where a time lies, within the row, in inches from the left."""
        return LEFT + (min(max(time, self.start), self.end) - self.start) * self.inches


def draw_row(page: Page, row: Row, top: float, envelope: Envelope) -> None:
    """Draw a row down from `top`, inches from the foot of the page, with its part of the envelope."""
    left, right = row.x(row.start), row.x(row.end)
    wave = top - MARKS
    heat = wave - WAVE
    label = heat - HEAT - SEAM
    text = label - LABEL
    spoken = [(row.x(heard.start), row.x(heard.end), _colours(heard.fused)) for heard in row.heard]
    page.fill(
        (left, right, heat, wave, SILENCE),
        (left, right, text, label, SILENCE),
        *((begin, end, heat, wave, paler(colours[0], 0.16)) for begin, end, colours in spoken),
        *(box for begin, end, colours in spoken for box in _striped(begin, end, text, label, colours)),
    )
    _draw_sound(page, row, wave - WAVE / 2, envelope)
    _draw_heat(page, row, label + SEAM)
    for place, heard in enumerate(row.heard):
        _write_label(page, row, heard, label)
        if heard.alert and heard.start >= row.start:
            _draw_alert(page, row, heard, wave + MARKS / 2)
        for number, line in enumerate(row.written.get(place, [])):
            page.write(row.x(heard.start) + 0.02, text - 0.04 - (number + 0.5) * LINE, line, PLAIN)
    _draw_clock(page, row, top - row.height + CLOCK)


def _striped(left: float, right: float, low: float, high: float, colours: list[Colour]) -> list[Box]:
    """Return a bar with a stripe per colour, the first on top."""
    edges = [high - (high - low) * place / len(colours) for place in range(len(colours) + 1)]
    return [
        (left, right, below, above, colour) for colour, (above, below) in zip(colours, pairwise(edges), strict=True)
    ]


def _draw_sound(page: Page, row: Row, middle: float, envelope: Envelope) -> None:
    outline, step_s = envelope.outline, envelope.step_s
    scale = 0.96 * WAVE / 2 / float(np.abs(outline).max(initial=QUIET))
    first, end = int(row.start / step_s), math.ceil(row.end / step_s)
    low, high = outline[first:end].T
    x = LEFT + ((np.arange(first, first + len(low)) + 0.5) * step_s - row.start) * row.inches
    page.axes.fill_between(x, middle + low * scale, middle + high * scale, color=INK, linewidth=0.35)


def _draw_heat(page: Page, row: Row, bottom: float) -> None:
    left, right, step = row.x(row.start), row.x(row.end), HEAT / len(ORDER)
    extent = (left, right, bottom, bottom + HEAT)
    page.axes.imshow(_heat(row), extent=extent, interpolation="nearest", aspect="auto")
    lines = [bottom + place * step for place in range(1, len(ORDER))]
    page.axes.hlines(lines, left, right, colors=SILENCE, linewidth=0.6)
    for place, emotion in enumerate(ORDER[::-1]):
        colour = colour_of(emotion)
        name = page.words.label("emotion", emotion)
        page.write(LEFT - 0.1, bottom + (place + 0.5) * step, name, SMALL, colour, right=True)


def _heat(row: Row) -> Pixels:
    """Return an image [9, width, 3] of the scores over the row: the stronger, the more of its group's colour."""
    from matplotlib.colors import to_rgb

    columns = max(1, round((row.end - row.start) * row.inches * DPI))
    times = row.start + (np.arange(columns) + 0.5) * (row.end - row.start) / columns
    image = np.empty((len(ORDER), columns, 3))
    image[:] = to_rgb(SILENCE)
    colours = np.array([colour_of(emotion) for emotion in ORDER])
    for heard in row.heard:
        if heard.voice is None:
            continue
        rows = heard.frames or ()
        moments = [frame.scores for frame in rows] or [heard.voice]
        scores = np.array([[moment[emotion] for emotion in ORDER] for moment in moments])
        centres = np.array([(frame.start + frame.end) / 2 for frame in rows] or [0.0])
        inside = np.flatnonzero((times >= heard.start) & (times < heard.end))
        nearest = np.searchsorted((centres[1:] + centres[:-1]) / 2, times[inside])
        image[:, inside] = 1 - scores[nearest].T[..., None] * (1 - colours[:, None])
    return image


def _write_label(page: Page, row: Row, heard: Heard, top: float) -> None:
    """Write what an utterance came to, where there is room: its name with its confidence, or its name."""
    name = name_of(heard.fused, page.words)
    left = row.x(heard.start)
    room = (row.x(heard.end) - left - 0.06) * 72 / SMALL
    text = next((text for text in (sure(name, heard.fused.confidence), name) if width_em(text) <= room), None)
    if text and row.has(heard):
        page.write(left + 0.04, top - LABEL / 2, text, SMALL, PAPER)


def _draw_alert(page: Page, row: Row, heard: Heard, y: float) -> None:
    assert heard.alert is not None
    x = row.x(heard.start) + 0.07
    page.mark(x, y)
    name = page.words.label("level", heard.alert)
    if width_em(name) * SMALL / 72 <= row.x(heard.end) - x:
        page.write(x + 0.1, y, name, SMALL)


def _draw_clock(page: Page, row: Row, y: float) -> None:
    full_s = (WIDTH - LEFT - RIGHT) / row.inches
    step = next((step for step in _TICKS_S if full_s / step <= _MOST_TICKS), _TICKS_S[-1])
    for tick in range(math.ceil(row.start / step), math.floor(row.end / step) + 1):
        x = row.x(tick * step)
        page.axes.vlines(x, y - 0.14, y - 0.07, colors=FAINT, linewidth=0.6)
        time = clock(tick * step, step)
        beyond = x + 0.04 + width_em(time) * SMALL / 72 > WIDTH
        page.write(x - 0.04 if beyond else x + 0.04, y - 0.15, time, SMALL, FAINT, right=beyond)


def name_of(fused: Fused, words: Words) -> str:
    """Return the short name of what an utterance came to."""
    match fused.certainty:
        case Certainty.LABEL:
            return words.label("emotion", fused.label)
        case Certainty.MIXED:
            first, second = fused.label.split("+")
            return words.label("mixed", pair_name((Emotion(first), Emotion(second))))
        case Certainty.GROUP:
            return words.label("polarity", fused.label)
        case _:
            return words.label("emotion", Emotion.UNKNOWN)


def sure(name: str, confidence: float) -> str:
    """Return a name with its confidence, if there is any."""
    return f"{name} {confidence:.0%}" if confidence else name


def _colours(fused: Fused) -> list[Colour]:
    """Return the colour of each emotion, or of the group, that an utterance came to."""
    if fused.certainty is Certainty.GROUP:
        return [COLOURS[Group(fused.label)]]
    found = [colour_of(Emotion(name)) for name in fused.label.split("+")]
    return list(dict.fromkeys(found))
