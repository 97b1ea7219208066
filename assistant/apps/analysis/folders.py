"""Where results go: one folder per recording, hidden until it is complete; one run at a time per output folder."""

import errno
import shutil
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from itertools import count
from pathlib import Path
from typing import BinaryIO

from assistant.errors import OutputError

_PARTIAL = ".partial_"
_LOCK = ".lock"


@contextmanager
def opened(out: Path) -> Iterator[None]:
    """Make an output folder ready for this run alone, without what broken runs left behind. Raises OutputError."""
    with told(out):
        out.mkdir(parents=True, exist_ok=True)
        lock = (out / _LOCK).open("ab")
    with lock:
        _claim(lock, out)
        with told(out):
            for left in out.glob(f"{_PARTIAL}*"):
                shutil.rmtree(left)
        yield


@contextmanager
def fresh(out: Path, now: datetime) -> Iterator[Path]:
    """Yield an empty hidden folder; when the block ends, `outputs_YYYYMMDD_HHMMSS[_n]` has all that is in it.

    If the block raises, the folder is gone. Its final name is `final(folder)`.
    """
    folder = _reserved(out, f"outputs_{now:%Y%m%d_%H%M%S}")
    try:
        yield folder
        folder.rename(final(folder))
    except BaseException:
        shutil.rmtree(folder, ignore_errors=True)
        raise


def final(folder: Path) -> Path:
    """Return the name that a hidden folder will have."""
    return folder.with_name(folder.name.removeprefix(_PARTIAL))


@contextmanager
def told(path: Path) -> Iterator[None]:
    """Turn an OSError of the block into an OutputError that names the path and what to do."""
    try:
        yield
    except OSError as error:
        raise OutputError(f"{path}: can't be written: {error.strerror or error}; results so far are kept") from error


def _reserved(out: Path, name: str) -> Path:
    names = (name if number == 1 else f"{name}_{number}" for number in count(1))
    folder = next(out / f"{_PARTIAL}{each}" for each in names if not (out / each).exists())
    folder.mkdir()
    return folder


def _claim(lock: BinaryIO, out: Path) -> None:
    """Hold the lock until the process ends, however it ends."""
    try:
        if sys.platform == "win32":
            import msvcrt

            msvcrt.locking(lock.fileno(), msvcrt.LK_NBLCK, 1)
        else:
            import fcntl

            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        if error.errno in (errno.EACCES, errno.EAGAIN, errno.EDEADLK):
            raise OutputError(f"{out}: another analysis is writing here; wait for it, or take another --out") from error
        # Some network drives know no locks: then two runs at once are the user's to avoid.
