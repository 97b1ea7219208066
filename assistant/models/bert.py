"""Sentiment of words with any sequence-classification model of transformers, mapped to the four polarities."""

import contextlib
import importlib
import logging
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Protocol, cast

import torch

from assistant.errors import ConfigError, ModelError, ModelMissingError
from assistant.models import device as devices
from assistant.models.quiet import undisturbed
from assistant.types import Polarity, Sentiment, Stage

if TYPE_CHECKING:
    from transformers import PreTrainedModel, PreTrainedTokenizerBase

_POSITION_OFFSET = 2
"""RoBERTa counts positions from 2, so that two fewer tokens fit than its table is long."""


class Bert:
    """A text classifier as `ports.SentimentModel`. Not reentrant: one thread at a time."""

    def __init__(self, folder: Path, device: str, labels: Mapping[str, Mapping[Polarity, float]]) -> None:
        """Load the model in `folder`; `labels` spreads each of its labels over the polarities, in shares that sum to 1.

        Raises ModelMissingError if there is no model, ModelError if it's unusable, ConfigError if `labels` don't fit.
        """
        if not (folder / "config.json").is_file():
            raise ModelMissingError(
                f"no model at {folder}; fetch it, or start with '--profile mini', whose models come with the program"
            )
        self._device = devices.resolve(device)
        with undisturbed(), _silent():
            self._network, self._tokenizer = _load(folder, self._device)
        named = cast("dict[int, str]", self._network.config.id2label)
        self._shares = _shares([named[index] for index in sorted(named)], labels, folder)
        positions = self._network.config.max_position_embeddings - _POSITION_OFFSET
        self._length = min(self._tokenizer.model_max_length, positions)
        self.read("你好")

    @property
    def about(self) -> str:
        """Say which it is: architecture, number of labels, parameters."""
        kind = type(self._network).__name__.removesuffix("ForSequenceClassification")
        return f"{kind}: {len(self._shares)} labels, {self._network.num_parameters() / 1e6:.3g} M parameters"

    def read(self, text: str) -> Sentiment:
        """Return scores over the four polarities of one text, cut if it is too long. Raises ModelError."""
        try:
            with torch.inference_mode():
                encoded = self._tokenizer(text, truncation=True, max_length=self._length, return_tensors="pt")
                logits = self._network(**encoded.to(self._device)).logits[0]
                scores = torch.softmax(logits.double(), dim=-1).cpu() @ self._shares
        except (IndexError, RuntimeError, ValueError) as error:
            raise ModelError(Stage.SENTIMENT, f"failed on {len(text)} characters: {error}") from error
        if not bool(torch.isfinite(scores).all()):
            raise ModelError(Stage.SENTIMENT, "its scores aren't finite")
        return Sentiment(dict(zip(Polarity, scores.tolist(), strict=True)))


def _load(folder: Path, device: torch.device) -> tuple["PreTrainedModel", "PreTrainedTokenizerBase"]:
    """Return network and tokenizer from local files alone, never running code that comes with them."""
    from transformers import AutoModelForSequenceClassification, AutoTokenizer

    try:
        tokenizer = AutoTokenizer.from_pretrained(folder, local_files_only=True, trust_remote_code=False)
        network, report = AutoModelForSequenceClassification.from_pretrained(
            folder, local_files_only=True, trust_remote_code=False, output_loading_info=True
        )
    except (KeyError, OSError, RuntimeError, TypeError, ValueError) as error:
        raise ModelError(Stage.SENTIMENT, f"no text classifier can be loaded from {folder}: {error}") from error
    if absent := sorted({*report["missing_keys"], *(key for key, *_ in report["mismatched_keys"])}):
        raise ModelError(Stage.SENTIMENT, f"the weights in {folder} don't fit its config: {', '.join(absent[:5])}")
    return network.requires_grad_(False).eval().to(device), tokenizer


def _shares(names: Sequence[str], labels: Mapping[str, Mapping[Polarity, float]], folder: Path) -> torch.Tensor:
    """Return the share of each polarity in each label of the model [labels, 4]."""
    if set(names) != set(labels):
        raise ConfigError(
            f"sentiment.labels names {', '.join(labels) or 'nothing'}; the model in {folder} has {', '.join(names)}"
        )
    for name, meaning in labels.items():
        if abs(sum(meaning.values()) - 1) > 1e-6:
            raise ConfigError(f"sentiment.labels: the shares of '{name}' sum to {sum(meaning.values()):g}, not 1")
    return torch.tensor([[labels[name].get(polarity, 0.0) for polarity in Polarity] for name in names]).double()


@contextlib.contextmanager
def _silent() -> Iterator[None]:
    """Keep transformers from drawing bars and telling what it does."""
    logs = cast("_Logs", importlib.import_module("transformers.utils.logging"))
    verbosity, bars = logs.get_verbosity(), logs.is_progress_bar_enabled()
    logs.set_verbosity(logging.CRITICAL)
    logs.disable_progress_bar()
    try:
        yield
    finally:
        logs.set_verbosity(verbosity)
        if bars:
            logs.enable_progress_bar()


class _Logs(Protocol):
    """What transformers lets be set of its talking; half of it has no types."""

    def get_verbosity(self) -> int: ...
    def set_verbosity(self, verbosity: int) -> None: ...
    def is_progress_bar_enabled(self) -> bool: ...
    def disable_progress_bar(self) -> None: ...
    def enable_progress_bar(self) -> None: ...
