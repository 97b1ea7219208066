"""A script made ready: its settings laid over those of the run, its sound decoded and put in its place."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from assistant.apps.dialogue import Dialogue, load_dialogue
from assistant.apps.replay.places import line_of
from assistant.apps.sources import Cue, lay_out
from assistant.config.layers import laid_over
from assistant.config.tree import Config
from assistant.errors import ConfigError, ScriptError

PAUSE_S = 0.4
"""Silence after each turn beyond the hangover, so that every utterance ends within its own cue."""


@dataclass(frozen=True, slots=True)
class Staged:
    """A script, ready to play with its own configuration."""

    path: Path
    dialogue: Dialogue
    config: Config
    cues: tuple[Cue, ...]

    @property
    def spoken(self) -> bool:
        """Tell whether there is anything to hear in it."""
        return any(turn.audio for turn in self.dialogue.turns)


def stage(path: Path, config: Config) -> Staged:
    """Return the script of a file, ready to play. Raises ScriptError, AudioError."""
    dialogue = load_dialogue(path)
    own = _own(path, dialogue, config) if dialogue.sets else config
    pause_s = own.segmenter.hangover_s + PAUSE_S
    return Staged(path, dialogue, own, lay_out(dialogue, path.parent, own.audio_files, pause_s))


def _own(path: Path, dialogue: Dialogue, config: Config) -> Config:
    line = line_of(path.read_text(encoding="utf-8"), ("sets",))
    try:
        return laid_over(config, dialogue.sets, f"{path}, line {line}: sets")
    except ConfigError as error:
        raise ScriptError(str(error)) from error


def found(paths: Sequence[Path]) -> tuple[list[Path], list[Path]]:
    """Return the scripts and the journals among `paths`; a folder stands for the scripts in it. Raises ScriptError."""
    scripts: list[Path] = []
    journals: list[Path] = []
    for path in paths:
        if path.is_dir():
            inside = sorted(path.glob("*.yaml"))
            if not inside:
                raise ScriptError(f"{path}: no dialogue scripts (*.yaml) in this folder")
            scripts += inside
        elif not path.exists():
            raise ScriptError(f"{path}: does not exist")
        elif path.suffix == ".jsonl":
            journals.append(path)
        elif path.suffix in (".yaml", ".yml"):
            scripts.append(path)
        else:
            raise ScriptError(f"{path}: neither a dialogue script (.yaml) nor a journal (.jsonl)")
    return scripts, journals
