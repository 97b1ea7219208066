"""A hub on this machine: speaks ModelScope's and Hugging Face's protocols over real sockets, from a folder of files.

Files lie at `FOLDER/OWNER/NAME/REVISION/...` and are streamed from the disk, whatever their size.
`python -m tests.hub FOLDER [PORT]` serves until it is stopped.
"""

import hashlib
import json
import re
import socket
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import ClassVar
from urllib.parse import parse_qs, unquote, urlsplit

BLOCK = 1 << 16
LARGE = 10_000
"""From this size on Hugging Face keeps a file apart, and redirects to it."""


@dataclass(frozen=True, slots=True)
class Request:
    """What a client asked for: `start` of its range (None: from the beginning), and the bytes of body it was sent."""

    method: str
    path: str
    start: int | None
    headers: dict[str, str]
    sent: list[int]


@dataclass(slots=True)
class Hub:
    """A hub at `url`. The switches may be set at any time; `requests` holds all that was asked."""

    url: str
    folder: Path
    requests: list[Request] = field(default_factory=list)
    cut_after: int | None = None
    """Break the connection of a download after this many bytes of a body."""
    cuts: int = 1_000_000
    """How often."""
    flipped: str | None = None
    """Path of a file that arrives with its first byte changed, though listed as it was."""
    longer: str | None = None
    """Path of a file that is listed with one byte more than it has."""
    bytes_per_s: float | None = None
    status: int | None = None
    """Answer everything with this."""
    page: bool = False
    """Answer everything with a web page, as the portal of a hotel's network does."""
    extra: str | None = None
    """Path that is listed besides what is there."""

    @property
    def sent(self) -> int:
        """Return the bytes of all bodies of downloads."""
        return sum(sum(each.sent) for each in self.requests)


@contextmanager
def serve(folder: Path, port: int = 0) -> Iterator[Hub]:
    """Serve a folder until the block ends. All hashes are known before the first question: clients don't wait long."""
    for file in folder.rglob("*"):
        if file.is_file():
            hashes_of(file)
    server = ThreadingHTTPServer(("127.0.0.1", port), BaseHTTPRequestHandler)
    hub = Hub(f"http://127.0.0.1:{server.server_address[1]}", folder)
    server.RequestHandlerClass = type("_Handler", (_Handler,), {"hub": hub})
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield hub
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def hashes_of(file: Path) -> tuple[int, str, str]:
    """Return size, sha256 and git's name of a file."""
    stat = file.stat()
    return stat.st_size, *_hashes(file, stat.st_size, stat.st_mtime_ns)


@cache
def _hashes(file: Path, size: int, changed_ns: int) -> tuple[str, str]:
    sha256, git = hashlib.sha256(), hashlib.sha1(f"blob {size}\0".encode(), usedforsecurity=False)
    with file.open("rb") as source:
        while block := source.read(1 << 20):
            sha256.update(block)
            git.update(block)
    return sha256.hexdigest(), git.hexdigest()


class _Handler(BaseHTTPRequestHandler):
    hub: ClassVar[Hub]
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        self._answer()

    def do_HEAD(self) -> None:
        self._answer()

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - as in the base class
        pass

    def handle(self) -> None:
        try:
            super().handle()
        except (ConnectionError, TimeoutError):
            self.close_connection = True

    def _answer(self) -> None:
        hub = self.hub
        begin = re.fullmatch(r"bytes=(\d+)-(\d*)", self.headers.get("Range", ""))
        self.start = int(begin[1]) if begin else None
        self.request_seen = Request(self.command, self.path, self.start, dict(self.headers), [])
        hub.requests.append(self.request_seen)
        url = urlsplit(self.path)
        path, query = unquote(url.path), {key: values[0] for key, values in parse_qs(url.query).items()}
        if hub.status:
            return self._json({"Code": hub.status, "Message": "no", "error": "no"}, hub.status)
        if hub.page:
            return self._body(b"<html>please log in</html>", "text/html")
        for pattern, act in (
            (r"/api/v1/models/([^/]+/[^/]+)/repo/files", self._modelscope_list),
            (r"/api/v1/models/([^/]+/[^/]+)/repo", self._modelscope_file),
            (r"/api/models/([^/]+/[^/]+)/revision/([^/]+)", self._huggingface_list),
            (r"/([^/]+/[^/]+)/resolve/([^/]+)/(.+)", self._huggingface_file),
            (r"/blobs/(.+)", self._blob),
        ):
            if found := re.fullmatch(pattern, path):
                return act(found.groups(), query)
        return self._json({"error": "not found"}, 404)

    def _modelscope_list(self, parts: tuple[str, ...], query: dict[str, str]) -> None:
        folder = self.hub.folder / parts[0] / query.get("Revision", "master")
        if not folder.is_dir():
            return self._json({"Code": 10010205001, "Message": "not found", "Success": False}, 404)
        files = [
            {"Path": path, "Name": Path(path).name, "Size": size, "Sha256": sha256, "Type": "blob", "Revision": "r"}
            for path, size, sha256, _ in self._listed(folder)
        ]
        return self._json({"Code": 200, "Success": True, "Data": {"Files": files}})

    def _modelscope_file(self, parts: tuple[str, ...], query: dict[str, str]) -> None:
        self._file(self.hub.folder / parts[0] / query["Revision"], query["FilePath"])

    def _huggingface_list(self, parts: tuple[str, ...], query: dict[str, str]) -> None:
        folder = self.hub.folder / parts[0] / parts[1]
        if not folder.is_dir():
            known = folder.parent.is_dir()
            return self._json({"error": "no"}, 404, {"X-Error-Code": "RevisionNotFound" if known else "RepoNotFound"})
        siblings = [
            {
                "rfilename": path,
                "size": size,
                "blobId": git,
                **({"lfs": {"size": size, "sha256": sha256, "pointerSize": 130}} if size >= LARGE else {}),
            }
            for path, size, sha256, git in self._listed(folder)
        ]
        return self._json({"id": parts[0], "sha": parts[1], "private": False, "siblings": siblings, "tags": []})

    def _huggingface_file(self, parts: tuple[str, ...], query: dict[str, str]) -> None:
        folder, path = self.hub.folder / parts[0] / parts[1], parts[2]
        if (folder / path).is_file() and (folder / path).stat().st_size >= LARGE:
            size, sha256, _ = hashes_of(folder / path)
            place = (folder / path).relative_to(self.hub.folder).as_posix()
            head = {
                "Location": f"{self.hub.url}/blobs/{place}",
                "X-Linked-Size": str(size),
                "X-Linked-Etag": f'"{sha256}"',
                "X-Repo-Commit": parts[1],
            }
            return self._body(b"", "text/plain", 302, head)
        return self._file(folder, path)

    def _blob(self, parts: tuple[str, ...], query: dict[str, str]) -> None:
        owner, name, revision, path = parts[0].split("/", 3)
        self._file(self.hub.folder / owner / name / revision, path)

    def _file(self, folder: Path, path: str) -> None:
        """Send a file, or its end, from the disk."""
        hub, file = self.hub, folder / path
        if not file.is_file():
            return self._json(
                {"Code": 404, "Message": "no such file", "error": "no"}, 404, {"X-Error-Code": "EntryNotFound"}
            )
        size, start = file.stat().st_size, self.start or 0
        if start >= size > 0:
            return self._body(b"", "text/plain", 416, {"Content-Range": f"bytes */{size}"})
        self.send_response(206 if self.start is not None else 200)
        self.send_header("Content-Length", str(size - start))
        self.send_header("Accept-Ranges", "bytes")
        self.send_header("ETag", f'"{hashes_of(file)[2]}"')
        self.send_header("X-Repo-Commit", folder.name)
        if self.start is not None:
            self.send_header("Content-Range", f"bytes {start}-{size - 1}/{size}")
        self.end_headers()
        if self.command == "HEAD":
            return None
        cut = hub.cut_after if hub.cut_after is not None and hub.cuts > 0 and size - start > hub.cut_after else None
        left = size - start if cut is None else cut
        with file.open("rb") as source:
            source.seek(start)
            while left and (block := source.read(min(BLOCK, left))):
                if path == hub.flipped and source.tell() == len(block):
                    block = bytes([block[0] ^ 1]) + block[1:]
                self.wfile.write(block)
                self.request_seen.sent.append(len(block))
                left -= len(block)
                if hub.bytes_per_s:
                    time.sleep(len(block) / hub.bytes_per_s)
        if cut is not None:
            hub.cuts -= 1
            self.wfile.flush()
            self.connection.shutdown(socket.SHUT_RDWR)
            self.close_connection = True
        return None

    def _listed(self, folder: Path) -> Iterator[tuple[str, int, str, str]]:
        for file in sorted(folder.rglob("*")):
            if file.is_file():
                path = file.relative_to(folder).as_posix()
                size, sha256, git = hashes_of(file)
                size += path == self.hub.longer
                yield path, size, sha256, git
        if self.hub.extra:
            yield self.hub.extra, 3, "0" * 64, "0" * 40

    def _json(self, data: object, status: int = 200, head: dict[str, str] | None = None) -> None:
        self._body(json.dumps(data).encode(), "application/json", status, head)

    def _body(self, body: bytes, kind: str, status: int = 200, head: dict[str, str] | None = None) -> None:
        self.send_response(status)
        for name, value in {"Content-Type": kind, "Content-Length": str(len(body)), **(head or {})}.items():
            self.send_header(name, value)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)


if __name__ == "__main__":
    with serve(Path(sys.argv[1]), int(sys.argv[2]) if len(sys.argv) > 2 else 0) as running:
        sys.stdout.write(f"{running.url}\n")
        sys.stdout.flush()
        threading.Event().wait()
