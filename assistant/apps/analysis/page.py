"""What pictures are drawn on: a page measured in inches, its colours, and writing on it."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from assistant.apps.analysis.lettering import FONT, shown
from assistant.apps.words import Words
from assistant.types import GROUPS, Emotion, Group

if TYPE_CHECKING:
    from matplotlib.axes import Axes

Colour = tuple[float, float, float]
"""Red, green and blue, 0-1."""

Box = tuple[float, float, float, float, str | Colour]
"""A rectangle: its left, right, lower and upper edge in inches, and its colour."""

WIDTH, LEFT, RIGHT = 16.0, 0.95, 0.35
"""Inches: of the page, and of its margins."""

DPI = 110
SMALL, PLAIN, LARGE = 8.0, 9.0, 15.0
"""Points."""

INK, FAINT, PAPER, SILENCE, ALERT, NOTE = "#22272e", "#6b7280", "#ffffff", "#eceef0", "#f0e442", "#8a5a00"

COLOURS: dict[Group | None, Colour] = {
    Group.POSITIVE: (0.0, 0.447, 0.698),
    Group.NEGATIVE: (0.835, 0.369, 0.0),
    Group.NEUTRAL: (0.36, 0.40, 0.45),
    None: (0.56, 0.58, 0.61),
}
"""Told apart by any eye: blue and vermilion from the palette of Okabe and Ito, and greys of two depths."""

_GROUP_OF = {emotion: group for group, emotions in GROUPS.items() for emotion in emotions}


@dataclass(frozen=True, slots=True)
class Page:
    """Axes in inches from the lower left corner, the characters that the typeface has, and the screen's words."""

    axes: "Axes"
    glyphs: frozenset[int]
    words: Words

    def write(
        self, x: float, y: float, text: str, points: float, colour: str | Colour = INK, *, right: bool = False
    ) -> None:
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

    def fill(self, *boxes: Box) -> None:
        """Fill rectangles, all at once: there may be thousands."""
        from matplotlib.collections import PolyCollection

        corners = [[(left, low), (right, low), (right, high), (left, high)] for left, right, low, high, _ in boxes]
        self.axes.add_collection(PolyCollection(corners, facecolors=[box[-1] for box in boxes], linewidths=0))

    def mark(self, x: float, y: float) -> None:
        """Draw the sign of an alert: a triangle that needs no colour to be seen."""
        self.axes.scatter((x,), (y,), s=55, marker="^", color=ALERT, edgecolors=INK, linewidths=1.0)


def colour_of(emotion: Emotion) -> Colour:
    """Return the colour of the group that an emotion belongs to."""
    return COLOURS[_GROUP_OF.get(emotion)]


def paler(colour: Colour, share: float) -> Colour:
    """Return a colour of which only a share is left on white."""
    red, green, blue = (1 - share * (1 - part) for part in colour)
    return red, green, blue


def clock(seconds: float, step: float) -> str:
    """Return a time as minutes and seconds, hours where there are any, and tenths where `step` is below a second."""
    whole = int(seconds)
    minutes, rest = divmod(whole, 60)
    hours, minutes = divmod(minutes, 60)
    text = f"{hours}:{minutes:02d}:{rest:02d}" if hours else f"{minutes}:{rest:02d}"
    return text if step >= 1 else f"{text}.{int(10 * (seconds - whole))}"
