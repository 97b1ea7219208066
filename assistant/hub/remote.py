"""What a hub can do for us: list the files of a model, and bring one."""

import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol, assert_never

from assistant.config.models import Models
from assistant.errors import UnreachableError
from assistant.hub.catalog import Hub
from assistant.hub.reference import Reference

UNFINISHED = ".incomplete"
"""Ends the name of a file that isn't there whole yet."""

# The client libraries read these when they are imported or called: no bars and logs of their own, nothing said about
# this machine, no stored login, no question to a cloud's metadata service, no second lock beside ours.
_QUIET = {
    "TQDM_DISABLE": "1",
    "MODELSCOPE_LOG_LEVEL": "CRITICAL",
    "MODELSCOPE_DOWNLOAD_INTRA_CLOUD": "false",
    "MODELSCOPE_DOWNLOAD_FILE_LOCK": "false",
    "HF_HUB_VERBOSITY": "critical",
    "HF_HUB_DISABLE_TELEMETRY": "1",
    "HF_HUB_DISABLE_IMPLICIT_TOKEN": "1",
}


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


def remote_of(hub: Hub, settings: Models) -> Remote:
    """Return the hub at the configured address; its client library is imported only now."""
    os.environ.update(_QUIET)
    match hub:
        case "modelscope":
            from assistant.hub.modelscope import ModelScope

            return ModelScope(address_of(hub, settings))
        case "huggingface":
            from assistant.hub.huggingface import HuggingFace

            return HuggingFace(address_of(hub, settings))
    assert_never(hub)
