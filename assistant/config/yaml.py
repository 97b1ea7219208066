"""Strict YAML: the core of YAML 1.2, no key twice, keys are text; and its data checked against a model."""

import difflib
import json
import re
from collections.abc import Hashable
from pathlib import Path
from types import UnionType
from typing import Annotated, Literal, TypeAlias, TypeVar, Union, get_args, get_origin

import yaml
from pydantic import BaseModel, ValidationError

from assistant.errors import ConfigError

Yaml: TypeAlias = "bool | int | float | str | list[Yaml] | dict[str, Yaml] | None"
M = TypeVar("M", bound=BaseModel)


def read_yaml(path: Path) -> Yaml:
    """Return what one YAML file holds; an empty file is None. Raises ConfigError with file and line."""
    try:
        text = path.read_text(encoding="utf-8")
    except OSError as exc:
        raise ConfigError(f"{path}: can't be read: {exc.strerror}") from exc
    except UnicodeDecodeError as exc:
        raise ConfigError(f"{path}: byte {exc.start} is not UTF-8; save the file as UTF-8") from exc
    return parse_yaml(text, str(path))


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
        problems = [_problem(model, error["loc"], error["type"], error["msg"]) for error in exc.errors()]
        raise ConfigError("\n".join(f"{where}: {problem}" for problem in problems)) from exc


class _Loader(yaml.SafeLoader):
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


def _problem(model: type[BaseModel], loc: tuple[int | str, ...], kind: str, message: str) -> str:
    """Return one validation error as a sentence with its key; an unknown key comes with the known ones."""
    key = ".".join(str(step) for step in loc) or "the whole file"
    if kind != "extra_forbidden":
        return f"{key}: {message.removeprefix('Value error, ')}"
    known = sorted({name for section in _sections_at(model, loc[:-1]) for name in section.model_fields})
    near = difflib.get_close_matches(str(loc[-1]), known, n=1)
    hint = f" (did you mean '{near[0]}'?)" if near else ""
    return f"{key}: unknown key{hint}; known: {', '.join(known)}"


def _sections_at(model: type[BaseModel], loc: tuple[int | str, ...]) -> list[type[BaseModel]]:
    """Return the models a location may lead to, stepping through fields, lists, mappings and tagged unions."""
    here: list[object] = [model]
    for step in loc:
        models = _models(here)
        fields = [section.model_fields[step].annotation for section in models if step in section.model_fields]
        tagged: list[object] = [section for section in models if step in _kinds(section)]
        here = [*fields] or tagged or [argument for hint in here for argument in _arguments(hint)]
    return _models(here)


def _models(hints: list[object]) -> list[type[BaseModel]]:
    """Return the models among types, looking inside unions."""
    found: list[type[BaseModel]] = []
    for hint in hints:
        if get_origin(hint) in (Union, UnionType):
            found += _models(list(get_args(hint)))
        elif get_origin(hint) is Annotated:
            found += _models([get_args(hint)[0]])
        elif isinstance(hint, type) and issubclass(hint, BaseModel):
            found.append(hint)
    return found


def _arguments(hint: object) -> list[object]:
    """Return the value types of a list, tuple or mapping, looking inside unions."""
    if get_origin(hint) is Annotated:
        return _arguments(get_args(hint)[0])
    if get_origin(hint) in (Union, UnionType):
        return [argument for member in get_args(hint) for argument in _arguments(member)]
    return [argument for argument in get_args(hint) if argument is not ...]


def _kinds(section: type[BaseModel]) -> tuple[object, ...]:
    """Return the literal values of a model's `kind`: the tag by which a union tells it from its siblings."""
    field = section.model_fields.get("kind")
    return get_args(field.annotation) if field and get_origin(field.annotation) is Literal else ()
