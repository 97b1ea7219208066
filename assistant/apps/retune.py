"""Files edited while a conversation runs: the next turn is decided with them; a broken one changes nothing."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import partial
from pathlib import Path

from assistant.apps.words import Words, words_of
from assistant.build import build_tuning
from assistant.config.files import CONFIGS, locate
from assistant.config.layers import load
from assistant.config.tree import Config
from assistant.errors import ConfigError
from assistant.events import Event, Notice, Perceived
from assistant.session import Session

Stamp = tuple[int, int, int]
"""What differs once a file was written or replaced: nanoseconds of its last change, its size, its place on the disk."""


class Retuner:
    """Keeps the last good tuning of a set of files, for any number of sessions; belongs to one thread.

    `read` gives the configuration anew; `settings` are the files that it reads, beside those it names. Only what is
    tuning follows a change: thresholds, policy, services, texts, language. Models stay as they are.
    """

    def __init__(self, read: Callable[[], Config], words: Words, settings: Sequence[Path] = ()) -> None:
        self._read = read
        self._words = words
        self._settings = tuple(settings)
        self._config = read()
        self._stamps = self._look()
        self._broken = False
        self._changed: tuple[str, ...] = ()
        self.tuning = build_tuning(self._config)

    def check(self, session: Session) -> Notice | None:
        """Let `session` go on with the files as they are now; return what there is to say about it.

        Only a change is read; a look costs a few microseconds per file. What is wrong with a change is said once, to
        whichever session asks first; that the tuning has changed is said to each.
        """
        notice = self._refresh()
        if session.tuning is self.tuning:
            return notice
        differs = session.tuning != self.tuning
        session.retune(self.tuning)
        if not differs:
            return notice
        return Notice(
            "info", self._words.screen("retune.changed", {"files": ", ".join(self._changed) or self.tuning.hash()})
        )

    def follow(self, session: Session, events: Iterable[Event]) -> Iterator[Event]:
        """Yield the events of a session and look at the files at the last moment before each decision."""
        for event in events:
            if isinstance(event, Perceived) and (notice := self.check(session)):
                yield notice
            yield event

    def _refresh(self) -> Notice | None:
        """Read what has changed since the last look; return what is wrong with it, or that it is mended."""
        stamps = self._look()
        if stamps == self._stamps:
            return None
        either = sorted(stamps.keys() | self._stamps.keys())
        self._changed = tuple(path.name for path in either if stamps.get(path) != self._stamps.get(path))
        self._stamps = stamps
        try:
            self._config = self._read()
            # Looked at before they are read: what is written meanwhile differs again at the next look.
            self._stamps = self._look()
            tuning = build_tuning(self._config)
        except ConfigError as error:
            self._broken = True
            problem = str(error).splitlines()[0]
            return Notice("error", self._words.screen("retune.broken", {"problem": problem}))
        mended, self._broken = self._broken, False
        if tuning != self.tuning:
            self.tuning = tuning
            return None
        return Notice("info", self._words.screen("retune.same")) if mended else None

    def _look(self) -> dict[Path, Stamp | None]:
        """Return the stamp of every file, None for one that isn't there."""
        files, fitted = self._config.files, self._config.calibration.file
        named = [locate(getattr(files, name)) for name in type(files).model_fields]
        named += [locate(fitted)] if fitted else []
        texts = [text for path in named if path.is_dir() for text in path.glob("*/*.yaml")]
        return {path: _stamp(path) for path in (*self._settings, *named, *texts)}


def retuner(profile: str | None, files: Sequence[str], sets: Sequence[str]) -> Retuner:
    """Return a retuner for the arguments of a command line; the arguments of --set hold whatever the files say.

    Raises ConfigError where the configuration is wrong from the start.
    """
    read = partial(_config, profile, files, sets)
    config = read()
    own = [CONFIGS / "default.yaml", CONFIGS / f"{config.profile}.yaml", *map(locate, files)]
    return Retuner(read, words_of(config), own)


def _config(profile: str | None, files: Sequence[str], sets: Sequence[str]) -> Config:
    return load(profile, files, sets).config


def _stamp(path: Path) -> Stamp | None:
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_mtime_ns, found.st_size, found.st_ino
