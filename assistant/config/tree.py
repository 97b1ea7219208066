"""The whole configuration. What each setting means stands in configs/default.yaml, which names them all."""

from typing import Literal

from assistant.config.alerts import Alerts
from assistant.config.analysis import Analysis
from assistant.config.base import Section
from assistant.config.calibration import CalibrationSlot
from assistant.config.deployment import Consent, Region, ServiceProfile, Speakers
from assistant.config.judgement import Fusion, Memory
from assistant.config.manners import Manners
from assistant.config.models import Models
from assistant.config.perception import (
    Asr,
    AudioFiles,
    EmotionModel,
    Engine,
    Punctuator,
    Quality,
    Segmenter,
    SentimentModel,
    Vad,
)
from assistant.config.replier import Replier


class Files(Section):
    """Where the tuning files lie."""

    policy: str
    services: str
    crisis: str
    corrections: str
    wording: str
    prompts: str


class Journal(Section):
    """Where turns are written down; null writes nothing."""

    folder: str | None


class Config(Section):
    """Every setting, validated once."""

    profile: str
    language: Literal["auto", "zh", "en"]
    service_profile: ServiceProfile
    region: Region
    speakers: Speakers
    emotion_consent: Consent
    minor_mode: bool
    manners: Manners
    vad: Vad
    segmenter: Segmenter
    quality: Quality
    asr: Asr
    emotion: EmotionModel
    sentiment: SentimentModel
    punctuator: Punctuator
    replier: Replier
    models: Models
    engine: Engine
    fusion: Fusion
    calibration: CalibrationSlot
    memory: Memory
    files: Files
    journal: Journal
    alerts: Alerts
    audio_files: AudioFiles
    analysis: Analysis
