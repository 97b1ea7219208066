"""A real HTTP server on this machine that plays the endpoint of a webhook: obliging, slow, broken or hostile."""

import random
import socket
import struct
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


@dataclass(frozen=True)
class Received:
    """One request that arrived whole; header names in lower case."""

    method: str
    path: str
    headers: dict[str, str]
    body: bytes


Answer = Callable[["Handler"], bool]
"""Answers one request; tells whether the endpoint has taken it."""


@dataclass
class Hook:
    """What came in, and what was taken; `answers` is asked for each request in turn, how it is answered."""

    answers: Callable[[], Answer]
    url: str = ""
    received: list[Received] = field(default_factory=list)
    taken: list[Received] = field(default_factory=list)
    lock: threading.Lock = field(default_factory=threading.Lock)


class Handler(BaseHTTPRequestHandler):
    hook: Hook

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["content-length"]))
        if len(body) < int(self.headers["content-length"]):  # the caller was killed in the midst of it
            return
        headers = {name.lower(): value for name, value in self.headers.items()}
        request = Received(self.command, self.path, headers, body)
        with self.hook.lock:
            self.hook.received.append(request)
            answer = self.hook.answers()
        self.close_connection = True
        try:
            if answer(self):
                with self.hook.lock:
                    self.hook.taken.append(request)
        except OSError:  # the caller was killed or had enough of waiting
            pass

    def do_GET(self) -> None:
        self.hook.received.append(Received(self.command, self.path, {}, b""))
        self.send_response(200)
        self.end_headers()

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002
        pass


@contextmanager
def serve(*answers: Answer) -> Iterator[Hook]:
    """Serve until the block ends; the answers are given in turn, the last one again and again."""
    rest = list(answers)
    with serve_by(lambda: rest.pop(0) if len(rest) > 1 else rest[0]) as hook:
        yield hook


@contextmanager
def serve_by(answers: Callable[[], Answer]) -> Iterator[Hook]:
    """Serve until the block ends; `answers` is asked for each request."""
    hook = Hook(answers)
    server = ThreadingHTTPServer(("127.0.0.1", 0), type("Bound", (Handler,), {"hook": hook}))
    server.daemon_threads = True
    hook.url = f"http://127.0.0.1:{server.server_port}/alerts"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield hook
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def status(code: int, **headers: str) -> Answer:
    """Answer with a status; 2xx is taking it."""

    def answer(handler: Handler) -> bool:
        handler.send_response(code)
        for name, value in headers.items():
            handler.send_header(name, value)
        handler.send_header("content-length", "0")
        handler.end_headers()
        return 200 <= code < 300

    return answer


def slow(seconds: float) -> Answer:
    """Take it, and say so only after a while."""

    def answer(handler: Handler) -> bool:
        time.sleep(seconds)
        return status(200)(handler)

    return answer


def drip(handler: Handler) -> bool:
    """Begin an answer that never ends, a byte at a time."""
    for byte in b"HTTP/1.1 200 OK\r\nx-padding: " + b"x" * 500:
        handler.wfile.write(bytes([byte]))
        handler.wfile.flush()
        time.sleep(0.05)
    return False


def reset(handler: Handler) -> bool:
    """Tear the connection down without a word."""
    handler.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    handler.connection.close()
    return False


def take_and_reset(handler: Handler) -> bool:
    """Take it, and tear the connection down before saying so."""
    reset(handler)
    return True


def garbage(handler: Handler) -> bool:
    """Answer with something that isn't HTTP."""
    handler.wfile.write(b"\x00\xffgo away\r\n\r\n")
    return False


def moody(chance: random.Random) -> Answer:
    """Answer as a bad day would have it: mostly well, some late, some not at all."""
    mood = chance.random()
    if mood < 0.6:
        return status(200)
    if mood < 0.8:
        return slow(chance.uniform(0.002, 0.03))
    return chance.choice(
        [status(500), reset, take_and_reset, garbage, status(302, location="http://elsewhere.invalid/")]
    )
