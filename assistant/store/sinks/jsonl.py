"""A line of JSON at the end of a file, on the disk before it counts as delivered."""

import os
from pathlib import Path
from typing import BinaryIO

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
                if _is_torn(file):
                    line = b"\n" + line
                written = file.write(line)
                os.fsync(file.fileno())
        except OSError as error:
            raise DeliveryError(f"{self._path}: {error.strerror}") from error
        if written < len(line):
            raise DeliveryError(f"{self._path}: only {written} of {len(line)} bytes were written")


def _private(path: str, flags: int) -> int:
    return os.open(path, flags, 0o600)


def _is_torn(file: BinaryIO) -> bool:
    """Tell whether a file ends in the midst of a line; it is left at its end."""
    if file.seek(0, os.SEEK_END) == 0:
        return False
    file.seek(-1, os.SEEK_END)
    return file.read(1) != b"\n"
