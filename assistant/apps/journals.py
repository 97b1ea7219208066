"""Journals as the commands that look back on them need them: read in full, each under the name it was given by."""

from collections.abc import Sequence
from pathlib import Path

from assistant.errors import ScriptError
from assistant.store.journal import read_journal
from assistant.tuning.conversations import told
from assistant.tuning.report import Book
from assistant.types import Mood, TurnRecord


def read_books(paths: Sequence[Path]) -> list[Book]:
    """Return the journals. Raises ScriptError for one that can't be read or holds no turn."""
    books: list[Book] = []
    for path in paths:
        played = read_journal(path)
        if not played.records:
            raise ScriptError(f"{path}: holds no turn")
        books.append(Book(str(path), played.records, played.tunings))
    return books


def find_turn(book: Book, name: str) -> tuple[str, Mood, TurnRecord]:
    """Return a turn with its full name and the mood before it: `SESSION:NUMBER`, or the number where one session talks.

    Raises ScriptError that names what there is.
    """
    conversations = told(book.records).conversations
    alone = len({conversation.name for conversation in conversations}) == 1
    for conversation in conversations:
        for turn, mood, record in conversation.turns():
            if name in (turn, turn.rpartition(":")[2] if alone else turn):
                return turn, mood, record
    known = ", ".join(f"{each.name}:{each.records[0].index + 1}-{each.records[-1].index + 1}" for each in conversations)
    raise ScriptError(f"{book.name}: no turn '{name}'; known: {known}")
