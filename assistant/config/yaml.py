"""Strict YAML: the core of YAML 1.2, no key twice, keys are text; and its data checked against a model."""

import json
import re
from collections.abc import Hashable
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias, TypeVar

import yaml
from pydantic import BaseModel, ValidationError

from assistant.config.problems import problem, reported
from assistant.errors import ConfigError

if TYPE_CHECKING:
    from yaml import SafeLoader
else:
    # libyaml parses ten times as fast; few builds of PyYAML lack it.
    SafeLoader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)

Yaml: TypeAlias = "bool | int | float | str | list[Yaml] | dict[str, Yaml] | None"
M = TypeVar("M", bound=BaseModel)


def read_yaml(path: Path) -> Yaml:
    """Return what one YAML file holds; an empty file is None. Raises ConfigError with file and line."""
    return parse_yaml(read_text(path), str(path))


def read_text(path: Path) -> str:
    """Return what one file of UTF-8 says. Raises ConfigError."""
    try:
        return path.read_text(encoding="utf-8")
    except OSError as exc:
        raise ConfigError(f"{path}: can't be read: {exc.strerror}") from exc
    except UnicodeDecodeError as exc:
        raise ConfigError(f"{path}: byte {exc.start} is not UTF-8; save the file as UTF-8") from exc


def parse_yaml(text: str, where: str) -> Yaml:
    """Return what `text` holds; `where` names its origin in errors. Raises ConfigError with the line."""
    try:
        data: Yaml = yaml.load(text, _Loader)
    except yaml.MarkedYAMLError as exc:
        line = f", line {exc.problem_mark.line + 1}" if exc.problem_mark else ""
        raise ConfigError(f"{where}{line}: {exc.problem or exc}") from exc
    except yaml.YAMLError as exc:
        raise ConfigError(f"{where}: {exc}") from exc
    return data


def checked(model: type[M], data: Yaml, where: str) -> M:
    """Return `data` as a `model`. Raises ConfigError that names `where`, every wrong key and what is allowed there."""
    try:
        # Strict models take an enum or a tuple from JSON only: YAML, too, has just text and lists for them.
        return model.model_validate_json(json.dumps(data))
    except ValidationError as exc:
        raise ConfigError("\n".join(f"{where}: {problem(model, error, data)[1]}" for error in reported(exc))) from exc


class _Loader(SafeLoader):
    """SafeLoader without the traps of YAML 1.1: `off`, `12:30` and dates are text, `1e-4` is a number."""

    yaml_implicit_resolvers: dict[str, list[tuple[str, re.Pattern[str]]]] = {}  # noqa: RUF012 - PyYAML's own protocol

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Hashable, Yaml]:
        """Return a mapping, refusing a key that stands twice or isn't text."""
        lines: dict[str, int] = {}
        for key, _ in node.value:
            line = key.start_mark.line + 1
            if not isinstance(key, yaml.ScalarNode) or key.tag != "tag:yaml.org,2002:str":
                shown = f"'{key.value}'" if isinstance(key, yaml.ScalarNode) else f"of kind {key.id}"
                message = f"key {shown} is not text; put it in quotes"
                raise yaml.constructor.ConstructorError(None, None, message, key.start_mark)
            if key.value in lines:
                message = f"key '{key.value}' stands twice, first in line {lines[key.value]}"
                raise yaml.constructor.ConstructorError(None, None, message, key.start_mark)
            lines[key.value] = line
        return super().construct_mapping(node, deep=deep)


_Loader.add_implicit_resolver("tag:yaml.org,2002:bool", re.compile(r"^(?:true|false)$"), list("tf"))
_Loader.add_implicit_resolver("tag:yaml.org,2002:null", re.compile(r"^(?:null|~|)$"), ["n", "~", ""])
_Loader.add_implicit_resolver("tag:yaml.org,2002:int", re.compile(r"^[-+]?(?:0|[1-9][0-9]*)$"), list("-+0123456789"))
_Loader.add_implicit_resolver(
    "tag:yaml.org,2002:float",
    re.compile(r"^[-+]?(?:(?:[0-9]+\.[0-9]*|\.[0-9]+)(?:[eE][-+]?[0-9]+)?|[0-9]+[eE][-+]?[0-9]+)$"),
    list("-+.0123456789"),
)
