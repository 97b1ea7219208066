"""Bring models from their hubs: planned first, resumed, checked, and only then a model, by one rename."""

import errno
import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from assistant.config.models import Models
from assistant.errors import FetchError, UnreachableError
from assistant.hub.checksum import git_blob_of, sha256_of
from assistant.hub.choice import remote_of
from assistant.hub.needed import needed
from assistant.hub.place import free_bytes, install, locked, make_room, take_back
from assistant.hub.progress import Progress
from assistant.hub.reference import Reference
from assistant.hub.remote import UNFINISHED, Remote, RemoteFile
from assistant.hub.store import (
    File,
    Manifest,
    folder_of,
    inside,
    lacking,
    partial_of,
    root,
)


@dataclass(frozen=True, slots=True)
class Job:
    """A model that isn't there whole: the files it needs, and the bytes of them that have arrived already."""

    model: Reference
    remote: Remote
    files: tuple[RemoteFile, ...]
    arrived: int

    @property
    def bytes(self) -> int:
        """Return the size of all its files."""
        return sum(file.size for file in self.files)


@dataclass(frozen=True, slots=True)
class Plan:
    """What a fetch will do: models that are there, models to fetch, and the room for them, in bytes."""

    present: tuple[Reference, ...]
    jobs: tuple[Job, ...]
    free: int

    @property
    def bytes(self) -> int:
        """Return the size of everything to fetch, with what has arrived already."""
        return sum(job.bytes for job in self.jobs)

    @property
    def arrived(self) -> int:
        """Return the bytes that have arrived already."""
        return sum(job.arrived for job in self.jobs)


def plan(models: Iterable[Reference], settings: Models) -> Plan:
    """Ask the hubs what the models consist of; those that are there whole are not asked about.

    Raises FetchError where a hub offers other bytes than were pinned, UnreachableError where it doesn't answer.
    """
    wanted = tuple(dict.fromkeys(models))
    present = tuple(model for model in wanted if not lacking(folder_of(model, settings)))
    jobs = tuple(_job(model, settings) for model in wanted if model not in present)
    return Plan(present, jobs, free_bytes(root(settings)))


def fetch(planned: Plan, settings: Models, progress: Progress) -> None:
    """Carry out a plan.

    May be stopped at any time: what has arrived is kept and gone on with. Raises FetchError where the disk is too small
    or bytes are not what they should be, UnreachableError where the connection broke and no new byte came.
    """
    make_room(root(settings), planned.bytes - planned.arrived)
    try:
        if planned.jobs:
            progress.start("fetching", planned.bytes, planned.arrived)
        for job in planned.jobs:
            with locked(job.model, settings):
                _bring(job, settings, progress)
        if planned.jobs:
            progress.start("checking", planned.bytes)
        for job in planned.jobs:
            with locked(job.model, settings):
                _check(job, settings, progress)
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EACCES):
            raise FetchError(f"{root(settings)}: {error.strerror}; what has arrived is kept") from error
        raise


def _job(model: Reference, settings: Models) -> Job:
    remote = remote_of(model.hub, settings)
    listed = {file.path: file for file in remote.files(model)}
    if outside := [path for path in listed if not inside(path)]:
        raise FetchError(
            f"{model}: the hub lists a file outside the model's folder: {outside[0]!r}; nothing was fetched"
        )
    files = tuple(listed[path] for path in needed(list(listed)))
    known = model.model.sha256 if model.model else {}
    for path, sha256 in known.items():
        if path not in {file.path for file in files}:
            raise FetchError(f"{model}: {remote.address} has no {path}, which this program knows of this revision")
        if listed[path].sha256 not in (sha256, None):
            raise FetchError(_differs(model, remote, path, str(listed[path].sha256), sha256))
    partial, folder = partial_of(model, settings), folder_of(model, settings)
    return Job(model, remote, files, sum(max(_there(place, file) for place in (partial, folder)) for file in files))


def _bring(job: Job, settings: Models, progress: Progress) -> None:
    """Bring every file of a model that isn't there among the unfinished."""
    folder, partial = folder_of(job.model, settings), partial_of(job.model, settings)
    if not lacking(folder):  # another process was quicker
        progress.advance(job.bytes - job.arrived)
        return
    take_back(folder, partial)
    partial.mkdir(parents=True, exist_ok=True)
    for file in job.files:
        last = before = _there(partial, file)

        def arrived(count: int) -> None:
            nonlocal last
            progress.advance(count - last)
            last = count

        while not _whole(partial / file.path, file):
            before = _there(partial, file)
            try:
                job.remote.download(job.model, file, partial, arrived)
            except UnreachableError:
                if _there(partial, file) <= before:
                    raise
        arrived(file.size)


def _check(job: Job, settings: Models, progress: Progress) -> None:
    """Make a model of the files that have arrived, if they are what was pinned and what the hub listed."""
    folder, partial = folder_of(job.model, settings), partial_of(job.model, settings)
    if not lacking(folder):
        progress.advance(job.bytes)
        return
    known = job.model.model.sha256 if job.model.model else {}
    files = []
    for file in job.files:
        path = partial / file.path
        sha256 = sha256_of(path, progress)
        right = known.get(file.path) or file.sha256
        if (right and sha256 != right) or (not right and file.git_blob and git_blob_of(path) != file.git_blob):
            path.unlink()
            raise FetchError(_differs(job.model, job.remote, file.path, sha256, right or f"git's {file.git_blob}"))
        files.append(File(file.path, file.size, sha256))
    manifest = Manifest(
        hub=job.model.hub,
        id=job.model.id,
        revision=job.model.revision,
        licence=job.model.model.licence if job.model.model else _licence(partial),
        address=job.remote.address,
        when=datetime.now(UTC).isoformat(timespec="seconds"),
        files=tuple(files),
    )
    install(partial, folder, manifest)


def _there(folder: Path, file: RemoteFile) -> int:
    """Return how many bytes of a file lie in a folder."""
    for path in (folder / file.path, folder / f"{file.path}{UNFINISHED}"):
        if path.is_file() and (size := path.stat().st_size) <= file.size:
            return size
    return 0


def _whole(path: Path, file: RemoteFile) -> bool:
    if not path.is_file():
        return False
    if path.stat().st_size == file.size:
        return True
    path.unlink()
    return False


def _differs(model: Reference, remote: Remote, path: str, offered: str, right: str) -> str:
    return (
        f"{model}: {path} from {remote.address} is not what it should be and was refused\n"
        f"its sha256 is {offered}, and should be {right}\n"
        "if this is a mirror, try the hub's own address; else a newer version of this program may know the new bytes"
    )


def _licence(folder: Path) -> str:
    """Return what the model's card says in its head."""
    try:
        head = (folder / "README.md").read_text(encoding="utf-8", errors="replace")[:4000]
    except OSError:
        return "not stated"
    found = re.search(r"^license:[ \t]*(\S.*)$", head, re.MULTILINE)
    return found[1].strip() if found else "not stated"
