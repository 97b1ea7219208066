"""From the configuration to living parts: the one place that names models, each imported only when chosen."""

from typing import assert_never

from assistant.config.check import broken
from assistant.config.files import locate
from assistant.config.perception import Asr as AsrSlot
from assistant.config.perception import Bert, Emotion2Vec, Off, Paraformer, SileroVad, WebRtcVad
from assistant.config.perception import EmotionModel as EmotionSlot
from assistant.config.perception import SentimentModel as SentimentSlot
from assistant.config.perception import Vad as VadSlot
from assistant.config.tree import Config
from assistant.config.tuning import Tuning, load_tuning
from assistant.core.safety import assess
from assistant.engine import PATIENT, Engine
from assistant.errors import ConfigError
from assistant.ports import Asr, EmotionModel, SentimentModel, Vad
from assistant.session import Session


def build_engine(config: Config, *, deadlines: bool = True, hearing: bool = True) -> Engine:
    """Return the engine with its models loaded.

    Without `deadlines` every stage may take as long as it needs; without `hearing` the models that need sound are left
    out, for typed words alone. Raises ModelMissingError where a checkpoint is not there, ModelError where one can't be
    loaded.
    """
    off = Off(kind="none")
    asr, emotion = (config.asr, config.emotion) if hearing else (off, off)
    if not all(isinstance(slot, Off) for slot in (asr, emotion, config.sentiment)):
        from assistant.models.device import claim_threads

        claim_threads(config.engine.threads)
    return Engine(
        asr=build_asr(asr),
        emotion=build_emotion(emotion),
        sentiment=build_sentiment(config.sentiment),
        deadlines=config.engine.deadline_s if deadlines else PATIENT,
    )


def build_session(config: Config, engine: Engine, tuning: Tuning, id: str) -> Session:  # noqa: A002 - as in Session
    """Return a new conversation on a shared engine, with a VAD of its own."""
    return Session(
        id, engine, build_vad(config.vad), config.segmenter, config.quality, tuning, speculate=config.engine.speculate
    )


def build_tuning(config: Config) -> Tuning:
    """Return what may be tuned while running. Raises ConfigError for what would fail in the midst of a conversation."""
    tuning = load_files(config)
    if problems := broken(tuning):
        raise ConfigError("\n".join(problems))
    assess("", tuning.crisis)  # compiles the lexicon now instead of in the first turn
    return tuning


def load_files(config: Config) -> Tuning:
    """Return the tuning as its files have it, unchecked: thresholds from the configuration, the rest from files."""
    files = config.files
    return load_tuning(
        config.fusion,
        config.memory,
        config.language,
        policy=locate(files.policy),
        services=locate(files.services),
        crisis=locate(files.crisis),
        prompts=locate(files.prompts),
    )


def build_vad(slot: VadSlot) -> Vad:
    """Return a voice activity detector for one stream."""
    match slot:
        case WebRtcVad():
            from assistant.models import webrtc_vad

            return webrtc_vad.WebRtcVad(slot)
        case SileroVad():
            from assistant.models import silero_vad

            return silero_vad.SileroVad(locate(slot.model), slot.energy_floor)
    assert_never(slot)


def build_asr(slot: AsrSlot) -> Asr | None:
    """Return the recogniser, or None where the slot is off."""
    match slot:
        case Paraformer():
            from assistant.models import paraformer

            return paraformer.Paraformer(locate(slot.model), slot.device)
        case Off():
            return None
    assert_never(slot)


def build_emotion(slot: EmotionSlot) -> EmotionModel | None:
    """Return the voice emotion model, or None where the slot is off."""
    match slot:
        case Emotion2Vec():
            from assistant.models import emotion2vec

            return emotion2vec.Emotion2Vec(locate(slot.model), slot.device, slot.max_window_s)
        case Off():
            return None
    assert_never(slot)


def build_sentiment(slot: SentimentSlot) -> SentimentModel | None:
    """Return the sentiment model, or None where the slot is off."""
    match slot:
        case Bert():
            from assistant.models import bert

            return bert.Bert(locate(slot.model), slot.device, slot.labels)
        case Off():
            return None
    assert_never(slot)
