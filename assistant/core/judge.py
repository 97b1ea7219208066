"""From what was perceived to what is said: listen, fuse, remember, decide, render, in one pure step."""

from dataclasses import dataclass, replace

from assistant.config.deployment import Consent, ServiceProfile
from assistant.config.tuning import Tuning
from assistant.core.conditions import Situation
from assistant.core.correction import Told, tell
from assistant.core.fusion import fuse
from assistant.core.manners import leaves
from assistant.core.memory import listen, remember, settle
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
    texts = tuning.texts[answer_language(seen, tuning)]
    decision = decide(now, tuning.policy, texts, session)
    reply = render(decision, now.affect, now.mood, tuning.policy, tuning.services, texts)
    return Judgement(now.affect, settle(now.mood, decision, reply), decision, reply)


def understand(seen: Observation, mood: Mood, tuning: Tuning) -> Situation:
    """Return what the policy has before it: the turn, what is felt in it, the mood that knows it, the danger."""
    heard = listen(mood, _told(seen, tuning))
    affect = fuse(_readable(seen, tuning.emotion_consent), heard, tuning.fusion)
    concern = assess(seen.text, tuning.crisis)
    return Situation(
        observation=seen,
        affect=affect,
        mood=remember(heard, seen, affect, tuning.memory, concern.level),
        concern=concern,
        profile=_profile(tuning),
        consent=tuning.emotion_consent,
        leaves=leaves(seen.text, tuning.manners.leaving),
        minor=tuning.minor_mode,
    )


def _profile(tuning: Tuning) -> ServiceProfile:
    """Return what the assistant is for; to minors it is no companion."""
    companion = tuning.service_profile is ServiceProfile.COMPANION
    return ServiceProfile.ASSISTANT if companion and tuning.minor_mode else tuning.service_profile


def _told(seen: Observation, tuning: Tuning) -> Told:
    """Return what the speaker says of their own feelings, nothing where the words are too unsure to turn on a "not"."""
    if seen.transcript is None or seen.transcript.confidence < tuning.memory.correction.asr_confidence:
        return Told()
    return tell(seen.text, tuning.corrections)


def _readable(seen: Observation, consent: Consent) -> Observation:
    """Return the part of a turn in which emotions may be read: without consent none, even where it was recorded."""
    return seen if consent is Consent.GRANTED else replace(seen, voice=None, sentiment=None)


def answer_language(seen: Observation, tuning: Tuning) -> Language:
    """Return the language of the answer: as configured, else the one that was spoken, Chinese where that is unknown."""
    if tuning.language != "auto":
        return Language(tuning.language)
    return seen.transcript.language if seen.transcript and seen.transcript.text else Language.ZH
