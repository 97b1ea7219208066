"""Carry fetched models to a machine with no network, in one file: a tar archive with their manifests at its head."""

import io
import tarfile
from collections.abc import Iterable
from hashlib import sha256
from pathlib import Path
from typing import IO

from pydantic import TypeAdapter, ValidationError

from assistant.config.models import Models
from assistant.errors import ConfigError, FetchError
from assistant.hub.checksum import BLOCK
from assistant.hub.place import install, locked, make_room
from assistant.hub.progress import Progress
from assistant.hub.reference import Reference, parse
from assistant.hub.store import Manifest, folder_of, lacking, manifest_of, partial_of, resolve, root, sound

INDEX = "models.json"
_INDEX_BYTES = 8_000_000

_INDICES: TypeAdapter[tuple[Manifest, ...]] = TypeAdapter(tuple[Manifest, ...])


def pack(models: Iterable[Reference], target: Path, settings: Models, progress: Progress) -> int:
    """Write models into one file and return its size; the same models give the same bytes.

    Raises ModelMissingError where one isn't fetched, FetchError where one has changed on the disk, or `target` exists.
    """
    chosen = list(dict.fromkeys(models))
    manifests = [manifest for model in chosen if (manifest := manifest_of(resolve(str(model), settings)))]
    if target.exists():
        raise FetchError(f"{target}: exists already; name another file or remove it")
    if not target.parent.is_dir():
        raise FetchError(f"{target.parent}: there is no such folder")
    total = sum(manifest.bytes for manifest in manifests)
    make_room(target.parent, total)
    progress.start("packing", total)
    unfinished = target.with_name(f"{target.name}.incomplete")
    try:
        with tarfile.open(unfinished, "w", format=tarfile.PAX_FORMAT) as archive:
            index = _INDICES.dump_json(tuple(manifests), indent=1)
            archive.addfile(_member(INDEX, len(index)), io.BytesIO(index))
            for model, manifest in zip(chosen, manifests, strict=True):
                for file in manifest.files:
                    with (folder_of(model, settings) / file.path).open("rb") as source:
                        reader = _Hashed(source, progress)
                        archive.addfile(_member(f"{model.place}/{file.path}", file.size), reader)
                    if reader.hexdigest() != file.sha256:
                        raise FetchError(
                            f"{model}: {file.path} isn't what was fetched; mend it: main.py models fetch --mend {model}"
                        )
        unfinished.replace(target)
    finally:
        unfinished.unlink(missing_ok=True)
    return target.stat().st_size


def unpack(source: Path, settings: Models, progress: Progress) -> list[Reference]:
    """Install the models of a packed file and return them; those that are there whole already stay as they are.

    Only what the index announces is written, each file with the bytes that its hash stands for. Raises FetchError for
    anything else; models that were whole by then are kept.
    """
    try:
        with tarfile.open(source, "r|") as archive:
            return _unpack(archive, source, settings, progress)
    except FileNotFoundError:
        raise FetchError(f"{source}: there is no such file") from None
    except (tarfile.TarError, EOFError) as error:
        raise FetchError(f"{source}: isn't a whole file of `models pack`: {error}") from error


def _unpack(archive: tarfile.TarFile, source: Path, settings: Models, progress: Progress) -> list[Reference]:
    head = archive.next()
    if head is None or head.name != INDEX or not head.isreg() or head.size > _INDEX_BYTES:
        raise FetchError(f"{source}: isn't a file of `models pack`: it doesn't begin with {INDEX}")
    index = _read_index(_content(archive, head).read(), source)
    total = sum(manifest.bytes for _, manifest in index)
    make_room(root(settings), total)
    progress.start("unpacking", total)
    for model, manifest in index:
        with locked(model, settings):
            there = not lacking(folder_of(model, settings))
            partial = partial_of(model, settings)
            for file in manifest.files:
                member = archive.next()
                name = f"{model.place}/{file.path}"
                if member is None or member.name != name or not member.isreg() or member.size != file.size:
                    found = f"{member.name!r} follows" if member else "the file ends"
                    raise FetchError(
                        f"{source}: {found} where {name!r} of {file.size} bytes is announced; it was refused"
                    )
                reader = _Hashed(_content(archive, member), progress)
                _write(reader, None if there else partial / file.path)
                if reader.hexdigest() != file.sha256:
                    if not there:
                        (partial / file.path).unlink()
                    raise FetchError(f"{source}: the bytes of {name!r} aren't those announced; it was refused")
            if not there:
                install(partial, folder_of(model, settings), manifest)
    if (more := archive.next()) is not None:
        raise FetchError(f"{source}: {more.name!r} follows, which isn't announced; the announced models are installed")
    return [model for model, _ in index]


def _read_index(data: bytes, source: Path) -> list[tuple[Reference, Manifest]]:
    try:
        manifests = _INDICES.validate_json(data)
        index = [(parse(f"{each.hub}:{each.id}@{each.revision}"), each) for each in manifests]
    except (ValidationError, ConfigError) as error:
        raise FetchError(f"{source}: its index can't be read; was it made by `models pack`?") from error
    for model, manifest in index:
        if unsound := [file for file in manifest.files if not sound(file)]:
            raise FetchError(
                f"{source}: {model} names the file {unsound[0].path!r}, which is no file of a model; it was refused"
            )
    return index


class _Hashed(io.RawIOBase):
    """A stream that is hashed while it is read."""

    def __init__(self, source: IO[bytes], progress: Progress) -> None:
        self._source, self._progress, self._digest = source, progress, sha256()

    def readable(self) -> bool:
        return True

    def read(self, size: int = -1) -> bytes:
        block = self._source.read(size)
        self._digest.update(block)
        self._progress.advance(len(block))
        return block

    def hexdigest(self) -> str:
        return self._digest.hexdigest()


def _write(reader: _Hashed, target: Path | None) -> None:
    """Read a stream to its end, into a new file if there is a target."""
    if target is None:
        while reader.read(BLOCK):
            pass
        return
    target.parent.mkdir(parents=True, exist_ok=True)
    target.unlink(missing_ok=True)
    with target.open("xb") as file:
        while block := reader.read(BLOCK):
            file.write(block)


def _content(archive: tarfile.TarFile, member: tarfile.TarInfo) -> IO[bytes]:
    content = archive.extractfile(member)
    assert content is not None  # a regular file has content
    return content


def _member(name: str, size: int) -> tarfile.TarInfo:
    """Return a member's head without times, owners and modes of this machine."""
    member = tarfile.TarInfo(name)
    member.size, member.mode = size, 0o644
    return member
