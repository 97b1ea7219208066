"""The replies of one conversation that a language model phrases: which are, what it is told, and what comes of them."""

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, replace

from assistant.config.texts import Texts
from assistant.config.tuning import Tuning
from assistant.core.briefing import brief
from assistant.core.judge import Judgement, answer_language
from assistant.events import Event, Notice, ReplyDelta, TurnCompleted
from assistant.phrasing import Phrased, Phrasing
from assistant.types import Action, Exchange, Reply, ReplySource, TurnRecord

_SAFE_BELOW = 2
"""Crisis level from which on nothing is said that no human wrote."""

_PHRASED = (Action.ANSWER, Action.EMPATHISE, Action.RECOMMEND)
"""Asking back and alerting keep their own words: they are short, and each says exactly what has to be known."""


def may_phrase(record: TurnRecord) -> bool:
    """Tell whether the words of a reply may be a language model's."""
    return (
        record.reply.source is ReplySource.TEMPLATE
        and record.decision.action in _PHRASED
        and record.mood.safety.level < _SAFE_BELOW
        and bool(record.observation.text.strip())
    )


def as_recorded(record: TurnRecord, before: Reply) -> TurnRecord:
    """Return the turn with the words it had, if a language model put the same reply so and still may."""
    kept = before.source is ReplySource.LLM and before.template == record.reply.template and may_phrase(record)
    return replace(record, reply=replace(record.reply, text=before.text, source=ReplySource.LLM)) if kept else record


@dataclass(frozen=True, slots=True)
class _Open:
    record: TurnRecord
    phrased: Phrased
    texts: Texts


class Replying:
    """Has one reply at a time phrased; belongs to the session's thread and keeps the last exchanges."""

    def __init__(self, phrasing: Phrasing) -> None:
        self._phrasing = phrasing
        self._history: deque[Exchange] = deque(maxlen=phrasing.settings.turns)
        self._open: _Open | None = None
        self._told = False

    @property
    def busy(self) -> bool:
        """Say whether a reply is being phrased."""
        return self._open is not None

    def begin(self, record: TurnRecord, judged: Judgement, tuning: Tuning) -> bool:
        """Start on the reply of a turn and return True, or False where its own words stand."""
        if not may_phrase(record):
            return False
        language = answer_language(record.observation, tuning)
        remark = record.decision.action is Action.EMPATHISE

        def objects(text: str) -> str | None:
            banned = tuning.wording.objection(text, language)
            return f"it said '{banned.phrase}': {banned.why}" if banned else None

        def objects_to_remark(text: str) -> str | None:
            unhedged = None if tuning.wording.hedged(text, language) else "it stated a feeling as a fact"
            return objects(text) or unhedged

        messages = brief(
            record.observation,
            judged,
            tuning.texts[language],
            tuple(self._history),
            self._phrasing.settings,
            free=tuning.policy.outcome(record.decision.rule).open,
        )
        phrased = self._phrasing.begin(messages, record.reply, objects_to_remark if remark else objects, whole=remark)
        self._open = _Open(record, phrased, tuning.texts[language])
        return True

    def step(self, *, wait: bool) -> Iterator[Event]:
        """Yield what has become of the reply under way: its sentences, and its turn once it is over."""
        if self._open is None:
            return
        record, phrased, texts = self._open.record, self._open.phrased, self._open.texts
        for piece in phrased.pieces(wait=wait):
            yield ReplyDelta(record.observation.utterance_id, piece)
        if phrased.done():
            self._open = None
            if phrased.fault and not self._told:
                self._told = True
                yield Notice("warning", texts.say("console.unphrased", {"fault": phrased.fault}))
            timings = {**record.timings_ms, "reply": phrased.ms}
            yield TurnCompleted(replace(record, reply=phrased.reply(), timings_ms=timings))

    def remember(self, record: TurnRecord) -> None:
        """Keep a turn that is over for the turns to come."""
        self._history.append(Exchange(record.observation.text, record.reply.text))
