"""Sound written down as it comes, and read again: WAV, mono, 16 bit, 16 kHz."""

import struct
from collections.abc import Iterator
from pathlib import Path
from types import TracebackType
from typing import Self

import numpy as np

from assistant.types import SAMPLE_RATE, Samples

MAX_SECONDS = 134_000
"""A WAV counts its bytes in 32 bits."""

_BYTES = 2
_HEADER = 44


class WavWriter:
    """Appends sound to a WAV file, whose header is true once it is closed. Raises OSError where it can't be written."""

    def __init__(self, path: Path) -> None:
        self._file = path.open("wb")
        self._samples = 0
        self._file.write(bytes(_HEADER))

    def write(self, samples: Samples) -> None:
        """Append float32 [n] in [-1, 1]; what was read from 16 bits comes out bit by bit the same."""
        whole = np.clip(np.rint(samples * 32768.0), -32768, 32767).astype("<i2")
        self._file.write(whole.tobytes())
        self._samples += len(whole)

    @property
    def seconds(self) -> float:
        """Return how much was written."""
        return self._samples / SAMPLE_RATE

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        with self._file:
            self._file.seek(0)
            self._file.write(_header(self._samples * _BYTES))


def pieces(path: Path, size: int = SAMPLE_RATE) -> Iterator[Samples]:
    """Yield what a WavWriter wrote, float32 [n], at most `size` samples at a time. Raises OSError."""
    with path.open("rb") as file:
        file.seek(_HEADER)
        while block := file.read(size * _BYTES):
            yield np.frombuffer(block, "<i2").astype(np.float32) / np.float32(32768)


def _header(size: int) -> bytes:
    form = struct.pack("<HHIIHH", 1, 1, SAMPLE_RATE, SAMPLE_RATE * _BYTES, _BYTES, 8 * _BYTES)
    riff = b"RIFF" + struct.pack("<I", _HEADER - 8 + size) + b"WAVE"
    return riff + b"fmt " + struct.pack("<I", len(form)) + form + b"data" + struct.pack("<I", size)
