"""Layered YAML -> Config: defaults < profile < user files < environment < --set; each value knows its layer."""

import json
import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from assistant.config.files import CONFIGS, locate
from assistant.config.problems import problem, reported
from assistant.config.tree import Config
from assistant.config.yaml import Yaml, checked, parse_yaml, read_yaml
from assistant.errors import ConfigError

ENV_PREFIX = "ASSISTANT__"

Tree = dict[str, Yaml]

DEFAULTS = "configs/default.yaml"
"""The name of the lowest layer."""

_BUNDLED = "configs/"
"""How the names of the program's own layers begin."""

_WHOLE = {"sentiment.labels"}
"""Mappings whose keys belong together: a layer that gives one replaces it, or the labels of two models would mix."""


@dataclass(frozen=True, slots=True)
class Layer:
    """One source of settings: `name` as shown to people, `tree` its nested values."""

    name: str
    tree: Tree


@dataclass(frozen=True, slots=True)
class Loaded:
    """The effective configuration; `values` as written, by dotted key, and `sources`, the layer that each came from."""

    config: Config
    values: dict[str, Yaml]
    sources: dict[str, str]


def load(
    profile: str | None = None,
    files: Iterable[str] = (),
    sets: Iterable[str] = (),
    env: Mapping[str, str] = os.environ,
) -> Loaded:
    """Return the effective configuration; of `files` later ones win, and `bundled:configs/...` names one of ours.

    Raises ConfigError, a line per mistake: where, which key, what is allowed.
    """
    upper = [Layer(file, _tree(locate(file))) for file in files]
    upper += [_from_env(name, text) for name, text in sorted(env.items()) if name.startswith(ENV_PREFIX)]
    upper += [_from_set(text) for text in sets]
    if profile:
        upper.append(Layer("--profile", {"profile": profile}))
    default = Layer(DEFAULTS, _tree(CONFIGS / "default.yaml"))
    chosen = next(
        (str(layer.tree["profile"]) for layer in [*reversed(upper), default] if "profile" in layer.tree), "mini"
    )
    layers = [default, _profile(chosen), *upper]
    tree: Tree = {}
    sources: dict[str, str] = {}
    for layer in layers:
        _merge(tree, layer.tree, layer.name, "", sources)
    try:
        config = Config.model_validate_json(json.dumps(tree))
    except ValidationError as error:
        problems = [_explain(detail, tree, sources) for detail in reported(error)]
        raise ConfigError("\n".join(dict.fromkeys(problems))) from None
    return Loaded(config, dict(_flat(tree)), sources)


def laid_over(config: Config, settings: Mapping[str, Yaml], name: str) -> Config:
    """Return `config` with `settings`, nested or by dotted keys, laid over it as the layer `name`.

    Raises ConfigError, a line per mistake: where, which key, what is allowed.
    """
    tree: Tree = config.model_dump(mode="json")
    sources = {leaf: "configs/default.yaml" for leaf, _ in _flat(tree)}
    for key, value in settings.items():
        _merge(tree, _nest(key.split("."), value), name, "", sources)
    return checked(Config, tree, name)


def profiles() -> list[str]:
    """Return the names of the profiles that travel with the program: every file of settings but those named in it."""
    named = _tree(CONFIGS / "default.yaml").get("files")
    others = {"default", *(Path(str(name)).stem for name in (named if isinstance(named, dict) else {}).values())}
    return sorted(path.stem for path in CONFIGS.glob("*.yaml") if path.stem not in others)


def _profile(name: str) -> Layer:
    if name not in profiles():
        raise ConfigError(f"unknown profile '{name}'; known: {', '.join(profiles())}")
    return Layer(f"configs/{name}.yaml", _tree(CONFIGS / f"{name}.yaml"))


def _tree(path: Path) -> Tree:
    data = read_yaml(path)
    if data is None:
        return {}
    if not isinstance(data, dict):
        raise ConfigError(f"{path}: the file must be a mapping of settings")
    return data


def _from_env(name: str, text: str) -> Layer:
    keys = name.removeprefix(ENV_PREFIX).lower().split("__")
    return Layer(name, _nest(keys, parse_yaml(text, name)))


def _from_set(text: str) -> Layer:
    key, equals, value = text.partition("=")
    if not equals or not key:
        raise ConfigError(f"--set {text}: must read KEY.KEY=VALUE, for example vad.mode=3")
    return Layer(f"--set {key}", _nest(key.split("."), parse_yaml(value, f"--set {key}")))


def _nest(keys: list[str], value: Yaml) -> Tree:
    for key in reversed(keys):
        value = {key: value}
    assert isinstance(value, dict)
    return value


def _merge(tree: Tree, layer: Tree, name: str, prefix: str, sources: dict[str, str]) -> None:
    """Lay `layer` over `tree` in place.

    Where it changes the `kind` of a section, the options that come with the program go, for they mean nothing any more;
    what the user gave stays, so that a key in the environment isn't lost, and a wrong option is told.
    """
    for key, value in layer.items():
        path = f"{prefix}{key}"
        old = tree.get(key)
        if isinstance(value, dict) and isinstance(old, dict) and path not in _WHOLE:
            if "kind" in value and value["kind"] != old.get("kind"):
                for option in [option for option in old if _bundled(f"{path}.{option}", sources)]:
                    _forget(f"{path}.{option}", sources)
                    del old[option]
            _merge(old, value, name, f"{path}.", sources)
        else:
            _forget(path, sources)
            tree[key] = value
            sources.update((f"{path}{'.' if leaf else ''}{leaf}", name) for leaf, _ in _flat(value))


def _bundled(path: str, sources: dict[str, str]) -> bool:
    """Tell whether a value, or any part of it, comes with the program."""
    layers = [layer for key, layer in sources.items() if key == path or key.startswith(f"{path}.")]
    return any(layer.startswith(_BUNDLED) for layer in layers)


def _forget(path: str, sources: dict[str, str]) -> None:
    for key in [key for key in sources if key == path or key.startswith(f"{path}.")]:
        del sources[key]


def _flat(value: Yaml, prefix: str = "") -> Iterable[tuple[str, Yaml]]:
    """Yield every leaf with its dotted key; an empty mapping is a leaf."""
    if isinstance(value, dict) and value:
        for key, inner in value.items():
            yield from _flat(inner, f"{prefix}.{key}" if prefix else str(key))
    else:
        yield prefix, value


def _explain(error: ErrorDetails, tree: Tree, sources: dict[str, str]) -> str:
    """Return one line: the layer to mend, the key, what is wrong, what is allowed."""
    key, sentence = problem(Config, error, tree)
    parent = f"{key.rpartition('.')[0]}."
    exact = (layer for known, layer in sources.items() if known == key or known.startswith(f"{key}."))
    beside = (layer for known, layer in reversed(sources.items()) if known.startswith(parent))
    return f"{next(exact, None) or next(beside, 'configuration')}: {sentence}"
