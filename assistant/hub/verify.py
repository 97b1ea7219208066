"""Compare fetched models with what was recorded when they were fetched."""

from dataclasses import dataclass
from pathlib import Path

from assistant.config.models import Models
from assistant.hub.checksum import sha256_of
from assistant.hub.progress import Progress
from assistant.hub.reference import Reference
from assistant.hub.store import MANIFEST, folder_of, manifest_of

_DESKTOP = (".DS_Store", "Thumbs.db", "desktop.ini")


@dataclass(frozen=True, slots=True)
class Verdict:
    """What is wrong with a model, by path. `fetched` is false where there is no manifest to compare with."""

    model: Reference
    fetched: bool
    missing: tuple[str, ...] = ()
    changed: tuple[str, ...] = ()
    stray: tuple[str, ...] = ()

    @property
    def good(self) -> bool:
        """Say whether everything is as it was fetched."""
        return self.fetched and not (self.missing or self.changed or self.stray)


def size_of(model: Reference, settings: Models) -> int:
    """Return how many bytes `verify` will read."""
    manifest = manifest_of(folder_of(model, settings))
    return manifest.bytes if manifest else 0


def verify(model: Reference, settings: Models, progress: Progress) -> Verdict:
    """Hash every file of a model and compare."""
    folder = folder_of(model, settings)
    manifest = manifest_of(folder)
    if manifest is None:
        return Verdict(model, fetched=False)
    missing, changed = [], []
    for file in manifest.files:
        path = folder / file.path
        if not path.is_file():
            missing.append(file.path)
        elif path.stat().st_size != file.size or sha256_of(path, progress) != file.sha256:
            changed.append(file.path)
    expected = {MANIFEST, *(file.path for file in manifest.files)}
    stray = sorted(path for path in _files(folder) if path not in expected and Path(path).name not in _DESKTOP)
    return Verdict(model, True, tuple(missing), tuple(changed), tuple(stray))


def _files(folder: Path) -> list[str]:
    return [path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_symlink() or not path.is_dir()]
