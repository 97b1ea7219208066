"""What is remembered of a person from turn to turn: a pure fold over turns, without any vector."""

import math
from collections.abc import Collection
from dataclasses import dataclass, replace

from assistant.config.judgement import CorrectionLimits, Hysteresis, Memory, VoiceEvidence
from assistant.config.policy import LIMIT_RULES
from assistant.core.correction import Told
from assistant.core.course import above_usual, pushed, swing, trend
from assistant.core.evidence import voice_reliability
from assistant.types import (
    Action,
    Affect,
    Certainty,
    Correction,
    Decision,
    Emotion,
    Mood,
    Observation,
    Quality,
    Reply,
    Safety,
    Streak,
    VoiceEmotion,
)

ANGER = (Emotion.ANGRY,)
DISTRESS = (Emotion.SAD, Emotion.FEARFUL)

Vector = tuple[float, ...]
"""A voice embedding of length 1: biometric-like, so it lives in the session's memory and nowhere else.

Of the last five reliable ones, which the volatility is about, only the newest has to be kept: volatility is the mean
of the steps between consecutive ones, and the mood remembers the steps.
"""


@dataclass(frozen=True, slots=True)
class Step:
    """How far the voice moved: `distance` (0-2), None if unknown; `vector` is the one to keep for the next step."""

    distance: float | None
    vector: Vector | None


def embedding_step(
    voice: VoiceEmotion | None, quality: Quality | None, previous: Vector | None, fusion: VoiceEvidence, memory: Memory
) -> Step:
    """Return the step from the previous reliable voice to this one, L2 between unit vectors.

    A voice that can't be trusted makes no step and leaves `previous` in place. So does one of another size, which comes
    from another model: it starts afresh.
    """
    if voice is None or voice.embedding is None or quality is None or quality.speech_s < memory.min_speech_s:
        return Step(None, previous)
    length = math.hypot(*voice.embedding)
    if voice_reliability(voice, quality, fusion) < memory.min_reliability or length == 0.0:
        return Step(None, previous)
    vector = tuple(number / length for number in voice.embedding)
    if previous is None or len(previous) != len(vector):
        return Step(None, vector)
    return Step(min(math.dist(vector, previous), 2.0), vector)


def listen(mood: Mood, told: Told) -> Mood:
    """Return the mood once the speaker was heard about their own feelings, before the turn is judged.

    What is denied is kept as a correction, what is named as felt ends an earlier one.
    """
    if told == Told():
        return mood
    turn = mood.turns + 1
    instead = next(iter(told.felt), None)
    new = [Correction(each, turn, instead, mood.stated.get(each)) for each in told.denied]
    kept = [_taken_back(old, turn) if old.emotion in told.felt else old for old in mood.corrections]
    return replace(
        mood,
        corrections=(*(old for old in kept if old.emotion not in told.denied), *new),
        hands_off=turn if told.hands_off else mood.hands_off,
    )


def remember(mood: Mood, observation: Observation, affect: Affect, settings: Memory, crisis_level: int = 0) -> Mood:
    """Return the mood after a turn was understood; `crisis_level` (0-3) is what its words showed."""
    if mood.last_end is not None and observation.start - mood.last_end >= settings.pause_s:
        mood = _after_pause(mood)
    turn = mood.turns + 1
    heard = affect.certainty is not Certainty.INSUFFICIENT
    steps = pushed(mood.embedding_steps, mood.usual_step, observation.embedding_step, settings.window - 1)
    volatility = math.fsum(steps.last) / len(steps.last) if len(steps.last) >= settings.min_steps else None
    # What rests on a denied emotion says nothing about where the mood is going.
    telling = heard and affect.certainty is not Certainty.CORRECTED
    valence = (*mood.valence, affect.valence)[-settings.window :] if telling else mood.valence
    arousal = (*mood.arousal, affect.arousal)[-settings.window :] if telling else mood.arousal
    swings = pushed(mood.swings, mood.usual_swing, swing(valence, arousal) if telling else None, settings.window)
    return replace(
        mood,
        belief=affect.belief,
        embedding_steps=steps.last,
        volatility=volatility,
        volatility_z=None if volatility is None else above_usual(volatility, steps.usual, settings.usual_step),
        usual_step=steps.usual,
        valence=valence,
        arousal=arousal,
        valence_trend=trend(valence, settings.trend.turns, settings.trend.valence),
        arousal_trend=trend(arousal, settings.trend.turns, settings.trend.arousal),
        swings=swings.last,
        swing_z=above_usual(swings.last[-1], swings.usual, settings.usual_swing) if swings.last else None,
        usual_swing=swings.usual,
        anger=_streak(mood.anger, _believed(ANGER, affect, mood.denied(turn)), heard, settings.streak),
        distress=_streak(mood.distress, _believed(DISTRESS, affect, mood.denied(turn)), heard, settings.streak),
        stated=mood.stated | dict.fromkeys(_stated(affect), turn),
        corrections=tuple(_weighed(each, affect, turn, settings.correction) for each in mood.corrections),
        safety=_safety(mood.safety, crisis_level, observation.end, settings.crisis_sticky_s),
        last_end=observation.end,
        turns=turn,
    )


def settle(mood: Mood, decision: Decision, reply: Reply) -> Mood:
    """Return the mood after the turn was answered: what was asked, remarked on, alerted and how it was put."""
    now = mood.last_end if mood.last_end is not None else 0.0
    rescued = decision.rule in LIMIT_RULES
    asked = decision.action is Action.CLARIFY
    return replace(
        mood,
        remark_turn=mood.turns if decision.action is Action.EMPATHISE else mood.remark_turn,
        clarifications=mood.clarifications + 1 if asked else 0,
        rescues=mood.rescues + rescued if rescued or asked else 0,
        phrasings={**mood.phrasings, reply.template: mood.phrasings.get(reply.template, 0) + 1},
        alerts={**mood.alerts, decision.alert.rule: now} if decision.alert else mood.alerts,
        rested={**mood.rested, decision.rule: now} if decision.cool_down_s else mood.rested,
    )


def _after_pause(mood: Mood) -> Mood:
    """Return the mood with nothing left in it that is about turns in a row; what was said and agreed stays."""
    return replace(
        mood, anger=Streak(), distress=Streak(), valence=(), arousal=(), swings=(), clarifications=0, rescues=0
    )


def _taken_back(correction: Correction, turn: int) -> Correction:
    """Return a correction that the speaker no longer stands by."""
    return correction if correction.ended is not None else replace(correction, ended=turn)


def _weighed(correction: Correction, affect: Affect, turn: int, limits: CorrectionLimits) -> Correction:
    """Return a correction after a later turn: strong evidence against it, turn after turn, ends it with the next one.

    Voice and words must both speak for what was denied: a voice that was misread once will be misread again. A turn in
    which nothing could be heard neither adds to that nor breaks the row.
    """
    heard = affect.certainty is not Certainty.INSUFFICIENT
    if correction.ended is not None or turn <= correction.turn or not heard:
        return correction
    mass, term = affect.now[correction.emotion], affect.terms[correction.emotion]
    strong = correction.strong + 1 if mass >= limits.overrule and min(term.voice, term.words) > 0 else 0
    return replace(correction, strong=strong, ended=turn + 1 if strong >= limits.turns else None)


def _believed(emotions: Collection[Emotion], affect: Affect, denied: Collection[Emotion]) -> float:
    """Return the belief in any of some emotions, but for those that the speaker has denied."""
    return math.fsum(affect.belief[emotion] for emotion in emotions if emotion not in denied)


def _stated(affect: Affect) -> tuple[Emotion, ...]:
    if affect.certainty is Certainty.MIXED and affect.mixed:
        return affect.mixed
    return (affect.label,) if affect.label else ()


def _streak(streak: Streak, belief: float, heard: bool, settings: Hysteresis) -> Streak:
    """Return the streak after a turn with this belief.

    A turn in which nothing could be heard adds no hit, or carried belief would confirm itself; fading may still end it.
    """
    if streak.active and belief <= settings.leave:
        return Streak()
    if not heard:
        return streak
    hits = (*streak.hits, belief >= settings.enter)[-settings.of :]
    active = streak.active or sum(hits) >= settings.need
    return Streak(hits, active, streak.turns + 1 if active else 0)


def _safety(safety: Safety, level: int, time: float, sticky_s: float) -> Safety:
    """Return the crisis state at `time`, in seconds: the level only rises, until nothing was seen for `sticky_s`."""
    if safety.since is not None and time - safety.since < sticky_s:
        level, seen = max(level, safety.level), level > 0
        return Safety(level, time if seen else safety.since)
    return Safety(level, time) if level > 0 else Safety()
