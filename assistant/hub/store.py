"""The folder of fetched models: finds a hub's model by its reference, with no network and no hashing."""

import re
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Literal

from pydantic import TypeAdapter, ValidationError

from assistant.config.models import Models
from assistant.errors import ModelMissingError
from assistant.hub.catalog import Hub
from assistant.hub.reference import Reference, parse
from assistant.hub.size import shown

MANIFEST = "fetched.json"
PARTIAL = ".partial"

_HUBS = ("modelscope:", "huggingface:")
_SHA256 = re.compile(r"[0-9a-f]{64}")

State = Literal["fetched", "incomplete", "missing"]


@dataclass(frozen=True, slots=True)
class File:
    """A file of a fetched model: path below its folder with forward slashes, bytes, sha256 in hexadecimal."""

    path: str
    size: int
    sha256: str


@dataclass(frozen=True, slots=True)
class Manifest:
    """What was fetched: written beside the files after every hash was checked. `when` is UTC, ISO 8601."""

    hub: Hub
    id: str
    revision: str
    licence: str
    address: str
    when: str
    files: tuple[File, ...]

    @property
    def bytes(self) -> int:
        """Return the size of all files."""
        return sum(file.size for file in self.files)


MANIFESTS: TypeAdapter[Manifest] = TypeAdapter(Manifest)


def is_hub(reference: str) -> bool:
    """Say whether a `model` setting names a model of a hub."""
    return reference.startswith(_HUBS)


def resolve(reference: str, settings: Models) -> Path:
    """Return the folder of a fetched model. Raises ModelMissingError where it isn't there whole."""
    model = parse(reference)
    folder = folder_of(model, settings)
    if not (lack := lacking(folder)):
        return folder
    known = model.model
    what = f"it is for {known.purpose}, about {shown(known.about_bytes)}; " if known else ""
    raise ModelMissingError(
        f"{model}: {lack}\n"
        f"{what}fetch it: main.py models fetch {reference}\n"
        "fetch all of profile full: main.py models fetch --profile full; without it, now: --profile mini"
    )


def folder_of(model: Reference, settings: Models) -> Path:
    """Return where a model lies once it is fetched."""
    return root(settings) / model.place


def partial_of(model: Reference, settings: Models) -> Path:
    """Return where a model lies while it is fetched."""
    return root(settings) / PARTIAL / model.place


def root(settings: Models) -> Path:
    """Return the folder of models."""
    return Path(settings.folder).expanduser()


def state_of(model: Reference, settings: Models) -> State:
    """Say whether a model is there; `incomplete` where files of it are missing or a download was begun."""
    folder = folder_of(model, settings)
    if not lacking(folder):
        return "fetched"
    return "incomplete" if folder.exists() or partial_of(model, settings).exists() else "missing"


def lacking(folder: Path) -> str | None:
    """Say what keeps the folder from being a whole model, by names and sizes alone; None if nothing does."""
    manifest = manifest_of(folder)
    if manifest is None:
        return f"not fetched, there is no {folder / MANIFEST}"
    for file in manifest.files:
        try:
            size = (folder / file.path).stat().st_size
        except OSError:
            return f"incomplete: {folder / file.path} is missing"
        if size != file.size:
            return f"incomplete: {folder / file.path} has {size} bytes instead of {file.size}"
    return None


def manifest_of(folder: Path) -> Manifest | None:
    """Return what a folder's manifest says, None where there is none that can be read."""
    try:
        manifest = MANIFESTS.validate_json((folder / MANIFEST).read_bytes())
    except (OSError, ValidationError):
        return None
    return manifest if all(sound(file) for file in manifest.files) else None


def sound(file: File) -> bool:
    """Say whether a file's entry is one that may be acted upon."""
    return inside(file.path) and file.size >= 0 and _SHA256.fullmatch(file.sha256) is not None


def inside(path: str) -> bool:
    """Say whether a path, given by a hub or an archive, stays inside the folder it is joined to, on every system."""
    parts = path.split("/")
    return (
        all(part and part == part.rstrip(". ") for part in parts)
        and not re.search(r"[\\:*?\"<>|\x00-\x1f]", path)
        and not PurePosixPath(path).is_absolute()
        and parts[0] != MANIFEST
    )
