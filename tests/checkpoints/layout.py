"""How a checkpoint of FunASR lies on disk, as on the hub; and networks with random weights to fill it."""

import json
import tempfile
from enum import StrEnum
from pathlib import Path

import torch
import yaml
from torch import nn

from assistant.models import funasr_runtime
from assistant.models.funasr_runtime import Frontend
from assistant.models.quiet import undisturbed

_WRAPPERS = ("state_dict", "model")


class Size(StrEnum):
    """TINY is for tests of behaviour; FULL has every number of the published model, and random weights."""

    TINY = "tiny"
    FULL = "full"


def write(
    folder: Path,
    config: dict[str, object],
    weights: dict[str, object],
    *,
    tokens: tuple[str, ...] = (),
    tokens_file: str | None = None,
    features: int = 0,
    seg_dict: str | None = None,
) -> Path:
    """Write the files of one checkpoint, and the index that names them."""
    folder.mkdir(parents=True)
    (folder / "config.yaml").write_text(yaml.safe_dump(config, allow_unicode=True), encoding="utf-8")
    torch.save(weights, folder / "model.pt")
    files: dict[str, str | dict[str, str]] = {"init_param": "model.pt", "config": "config.yaml"}
    if tokens_file:
        # The hub's text files end without a line break, its lists are JSON.
        text = json.dumps(tokens, ensure_ascii=False) if tokens_file.endswith("json") else "\n".join(tokens)
        (folder / tokens_file).write_text(text, encoding="utf-8")
        files["tokenizer_conf"] = {"token_list": tokens_file}
        if seg_dict is not None:
            (folder / "seg_dict").write_text(seg_dict, encoding="utf-8")
            files["tokenizer_conf"]["seg_dict_file"] = "seg_dict"
    if features:
        (folder / "am.mvn").write_text(cmvn(features), encoding="utf-8")
        files["frontend_conf"] = {"cmvn_file": "am.mvn"}
    index = {
        "framework": "pytorch",
        "model": {"type": "funasr"},
        "pipeline": {"type": "funasr-pipeline"},
        "file_path_metas": files,
    }
    (folder / "configuration.json").write_text(json.dumps(index, indent=2), encoding="utf-8")
    return folder


def network(config: dict[str, object], labels: int) -> nn.Module:
    """Return FunASR's network for a configuration, with the same random weights each time."""
    with undisturbed():
        tables = funasr_runtime._tables(str(config["model"]))
    with torch.random.fork_rng():
        torch.manual_seed(7)
        options = {**config["model_conf"], **config, "specaug": None}
        return tables.model_classes[config["model"]](**options, vocab_size=labels).eval()


def frontend(config: dict[str, object], features: int) -> Frontend:
    """Return the front end of a configuration, with the normalisation that `write` gives it."""
    tables = funasr_runtime._tables(str(config["model"]))
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "am.mvn"
        path.write_text(cmvn(features), encoding="utf-8")
        return funasr_runtime._frontend(tables, config, path)


def edit_weights(folder: Path, change: dict[str, torch.Tensor | None]) -> None:
    """Replace weights of a FunASR checkpoint by name; None takes one out."""
    path = folder / "model.pt"
    stored = torch.load(path, weights_only=True)
    weights = weights_in(stored)
    for name, weight in change.items():
        weights.pop(name)
        if weight is not None:
            weights[name] = weight
    torch.save(stored, path)


def weights_in(stored: dict[str, object]) -> dict[str, torch.Tensor]:
    """Return the weights by name from what a `model.pt` holds: themselves, or under a key beside other things."""
    return next((stored[wrapper] for wrapper in _WRAPPERS if wrapper in stored), stored)


def cmvn(size: int) -> str:
    """Return the text of an am.mvn that takes any log-mel features to about zero mean and unit deviation."""
    shift, scale = " ".join(["-8.3"] * size), " ".join(["0.155"] * size)
    return (
        f"<Nnet>\n<Splice> {size} {size}\n[ 0 ]\n<AddShift> {size} {size}\n<LearnRateCoef> 0 [ {shift} ]\n"
        f"<Rescale> {size} {size}\n<LearnRateCoef> 0 [ {scale} ]\n</Nnet>\n"
    )
