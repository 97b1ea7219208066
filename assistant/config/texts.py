"""Every word a user hears or reads, per language: the files of prompts/LANGUAGE. The key names file and place."""

import re
from collections.abc import Iterator, Mapping
from pathlib import Path

from pydantic import field_validator

from assistant.config.base import Section
from assistant.config.yaml import Yaml, checked, read_text, read_yaml
from assistant.errors import ConfigError

NUMBERS = ("help_line", "emergency")
"""Filled in when the texts are loaded for a region."""

PLACEHOLDERS = ("feeling", "service", *NUMBERS)
"""What may stand in braces: the name of the reading, the name of the service. Texts of the screen may use any name."""

SYSTEM = "system"
"""The key of what a language model is told before it phrases a reply: the file system.md."""

SYSTEM_PLACEHOLDERS = ("state", "voice", "conflict", "action", "suggestion")
"""What may stand in braces there."""

_BRACES = re.compile(r"\{([a-z_]+)\}")


class Texts(Section):
    """The texts of one language: key -> phrasings, at least one each."""

    phrasings: dict[str, tuple[str, ...]]

    @field_validator("phrasings")
    @classmethod
    def _usable(cls, phrasings: dict[str, tuple[str, ...]]) -> dict[str, tuple[str, ...]]:
        for key, variants in phrasings.items():
            if not variants:
                raise ValueError(f"{key}: needs at least one phrasing")
            for text in variants:
                _refuse_unusable(key, text)
            if len(set(variants)) < len(variants):
                raise ValueError(f"{key}: the same phrasing stands twice")
        return phrasings

    def say(self, key: str, values: Mapping[str, str] | None = None, used: int = 0) -> str:
        """Return the phrasing of `key` whose turn it is after `used` uses, its placeholders filled from `values`.

        Raises ConfigError for an unknown key or a placeholder without value.
        """
        if key not in self.phrasings:
            raise ConfigError(f"{file_of(key)}: no text '{key}'")
        variants = self.phrasings[key]
        text = variants[used % len(variants)]
        if missing := placeholders(text) - set(values or {}):
            raise ConfigError(f"{file_of(key)}: {key}: nothing to fill {{{min(missing)}}} with here")
        return _BRACES.sub(lambda match: (values or {})[match[1]], text)


def load_texts(folder: Path, numbers: Mapping[str, str] | None = None) -> Texts:
    """Return the texts of all YAML files in `folder`, keys led by the file's name, with the numbers for help filled in.

    Raises ConfigError.
    """
    paths = sorted(folder.glob("*.yaml"))
    if not paths:
        raise ConfigError(f"{folder}: no text files (*.yaml) here")
    phrasings: dict[str, Yaml] = {}
    for path in paths:
        own = {key: list(texts) for key, texts in _leaves(read_yaml(path), path.stem, path)}
        checked(Texts, {"phrasings": {key: [*variants] for key, variants in own.items()}}, str(path))
        phrasings |= {key: [_with(numbers or {}, text) for text in variants] for key, variants in own.items()}
    system = folder / f"{SYSTEM}.md"
    if system.is_file():
        phrasings[SYSTEM] = [read_text(system)]
    return checked(Texts, {"phrasings": phrasings}, str(folder))


def _with(numbers: Mapping[str, str], text: str) -> str:
    return _BRACES.sub(lambda match: numbers.get(match[1], match[0]), text)


def placeholders(text: str) -> set[str]:
    """Return the names in braces."""
    return set(_BRACES.findall(text))


def file_of(key: str) -> str:
    """Return the file, below prompts/LANGUAGE, that a key lives in."""
    return f"{SYSTEM}.md" if key == SYSTEM else f"{key.partition('.')[0]}.yaml"


def _leaves(node: Yaml, key: str, path: Path) -> Iterator[tuple[str, tuple[str, ...]]]:
    """Yield each dotted key with its phrasings; a leaf is a text or a list of texts."""
    if isinstance(node, dict):
        for name, inner in node.items():
            yield from _leaves(inner, f"{key}.{name}", path)
    elif isinstance(node, str):
        yield key, (node,)
    elif isinstance(node, list) and all(isinstance(text, str) for text in node):
        yield key, tuple(str(text) for text in node)
    else:
        raise ConfigError(f"{path}: {key}: must be a text or a list of texts; put numbers in quotes")


def _refuse_unusable(key: str, text: str) -> None:
    if not text.strip():
        raise ValueError(f"{key}: a phrasing is empty")
    if set("{}") & set(_BRACES.sub("", text)):
        raise ValueError(f"{key}: stray brace in '{text}'")
    known = SYSTEM_PLACEHOLDERS if key == SYSTEM else PLACEHOLDERS
    unknown = placeholders(text) - set(known)
    if unknown and not key.startswith("console."):
        raise ValueError(f"{key}: unknown placeholder {{{min(unknown)}}}; known: {', '.join(sorted(known))}")
