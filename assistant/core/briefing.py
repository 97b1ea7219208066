"""What a language model is told before it phrases a reply: what was felt, what was decided, what may not be said."""

import math
import re
from collections.abc import Iterator, Sequence

from assistant.config.replier import OpenAi
from assistant.config.texts import SYSTEM, Texts
from assistant.core.judge import Judgement
from assistant.core.replies import feeling
from assistant.types import Exchange, Message, Observation

_MESSAGE_TOKENS = 4
"""What a chat model's format adds to each message, about."""


def brief(
    seen: Observation, judged: Judgement, texts: Texts, history: Sequence[Exchange], settings: OpenAi, *, free: bool
) -> tuple[Message, ...]:
    """Return the messages of one request: the state and the decision, as many past turns as fit, what was just said.

    The model phrases and decides nothing: it is given the action and, unless it is `free` to find the answer, the text
    that stands ready. Of `history` the latest `turns` are kept, as far as `budget_tokens` goes.
    """
    system = Message("system", texts.say(SYSTEM, _state(seen, judged, texts, free=free)))
    said = Message("user", seen.text)
    left = settings.budget_tokens - tokens(system.text) - tokens(said.text)
    kept: list[Message] = []
    for exchange in reversed(history[-settings.turns :] if settings.turns else ()):
        pair = [Message("user", exchange.said), Message("assistant", exchange.answered)]
        left -= sum(tokens(message.text) for message in pair)
        if left < 0:
            break
        kept[:0] = pair
    return (system, *kept, said)


def tokens(text: str) -> int:
    """Return about how many tokens a message has, rather too many: a Chinese character is one, four letters are one."""
    wide = sum(ord(character) > 0x2E7F for character in text)
    return wide + math.ceil((len(text) - wide) / 4) + _MESSAGE_TOKENS


def sentences(pieces: Iterator[str]) -> Iterator[str]:
    """Yield what arrives piece by piece as whole sentences; what is open at the end comes last.

    A full stop between letters or figures (3.5) ends nothing, so a sentence is over once something follows it.
    """
    open_ = ""
    for piece in pieces:
        open_ += piece
        *whole, open_ = _SENTENCE_END.split(open_)
        yield from whole
    if open_.strip():
        yield open_


_SENTENCE_END = re.compile(r"(?<=[。！？…!?\n])(?=[^。！？…!?”」』)）\s])|(?<=[.!?][ \n])(?=\S)")


def _state(seen: Observation, judged: Judgement, texts: Texts, *, free: bool) -> dict[str, str]:
    """Return what the placeholders of the system text are filled with."""
    affect, decision = judged.affect, judged.decision
    certainty = texts.say(f"labels.certainty.{affect.certainty}")
    felt = feeling(affect, texts)
    kind = affect.conflict.kind
    voice = max(seen.voice.scores.items(), key=lambda item: item[1])[0] if seen.voice else None
    return {
        "state": f"{felt} ({affect.confidence:.0%})" if felt else certainty,
        "voice": texts.say(f"labels.emotion.{voice}") if voice else "-",
        "conflict": texts.say(f"labels.conflict.{kind}") if kind else "-",
        "action": texts.say(f"labels.action.{decision.action}"),
        "suggestion": "-" if free else judged.reply.text,
    }
