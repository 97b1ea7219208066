"""What was asked for, and the one number that stands for everything a result depends on but the sound."""

import hashlib
import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from assistant import __version__
from assistant.apps.analysis.choices import Channel, Granularity
from assistant.apps.analysis.result import RESULT_VERSION
from assistant.audio.wav import MAX_SECONDS
from assistant.build import find
from assistant.config.perception import AudioFiles
from assistant.config.tree import Config
from assistant.config.tuning import Tuning
from assistant.errors import ConfigError
from assistant.hub.uses import models_of

READ_WHOLE = 64 * 1024 * 1024
"""Bytes: smaller files of a model are told apart by all they hold, greater ones by size and date."""

_CHANNELS: dict[Channel, int | Literal["mean"]] = {Channel.LEFT: 0, Channel.RIGHT: 1, Channel.MIX: "mean"}


@dataclass(frozen=True, slots=True)
class Options:
    """How the recordings of one run are analysed; `embedding` writes the voice's vectors down."""

    granularity: Granularity
    channel: Channel
    embedding: bool


@dataclass(frozen=True, slots=True)
class Terms:
    """Everything that a result depends on but the sound; `settings` is its fingerprint."""

    config: Config
    tuning: Tuning
    options: Options
    settings: str


def terms(config: Config, tuning: Tuning, options: Options) -> Terms:
    """Return the terms of a run, its models read through for their fingerprint."""
    return Terms(config, tuning, options, _fingerprint(config, tuning, options))


def limits(config: Config, channel: Channel) -> AudioFiles:
    """Return what a recording may be: of any size, as long as `analysis.max_seconds`, heard on one channel."""
    longest = min(config.analysis.max_seconds, MAX_SECONDS)
    changed = {"max_bytes": 2**63, "max_seconds": longest, "channel": _CHANNELS[channel]}
    return config.audio_files.model_copy(update=changed)


def channel_of(config: Config) -> Channel:
    """Return the channel that the configuration names. Raises ConfigError for one that has no name here."""
    for channel, number in _CHANNELS.items():
        if number == config.audio_files.channel:
            return channel
    known = ", ".join(Channel)
    raise ConfigError(f"audio_files.channel: {config.audio_files.channel} can't be analysed; say --channel: {known}")


def _fingerprint(config: Config, tuning: Tuning, options: Options) -> str:
    """Return 12 hexadecimal digits that change with anything that may change a result: settings, texts, models.

    Left out is what decides only when a result is there or where it is put.
    """
    settings = config.model_dump(mode="json", exclude={"engine", "journal", "files", "models", "alerts"})
    models = [list(_files(find(reference, config.models))) for reference in models_of(config).values()]
    parts = [__version__, RESULT_VERSION, options.granularity, options.channel, options.embedding]
    whole = json.dumps([parts, settings, tuning.hash(), models], sort_keys=True, ensure_ascii=True)
    return hashlib.sha256(whole.encode("ascii")).hexdigest()[:12]


def _files(model: Path) -> Iterator[tuple[str, int, str]]:
    """Yield name, size and what tells the contents of each file of a model, a folder or a single file."""
    for path in sorted(each for each in (model.rglob("*") if model.is_dir() else [model]) if each.is_file()):
        facts = path.stat()
        if facts.st_size <= READ_WHOLE:
            contents = hashlib.sha256(path.read_bytes()).hexdigest()
        else:
            contents = str(facts.st_mtime_ns)
        yield path.relative_to(model).as_posix(), facts.st_size, contents
