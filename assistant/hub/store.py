"""The folder of fetched models: finds a hub's model by its reference."""

from pathlib import Path

from assistant.config.models import Models
from assistant.errors import ModelMissingError

_HUBS = ("modelscope:", "huggingface:")


def is_hub(reference: str) -> bool:
    """Say whether a `model` setting names a model of a hub."""
    return reference.startswith(_HUBS)


def resolve(reference: str, settings: Models) -> Path:
    """Return the folder of a fetched model. Raises ModelMissingError where it isn't there whole."""
    raise ModelMissingError(f"{reference} is not fetched")
