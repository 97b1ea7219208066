"""What another tuning makes of recorded turns: each conversation decided anew, with a mood of its own, and compared."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType

from assistant.config.tuning import Tuning
from assistant.core.judge import Judgement, judge
from assistant.tuning.conversations import Conversation, told
from assistant.types import Affect, Alert, Decision, Mood, Reply, ReplySource, TurnRecord


class Change(StrEnum):
    """What has become of a turn, by the gravest difference.

    decision: rule, action, template, service, alert, hand-over or the offer to type. reading: what was stated of the
    feeling, the decision is the same. wording: the words or their style, all else is the same. none: the same in
    everything a person would notice.
    """

    DECISION = "decision"
    READING = "reading"
    WORDING = "wording"
    NONE = "none"


class Aspect(StrEnum):
    """What differs in a decision."""

    RULE = "rule"
    ACTION = "action"
    TEMPLATE = "template"
    SERVICE = "service"
    ALERT = "alert"
    PRIORITY = "priority"
    TYPING = "typing"


@dataclass(frozen=True, slots=True)
class Case:
    """One recorded turn that came out differently.

    name: `SESSION:NUMBER`. mood_then, mood_now: before the turn, as recorded and by the other tuning. aspects: of the
    decision, none where that is the same.
    """

    name: str
    record: TurnRecord
    mood_then: Mood
    mood_now: Mood
    anew: Judgement
    change: Change
    aspects: tuple[Aspect, ...]

    @property
    def regenerated(self) -> bool:
        """Tell whether the reply can be compared: what a language model phrased is not phrased again."""
        return self.record.reply.source is not ReplySource.LLM


@dataclass(frozen=True, slots=True)
class Difference:
    """All that came out differently, in the order of the records; the counts add up to `turns`.

    orphans: turns that were not decided, as the ones before them are missing. phrased: turns whose reply a language
    model had phrased; their words were not compared.
    """

    turns: int
    cases: tuple[Case, ...]
    orphans: int
    phrased: int

    def count(self, change: Change) -> int:
        """Return how many of the decided turns changed in this way."""
        if change is Change.NONE:
            return self.turns - self.orphans - len(self.cases)
        return sum(case.change is change for case in self.cases)

    def moves(self) -> Counter[tuple[str, str]]:
        """Return how often which rule gave way to which."""
        pairs = ((case.record.decision.rule, case.anew.decision.rule) for case in self.cases)
        return Counter((old, new) for old, new in pairs if old != new)


def diff(
    records: Iterable[TurnRecord], tuning: Tuning, instead: Mapping[str, Tuning] = MappingProxyType({})
) -> Difference:
    """Return what `tuning` makes differently of recorded turns; what was decided by a hash in `instead`, by that one.

    What the turns were decided with stands in their records. Distances between voice embeddings are as recorded: the
    embeddings themselves are in no journal.
    """
    story = told(records)
    turns = sum(len(conversation.records) for conversation in story.conversations)
    phrased = sum(
        record.reply.source is ReplySource.LLM
        for conversation in story.conversations
        for record in conversation.records
    )
    cases = tuple(case for conversation in story.conversations for case in _cases(conversation, tuning, instead))
    return Difference(turns + len(story.orphans), cases, len(story.orphans), phrased)


def _cases(conversation: Conversation, tuning: Tuning, instead: Mapping[str, Tuning]) -> Iterator[Case]:
    mood = conversation.mood
    for name, then, record in conversation.turns():
        anew = judge(record.observation, mood, instead.get(record.tuning, tuning), record.session)
        change, aspects = _compared(record, anew)
        if change is not Change.NONE:
            yield Case(name, record, then, mood, anew, change, aspects)
        mood = anew.mood


def _compared(record: TurnRecord, anew: Judgement) -> tuple[Change, tuple[Aspect, ...]]:
    if differing := aspects(record.decision, anew.decision):
        return Change.DECISION, differing
    if statement(record.affect) != statement(anew.affect):
        return Change.READING, ()
    old, new = record.reply, anew.reply
    differs = old.style != new.style if old.source is ReplySource.LLM else _said(old) != _said(new)
    message = record.decision.alert and record.decision.alert.message
    differs |= message != (anew.decision.alert and anew.decision.alert.message)
    return (Change.WORDING if differs else Change.NONE), ()


def aspects(old: Decision, new: Decision) -> tuple[Aspect, ...]:
    """Return in what two decisions differ; the reason's wording and the figures in an alert don't count."""
    pairs = {
        Aspect.RULE: (old.rule, new.rule),
        Aspect.ACTION: (old.action, new.action),
        Aspect.TEMPLATE: (old.template, new.template),
        Aspect.SERVICE: (old.service, new.service),
        Aspect.ALERT: (_raised(old.alert), _raised(new.alert)),
        Aspect.PRIORITY: (old.priority, new.priority),
        Aspect.TYPING: (old.typing, new.typing),
    }
    return tuple(aspect for aspect, (before, after) in pairs.items() if before != after)


def statement(affect: Affect) -> tuple[object, ...]:
    """Return what is stated of a feeling, without its figures."""
    return affect.certainty, affect.label, affect.mixed, affect.group, affect.conflict.kind


def _raised(alert: Alert | None) -> tuple[str, str] | None:
    return (alert.rule, alert.level) if alert else None


def _said(reply: Reply) -> tuple[object, ...]:
    return reply.text, reply.style, reply.source
