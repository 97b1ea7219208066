"""What may be tuned while running, as one frozen value that is replaced whole between turns."""

import hashlib
import json
from pathlib import Path
from typing import Literal

from assistant.config.base import Section
from assistant.config.crisis import Crisis
from assistant.config.judgement import Fusion, Memory
from assistant.config.policy import Policy
from assistant.config.services import Services
from assistant.config.texts import Texts, load_texts
from assistant.config.yaml import checked, read_yaml
from assistant.errors import ConfigError
from assistant.types import Language


class Tuning(Section):
    """Thresholds, policy and words. Every record carries its hash."""

    fusion: Fusion
    memory: Memory
    policy: Policy
    services: Services
    crisis: Crisis
    texts: dict[Language, Texts]
    language: Literal["auto", "zh", "en"]

    def hash(self) -> str:
        """Return 12 hexadecimal digits that change with any value: SHA-256 over JSON with sorted keys."""
        canonical = json.dumps(self.model_dump(mode="json"), sort_keys=True, separators=(",", ":"), ensure_ascii=True)
        return hashlib.sha256(canonical.encode("ascii")).hexdigest()[:12]


def load_tuning(
    fusion: Fusion,
    memory: Memory,
    language: Literal["auto", "zh", "en"],
    policy: Path,
    services: Path,
    crisis: Path,
    prompts: Path,
) -> Tuning:
    """Return the tuning of the files, texts of `prompts`/LANGUAGE. Raises ConfigError: file, key, what is allowed."""
    return Tuning(
        fusion=fusion,
        memory=memory,
        policy=checked(Policy, read_yaml(policy), str(policy)),
        services=checked(Services, read_yaml(services), str(services)),
        crisis=checked(Crisis, read_yaml(crisis), str(crisis)),
        language=language,
        texts={language: load_texts(_folder(prompts, language)) for language in Language},
    )


def _folder(prompts: Path, language: Language) -> Path:
    folder = prompts / language
    if not folder.is_dir():
        raise ConfigError(f"{folder}: missing; each of {', '.join(Language)} needs its folder of texts")
    return folder
