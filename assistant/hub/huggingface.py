"""Hugging Face through its own client: quiet, anonymous, no account."""

import io
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from huggingface_hub import HfApi, hf_hub_url
from huggingface_hub.errors import GatedRepoError, HfHubHTTPError, OfflineModeIsEnabled
from huggingface_hub.file_download import http_get
from huggingface_hub.utils import build_hf_headers, disable_progress_bars, httpx

from assistant.errors import FetchError
from assistant.hub.reference import Reference
from assistant.hub.remote import UNFINISHED, RemoteFile, unreachable

if TYPE_CHECKING:
    from _typeshed import ReadableBuffer

_RETRY_LATER = (408, 429)
_CLOSED = (401, 403)
_PAST_THE_END = 416


class _Counted(io.BufferedWriter):
    """A file that is written on, and tells its length."""

    def __init__(self, path: Path, arrived: Callable[[int], None]) -> None:
        super().__init__(io.FileIO(path, "ab"))
        self._arrived = arrived

    def write(self, data: "ReadableBuffer") -> int:
        count = super().write(data)
        self._arrived(self.tell())
        return count


class HuggingFace:
    """Hugging Face, or a mirror of it, at one address."""

    def __init__(self, address: str) -> None:
        self.address = address.rstrip("/")
        self._api = HfApi(endpoint=self.address, token=False)
        disable_progress_bars()

    def files(self, model: Reference) -> tuple[RemoteFile, ...]:
        """Return the files of a model: the large ones with their sha256, the others with git's name of the content."""
        with self._translated(model):
            listed = self._api.model_info(model.id, revision=model.revision, files_metadata=True, timeout=30).siblings
        return tuple(
            RemoteFile(file.rfilename, file.size or 0, file.lfs.sha256 if file.lfs else None, file.blob_id)
            for file in listed or ()
        )

    def download(self, model: Reference, file: RemoteFile, folder: Path, arrived: Callable[[int], None]) -> None:
        """Bring a file into `folder`, going on where an earlier try ended: `hf_hub_download` would begin anew."""
        target = folder / file.path
        unfinished = target.with_name(target.name + UNFINISHED)
        target.parent.mkdir(parents=True, exist_ok=True)
        if unfinished.exists() and unfinished.stat().st_size > file.size:
            unfinished.unlink()
        with self._translated(model), _Counted(unfinished, arrived) as sink:
            http_get(
                hf_hub_url(model.id, file.path, revision=model.revision, endpoint=self.address),
                sink,
                resume_size=sink.tell(),
                headers={
                    **build_hf_headers(token=False),
                    "Accept-Encoding": "identity",
                },  # else no part can be asked for
                expected_size=file.size,
            )
        unfinished.replace(target)

    @contextmanager
    def _translated(self, model: Reference) -> Iterator[None]:
        try:
            yield
        except OfflineModeIsEnabled as error:
            raise FetchError("HF_HUB_OFFLINE is set: unset it to fetch") from error
        except HfHubHTTPError as error:
            raise self._refusal(model, error) from error
        except httpx.HTTPError as error:
            raise unreachable(model, self.address, error) from error
        except ValueError as error:  # a page instead of data, as a portal or a wrong mirror sends
            raise FetchError(f"{self.address} doesn't answer as Hugging Face does: {error}") from error
        except OSError as error:
            if error.errno:  # the disk's, not the hub's
                raise
            raise FetchError(self._other_size(model)) from error

    def _refusal(self, model: Reference, error: HfHubHTTPError) -> FetchError:
        status = error.response.status_code
        if status >= 500 or status in _RETRY_LATER:
            return unreachable(model, self.address, error)
        if status == _PAST_THE_END:
            return FetchError(self._other_size(model))
        if (
            isinstance(error, GatedRepoError) or status in _CLOSED
        ):  # what doesn't exist is "closed" to the anonymous, too
            return FetchError(f"{self.address} has no {model.id}, or doesn't give it to everybody")
        return FetchError(f"{self.address} has no {model.id} at revision {model.revision}")

    def _other_size(self, model: Reference) -> str:
        return f"{model}: a file from {self.address} has another size than it lists; it was refused"
