"""Recorded turns as conversations: whose turns follow each other without a gap, and from which mood they start."""

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from assistant.types import Mood, TurnRecord


@dataclass(frozen=True, slots=True)
class Conversation:
    """Turns that follow each other; `mood` is the one before the first of them.

    `name`: the session, with `#2` behind it when it comes a second time.
    """

    name: str
    mood: Mood
    records: tuple[TurnRecord, ...]

    def turns(self) -> Iterator[tuple[str, Mood, TurnRecord]]:
        """Yield the name of each turn, `SESSION:NUMBER` counted from 1, the recorded mood before it, and its record."""
        mood = self.mood
        for record in self.records:
            yield f"{self.name}:{record.index + 1}", mood, record
            mood = record.mood


@dataclass(frozen=True, slots=True)
class Told:
    """All conversations of some records, in the order of their beginnings.

    orphans: turns whose predecessor is missing. Nothing can be said about them, for the mood before them is unknown;
    the turns behind them start from the mood that they left.
    """

    conversations: tuple[Conversation, ...]
    orphans: tuple[TurnRecord, ...]


def told(records: Iterable[TurnRecord]) -> Told:
    """Return records as conversations; those of several sessions may be mixed, each session's turns are in order."""
    runs: dict[str, list[TurnRecord]] = {}
    expected: dict[str, int] = {}
    times: Counter[str] = Counter()
    begun: list[tuple[str, Mood, list[TurnRecord]]] = []
    orphans: list[TurnRecord] = []
    for record in records:
        session, first = record.session, record.index == 0
        if first or session not in expected:
            times[session] += 1
        if first or record.index != expected.get(session):
            name = session if times[session] == 1 else f"{session}#{times[session]}"
            runs[session] = []
            begun.append((name, Mood() if first else record.mood, runs[session]))
        if first or record.index == expected.get(session):
            runs[session].append(record)
        else:
            orphans.append(record)
        expected[session] = record.index + 1
    return Told(tuple(Conversation(name, mood, tuple(own)) for name, mood, own in begun if own), tuple(orphans))
