"""embedding.npy, row by row."""

from pathlib import Path
from types import TracebackType
from typing import Self

import numpy as np
from numpy.lib import format as npy


class VectorFile:
    """Appends vectors to an NPY file, float32 [T, D], which is whole once it is closed. Raises OSError.

    Without any vector the array is [0, 0].
    """

    def __init__(self, path: Path) -> None:
        self._file = path.open("wb")
        self._rows = self._width = 0
        self._head()

    def append(self, vector: tuple[float, ...]) -> None:
        """Append one row [D], which must be as long as the others."""
        if self._rows == 0:
            self._width = len(vector)
        elif len(vector) != self._width:
            raise ValueError(f"a vector of {len(vector)} among those of {self._width}")
        self._file.write(np.asarray(vector, "<f4").tobytes())
        self._rows += 1

    def _head(self) -> None:
        """Write the header, which numpy pads, so that a greater number of rows finds its place."""
        self._file.seek(0)
        shape = (self._rows, self._width)
        npy.write_array_header_1_0(self._file, {"descr": "<f4", "fortran_order": False, "shape": shape})

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        with self._file:
            self._head()
