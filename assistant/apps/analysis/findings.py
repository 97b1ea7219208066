"""What a recording comes to: each turn of it as an utterance, and the whole as if it were one turn."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from assistant.apps.analysis.options import Terms
from assistant.apps.analysis.result import RESULT_VERSION, Heard, Recording, Source, fused
from assistant.config.perception import Paraformer
from assistant.core.doubt import doubts
from assistant.core.judge import judge
from assistant.core.stranger import is_foreign
from assistant.types import Action, Affect, Doubt, Emotion, Mood, Observation, TurnRecord


def utterance(record: TurnRecord, before: Mood, how: Terms) -> Heard:
    """Return a turn of a recording, `before` which the mood was this.

    Whether it is worth an alert is asked as if none had been raised of late: nothing rings here.
    """
    seen, affect = record.observation, record.affect
    alert = judge(seen, replace(before, alerts={}), how.tuning, record.session).decision.alert
    assert seen.quality is not None  # it was heard, not typed
    voice, words = seen.voice, seen.transcript
    frames = voice.frames if voice else None
    return Heard(
        start=seen.start,
        end=seen.end,
        text=words.punctuated if words else "",
        language=words.language if words and words.text else None,
        asr_confidence=words.confidence if words else None,
        voice=voice.scores if voice else None,
        frames=frames
        and tuple(replace(frame, start=seen.start + frame.start, end=seen.start + frame.end) for frame in frames),
        sentiment=seen.sentiment.scores if seen.sentiment else None,
        fused=fused(affect),
        quality=seen.quality,
        doubts=_doubts(seen, affect, how),
        alert=alert.level if alert else None,
        rule=record.decision.rule,
        errors=seen.errors,
    )


def recording(source: Source, seen: Observation, utterances: Sequence[Heard], how: Terms) -> Recording:
    """Return the whole, judged as if what was `seen` in it were the first turn of a conversation."""
    judged = judge(seen, Mood(), how.tuning, seen.utterance_id)
    scores = seen.voice.scores if seen.voice else {Emotion.UNKNOWN: 1.0}
    emotion = max(scores, key=lambda label: scores[label])
    confidence = 0.0 if emotion in (Emotion.OTHER, Emotion.UNKNOWN) else scores[emotion]
    # The voice alone may be unsure where words settle it, and the other way round: both are in the result.
    least_sure = replace(judged.affect, confidence=min(confidence, judged.affect.confidence))
    return Recording(
        version=RESULT_VERSION,
        source=source,
        emotion=emotion,
        confidence=confidence,
        scores=scores,
        fused=fused(judged.affect),
        granularity=how.options.granularity,
        timestamp=datetime.now().astimezone().isoformat(timespec="seconds"),
        fallback_action="request_clarification" if judged.decision.action is Action.CLARIFY else None,
        suggested_response=judged.reply.text,
        doubts=_doubts(seen, least_sure, how),
        speech_s=seen.quality.speech_s if seen.quality else 0.0,
        profile=how.config.profile,
        settings=how.settings,
        utterances=tuple(utterances),
    )


def _doubts(seen: Observation, affect: Affect, how: Terms) -> tuple[Doubt, ...]:
    """Return why a result isn't sure, or shouldn't be: models made for one voice are sure of themselves with any."""
    causes = doubts(seen, affect, how.config.analysis.confident, how.tuning.fusion)
    familiar_from = how.config.asr.familiar_from if isinstance(how.config.asr, Paraformer) else None
    if familiar_from is None or not is_foreign(seen, familiar_from):
        return causes
    return (Doubt.STRANGER, *(cause for cause in causes if cause is not Doubt.LANGUAGE))
