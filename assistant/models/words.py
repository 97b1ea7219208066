"""From the tokens of a recogniser to text as people write it; knows no model."""

from collections.abc import Iterable, Sequence

from assistant.types import Token

_SPECIAL = frozenset({"<blank>", "<s>", "</s>", "<unk>", "<OOV>", "<space>"})
_OPEN = "@@"


def is_special(piece: str) -> bool:
    """Say whether a vocabulary entry stands for no sound: sentence marks, blank, unknown."""
    return piece in _SPECIAL


def assemble(pieces: Iterable[Token]) -> tuple[str, tuple[Token, ...]]:
    """Return the text and its tokens, one per Chinese character or word.

    `wor@@ ld` becomes `world`, single letters in a row become one abbreviation (`a p p` -> `APP`), latin words are kept
    apart by a space and Chinese isn't. A joined token has the mean confidence of its parts and spans them.
    """
    tokens = tuple(_join(run) for run in _runs(pieces))
    text = ""
    for token in tokens:
        text += " " + token.text if text and _is_letter(text[-1]) and _is_letter(token.text[0]) else token.text
    return text, tokens


def _runs(pieces: Iterable[Token]) -> list[list[Token]]:
    """Split into runs that make one token each: whatever follows an open piece, and single letters side by side."""
    runs: list[list[Token]] = []
    is_open = is_letter = False
    for piece in pieces:
        alone = not is_open and len(piece.text) == 1 and _is_letter(piece.text)
        if is_open or (is_letter and alone):
            runs[-1].append(piece)
        else:
            runs.append([piece])
        is_open, is_letter = piece.text.endswith(_OPEN), alone
    return runs


def _join(run: Sequence[Token]) -> Token:
    text = "".join(piece.text.removesuffix(_OPEN) for piece in run)
    spelt = len(run) > 1 and all(len(piece.text) == 1 for piece in run)
    confidence = sum(piece.confidence for piece in run) / len(run)
    return Token(text.upper() if spelt else text, confidence, run[0].start, run[-1].end)


def _is_letter(character: str) -> bool:
    return character.isascii() and character.isalpha()
