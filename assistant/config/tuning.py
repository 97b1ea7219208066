"""What may be tuned while running, as one frozen value that is replaced whole between turns."""

import hashlib
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from assistant.config.base import Section
from assistant.config.calibration import Calibration, Provenance, replaced
from assistant.config.corrections import Corrections
from assistant.config.crisis import Crisis
from assistant.config.deployment import Consent, Deployment, ServiceProfile
from assistant.config.judgement import Fusion, Memory
from assistant.config.manners import Manners
from assistant.config.policy import Policy
from assistant.config.services import Services
from assistant.config.texts import Texts, load_texts
from assistant.config.wording import Wording
from assistant.config.yaml import checked, read_yaml
from assistant.errors import ConfigError
from assistant.types import Language


class Tuning(Section):
    """Thresholds, policy and words, and what a decision asks about the place. Every record carries its hash."""

    fusion: Fusion
    memory: Memory
    policy: Policy
    services: Services
    crisis: Crisis
    corrections: Corrections
    wording: Wording
    texts: dict[Language, Texts]
    language: Literal["auto", "zh", "en"]
    calibrated: Provenance | None = None
    service_profile: ServiceProfile
    emotion_consent: Consent
    manners: Manners
    minor_mode: bool

    def hash(self) -> str:
        """Return 12 hexadecimal digits that change with any value: SHA-256 over JSON with sorted keys."""
        canonical = json.dumps(self.model_dump(mode="json"), sort_keys=True, separators=(",", ":"), ensure_ascii=True)
        return hashlib.sha256(canonical.encode("ascii")).hexdigest()[:12]


@dataclass(frozen=True, slots=True)
class TuningFiles:
    """Where the parts of a tuning lie; `prompts` is the folder with a folder of texts per language."""

    policy: Path
    services: Path
    crisis: Path
    corrections: Path
    wording: Path
    prompts: Path


def calibrated(tuning: Tuning, by: Calibration | None) -> Tuning:
    """Return `tuning` with its fusion calibrated; as it is without a calibration."""
    if by is None:
        return tuning
    return tuning.model_copy(update={"fusion": replaced(tuning.fusion, by.fusion), "calibrated": by.provenance})


def load_tuning(
    fusion: Fusion,
    memory: Memory,
    manners: Manners,
    place: Deployment,
    files: TuningFiles,
) -> Tuning:
    """Return the tuning of the files, its texts with the numbers for help of the region filled in.

    Raises ConfigError: file, key, what is allowed.
    """
    services = checked(Services, read_yaml(files.services), str(files.services))
    if place.region not in services.help:
        raise ConfigError(f"{files.services}: help.{place.region}: missing; every text for danger needs its numbers")
    numbers = services.help[place.region]
    return Tuning(
        fusion=fusion,
        memory=memory,
        policy=checked(Policy, read_yaml(files.policy), str(files.policy)),
        services=services,
        crisis=checked(Crisis, read_yaml(files.crisis), str(files.crisis)),
        corrections=checked(Corrections, read_yaml(files.corrections), str(files.corrections)),
        wording=checked(Wording, read_yaml(files.wording), str(files.wording)),
        texts={language: load_texts(_folder(files.prompts, language), numbers.of(language)) for language in Language},
        language=place.language,
        service_profile=place.service_profile,
        emotion_consent=place.emotion_consent,
        manners=manners,
        minor_mode=place.minor_mode,
    )


def _folder(prompts: Path, language: Language) -> Path:
    folder = prompts / language
    if not folder.is_dir():
        raise ConfigError(f"{folder}: missing; each of {', '.join(Language)} needs its folder of texts")
    return folder
