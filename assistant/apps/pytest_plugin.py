"""A pytest plugin: dialogue scripts are test files, and every turn is a test.

Files named `*.dialogue.yaml` are collected wherever the program is installed. In the configuration of pytest
`assistant_dialogues` names other patterns; `assistant_settings` has settings, a line each: `service_profile=assistant`.
"""

from __future__ import annotations

from collections.abc import Iterable
from fnmatch import fnmatch
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from assistant.apps.replay.engines import Engines
    from assistant.apps.replay.outcome import Outcome
    from assistant.config.tree import Config

PATTERN = "*.dialogue.yaml"

_ENGINES = pytest.StashKey["tuple[Config, Engines]"]()
"""Made by the first dialogue that is played; none is, and nothing heavy is imported, where no file matches."""


def pytest_addoption(parser: pytest.Parser) -> None:
    """Declare the settings."""
    parser.addini("assistant_dialogues", "patterns of dialogue scripts", type="args", default=[PATTERN])
    parser.addini(
        "assistant_settings", "settings of the assistant, KEY=VALUE, a line each", type="linelist", default=[]
    )


def pytest_collect_file(file_path: Path, parent: pytest.Collector) -> pytest.Collector | None:
    """Take the files that match; a pattern with a slash is one of the whole path."""
    patterns = parent.config.getini("assistant_dialogues")
    matches = (fnmatch(file_path.as_posix() if "/" in each else file_path.name, each) for each in patterns)
    return Script.from_parent(parent, path=file_path) if any(matches) else None


def pytest_unconfigure(config: pytest.Config) -> None:
    """Let the models go."""
    if ready := config.stash.get(_ENGINES, None):
        ready[1].__exit__(None, None, None)


class Script(pytest.File):
    """A dialogue script. Its turns are one conversation, so all of it is played for any of them, once."""

    _outcome: Outcome | None = None

    def collect(self) -> Iterable[pytest.Item]:
        """Yield a test per turn. A script that can't be read is an error with its line."""
        from assistant.apps.dialogue import load_dialogue
        from assistant.errors import ScriptError

        try:
            dialogue = load_dialogue(self.path)
        except ScriptError as error:
            raise self.CollectError(str(error)) from error
        for number, turn in enumerate(dialogue.turns, 1):
            said = turn.say or turn.text or (turn.perceived.text if turn.perceived else "")
            yield Turn.from_parent(self, name=f"turn {number}: {said}".rstrip(": "), number=number)

    def outcome(self) -> Outcome:
        """Return how it went, playing it if it was not. Raises AssistantError."""
        if self._outcome is None:
            from assistant.apps.replay.play import play
            from assistant.apps.replay.stage import stage

            config, engines = _ready(self.config)
            self._outcome = play(stage(self.path, config), engines)
        return self._outcome


class Turn(pytest.Item):
    """One turn of a script."""

    def __init__(self, name: str, parent: Script, number: int) -> None:
        super().__init__(name, parent)
        self._script = parent
        self._number = number

    def runtest(self) -> None:
        """Fail with everything that the turn has missed. Raises AssistantError where it can't be played."""
        turn = self._script.outcome().turns[self._number - 1]
        if not turn.held:
            pytest.fail("\n".join(f"[{miss.kind}] {miss.text}" for miss in turn.misses), pytrace=False)

    def repr_failure(self, excinfo: pytest.ExceptionInfo[BaseException]) -> str:  # type: ignore[override]  # pytest types it wider than it calls it
        """Return what was missed, or what stands in the way, without a traceback where a person can mend it."""
        from assistant.errors import AssistantError

        if isinstance(excinfo.value, AssistantError):
            return str(excinfo.value)
        return str(super().repr_failure(excinfo))

    def reportinfo(self) -> tuple[Path, int | None, str]:
        """Return where the turn stands."""
        return self.path, None, self.name


def _ready(config: pytest.Config) -> tuple[Config, Engines]:
    if (ready := config.stash.get(_ENGINES, None)) is None:
        from assistant.apps.replay.engines import Engines
        from assistant.config.layers import load

        ready = config.stash[_ENGINES] = (load(sets=config.getini("assistant_settings")).config, Engines())
    return ready
