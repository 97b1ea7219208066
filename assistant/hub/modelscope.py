"""ModelScope through its own client: quiet, anonymous, no account."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from modelscope_hub import HubApi, HubConfig, ProgressCallback
from modelscope_hub.errors import (
    AuthenticationError,
    HubError,
    NetworkError,
    NotExistError,
    PermissionDeniedError,
    RateLimitError,
    ServerError,
)

from assistant.errors import FetchError
from assistant.hub.reference import Reference
from assistant.hub.remote import RemoteFile, unreachable


class _Anonymous(HubConfig):
    """The client's settings, without the number that it would keep on disk and send along with every request."""

    def get_session_id(self) -> str:
        return "0" * 32


class ModelScope:
    """ModelScope, or a mirror of it, at one address."""

    def __init__(self, address: str) -> None:
        self.address = address
        # An empty token means none: a login of the user's is neither needed nor read.
        self._api = HubApi(_Anonymous(endpoint=address, token=""))

    def files(self, model: Reference) -> tuple[RemoteFile, ...]:
        """Return the files of a model, all with their sha256."""
        with self._translated(model):
            listed = self._api.list_repo_files(model.id, "model", revision=model.revision)
        return tuple(
            RemoteFile(file.path, file.size or 0, (file.sha256 or "").lower() or None)
            for file in listed
            if file.type != "tree"
        )

    def download(self, model: Reference, file: RemoteFile, folder: Path, arrived: Callable[[int], None]) -> None:
        """Bring a file into `folder`; the client resumes, retries and checks the hash as it arrives."""

        class Counter(ProgressCallback):
            def __init__(self, filename: str, file_size: int) -> None:
                super().__init__(filename, file_size)
                self.count = 0

            def update(self, size: int) -> None:
                self.count += size
                arrived(self.count)

        with self._translated(model):
            self._api.downloader.download_file(
                model.id,
                "model",
                file.path,
                revision=model.revision,
                local_dir=folder,
                expected_sha256=file.sha256,
                file_size=file.size,
                progress_callbacks=[Counter],
            )

    @contextmanager
    def _translated(self, model: Reference) -> Iterator[None]:
        try:
            yield
        except NotExistError as error:
            raise FetchError(f"{self.address} has no {model.id} at revision {model.revision}") from error
        except (AuthenticationError, PermissionDeniedError) as error:
            raise FetchError(f"{self.address} doesn't give {model.id} to everybody") from error
        except (NetworkError, ServerError, RateLimitError) as error:
            raise unreachable(model, self.address, error) from error
        except HubError as error:
            raise FetchError(f"{model} from {self.address}: {str(error).splitlines()[0]}") from error
        except ValueError as error:  # a page instead of data, as a portal or a wrong mirror sends
            raise FetchError(f"{self.address} doesn't answer as ModelScope does: {error}") from error
        except OSError as error:
            if error.errno:  # the disk's, not the network's
                raise
            raise unreachable(model, self.address, error) from error
