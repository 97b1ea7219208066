"""A program of the user's, given the alert as a line of JSON on its input."""

import os
import signal
import subprocess
import tempfile
from collections.abc import Sequence

from assistant.errors import DeliveryError
from assistant.store.message import AlertMessage, encode


class Command:
    """Runs a program by its list of arguments, no shell between; exit code 0 within `timeout_s` is success.

    What it prints is dropped, but the last line of its error stream, which says why it failed. Past its time it is
    killed, and all that it started with it.
    """

    def __init__(self, argv: Sequence[str], timeout_s: float = 10.0) -> None:
        self._argv = tuple(argv)
        self._timeout_s = timeout_s

    def deliver(self, message: AlertMessage) -> None:
        """Run the program once. Raises DeliveryError."""
        name = self._argv[0]
        with tempfile.TemporaryFile() as complaints:  # no pipe: what the program leaves behind can't hold us up by one
            try:
                process = subprocess.Popen(
                    self._argv,
                    stdin=subprocess.PIPE,
                    stdout=subprocess.DEVNULL,
                    stderr=complaints,
                    start_new_session=True,
                )
            except OSError as error:
                raise DeliveryError(f"{name}: can't be run: {error.strerror}") from error
            with process:
                try:
                    process.communicate(f"{encode(message)}\n".encode(), self._timeout_s)
                except subprocess.TimeoutExpired as error:
                    _kill(process)
                    raise DeliveryError(f"{name}: not done within {self._timeout_s:g} s") from error
            if process.returncode:
                complaints.seek(0)
                last = complaints.read().decode("utf-8", "replace").strip().rpartition("\n")[2]
                raise DeliveryError(f"{name}: exit code {process.returncode}{': ' if last else ''}{last[:200]}")


def _kill(process: subprocess.Popen[bytes]) -> None:
    """Kill a program with all that it started, where the system knows sessions."""
    if os.name == "posix":
        os.killpg(process.pid, signal.SIGKILL)
    else:
        process.kill()
