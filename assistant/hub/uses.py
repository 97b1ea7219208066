"""Which models a configuration asks for, and which of them a hub has to bring."""

from collections.abc import Iterable

from assistant.config.models import Models
from assistant.config.perception import Off, WebRtcVad
from assistant.config.tree import Config
from assistant.hub.reference import Reference, parse
from assistant.hub.store import folder_of, is_hub, lacking, manifest_of, root


def models_of(config: Config, *, hearing: bool = True) -> dict[str, str]:
    """Return the `model` setting of every slot that has one, by the slot's name; `hearing` as in `build_engine`."""
    heard = {"asr": config.asr, "punctuator": config.punctuator, "emotion": config.emotion} if hearing else {}
    slots = {"vad": config.vad, **heard, "sentiment": config.sentiment}
    return {name: slot.model for name, slot in slots.items() if not isinstance(slot, WebRtcVad | Off)}


def references_of(config: Config, *, hearing: bool = True) -> tuple[Reference, ...]:
    """Return the hubs' models that a configuration asks for."""
    return tuple(dict.fromkeys(parse(model) for model in models_of(config, hearing=hearing).values() if is_hub(model)))


def missing(models: Iterable[Reference], settings: Models) -> tuple[Reference, ...]:
    """Return those that aren't there whole."""
    return tuple(model for model in models if lacking(folder_of(model, settings)))


def fetched(settings: Models) -> tuple[Reference, ...]:
    """Return every model that lies in the folder of models, by the name of its place."""
    found = []
    for hub in ("huggingface", "modelscope"):
        for folder in sorted((root(settings) / hub).glob("*/*/*")):
            manifest = manifest_of(folder)
            if manifest:
                found.append(parse(f"{manifest.hub}:{manifest.id}@{manifest.revision}"))
    return tuple(found)
