"""The engines and tunings of a replay: one for each set of settings that its scripts make, shared by those alike."""

from collections.abc import Callable
from contextlib import ExitStack
from types import TracebackType
from typing import Self

from assistant.build import build_engine, build_tuning
from assistant.config.tree import Config
from assistant.config.tuning import Tuning
from assistant.engine import Engine

_OF_ENGINE = {"asr", "emotion", "sentiment", "punctuator", "models", "engine", "emotion_consent", "region", "speakers"}
"""Sections of the configuration that an engine depends on."""


class Engines:
    """Builds what is asked for once and keeps it until the end; stages may take as long as they need."""

    def __init__(self, told: Callable[[str], None] = lambda _: None) -> None:
        self.told = told
        self._engines: dict[tuple[str, bool], Engine] = {}
        self._tunings: dict[str, Tuning] = {}
        self._open = ExitStack()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._open.close()

    def engine(self, config: Config, *, hearing: bool) -> Engine:
        """Return the engine of a configuration; without `hearing` one for typed words will do."""
        settings = config.model_dump_json(include=_OF_ENGINE)
        for heard in (True, False):
            if (found := self._engines.get((settings, heard))) and heard >= hearing:
                return found
        engine = build_engine(config, deadlines=False, hearing=hearing, told=self.told)
        self._open.enter_context(engine)
        self._engines[settings, hearing] = engine
        return engine

    def tuning(self, config: Config) -> Tuning:
        """Return the tuning of a configuration. Raises ConfigError."""
        settings = config.model_dump_json()
        if settings not in self._tunings:
            self._tunings[settings] = build_tuning(config)
        return self._tunings[settings]
