"""A line of JSON at the end of a file, on the disk before it counts as delivered."""

import os
from pathlib import Path

from assistant.errors import DeliveryError
from assistant.store.message import AlertMessage, encode


class Jsonl:
    """Appends alerts to a file that several processes may append to; a new one is for its owner's eyes only.

    A line that a full disk or a power cut has torn is closed before the next: each whole line is one alert.
    """

    def __init__(self, path: Path) -> None:
        self._path = path

    def deliver(self, message: AlertMessage) -> None:
        """Append one alert and wait for the disk. Raises DeliveryError."""
        line = f"{encode(message)}\n".encode()
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            with open(self._path, "ab+", buffering=0, opener=_private) as file:
                written = file.write(line if _ends_a_line(file.fileno()) else b"\n" + line)
                os.fsync(file.fileno())
        except OSError as error:
            raise DeliveryError(f"{self._path}: {error.strerror}") from error
        if written < len(line):
            raise DeliveryError(f"{self._path}: only {written} of {len(line)} bytes were written")


def _private(path: str, flags: int) -> int:
    return os.open(path, flags, 0o600)


def _ends_a_line(file: int) -> bool:
    size = os.fstat(file).st_size
    return size == 0 or os.pread(file, 1, size - 1) == b"\n"
