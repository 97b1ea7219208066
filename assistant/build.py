"""From the configuration to living parts: the one place that names models, each imported only when chosen."""

import math
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar, assert_never

from assistant.config.alerts import CONTACT
from assistant.config.analysis import Frames
from assistant.config.calibration import load_calibration
from assistant.config.check import broken
from assistant.config.deployment import Consent, Deployment, voice_emotion_banned
from assistant.config.files import locate
from assistant.config.layers import load
from assistant.config.models import Models
from assistant.config.perception import Asr as AsrSlot
from assistant.config.perception import Bert, CtTransformer, Emotion2Vec, FsmnVad, Off, Paraformer, SileroVad, WebRtcVad
from assistant.config.perception import EmotionModel as EmotionSlot
from assistant.config.perception import Punctuator as PunctuatorSlot
from assistant.config.perception import SentimentModel as SentimentSlot
from assistant.config.perception import Vad as VadSlot
from assistant.config.replier import OpenAi
from assistant.config.texts import load_texts
from assistant.config.tree import Config
from assistant.config.tuning import Tuning, TuningFiles, calibrated, load_tuning
from assistant.core.safety import assess
from assistant.engine import PATIENT, Engine
from assistant.errors import AlertError, ConfigError
from assistant.hosting import Hint
from assistant.hub.size import shown
from assistant.hub.store import is_hub, resolve
from assistant.hub.uses import references_of
from assistant.phrasing import Phrasing
from assistant.ports import Asr, EmotionModel, Punctuator, SentimentModel, Vad
from assistant.session import Session
from assistant.store.dispatcher import Dispatcher
from assistant.store.outbox import Outbox
from assistant.store.sinks.build import build_contact, build_route
from assistant.types import Language, Level, Observation

_M = TypeVar("_M", bound=Asr | EmotionModel | SentimentModel | Punctuator | None)


def build_engine(
    config: Config,
    *,
    deadlines: bool = True,
    hearing: bool = True,
    frames: Frames | None = None,
    told: Callable[[str], None] = lambda _: None,
) -> Engine:
    """Return the engine with its models loaded.

    Without `deadlines` every stage may take as long as it needs; without `hearing` the models that need sound are left
    out, for typed words alone; with `frames` the voice is followed through time. Without consent no model reads
    emotions. `told` is called with a line about each model once it is loaded. Raises ModelMissingError where a
    checkpoint is not there, ModelError where one can't be loaded, ConfigError where the law forbids it.
    """
    off = Off(kind="none")
    asr, punctuator, emotion = (config.asr, config.punctuator, config.emotion) if hearing else (off, off, off)
    sentiment = config.sentiment
    if config.emotion_consent is Consent.REFUSED:
        emotion = sentiment = off
    if not isinstance(emotion, Off) and (banned := voice_emotion_banned(config.region, config.speakers)):
        raise ConfigError(banned)
    if not all(isinstance(slot, Off) for slot in (asr, punctuator, emotion, sentiment)):
        from assistant.models.device import claim_threads

        claim_threads(config.engine.threads)
    return Engine(
        asr=_announced(build_asr(asr, config.models), told),
        emotion=_announced(build_emotion(emotion, config.models, frames), told),
        sentiment=_announced(build_sentiment(sentiment, config.models), told),
        deadlines=config.engine.deadline_s if deadlines else PATIENT,
        punctuator=_announced(build_punctuator(punctuator, config.models), told),
    )


def build_session(
    config: Config,
    engine: Engine,
    tuning: Tuning,
    id: str,  # noqa: A002 - as in Session
    *,
    heard: Callable[[Observation], None] | None = None,
    phrasing: Phrasing | None = None,
    converses: bool = False,
) -> Session:
    """Return a new conversation on a shared engine, with a VAD of its own; `heard` and `phrasing` are as in Session."""
    return Session(
        id,
        engine,
        build_vad(config.vad, config.models),
        config.segmenter,
        config.quality,
        tuning,
        speculate=config.engine.speculate,
        heard=heard,
        hint=_hint(config, tuning),
        phrasing=phrasing,
        converses=converses,
    )


def build_phrasing(config: Config) -> Phrasing | None:
    """Return the language model that phrases replies, shared by all sessions, or None where there is none."""
    match config.replier:
        case OpenAi():
            from assistant.models import openai_replier

            return Phrasing(openai_replier.OpenAiReplier(config.replier), config.replier)
        case Off():
            return None
    assert_never(config.replier)


def _hint(config: Config, tuning: Tuning) -> Hint | None:
    """Return what a stranger to the recogniser is told: how to get the real models, their size, how long that takes."""
    if not isinstance(config.asr, Paraformer) or config.asr.familiar_from is None:
        return None
    wanted = references_of(load("full", env={}).config)
    size = sum(reference.model.about_bytes for reference in wanted if reference.model)
    values = {"size": shown(size), "minutes": str(math.ceil(size * 8 / 100e6 / 60))}
    language = Language.ZH if tuning.language == "auto" else Language(tuning.language)
    return Hint(config.asr.familiar_from, tuning.texts[language].say("console.stranger", values))


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
    tuning = load_tuning(
        config.fusion,
        config.memory,
        config.manners,
        Deployment(
            config.language, config.service_profile, config.emotion_consent, config.region, minor_mode=config.minor_mode
        ),
        TuningFiles(
            policy=locate(files.policy),
            services=locate(files.services),
            crisis=locate(files.crisis),
            corrections=locate(files.corrections),
            wording=locate(files.wording),
            prompts=locate(files.prompts),
        ),
    )
    return calibrated(tuning, load_calibration(config.calibration))


def build_outbox(config: Config, *, must_exist: bool = False) -> Outbox:
    """Return the outbox of alerts; a missing one is made unless it `must_exist`. Raises ConfigError, AlertError."""
    alerts = config.alerts
    if alerts.outbox is None:
        raise ConfigError("alerts.outbox is null: no alerts are kept; name a file: -s alerts.outbox=runs/alerts.sqlite")
    path = Path(alerts.outbox).expanduser()
    if must_exist and not path.exists():
        raise AlertError(f"{path}: no outbox of alerts is there; `alerts.outbox` names it")
    return Outbox(path, alerts.retry, keep_days=alerts.keep_days)


def build_dispatcher(config: Config) -> Dispatcher:
    """Return what keeps alerts and tells those who are configured, not yet started. Raises ConfigError, AlertError."""
    alerts = config.alerts
    texts = load_texts(locate(config.files.prompts) / (Language.ZH if config.language == "auto" else config.language))
    levels = {level: texts.say(f"labels.level.{level}") for level in Level}
    routes = {name: build_route(name, choice, levels) for name, choice in alerts.sinks.items()}
    if contact := build_contact(alerts.contact, levels):
        routes[CONTACT] = contact
    return Dispatcher(build_outbox(config), routes, include_text=alerts.include_text, grace_s=alerts.grace_s)


def build_vad(slot: VadSlot, models: Models) -> Vad:
    """Return a voice activity detector for one stream."""
    match slot:
        case WebRtcVad():
            from assistant.models import webrtc_vad

            return webrtc_vad.WebRtcVad(slot)
        case SileroVad():
            from assistant.models import silero_vad

            return silero_vad.SileroVad(find(slot.model, models), slot.energy_floor)
        case FsmnVad():
            from assistant.models import fsmn_vad

            return fsmn_vad.FsmnVad(find(slot.model, models), slot.energy_floor)
    assert_never(slot)


def build_asr(slot: AsrSlot, models: Models) -> Asr | None:
    """Return the recogniser, or None where the slot is off."""
    match slot:
        case Paraformer():
            from assistant.models import paraformer

            return paraformer.Paraformer(find(slot.model, models), slot.device)
        case Off():
            return None
    assert_never(slot)


def build_emotion(slot: EmotionSlot, models: Models, frames: Frames | None = None) -> EmotionModel | None:
    """Return the voice emotion model, or None where the slot is off; with `frames` it follows the voice in time."""
    match slot:
        case Emotion2Vec():
            from assistant.models import emotion2vec

            return emotion2vec.Emotion2Vec(find(slot.model, models), slot.device, slot.max_window_s, frames)
        case Off():
            return None
    assert_never(slot)


def build_sentiment(slot: SentimentSlot, models: Models) -> SentimentModel | None:
    """Return the sentiment model, or None where the slot is off."""
    match slot:
        case Bert():
            from assistant.models import bert

            return bert.Bert(find(slot.model, models), slot.device, slot.labels)
        case Off():
            return None
    assert_never(slot)


def build_punctuator(slot: PunctuatorSlot, models: Models) -> Punctuator | None:
    """Return the punctuator, or None where the slot is off."""
    match slot:
        case CtTransformer():
            from assistant.models import ct_transformer

            return ct_transformer.CtTransformer(find(slot.model, models), slot.device)
        case Off():
            return None
    assert_never(slot)


def _announced(model: _M, told: Callable[[str], None]) -> _M:
    """Return the model, told about if there is one."""
    if model is not None:
        told(model.about)
    return model


def find(reference: str, models: Models) -> Path:
    """Return the folder or file that a `model` setting names: a hub's model once fetched, a bundled one, the user's."""
    return resolve(reference, models) if is_hub(reference) else locate(reference)
