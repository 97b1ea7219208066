"""Hashes of files, in bounded memory."""

import hashlib
from pathlib import Path

from assistant.hub.progress import Progress

BLOCK = 1 << 20


def sha256_of(path: Path, progress: Progress) -> str:
    """Return the sha256 of a file in hexadecimal."""
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while block := file.read(BLOCK):
            digest.update(block)
            progress.advance(len(block))
    return digest.hexdigest()


def git_blob_of(path: Path) -> str:
    """Return the name that git gives to a file's content: Hugging Face lists no sha256 for small files, but this."""
    digest = hashlib.sha1(f"blob {path.stat().st_size}\0".encode(), usedforsecurity=False)
    with path.open("rb") as file:
        while block := file.read(BLOCK):
            digest.update(block)
    return digest.hexdigest()
