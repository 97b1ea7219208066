"""Which files are to be heard, and what tells two of them apart."""

import hashlib
import os
import re
from collections.abc import Iterator, Sequence
from pathlib import Path

from assistant.errors import AudioError

KNOWN = (
    ".aac .aif .aifc .aiff .avi .caf .flac .m4a .m4b .m4v .mka .mkv .mov .mp3 .mp4 .oga .ogg .opus .w64 .wav .wave "
    ".weba .webm"
)
"""What is taken from a folder; a file that is named itself may be called anything."""

OUTPUTS = re.compile(r"outputs_\d{8}_\d{6}(_\d+)?")
"""Names of result folders: the sound in them is not heard again."""


def find(paths: Sequence[Path], out: Path) -> tuple[Path, ...]:
    """Return every file once, in the order given, those of a folder and the folders in it by name.

    Hidden files, results and the folder `out` are passed over. Raises AudioError for what isn't there, can't be looked
    into or holds no recording.
    """
    if not paths:
        raise AudioError("nothing to analyse: name sound files, or folders of them")
    found: dict[Path, Path] = {}
    for path in paths:
        if not path.exists():
            raise AudioError(f"{path}: no such file or folder")
        inside = tuple(_inside(path, out.resolve())) if path.is_dir() else (path,)
        if not inside:
            raise AudioError(f"{path}: no recordings in this folder or those in it; known by their names: {KNOWN}")
        for each in inside:
            found.setdefault(each.resolve(), each)
    return tuple(found.values())


def digest(path: Path) -> str:
    """Return the SHA-256 of a file's bytes, in hexadecimal digits. Raises AudioError."""
    if not path.is_file():
        raise AudioError(f"{path}: no regular file")
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        raise AudioError(f"{path}: can't be read: {error.strerror}") from error


def shown(path: Path) -> str:
    """Return a path as text that UTF-8 can hold, whatever bytes the name is made of."""
    return os.fsencode(path).decode("utf-8", "replace")


def _inside(folder: Path, out: Path) -> Iterator[Path]:
    def refuse(error: OSError) -> None:
        raise AudioError(f"{error.filename or folder}: can't be looked into: {error.strerror}") from error

    for at, folders, files in os.walk(folder, onerror=refuse):
        here = Path(at)
        folders[:] = sorted(name for name in folders if _is_source(here / name, out))
        for name in sorted(files):
            if not name.startswith(".") and Path(name).suffix.lower() in KNOWN.split():
                yield here / name


def _is_source(folder: Path, out: Path) -> bool:
    return not folder.name.startswith(".") and not OUTPUTS.fullmatch(folder.name) and folder.resolve() != out
