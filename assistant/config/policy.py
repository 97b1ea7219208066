"""The response policy: ordered rules of typed conditions and outcomes. Manual by example: configs/policy.yaml."""

from collections.abc import Iterable
from enum import StrEnum
from typing import Annotated

from pydantic import Field, field_validator, model_validator

from assistant.config.base import Seconds, Section
from assistant.config.when import When, pair_name
from assistant.types import Action, Level

Id = Annotated[str, Field(pattern=r"^[a-z0-9]+(?:[-_][a-z0-9]+)*$")]
Key = Annotated[str, Field(pattern=r"^[a-z0-9_]+(?:\.[a-z0-9_]+)+$")]


class VaryBy(StrEnum):
    """What a rule's text depends on: the value found in the turn is appended to the key of the text."""

    LABEL = "label"
    MIXED = "mixed"
    GROUP = "group"
    QUALITY = "quality"
    CONFLICT = "conflict"


class AlertSpec(Section):
    """An alert to raise: `message` is the key of its text; not raised again by the same rule for `cool_down_s`."""

    level: Level
    message: Key
    cool_down_s: Seconds


class StyleSpec(Section):
    """How a reply should sound, relative to the voice's normal: factors for rate and energy, semitones for pitch."""

    rate: Annotated[float, Field(ge=0.5, le=2)] = 1.0
    pitch_st: Annotated[float, Field(ge=-12, le=12)] = 0.0
    energy: Annotated[float, Field(ge=0.25, le=4)] = 1.0


class Then(Section):
    """What a rule does.

    priority: class in which a person is asked to take over, None for nobody; `typing`: offers to write instead;
    cool_down_s: the rule then leaves its turns to others for so long; `fixed`: written for safety, so no language model
    rephrases it and no limit holds it back; `open`: a language model, where there is one, answers in its own way.
    """

    action: Action
    template: Key
    vary_by: VaryBy | None = None
    style: str = "normal"
    service: Id | None = None
    alert: AlertSpec | None = None
    priority: Annotated[int, Field(ge=0, le=9)] | None = None
    open: bool = False
    typing: bool = False
    cool_down_s: Seconds = 0.0
    fixed: bool = False

    @model_validator(mode="after")
    def _never_held_back(self) -> "Then":
        if self.fixed and self.cool_down_s:
            raise ValueError("a fixed outcome takes no cool_down_s: nothing may hold it back")
        return self


class Rule(Section):
    """If `when` holds, do `then`."""

    id: Id
    when: When
    then: Then

    @model_validator(mode="after")
    def _varies_by_what_it_asks(self) -> "Rule":
        if self.then.vary_by is not None and getattr(self.when, self.then.vary_by) is None:
            raise ValueError(f"vary_by: {self.then.vary_by} needs the condition '{self.then.vary_by}' in `when`")
        return self

    @property
    def templates(self) -> tuple[str, ...]:
        """Return every key that the rule's reply may have."""
        match self.then.vary_by:
            case None:
                suffixes: Iterable[str] = ()
            case VaryBy.LABEL:
                suffixes = self.when.label or ()
            case VaryBy.MIXED:
                suffixes = map(pair_name, self.when.mixed or ())
            case VaryBy.GROUP:
                suffixes = self.when.group or ()
            case VaryBy.QUALITY:
                suffixes = self.when.quality or ()
            case VaryBy.CONFLICT:
                suffixes = self.when.conflict or ()
        if self.then.vary_by is None:
            return (self.then.template,)
        return tuple(f"{self.then.template}.{suffix}" for suffix in suffixes)


class Watch(Section):
    """An alert without words to the speaker: it rides beside whatever the rules decide, if they raise none."""

    id: Id
    when: When
    alert: AlertSpec


class Limits(Section):
    """Manners that hold for all rules.

    remark_every: of this many turns at most one remarks on an emotion (action empathise); such rules are passed over.
    clarify_in_a_row: when this many clarifications came in a row, the next clarifying rule does `typing` instead, to
    those who speak, and if they aren't understood any better after that, `instead`.
    """

    remark_every: Annotated[int, Field(ge=1)]
    clarify_in_a_row: Annotated[int, Field(ge=1)]
    typing: Then | None = None
    instead: Then

    @model_validator(mode="after")
    def _gets_on(self) -> "Limits":
        for name, then in {"typing": self.typing, "instead": self.instead}.items():
            if then and (then.vary_by or then.alert or then.cool_down_s or then.action == Action.CLARIFY):
                raise ValueError(f"limits.{name} takes no vary_by, no alert and no cool_down_s, and can't clarify")
        return self


class HandOff(Section):
    """What feelings add to the class of a hand-off: while anger or distress is on, `cap` at most.

    The cap is below 1, so that it decides between people of one class only: nobody comes before a more urgent matter
    by being loud, and nobody waits longer for staying calm.
    """

    anger: Annotated[float, Field(ge=0, lt=1)]
    distress: Annotated[float, Field(ge=0, lt=1)]
    cap: Annotated[float, Field(ge=0, lt=1)]


class Policy(Section):
    """Rules in order: the first that holds and isn't limited decides. The last must hold always."""

    styles: dict[str, StyleSpec]
    limits: Limits
    hand_off: HandOff
    rules: Annotated[tuple[Rule, ...], Field(min_length=1)]
    watch: tuple[Watch, ...] = ()

    @field_validator("rules")
    @classmethod
    def _ends(cls, rules: tuple[Rule, ...]) -> tuple[Rule, ...]:
        for rule in rules[:-1]:
            if rule.when.unconditional and not _limited(rule.then):
                raise ValueError(
                    f"rule '{rule.id}' holds always, so no rule after it is ever reached; make it the last"
                )
        if not rules[-1].when.unconditional or _limited(rules[-1].then):
            raise ValueError(
                f"the last rule '{rules[-1].id}' must hold always: `when: {{}}`, action answer or recommend"
            )
        return rules

    @model_validator(mode="after")
    def _named_once(self) -> "Policy":
        seen = set(LIMIT_RULES)
        for name in (*(rule.id for rule in self.rules), *(watch.id for watch in self.watch)):
            if name in seen:
                raise ValueError(f"id '{name}' stands twice or is taken; every rule and watch needs its own")
            seen.add(name)
        for then in (*(rule.then for rule in self.rules), *filter(None, (self.limits.typing, self.limits.instead))):
            if then.style not in self.styles:
                raise ValueError(f"unknown style '{then.style}'; known: {', '.join(self.styles)}")
        return self

    def outcome(self, rule_id: str) -> Then:
        """Return what the rule of a decision does. Raises KeyError for a rule of another policy."""
        if rule_id == LIMIT_RULE:
            return self.limits.instead
        if rule_id == TYPING_RULE and self.limits.typing:
            return self.limits.typing
        for rule in self.rules:
            if rule.id == rule_id:
                return rule.then
        raise KeyError(rule_id)


LIMIT_RULE = "clarify-limit"
"""Rule id of a decision that `limits.instead` made."""

TYPING_RULE = "clarify-typing"
"""Rule id of a decision that `limits.typing` made."""

LIMIT_RULES = (TYPING_RULE, LIMIT_RULE)


def _limited(then: Then) -> bool:
    """Tell whether a limit may hold the outcome back, or put another in its place."""
    return not then.fixed and (then.action in (Action.EMPATHISE, Action.CLARIFY) or then.cool_down_s > 0)
