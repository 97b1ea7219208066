"""From what was perceived to what is said: fuse, remember, decide, render, in one pure step."""

from dataclasses import dataclass

from assistant.config.tuning import Tuning
from assistant.core.conditions import Situation
from assistant.core.fusion import fuse
from assistant.core.memory import remember, settle
from assistant.core.policy import decide
from assistant.core.replies import render
from assistant.core.safety import assess
from assistant.types import Affect, Decision, Language, Mood, Observation, Reply


@dataclass(frozen=True, slots=True)
class Judgement:
    """What one turn came to; `mood` already remembers the decision and the reply."""

    affect: Affect
    mood: Mood
    decision: Decision
    reply: Reply


def judge(seen: Observation, mood: Mood, tuning: Tuning, session: str) -> Judgement:
    """Return what the turn of `session` after `mood` comes to. The same arguments always give the same judgement."""
    now = understand(seen, mood, tuning)
    texts = tuning.texts[_language(seen, tuning)]
    decision = decide(seen, now.affect, now.mood, now.concern, tuning.policy, texts, session)
    reply = render(decision, now.affect, now.mood, tuning.policy, tuning.services, texts)
    return Judgement(now.affect, settle(now.mood, decision, reply), decision, reply)


def understand(seen: Observation, mood: Mood, tuning: Tuning) -> Situation:
    """Return what the policy has before it: the turn, what is felt in it, the mood that knows it, the danger."""
    affect = fuse(seen, mood, tuning.fusion)
    concern = assess(seen.text, tuning.crisis)
    return Situation(seen, affect, remember(mood, seen, affect, tuning.memory, concern.level), concern)


def _language(seen: Observation, tuning: Tuning) -> Language:
    """Return the language of the answer: as configured, else the one that was spoken, Chinese where that is unknown."""
    if tuning.language != "auto":
        return Language(tuning.language)
    return seen.transcript.language if seen.transcript and seen.transcript.text else Language.ZH
