"""A language model's endpoint on this machine: speaks OpenAI's chat completions over a real socket, well or badly."""

import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import ClassVar


@dataclass(slots=True)
class Endpoint:
    """An endpoint at `url`; the switches may be set at any time, `asked` holds the bodies of all requests."""

    url: str
    pieces: list[str] = field(default_factory=lambda: ["好的，", "我来", "看看。", "您稍等。"])
    pause_s: float = 0.0
    """Before the first piece and after each."""
    status: int = 200
    garbage: bool = False
    """Stream what is no JSON."""
    endless: bool = False
    cut: bool = False
    """Hang up in the middle."""
    asked: list[dict[str, object]] = field(default_factory=list)
    keys: list[str] = field(default_factory=list)
    hung_up: threading.Event = field(default_factory=threading.Event)
    """Set when a client went away before the end."""


@contextmanager
def serve() -> Iterator[Endpoint]:
    """Serve until the block ends."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), BaseHTTPRequestHandler)
    endpoint = Endpoint(f"http://127.0.0.1:{server.server_address[1]}/v1")
    server.RequestHandlerClass = type("_Handler", (_Handler,), {"endpoint": endpoint})
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield endpoint
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


class _Handler(BaseHTTPRequestHandler):
    endpoint: ClassVar[Endpoint]

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - as in the base class
        pass

    def do_POST(self) -> None:
        endpoint = self.endpoint
        endpoint.asked.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
        endpoint.keys.append(self.headers.get("Authorization", ""))
        if self.path != "/v1/chat/completions" or endpoint.status != 200:
            self.send_error(endpoint.status if endpoint.status != 200 else 404, "<html>no</html>")
            return
        self.send_response(200)
        self.send_header("Content-Type", "text/event-stream")
        self.end_headers()
        try:
            self._stream(endpoint)
        except (BrokenPipeError, ConnectionResetError):
            endpoint.hung_up.set()

    def _stream(self, endpoint: Endpoint) -> None:
        time.sleep(endpoint.pause_s)
        if endpoint.garbage:
            self.wfile.write(b"data: {{{ not json\n\n")
            return
        for number, piece in enumerate(self._pieces(endpoint)):
            if endpoint.cut and number == 1:
                self.wfile.write(b'data: {"choi')
                return
            choice = {"index": 0, "delta": {"role": "assistant", "content": piece}, "finish_reason": None}
            chunk = {"id": "c", "object": "chat.completion.chunk", "created": 0, "model": "m", "choices": [choice]}
            self.wfile.write(f"data: {json.dumps(chunk)}\n\n".encode())
            self.wfile.flush()
            time.sleep(endpoint.pause_s)
        self.wfile.write(b"data: [DONE]\n\n")

    @staticmethod
    def _pieces(endpoint: Endpoint) -> Iterator[str]:
        yield from endpoint.pieces
        while endpoint.endless:
            yield "还有，"
