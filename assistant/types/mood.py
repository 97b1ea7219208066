"""What is remembered of a person over turns; a pure fold, without any vector."""

from dataclasses import dataclass, field
from enum import StrEnum

from assistant.types.perceived import Emotion


@dataclass(frozen=True, slots=True)
class Streak:
    """A strong emotion over turns with hysteresis.

    `hits` newest last, `active` once entered, `turns` since it began.
    """

    hits: tuple[bool, ...] = ()
    active: bool = False
    turns: int = 0


@dataclass(frozen=True, slots=True)
class Usual:
    """What is usual for this person: `count`, `mean`, sum of squared deviations of the numbers that left the window."""

    count: int = 0
    mean: float = 0.0
    squares: float = 0.0


@dataclass(frozen=True, slots=True)
class Safety:
    """The crisis state.

    `level` 0 none, 1 strained, 2 passive, 3 explicit: the highest of late; `since`: when one was last seen.
    """

    level: int = 0
    since: float | None = None


class Trend(StrEnum):
    """Where a number of the last few turns is going."""

    FALLING = "falling"
    STEADY = "steady"
    RISING = "rising"


@dataclass(frozen=True, slots=True)
class Correction:
    """What the speaker said about their own feeling against the reading: a label from the one who knows best.

    emotion: the one denied in the turn numbered `turn`. instead: the one named in its place, if any. about: the last
    turn before it in which the emotion had been stated, if any; the label is of that turn, too. strong: turns in a row
    since then that spoke strongly for the emotion all the same. ended: the turn from which on it holds no longer.
    """

    emotion: Emotion
    turn: int
    instead: Emotion | None = None
    about: int | None = None
    strong: int = 0
    ended: int | None = None


@dataclass(frozen=True, slots=True)
class Mood:
    """Memory's whole state.

    belief: over FELT, None before the first turn. embedding_steps: the distances between the last few voice embeddings.
    volatility: their mean, None while they are too few; volatility_z: that against what is usual. valence, arousal:
    of the last few turns that said something, newest last, and where they are going. swings: after each of these turns,
    the root mean square of the steps they make in that plane; swing_z: the last one against what is usual. stated: the
    last turn in which each emotion was stated. corrections: the last of each emotion, in force or ended. hands_off: the
    last turn in which the speaker wanted no remarks on feelings. turns: how many there were. remark_turn: `turns` when
    an emotion was last remarked on. clarifications: asked in a row. rescues: how often in a row another way was offered
    instead of one more of them. phrasings: how often each text key was used. alerts: time of the last alert per rule.
    rested: time at which each rule with a cool-down last decided. last_end: end of the last turn.
    """

    belief: dict[Emotion, float] | None = None
    embedding_steps: tuple[float, ...] = ()
    volatility: float | None = None
    volatility_z: float | None = None
    usual_step: Usual = field(default_factory=Usual)
    valence: tuple[float, ...] = ()
    arousal: tuple[float, ...] = ()
    valence_trend: Trend | None = None
    arousal_trend: Trend | None = None
    swings: tuple[float, ...] = ()
    swing_z: float | None = None
    usual_swing: Usual = field(default_factory=Usual)
    anger: Streak = field(default_factory=Streak)
    distress: Streak = field(default_factory=Streak)
    stated: dict[Emotion, int] = field(default_factory=dict)
    corrections: tuple[Correction, ...] = ()
    hands_off: int | None = None
    remark_turn: int | None = None
    clarifications: int = 0
    rescues: int = 0
    phrasings: dict[str, int] = field(default_factory=dict)
    alerts: dict[str, float] = field(default_factory=dict)
    rested: dict[str, float] = field(default_factory=dict)
    safety: Safety = field(default_factory=Safety)
    last_end: float | None = None
    turns: int = 0

    @property
    def swing(self) -> float | None:
        """Return how much the mood moves from turn to turn, None while it is known of one turn only."""
        return self.swings[-1] if self.swings else None

    def denied(self, turn: int) -> frozenset[Emotion]:
        """Return the emotions that the speaker has denied and that are not to be stated in the turn of this number."""
        return frozenset(each.emotion for each in self.corrections if each.ended is None or turn < each.ended)
