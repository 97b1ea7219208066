"""Labelled observations: a JSON line each, the observation as the journal writes it and the truth about it."""

import json
from dataclasses import fields
from pathlib import Path

from pydantic import TypeAdapter, ValidationError

from assistant.errors import ScriptError
from assistant.types import FELT, Labelled

_LABELLED = TypeAdapter(Labelled)
_KEYS = [field.name for field in fields(Labelled)]


def encode_labelled(turn: Labelled) -> str:
    """Return a labelled observation as one line of JSON."""
    return _LABELLED.dump_json(turn).decode("utf-8")


def read_labelled(path: Path) -> tuple[Labelled, ...]:
    """Return the turns of a file, blank lines left out. Raises ScriptError: file, line, what is wrong or allowed."""
    try:
        lines = path.read_text(encoding="utf-8-sig").splitlines()
    except OSError as error:
        raise ScriptError(f"{path}: can't be read: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise ScriptError(f"{path}: byte {error.start} is not UTF-8; save the file as UTF-8") from error
    return tuple(_decode(line, f"{path}, line {number}") for number, line in enumerate(lines, 1) if line.strip())


def _decode(line: str, where: str) -> Labelled:
    try:
        entry = json.loads(line)
    except json.JSONDecodeError as error:
        raise ScriptError(f"{where}: not JSON: {error.msg}, column {error.colno}") from error
    if not isinstance(entry, dict):
        raise ScriptError(f"{where}: must be an object with the keys {', '.join(_KEYS)}")
    if unknown := [key for key in entry if key not in _KEYS]:
        raise ScriptError(f"{where}: unknown key '{unknown[0]}'; known: {', '.join(_KEYS)}")
    if entry.get("label") not in FELT:
        raise ScriptError(f"{where}: 'label' is {entry.get('label')!r}; known: {', '.join(FELT)}")
    try:
        turn = _LABELLED.validate_json(line, strict=True)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        key = ".".join(str(step) for step in first["loc"])
        raise ScriptError(f"{where}: '{key}': {first['msg'][:1].lower()}{first['msg'][1:]}") from error
    if not turn.speaker.strip():
        raise ScriptError(f"{where}: 'speaker' is empty; without speakers nothing can be split fairly")
    return turn
