"""What is remembered of a person from turn to turn: a pure fold over turns, without any vector."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

from assistant.config.judgement import Hysteresis, Memory, UsualSteps, VoiceEvidence
from assistant.core.evidence import voice_reliability
from assistant.types import (
    Action,
    Affect,
    Certainty,
    Decision,
    Emotion,
    Mood,
    Observation,
    Quality,
    Reply,
    Safety,
    Streak,
    Usual,
    VoiceEmotion,
)

Vector = tuple[float, ...]
"""A voice embedding of length 1: biometric-like, so it lives in the session's memory and nowhere else."""


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


def remember(mood: Mood, observation: Observation, affect: Affect, settings: Memory, crisis_level: int = 0) -> Mood:
    """Return the mood after a turn was understood; `crisis_level` (0-3) is what its words showed."""
    steps, usual = _stepped(mood, observation.embedding_step, settings.window)
    volatility = math.fsum(steps) / len(steps) if len(steps) >= settings.min_steps else None
    heard = affect.certainty is not Certainty.INSUFFICIENT
    anger = affect.belief[Emotion.ANGRY]
    distress = affect.belief[Emotion.SAD] + affect.belief[Emotion.FEARFUL]
    valence = (*mood.valence, affect.valence)[-settings.window :] if heard else mood.valence
    arousal = (*mood.arousal, affect.arousal)[-settings.window :] if heard else mood.arousal
    return replace(
        mood,
        belief=affect.belief,
        embedding_steps=steps,
        volatility=volatility,
        volatility_z=None if volatility is None else _z(volatility, usual, settings.usual),
        usual=usual,
        valence=valence,
        arousal=arousal,
        swing=_swing(valence, arousal),
        anger=_streak(mood.anger, anger, heard, settings.streak),
        distress=_streak(mood.distress, distress, heard, settings.streak),
        safety=_safety(mood.safety, crisis_level, observation.end, settings.crisis_sticky_s),
        last_end=observation.end,
        turns=mood.turns + 1,
    )


def settle(mood: Mood, decision: Decision, reply: Reply) -> Mood:
    """Return the mood after the turn was answered: what was asked, remarked on, alerted and how it was put."""
    alerts = mood.alerts
    if decision.alert and mood.last_end is not None:
        alerts = {**alerts, decision.alert.rule: mood.last_end}
    return replace(
        mood,
        remark_turn=mood.turns if decision.action is Action.EMPATHISE else mood.remark_turn,
        clarifications=mood.clarifications + 1 if decision.action is Action.CLARIFY else 0,
        phrasings={**mood.phrasings, reply.template: mood.phrasings.get(reply.template, 0) + 1},
        alerts=alerts,
    )


def _stepped(mood: Mood, step: float | None, window: int) -> tuple[tuple[float, ...], Usual]:
    """Return the window with `step` in it, and what is usual with the steps that it pushed out."""
    steps = mood.embedding_steps if step is None else (*mood.embedding_steps, step)
    usual = mood.usual
    for old in steps[:-window]:
        usual = _with(usual, old)
    return steps[-window:], usual


def _with(usual: Usual, step: float) -> Usual:
    """Return `usual` with one step more (Welford's update)."""
    count = usual.count + 1
    mean = usual.mean + (step - usual.mean) / count
    return Usual(count, mean, usual.squares + (step - usual.mean) * (step - mean))


def _z(volatility: float, usual: Usual, start: UsualSteps) -> float:
    """Return how many standard deviations `volatility` lies above what is usual.

    Mean and variance each go from the start values, which stand for `weight` steps, towards the person's own. How far
    the two means lie apart is no part of the variance: it tells how well the start values fit, not how even a voice is.
    """
    total = start.weight + usual.count
    mean = (start.weight * start.mean + usual.count * usual.mean) / total
    variance = (start.weight * start.spread**2 + usual.squares) / total
    return (volatility - mean) / max(math.sqrt(variance), start.spread_floor)


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


def _swing(valence: Sequence[float], arousal: Sequence[float]) -> float | None:
    """Return the root mean square of the successive steps in the valence-arousal plane; None below two points."""
    points = list(zip(valence, arousal, strict=True))
    if len(points) < 2:
        return None
    return math.sqrt(math.fsum(math.dist(a, b) ** 2 for a, b in pairwise(points)) / (len(points) - 1))
