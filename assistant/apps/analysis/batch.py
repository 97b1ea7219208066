"""Recordings one after the other: what was computed before is taken over, a bad one does not stop the rest."""

import shutil
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

from assistant.apps.analysis.finish import finish
from assistant.apps.analysis.folders import final, fresh, told
from assistant.apps.analysis.index import Entry, Index
from assistant.apps.analysis.options import Terms
from assistant.apps.analysis.result import PICTURE, RESULT, SOUND, VECTORS, Recording, Source, read
from assistant.apps.analysis.sources import digest, shown
from assistant.apps.words import Words
from assistant.audio.probe import declared_s
from assistant.errors import AudioError


@dataclass(frozen=True, slots=True)
class Job:
    """A recording to be heard; `error` says why it can't be. declared_s: its length as it says, 0 if it doesn't."""

    path: Path
    sha256: str
    declared_s: float
    error: str | None = None


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one recording: a result in `folder`, computed now or `reused`, or an error."""

    path: str
    folder: str | None
    reused: bool
    error: str | None
    result: Recording | None


Listen = Callable[[Path, Source, Path], Recording]
"""Hears a recording and writes what it comes to into a folder; may raise AudioError and OSError."""


def look(paths: Sequence[Path]) -> Iterator[Job]:
    """Yield a job for each file once its bytes were read through."""
    for path in paths:
        try:
            yield Job(path, digest(path), declared_s(path) or 0.0)
        except AudioError as error:
            yield Job(path, "", 0.0, str(error))


class Batch:
    """The results in one output folder, on one set of terms."""

    def __init__(self, out: Path, terms: Terms, words: Words) -> None:
        self._out = out
        self._terms = terms
        self._words = words
        self._index = Index(out)

    def to_hear(self, jobs: Sequence[Job]) -> dict[Path, float]:
        """Return the declared seconds of what must be computed: neither known, nor the same sound a second time."""
        first = {job.sha256: job for job in reversed(jobs) if job.error is None}
        return {job.path: job.declared_s for job in first.values() if self._before(job) is None}

    def run(self, job: Job, listen: Listen) -> Outcome:
        """Return what becomes of a recording. Raises OutputError where results can't be written."""
        name = shown(job.path)
        if job.error is not None:
            return Outcome(name, None, False, job.error, None)
        with told(self._out):
            try:
                return self._taken_over(job) or self._computed(job, listen)
            except AudioError as error:
                return Outcome(name, None, False, str(error), None)

    def _computed(self, job: Job, listen: Listen) -> Outcome:
        source = Source(shown(job.path), job.sha256, 0.0, self._terms.options.channel)
        with fresh(self._out, datetime.now()) as folder:
            recording = listen(job.path, source, folder)
        return self._done(job, final(folder), recording, reused=False)

    def _taken_over(self, job: Job) -> Outcome | None:
        """Return the result of the same file, or a copy of that of the same sound elsewhere, if there is one."""
        before = self._before(job)
        if before is None:
            return None
        entry, recording = before
        if entry.path == _whole(job.path):
            return Outcome(shown(job.path), str(self._out / entry.folder), True, None, recording)
        copied = replace(recording, source=replace(recording.source, path=shown(job.path)))
        with fresh(self._out, datetime.now()) as folder:
            for name in {SOUND, VECTORS} & set(self._files()):
                shutil.copyfile(self._out / entry.folder / name, folder / name)
            finish(copied, folder, self._words)
        return self._done(job, final(folder), copied, reused=True)

    def _done(self, job: Job, folder: Path, recording: Recording, *, reused: bool) -> Outcome:
        self._index.add(Entry(job.sha256, self._terms.settings, _whole(job.path), folder.name))
        return Outcome(shown(job.path), str(folder), reused, None, recording)

    def _before(self, job: Job) -> tuple[Entry, Recording] | None:
        """Return a result of this sound whose folder is still complete, that of the same file if there is one."""
        known = self._index.same(job.sha256, self._terms.settings)
        for entry in sorted(known, key=lambda entry: entry.path != _whole(job.path)):
            folder = self._out / entry.folder
            if all((folder / name).is_file() for name in self._files()) and (recording := read(folder)):
                return entry, recording
        return None

    def _files(self) -> tuple[str, ...]:
        return (RESULT, SOUND, PICTURE, *((VECTORS,) if self._terms.options.embedding else ()))


def _whole(path: Path) -> str:
    return shown(path.resolve())
