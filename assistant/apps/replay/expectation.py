"""What a script expects of a turn: what must hold of its record, and what must not happen."""

from typing import Annotated, Literal

from pydantic import ConfigDict, Field

from assistant.apps.replay.one_or_more import OneOrMore
from assistant.config.base import Probability, Section
from assistant.config.when import Range
from assistant.types import Action, Certainty, ConflictKind, Emotion, Group, Level, Polarity, Trend, Verdict

Words = Annotated[str, Field(min_length=1)]


class Written(Section):
    """A part of a script. What stands below a field is its description in the JSON Schema, too."""

    model_config = ConfigDict(use_attribute_docstrings=True)


class MoodExpect(Written):
    """What must hold of the memory after the turn."""

    valence_trend: OneOrMore[Trend] = ()
    arousal_trend: OneOrMore[Trend] = ()
    anger_turns: Range | None = None
    """Turns since a streak of anger began; 0 while there is none. Likewise of distress."""
    distress_turns: Range | None = None
    belief: dict[Emotion, Range] = Field(default_factory=dict)
    """Of each emotion, over turns."""
    denied: OneOrMore[Emotion] = ()
    """Emotions that the speaker has denied and that are still held to, all of these."""
    crisis: Range | None = None
    """The crisis level that is remembered, 0-3."""
    clarifications: Range | None = None
    """Asked in a row, this turn included."""


class ReplyExpect(Written):
    """What the reply must hold, every one of it, and what it must not hold."""

    contains: OneOrMore[Words] = ()
    lacks: OneOrMore[Words] = ()


class Absent(Written):
    """What must not happen: none of the listed."""

    rule: OneOrMore[str] = ()
    """Of a decision, or of the alert beside it."""
    action: OneOrMore[Action] = ()
    emotion: OneOrMore[Emotion] = ()
    """Fused label, alone or in a pair."""
    service: OneOrMore[str] = ()
    alert: OneOrMore[Level] = ()
    notice: OneOrMore[Literal["info", "warning", "error"]] = ()
    """Levels of what the program tells beside the conversation."""


class Expect(Written):
    """What must hold of a turn's record; what is left out is free. Of several listed values any will do."""

    heard: str | None = None
    """Text that must be recognised, up to `cer`, the character error rate; 0 wants it exactly."""
    cer: Probability = 0.2
    contains: OneOrMore[Words] = ()
    """Parts that the recognised text must have, all of them."""
    quality: OneOrMore[Verdict] = ()
    voice: OneOrMore[Emotion] = ()
    """The strongest label of the voice alone."""
    sentiment: OneOrMore[Polarity] = ()
    """The strongest polarity of the words alone."""
    emotion: OneOrMore[Emotion] = ()
    """The fused label; of a mixed reading the stronger one."""
    group: OneOrMore[Group] = ()
    """The fused group, where no single emotion is sure enough."""
    mixed: tuple[Emotion, Emotion] | None = None
    """The pair, in any order."""
    certainty: OneOrMore[Certainty] = ()
    confidence: Range | None = None
    conflict: ConflictKind | Literal["none"] | None = None
    conflict_value: Range | None = None
    mood: MoodExpect = MoodExpect()
    action: OneOrMore[Action] = ()
    rule: OneOrMore[str] = ()
    service: str | None = None
    """An id of services.yaml, or none."""
    priority: Range | Literal["none"] | None = None
    typing: bool | None = None
    """Whether the speaker is offered to write instead."""
    template: OneOrMore[str] = ()
    reply: ReplyExpect = ReplyExpect()
    alert: Level | Literal["none"] | None = None
    alert_rule: OneOrMore[str] = ()
    """The rule or the watch that raised the alert."""
    within_ms: Annotated[float, Field(gt=0)] | None = None
    """From the end of the utterance to the reply; judged at the speed of speech only (`--realtime`)."""
    absent: Absent = Absent()
