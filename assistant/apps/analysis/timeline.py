"""A picture of a recording over time: its sound, how it was said, what it came to, and the words."""

import logging
import math
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from assistant.apps.analysis.choices import Channel
from assistant.apps.analysis.envelope import Envelope
from assistant.apps.analysis.lettering import FONT, fitted, shown, width_em, wrapped
from assistant.apps.analysis.result import Fused, Heard, Recording
from assistant.apps.words import Words
from assistant.config.policy import pair_name
from assistant.types import GROUPS, Certainty, Emotion, Group

if TYPE_CHECKING:
    from matplotlib.axes import Axes

Colour = tuple[float, float, float]
Pixels = npt.NDArray[np.float64]

DPI = 110
WIDTH, LEFT, RIGHT, HEADER, FOOT = 16.0, 0.95, 0.3, 1.05, 0.12
WAVE, HEAT, LABEL, WORDS, CLOCK, GAP = 0.55, 1.08, 0.22, 0.6, 0.2, 0.2
"""Inches: of the page, and of the strips of one row from top to bottom."""

LENGTHS = (60, 300, 600, 1800, 3600, 7200, 14_400)
"""Seconds that a row may show: the first with which a recording fits on MOST_ROWS."""

MOST_ROWS = 12
READABLE_S = 60
"""Rows longer than this have no room for words."""

SMALL, PLAIN, LARGE = 8.0, 9.0, 15.0
"""Points."""

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

# Told apart by any eye: blue and vermilion of Okabe and Ito's palette, and greys.
COLOURS: dict[Group | None, Colour] = {
    Group.POSITIVE: (0.0, 0.447, 0.698),
    Group.NEGATIVE: (0.835, 0.369, 0.0),
    Group.NEUTRAL: (0.36, 0.40, 0.45),
    None: (0.62, 0.64, 0.67),
}
INK, FAINT, PAPER, SILENCE, ALERT, NOTE = "#22272e", "#6b7280", "#ffffff", "#eceef0", "#f0e442", "#8a5a00"

_GROUP_OF = {emotion: group for group, emotions in GROUPS.items() for emotion in emotions}
_CHANNELS = {Channel.LEFT: "channel_left", Channel.RIGHT: "channel_right", Channel.MIX: "channel_mix"}
_TICKS_S = (0.5, 1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 1200)
_MOST_TICKS = 24


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the picture: the seconds from `start` to `end` on a scale of `inches` per second, down from `top`."""

    start: float
    end: float
    inches: float
    top: float

    def x(self, time: float) -> float:
        """Return where a time lies, within the row, in inches from the left."""
        return LEFT + (min(max(time, self.start), self.end) - self.start) * self.inches


@dataclass(frozen=True, slots=True)
class Page:
    """What is drawn on: axes in inches from the lower left, the typeface's characters, and the words."""

    axes: "Axes"
    glyphs: frozenset[int]
    words: Words

    def write(self, x: float, y: float, text: str, points: float, colour: str = INK, *, right: bool = False) -> None:
        """Write one line, centred on `y`, from `x` on or up to it."""
        from matplotlib.font_manager import FontProperties

        self.axes.text(
            x,
            y,
            shown(text, self.glyphs),
            fontproperties=FontProperties(fname=FONT, size=points),
            color=colour,
            ha="right" if right else "left",
            va="center_baseline",
            parse_math=False,
        )

    def fill(self, left: float, right: float, bottom: float, top: float, colour: str | Colour) -> None:
        """Fill a rectangle."""
        self.axes.fill_between((left, right), bottom, top, color=colour, linewidth=0)


def draw(path: Path, recording: Recording, envelope: Envelope, words: Words) -> None:
    """Write the picture, a PNG, of a recording with its `envelope`. Raises OSError.

    Up to twelve minutes of it are shown with the words, a minute to a row; of more there is an overview.
    """
    with _quiet():
        from matplotlib.figure import Figure
        from matplotlib.font_manager import get_font

        glyphs = frozenset(get_font(str(FONT)).get_charmap())
    duration_s = recording.source.duration_s
    length_s = _row_length(duration_s)
    strips = WAVE + HEAT + LABEL + (WORDS if length_s <= READABLE_S else 0.0) + CLOCK
    count = max(1, math.ceil(duration_s / length_s))
    height = HEADER + count * strips + (count - 1) * GAP + FOOT
    figure = Figure(figsize=(WIDTH, height), dpi=DPI, facecolor=PAPER)
    axes = figure.add_axes((0, 0, 1, 1))
    axes.set_axis_off()
    page = Page(axes, glyphs, words)
    _header(page, recording, height)
    for place in range(count):
        start, top = place * length_s, height - HEADER - place * (strips + GAP)
        row = Row(start, min(start + length_s, max(duration_s, 0.1)), (WIDTH - LEFT - RIGHT) / length_s, top)
        _draw_row(page, row, recording.utterances, envelope, written=length_s <= READABLE_S)
    axes.set(xlim=(0, WIDTH), ylim=(0, height))
    figure.savefig(path, format="png", metadata={"Software": None})


def _row_length(duration_s: float) -> float:
    """Return the seconds in a full row; a short recording fills its only one."""
    if duration_s <= LENGTHS[0]:
        return max(duration_s, 1.0)
    return next((length for length in LENGTHS if duration_s <= MOST_ROWS * length), LENGTHS[-1])


def _header(page: Page, recording: Recording, height: float) -> None:
    words, source = page.words, recording.source
    facts = [
        f"{words.screen('sound')} {_clock(source.duration_s, 1)}",
        words.screen(_CHANNELS[source.channel]),
        f"{words.screen('voice')} {words.label('emotion', recording.emotion)} {recording.confidence:.0%}",
        f"{words.screen('judgement')} {_name(recording.fused, words)} {recording.fused.confidence:.0%}",
    ]
    if recording.doubts:
        causes = words.screen("and").join(words.label("doubt", doubt) for doubt in recording.doubts)
        facts.append(f"{words.screen('doubts')} {causes}")
    page.write(LEFT, height - 0.3, fitted(Path(source.path).name, 48), LARGE)
    page.write(LEFT, height - 0.6, "   ·   ".join(facts), 10.5)
    if recording.profile == "mini":
        page.write(LEFT, height - 0.84, words.screen("mini"), PLAIN, NOTE)
    _legend(page, height - 0.3)


def _legend(page: Page, y: float) -> None:
    """Explain the colours, from right to left."""
    names = [(group, page.words.label("polarity", group)) for group in Group]
    x = WIDTH - RIGHT
    for group, name in [*names, (None, page.words.label("emotion", Emotion.UNKNOWN))][::-1]:
        page.write(x, y, name, PLAIN, right=True)
        x -= width_em(name) * PLAIN / 72 + 0.24
        page.fill(x, x + 0.16, y - 0.07, y + 0.07, COLOURS[group])
        x -= 0.2
    name = page.words.screen("alert")
    page.write(x, y, name, PLAIN, right=True)
    _mark(page, x - width_em(name) * PLAIN / 72 - 0.12, y)


def _draw_row(page: Page, row: Row, utterances: tuple[Heard, ...], envelope: Envelope, *, written: bool) -> None:
    here = [heard for heard in utterances if heard.start < row.end and heard.end > row.start]
    left, right = row.x(row.start), row.x(row.end)
    heat = row.top - WAVE
    label = heat - HEAT
    page.fill(left, right, heat, row.top, SILENCE)
    for heard in here:
        tint = _paler(_colours(heard.fused)[0], 0.16)
        page.fill(row.x(heard.start), row.x(heard.end), heat, row.top, tint)
    _draw_sound(page, row, envelope)
    page.axes.imshow(_heat(row, here), extent=(left, right, label, heat), interpolation="nearest", aspect="auto")
    for place, emotion in enumerate(ORDER):
        y = heat - (place + 0.5) * HEAT / len(ORDER)
        page.write(LEFT - 0.1, y, page.words.label("emotion", emotion), SMALL, FAINT, right=True)
    page.fill(left, right, label - LABEL, label, SILENCE)
    for heard in here:
        _draw_label(page, row, heard, label)
    if written:
        _draw_words(page, row, utterances, label - LABEL)
    bottom = label - LABEL - (WORDS if written else 0.0)
    _draw_clock(page, row, bottom)


def _draw_sound(page: Page, row: Row, envelope: Envelope) -> None:
    outline, step_s = envelope.outline, envelope.step_s
    first, end = int(row.start / step_s), math.ceil(row.end / step_s)
    loudest = float(np.abs(outline).max(initial=0.05))
    middle, scale = row.top - WAVE / 2, 0.96 * WAVE / 2 / loudest
    low, high = outline[first:end].T
    x = LEFT + ((np.arange(first, first + len(low)) + 0.5) * step_s - row.start) * row.inches
    page.axes.fill_between(x, middle + low * scale, middle + high * scale, color=INK, linewidth=0.35)


def _heat(row: Row, utterances: list[Heard]) -> Pixels:
    """Return an image [9, width, 3] of the scores over the row: the stronger, the more of its group's colour."""
    columns = max(1, round((row.end - row.start) * row.inches * DPI))
    times = row.start + (np.arange(columns) + 0.5) * (row.end - row.start) / columns
    image = np.empty((len(ORDER), columns, 3))
    image[:] = _rgb(SILENCE)
    colours = np.array([COLOURS[_GROUP_OF.get(emotion)] for emotion in ORDER])
    for heard in utterances:
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


def _draw_label(page: Page, row: Row, heard: Heard, top: float) -> None:
    """Draw what an utterance came to: a stripe of colour per emotion it names, and its name where there is room."""
    left, right = row.x(heard.start), row.x(heard.end)
    colours = _colours(heard.fused)
    stripe = LABEL / len(colours)
    for place, colour in enumerate(colours):
        page.fill(left, right, top - (place + 1) * stripe, top - place * stripe, colour)
    room = (right - left - 0.06) * 72 / SMALL
    name = _name(heard.fused, page.words)
    sure = f"{name} {heard.fused.confidence:.0%}" if heard.fused.confidence else name
    text = next((text for text in (sure, name) if width_em(text) <= room), None)
    if text and heard.start >= row.start:
        page.write(left + 0.04, top - LABEL / 2, text, SMALL, PAPER)
    if heard.alert and heard.start >= row.start:
        _mark(page, left + 0.07, top + HEAT + WAVE - 0.09)
        name = page.words.label("level", heard.alert)
        if width_em(name) <= room - 2:
            page.write(left + 0.18, top + HEAT + WAVE - 0.09, name, SMALL)


def _draw_words(page: Page, row: Row, utterances: tuple[Heard, ...], top: float) -> None:
    """Write what was said under its utterance, in the row that has most of it, up to where the next one begins."""
    line = 1.35 * PLAIN / 72
    for place, heard in enumerate(utterances):
        if not row.start <= (heard.start + heard.end) / 2 < row.end:
            continue
        until = utterances[place + 1].start if place + 1 < len(utterances) else row.end
        room = (row.x(until) - row.x(heard.start) - 0.06) * 72 / PLAIN
        lines = wrapped(heard.text, room, int(WORDS / line)) if room >= 2 else []
        for number, text in enumerate(lines):
            page.write(row.x(heard.start) + 0.02, top - 0.04 - (number + 0.5) * line, text, PLAIN)


def _draw_clock(page: Page, row: Row, y: float) -> None:
    full_s = (WIDTH - LEFT - RIGHT) / row.inches
    step = next((step for step in _TICKS_S if full_s / step <= _MOST_TICKS), _TICKS_S[-1])
    for tick in range(math.ceil(row.start / step), math.floor(row.end / step) + 1):
        x = row.x(tick * step)
        page.axes.plot((x, x), (y, y + 0.05), color=FAINT, linewidth=0.6)
        page.write(x + 0.03, y - 0.02, _clock(tick * step, step), SMALL, FAINT)


def _mark(page: Page, x: float, y: float) -> None:
    """Draw the sign of an alert: a triangle that needs no colour to be seen."""
    page.axes.scatter((x,), (y,), s=55, marker="^", color=ALERT, edgecolors=INK, linewidths=1.0, zorder=5)


def _name(fused: Fused, words: Words) -> str:
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


def _colours(fused: Fused) -> list[Colour]:
    """Return the colour of each emotion, or of the group, that an utterance came to."""
    if fused.certainty is Certainty.GROUP:
        return [COLOURS[Group(fused.label)]]
    found = [COLOURS[_GROUP_OF.get(Emotion(name))] for name in fused.label.split("+")]
    return list(dict.fromkeys(found))


def _paler(colour: Colour, share: float) -> Colour:
    red, green, blue = (1 - share * (1 - part) for part in colour)
    return red, green, blue


def _rgb(code: str) -> Colour:
    red, green, blue = bytes.fromhex(code.removeprefix("#"))
    return red / 255, green / 255, blue / 255


def _clock(seconds: float, step: float) -> str:
    """Return a time as minutes and seconds, with hours where there are any, as fine as `step`."""
    whole = int(seconds) if step >= 1 else math.floor(seconds)
    minutes, rest = divmod(whole, 60)
    hours, minutes = divmod(minutes, 60)
    text = f"{hours}:{minutes:02d}:{rest:02d}" if hours else f"{minutes}:{rest:02d}"
    return text if step >= 1 else f"{text}.{round(10 * (seconds - whole))}"


@contextmanager
def _quiet() -> Iterator[None]:
    """Keep matplotlib from telling that it looks through the machine's fonts, which it does when first imported."""
    logger = logging.getLogger("matplotlib")
    level = logger.level
    logger.setLevel(logging.ERROR)
    try:
        yield
    finally:
        logger.setLevel(level)
