"""Text in pictures: the bundled Chinese typeface, how wide a text is in it, and how it is broken into lines."""

import re
from collections.abc import Collection

from assistant.config.files import FONTS

FONT = FONTS / "assistant-sans-sc.otf"
"""Part of Noto Sans CJK SC under the SIL Open Font License: no machine is sure to have a Chinese font."""

_WIDE = "\u2e80"
"""From here on characters are as wide as they are high."""

_NARROW_EM = 0.58
_PIECES = re.compile(r"[^\s\u2e80-\uffff]+\s*|\s+|.", re.DOTALL)
_CLOSING = "，。！？；：、）》」』”’…,.!?;:)%"
"""Marks that don't begin a line."""


def shown(text: str, glyphs: Collection[int]) -> str:
    """Return text on one line, with an empty square for what the typeface, with `glyphs`, has no sign for."""
    return "".join(character if ord(character) in glyphs else "□" for character in " ".join(text.split()))


def width_em(text: str) -> float:
    """Return about how wide a text is, in heights of its letters; rather too wide than too narrow."""
    return sum(1.0 if character >= _WIDE else _NARROW_EM for character in text)


def fitted(text: str, room_em: float) -> str:
    """Return text cut to a width, an ellipsis at its end where something is left out; nothing if no letter fits."""
    if width_em(text) <= room_em:
        return text
    room_em -= width_em("…")
    end = 0
    while end < len(text) and width_em(text[: end + 1]) <= room_em:
        end += 1
    return f"{text[:end]}…" if end else ""


def wrapped(text: str, room_em: float, lines: int) -> list[str]:
    """Return text broken into at most so many lines of a width: between Chinese characters, else between words.

    A mark that may not begin a line hangs over the end of the last one. What is left out ends in an ellipsis.
    """
    broken = [""]
    for piece in _PIECES.findall(text):
        if not broken[-1] or piece in _CLOSING or width_em(broken[-1] + piece.rstrip()) <= room_em:
            broken[-1] += piece
        else:
            broken.append(piece)
    whole, rest = broken[: lines - 1], "".join(broken[lines - 1 :])
    return [_hung(line.strip(), room_em) for line in (*whole, rest) if line.strip()]


def _hung(line: str, room_em: float) -> str:
    overhang = width_em(line[-1]) if line[-1] in _CLOSING else 0.0
    return line if width_em(line) <= room_em + overhang else fitted(line, room_em)
