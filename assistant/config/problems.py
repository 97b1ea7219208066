"""Pydantic's validation errors as sentences for people: the dotted key, what is wrong, what is allowed."""

import difflib
from textwrap import shorten
from types import UnionType
from typing import Annotated, Literal, Union, get_args, get_origin

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

SECRET_WORDS = ("api_key", "secret", "token", "password")


def problem(model: type[BaseModel], error: ErrorDetails, data: object) -> tuple[str, str]:
    """Return the dotted key of one error in `data` and a sentence that names what is allowed; quotes no secret."""
    keys = _keys(error["loc"], data)
    key = ".".join(keys)
    match error["type"]:
        case "extra_forbidden":
            known = sorted(
                {name for section in _sections_at(model, error["loc"][:-1]) for name in section.model_fields}
            )
            near = difflib.get_close_matches(keys[-1], known, n=1)
            hint = f" did you mean '{near[0]}'?" if near else ""
            return key, f"unknown key '{key}';{hint} known: {', '.join(known)}"
        case "missing":
            return key, f"missing key '{key}'"
        case "union_tag_invalid":
            context = error.get("ctx", {})
            return key, f"unknown kind '{context.get('tag')}' in '{key}'; known: {context.get('expected_tags')}"
        case "union_tag_not_found":
            return key, f"missing key '{key}.kind'"
        case "value_error":
            return key, f"'{key}': {error['msg'].removeprefix('Value error, ')}"
        case _:
            got = "***" if is_secret(key) else shorten(repr(error["input"]), 60, placeholder=" …")
            return key, f"'{key}': {error['msg'][:1].lower()}{error['msg'][1:]}, got {got}"


def reported(error: ValidationError) -> list[ErrorDetails]:
    """Return the errors worth telling: a list is called too short, too, when one of its items is wrong."""
    errors = error.errors(include_url=False)
    inner = [each["loc"] for each in errors]
    return [
        each
        for each in errors
        if each["type"] != "too_short"
        or not any(len(loc) > len(each["loc"]) and loc[: len(each["loc"])] == each["loc"] for loc in inner)
    ]


def is_secret(key: str) -> bool:
    """Tell whether the value of a dotted key must not be shown."""
    last = key.rsplit(".", 1)[-1].lower()
    return any(word in last for word in SECRET_WORDS)


def _keys(loc: tuple[int | str, ...], data: object) -> list[str]:
    """Return a location without the union tags that pydantic puts between the keys."""
    keys: list[str] = []
    for step in loc:
        if isinstance(data, dict):
            if step not in data and data.get("kind") == step:
                continue
            data = data.get(step)
        elif isinstance(data, list) and isinstance(step, int):
            data = data[step]
        else:
            break
        keys.append(str(step))
    return keys


def _sections_at(model: type[BaseModel], loc: tuple[int | str, ...]) -> list[type[BaseModel]]:
    """Return the models that a location may lead to, stepping through fields, lists, mappings and tagged unions."""
    here: list[object] = [model]
    for step in loc:
        models = _models(here)
        fields: list[object] = [
            section.model_fields[step].annotation for section in models if step in section.model_fields
        ]
        tagged: list[object] = [section for section in models if step in _kinds(section)]
        here = fields or tagged or [argument for hint in here for argument in _arguments(hint)]
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
