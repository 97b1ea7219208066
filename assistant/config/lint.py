"""Whether what is said keeps to configs/wording.yaml: nothing banned, and every remark on a feeling hedged."""

from collections.abc import Iterator

from assistant.config.texts import SYSTEM, file_of
from assistant.config.tuning import Tuning
from assistant.types import Action

_UNSAID = ("console.", "labels.", SYSTEM)
"""Texts of the screen, and what a language model is told: nobody says them."""


def lint(tuning: Tuning) -> list[str]:
    """Return a line for every text that says what it may not, or states a feeling as a fact: file, key, phrase, why."""
    return [*_banned(tuning), *_unhedged(tuning)]


def _banned(tuning: Tuning) -> Iterator[str]:
    for language, texts in tuning.texts.items():
        for key, variants in sorted(texts.phrasings.items()):
            for text in variants:
                found = None if key.startswith(_UNSAID) else tuning.wording.objection(text, language)
                if found:
                    yield f"prompts/{language}/{file_of(key)}: {key}: '{found.phrase}' in '{text}': {found.why}"


def _unhedged(tuning: Tuning) -> Iterator[str]:
    remarks = {
        key
        for rule in tuning.policy.rules
        if rule.then.action is Action.EMPATHISE and not rule.then.fixed
        for key in rule.templates
    }
    for language, texts in tuning.texts.items():
        hedges = ", ".join(tuning.wording.of(language).hedges)
        for key in sorted(remarks & set(texts.phrasings)):
            for text in texts.phrasings[key]:
                if not tuning.wording.hedged(text, language):
                    place = f"prompts/{language}/{file_of(key)}: {key}"
                    yield f"{place}: '{text}' remarks on a feeling without a hedge; say one of: {hedges}"
