"""Builds FunASR's networks from a checkpoint folder: no hub, no global state touched, no weight left to chance.

FunASR's `AutoModel` downloads what it misses, seeds every generator, sets torch's threads, takes over the root logger
and keeps random weights where a checkpoint has none; `import funasr` alone takes seconds, for 400 modules. Only its
networks and its front end are used here, imported one by one.
"""

import contextlib
import importlib
import importlib.util
import io
import json
import re
import sys
import zipfile
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol, cast

import torch
from torch import Tensor, nn
from torch.overrides import TorchFunctionMode

from assistant.errors import ModelError, ModelMissingError
from assistant.models.quiet import undisturbed

_FRONTEND = "funasr.frontends.wav_frontend"
_PARAFORMER = (
    _FRONTEND,
    "funasr.models.sanm.encoder",
    "funasr.models.paraformer.decoder",
    "funasr.models.paraformer.cif_predictor",
    "funasr.models.paraformer.model",
)
_PARTS = {
    "Paraformer": _PARAFORMER,
    "BiCifParaformer": (
        *_PARAFORMER,
        "funasr.models.bicif_paraformer.cif_predictor",
        "funasr.models.bicif_paraformer.model",
    ),
    "Emotion2vec": ("funasr.models.emotion2vec.model",),
    "FsmnVADStreaming": (
        _FRONTEND,
        "funasr.models.fsmn_vad_streaming.encoder",
        "funasr.models.fsmn_vad_streaming.model",
    ),
    "CTTransformer": ("funasr.models.sanm.encoder", "funasr.models.ct_transformer.model"),
}
"""The modules that enter an architecture and what it is built of into FunASR's registry."""

_LAYER_LIST = re.compile(r"[\d\s\[\]()+*,]+")
_NAMED_AT_MOST = 5
_DRAWS = (nn.init.normal_, nn.init.uniform_, nn.init.kaiming_uniform_)


class Frontend(Protocol):
    """FunASR's WavFrontend: stacked (LFR) and normalised log-mel features of sound."""

    fs: int
    window: str
    n_mels: int
    frame_length: int
    frame_shift: int
    lfr_m: int
    lfr_n: int
    cmvn: Tensor | None

    def output_size(self) -> int:
        """Return the number of features per frame."""

    def __call__(self, samples: Tensor, lengths: list[int]) -> tuple[Tensor, Tensor]:
        """Return features [1, t, f] and lengths [1] of sound [1, n]."""


@dataclass(frozen=True, slots=True, eq=False)
class Checkpoint:
    """What a folder holds: the network, in eval mode on its device; its tokens in order; its front end, if any."""

    network: nn.Module
    architecture: str
    tokens: tuple[str, ...]
    frontend: Frontend | None


def load(stage: str, folder: Path, architectures: tuple[str, ...], device: torch.device) -> Checkpoint:
    """Return the checkpoint in `folder`, laid out as on the hub; its architecture must be one of `architectures`.

    Raises ModelMissingError if the folder or a file of it isn't there, ModelError if it describes another model or its
    weights don't fit.
    """
    files = _files(folder)
    with undisturbed():
        config = _config(files.config)
        architecture = str(config.get("model"))
        if architecture not in architectures:
            raise ModelError(
                stage, f"{files.config} describes a '{architecture}'; known for this slot: {', '.join(architectures)}"
            )
        tables = _tables(architecture)
        try:
            tokens = _tokens(_present(files.tokens)) if config.get("tokenizer") else ()
            frontend = _frontend(tables, config, files.cmvn)
            network = _network(tables.model_classes[architecture], config, tokens, frontend)
        except (AssertionError, AttributeError, KeyError, RuntimeError, TypeError, ValueError) as error:
            raise ModelError(
                stage, f"no model can be built from {files.config}: {type(error).__name__}: {error}"
            ) from error
        _fill(stage, network, files.weights, _scopes(config))
    return Checkpoint(network.to(device), architecture, tokens, frontend)


class _Tables(Protocol):
    """FunASR's registry of classes by the name that configurations use."""

    model_classes: Mapping[str, Callable[..., nn.Module]]
    frontend_classes: Mapping[str, Callable[..., Frontend]]


def _tables(architecture: str) -> _Tables:
    """Import the parts of FunASR that an architecture needs; each enters itself into the registry, which is returned.

    The package's own `__init__` is left out, which takes 3.8 s and 250 MB for what nobody here uses; so `funasr` is a
    bare package for whoever imports it later in this process.
    """
    if "funasr" not in sys.modules:
        spec = importlib.util.find_spec("funasr")
        if spec is None:
            raise ModuleNotFoundError("funasr isn't installed", name="funasr")
        sys.modules["funasr"] = importlib.util.module_from_spec(spec)
    with contextlib.redirect_stdout(io.StringIO()):
        for part in _PARTS[architecture]:
            importlib.import_module(part)
        return cast("_Tables", importlib.import_module("funasr.register").tables)


@dataclass(frozen=True, slots=True)
class _Files:
    config: Path
    weights: Path
    tokens: Path
    cmvn: Path | None


def _files(folder: Path) -> _Files:
    """Return the files of a checkpoint: those `configuration.json` names, else those with the usual names."""
    if not folder.is_dir():
        raise ModelMissingError(
            f"no model at {folder}; fetch it, or start with '--profile mini', whose models come with the program"
        )
    index = folder / "configuration.json"
    named: dict[str, object] = {}
    if index.is_file():
        named = _section(json.loads(index.read_text(encoding="utf-8")), "file_path_metas")
    tokens = _section(named, "tokenizer_conf").get("token_list")
    if not isinstance(tokens, str):
        tokens = next((name for name in ("tokens.json", "tokens.txt") if (folder / name).is_file()), "tokens.txt")
    cmvn = _section(named, "frontend_conf").get("cmvn_file")
    if not isinstance(cmvn, str):
        cmvn = "am.mvn" if (folder / "am.mvn").is_file() else None
    return _Files(
        config=_present(folder / str(named.get("config", "config.yaml"))),
        weights=_present(folder / str(named.get("init_param", "model.pt"))),
        tokens=folder / tokens,
        cmvn=_present(folder / cmvn) if cmvn else None,
    )


def _present(path: Path) -> Path:
    """Return the path of a file. Raises ModelMissingError if it isn't there."""
    if not path.is_file():
        raise ModelMissingError(
            f"{path} is missing: the model is incomplete; fetch it again, or use the profile 'mini'"
        )
    return path


def _config(path: Path) -> dict[str, object]:
    from omegaconf import OmegaConf

    return cast("dict[str, object]", OmegaConf.to_container(OmegaConf.load(path), resolve=True))


def _section(config: Mapping[str, object], key: str) -> dict[str, object]:
    """Return the mapping under `key`, empty if there is none."""
    value = config.get(key)
    return value if isinstance(value, dict) else {}


def _tokens(path: Path) -> tuple[str, ...]:
    with path.open(encoding="utf-8") as file:
        return tuple(json.load(file)) if path.suffix == ".json" else tuple(line.rstrip() for line in file)


def _frontend(tables: _Tables, config: Mapping[str, object], cmvn: Path | None) -> Frontend | None:
    """Build the front end without dither, FunASR's default noise: the same sound shall give the same words."""
    name = config.get("frontend")
    if name is None:
        return None
    options = {**_section(config, "frontend_conf"), "dither": 0.0, "cmvn_file": str(cmvn) if cmvn else None}
    return tables.frontend_classes[str(name)](**options)


def _network(
    build: Callable[..., nn.Module], config: Mapping[str, object], tokens: tuple[str, ...], frontend: Frontend | None
) -> nn.Module:
    """Build the network without weights, and without the parts that only training uses."""
    model = _section(config, "model_conf")
    audio = _section(_section(model, "modalities"), "audio")
    audio["decoder"] = None
    layers = str(audio.get("feature_encoder_spec", "[]"))
    if not _LAYER_LIST.fullmatch(layers):
        raise ValueError(f"feature_encoder_spec must be a list of numbers, not {layers!r}")
    sizes = {"vocab_size": len(tokens), "input_size": frontend.output_size() if frontend else None}
    with _Undrawn():
        return build(**{**model, **config, "specaug": None, **sizes}).requires_grad_(False).eval()


class _Undrawn(TorchFunctionMode):
    """Leave new weights undrawn: the checkpoint replaces them, and what nobody writes takes neither time nor memory."""

    def __torch_function__(
        self,
        func: Callable[..., object],
        types: Collection[type],
        args: tuple[object, ...] = (),
        kwargs: Mapping[str, object] | None = None,
    ) -> object:
        options = kwargs or {}
        return options["tensor"] if func in _DRAWS else func(*args, **options)


def _scopes(config: Mapping[str, object]) -> tuple[str, ...]:
    """Return the prefixes that the names of a checkpoint may have before the network's own."""
    scopes = config.get("scope_map")
    given = [str(prefix) for prefix in scopes[::2]] if isinstance(scopes, list) else []
    return (*given, "module.", "")


def _fill(stage: str, network: nn.Module, path: Path, scopes: tuple[str, ...]) -> None:
    """Give the network its weights, read from the file as they are used. Raises ModelError, naming what is wrong."""
    try:
        stored = torch.load(path, map_location="cpu", weights_only=True, mmap=zipfile.is_zipfile(path))
    except Exception as error:  # a damaged file makes the unpickler raise anything
        raise ModelError(stage, f"{path} can't be read: {type(error).__name__}: {error}") from error
    for wrapper in ("state_dict", "model_state_dict", "model"):
        stored = stored.get(wrapper, stored)
    weights: dict[str, Tensor] = {}
    wrong: list[str] = []
    for name, place in network.state_dict().items():
        weight = next((stored[scope + name] for scope in scopes if scope + name in stored), None)
        if weight is None:
            wrong.append(f"{name} is missing")
        elif weight.shape != place.shape:
            wrong.append(f"{name} is {list(weight.shape)}, not {list(place.shape)}")
        else:
            weights[name] = weight.to(place.dtype)
    if wrong:
        more = f" and {len(wrong) - _NAMED_AT_MOST} more" if len(wrong) > _NAMED_AT_MOST else ""
        raise ModelError(stage, f"{path} doesn't fit its config: {'; '.join(wrong[:_NAMED_AT_MOST])}{more}")
    network.load_state_dict(weights, assign=True)
