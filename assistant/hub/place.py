"""Put models in their place, and take them back: always under a lock, and by one rename."""

import os
import shutil
from collections.abc import Iterable
from pathlib import Path

from filelock import FileLock

from assistant.config.models import Models
from assistant.errors import FetchError
from assistant.hub.reference import Reference
from assistant.hub.size import shown
from assistant.hub.store import MANIFEST, MANIFESTS, PARTIAL, Manifest, folder_of, partial_of, root

_SPARE = 64_000_000
"""Bytes of the disk that are left alone."""


def locked(model: Reference, settings: Models) -> FileLock:
    """Return the lock under which a model's files change; another process waits for it."""
    path = root(settings) / PARTIAL / f"{str(model.place).replace('/', '--')}.lock"
    path.parent.mkdir(parents=True, exist_ok=True)
    return FileLock(path)


def install(partial: Path, folder: Path, manifest: Manifest) -> None:
    """Make a model of files that have been checked: strays go, the manifest comes, one rename."""
    partial.mkdir(parents=True, exist_ok=True)
    expected = {partial / file.path for file in manifest.files}
    for path in sorted(partial.rglob("*"), reverse=True):
        if path.is_symlink() or not path.is_dir():
            if path not in expected:
                path.unlink()
        elif not any(path.iterdir()):
            path.rmdir()
    with (partial / MANIFEST).open("wb") as file:
        file.write(MANIFESTS.dump_json(manifest, indent=1))
        file.flush()
        os.fsync(file.fileno())
    folder.parent.mkdir(parents=True, exist_ok=True)
    if folder.exists():
        shutil.rmtree(folder)
    partial.rename(folder)


def reopen(model: Reference, damaged: Iterable[str], settings: Models) -> None:
    """Take a model back among the unfinished, without its damaged files, so that a fetch mends it."""
    with locked(model, settings):
        folder = folder_of(model, settings)
        for path in damaged:
            (folder / path).unlink(missing_ok=True)
        take_back(folder, partial_of(model, settings))


def take_back(folder: Path, partial: Path) -> None:
    """Move the files of a model that isn't whole back among the unfinished."""
    if not folder.exists():
        return
    (folder / MANIFEST).unlink(missing_ok=True)
    for path in folder.rglob("*"):
        target = partial / path.relative_to(folder)
        if path.is_file() and not target.exists():
            target.parent.mkdir(parents=True, exist_ok=True)
            path.replace(target)
    shutil.rmtree(folder)


def make_room(folder: Path, size: int) -> None:
    """Raise FetchError where the disk that a folder is on, or will be on, has no room for so many bytes more."""
    lack = size + _SPARE - free_bytes(folder)
    if size > 0 and lack > 0:
        raise FetchError(
            f"{folder}: {shown(size)} are needed, but only {shown(free_bytes(folder))} are free there\n"
            f"make room for {shown(lack)}, or choose another place for models: --set models.folder=PATH"
        )


def free_bytes(folder: Path) -> int:
    """Return the free bytes of the disk that a folder is on, or will be on."""
    return shutil.disk_usage(next(place for place in (folder, *folder.absolute().parents) if place.exists())).free
