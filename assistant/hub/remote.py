"""What a hub can do for us: list the files of a model, and bring one."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from assistant.config.models import Models
from assistant.errors import UnreachableError
from assistant.hub.catalog import Hub
from assistant.hub.reference import Reference

UNFINISHED = ".incomplete"
"""Ends the name of a file that isn't there whole yet."""


@dataclass(frozen=True, slots=True)
class RemoteFile:
    """A file as the hub lists it; the sha256, or git's name of the content, where the hub tells it."""

    path: str
    size: int
    sha256: str | None = None
    git_blob: str | None = None


class Remote(Protocol):
    """A hub at one address. Everything raises UnreachableError where the network is at fault, FetchError else."""

    address: str

    def files(self, model: Reference) -> tuple[RemoteFile, ...]:
        """Return the files of a model."""
        ...

    def download(self, model: Reference, file: RemoteFile, folder: Path, arrived: Callable[[int], None]) -> None:
        """Bring a file into `folder`, going on where its unfinished twin ends; `arrived` is told its bytes so far."""
        ...


def address_of(hub: Hub, settings: Models) -> str:
    """Return the configured address of a hub."""
    return settings.modelscope if hub == "modelscope" else settings.huggingface


def unreachable(model: Reference, address: str, error: BaseException) -> UnreachableError:
    """Return what to tell a person: the address, the innermost reason, and what to do."""
    while cause := error.__cause__ or error.__context__:
        error = cause
    reason = (str(error).splitlines() or [type(error).__name__])[0]
    return UnreachableError(
        f"{address} can't be reached: {reason[:200]}\n"
        f"check the network and try again, what has arrived is kept; or name a mirror: --set models.{model.hub}="
        f"{'https://hf-mirror.com' if model.hub == 'huggingface' else 'https://...'}"
    )
