"""The difference that another tuning makes to recorded turns, as values that a table, a page or JSON is made of."""

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from assistant.config.tuning import Tuning
from assistant.tuning.causes import Reason, reasons
from assistant.tuning.diff import Aspect, Case, Change, diff
from assistant.types import Affect, Decision, Reply, TurnRecord


@dataclass(frozen=True, slots=True)
class Book:
    """Recorded turns of one journal, and the tunings that they were decided with, by hash."""

    name: str
    records: Sequence[TurnRecord]
    tunings: Mapping[str, Tuning]


@dataclass(frozen=True, slots=True)
class Side:
    """What a turn came to with one tuning."""

    affect: Affect
    decision: Decision
    reply: Reply


@dataclass(frozen=True, slots=True)
class Entry:
    """One turn that comes out differently, then and now; `turn` is `SESSION:NUMBER`, `heard` the words of the person.

    regenerated: False where a language model phrased the recorded reply. It isn't asked again: `now.reply` is then what
    the template says, not what would be heard.
    """

    journal: str
    turn: str
    heard: str
    change: Change
    aspects: tuple[Aspect, ...]
    then: Side
    now: Side
    reasons: tuple[Reason, ...]
    regenerated: bool


@dataclass(frozen=True, slots=True)
class Move:
    """How many turns went from one rule to another."""

    then: str
    now: str
    turns: int


@dataclass(frozen=True, slots=True)
class Report:
    """All that changes. `turns` is the sum of `decision`, `reading`, `wording`, `same` and `orphans`.

    orphans: turns that were not decided, as the ones before them are missing. phrased: turns whose reply a language
    model had phrased. then, now: hashes of the tunings on either side.
    """

    journals: tuple[str, ...]
    then: tuple[str, ...]
    now: str
    turns: int
    decision: int
    reading: int
    wording: int
    same: int
    orphans: int
    phrased: int
    moves: tuple[Move, ...]
    entries: tuple[Entry, ...]


def report(books: Sequence[Book], tuning: Tuning, keep: Collection[str] = ()) -> Report:
    """Return what `tuning` changes in the turns of `books`, each conversation folded for itself.

    keep: fields of the tuning that stay as they were when a turn was decided, such as the service profile of a script.
    """
    instead = {
        name: tuning.model_copy(update={field: getattr(old, field) for field in keep})
        for book in books
        for name, old in book.tunings.items()
        if any(getattr(old, field) != getattr(tuning, field) for field in keep)
    }
    differences = [diff(book.records, tuning, instead) for book in books]
    entries = [
        _entry(book, case, instead.get(case.record.tuning, tuning))
        for book, difference in zip(books, differences, strict=True)
        for case in difference.cases
    ]
    moves = sum((difference.moves() for difference in differences), Counter[tuple[str, str]]())
    counts = {change: sum(difference.count(change) for difference in differences) for change in Change}
    return Report(
        journals=tuple(book.name for book in books),
        then=tuple(dict.fromkeys(record.tuning for book in books for record in book.records)),
        now=tuning.hash(),
        turns=sum(difference.turns for difference in differences),
        decision=counts[Change.DECISION],
        reading=counts[Change.READING],
        wording=counts[Change.WORDING],
        same=counts[Change.NONE],
        orphans=sum(difference.orphans for difference in differences),
        phrased=sum(difference.phrased for difference in differences),
        moves=tuple(Move(*pair, turns) for pair, turns in sorted(moves.items(), key=lambda item: (-item[1], item[0]))),
        entries=tuple(entries),
    )


def _entry(book: Book, case: Case, tuning: Tuning) -> Entry:
    record, anew = case.record, case.anew
    return Entry(
        journal=book.name,
        turn=case.name,
        heard=record.observation.text,
        change=case.change,
        aspects=case.aspects,
        then=Side(record.affect, record.decision, record.reply),
        now=Side(anew.affect, anew.decision, anew.reply),
        reasons=reasons(case, book.tunings[record.tuning], tuning),
        regenerated=case.regenerated,
    )
