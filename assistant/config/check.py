"""Whether policy, services and texts fit together: each text there in each language, none unused, all can be said."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

from assistant.config.duties import neglected
from assistant.config.lint import lint
from assistant.config.policy import Rule, Then
from assistant.config.reach import unreachable
from assistant.config.texts import SYSTEM, SYSTEM_PLACEHOLDERS, Texts, file_of, placeholders
from assistant.config.tuning import Tuning
from assistant.config.when import pair_name
from assistant.types import (
    Action,
    Certainty,
    ConflictKind,
    Cut,
    Doubt,
    Emotion,
    Group,
    Language,
    Level,
    Polarity,
    Verdict,
)

MIN_PHRASINGS = 3
"""Of a text that is said again and again; one alone would be said twice running."""

_SCREEN = "console."
_NAMED = {Certainty.LABEL, Certainty.MIXED, Certainty.GROUP}


def check(tuning: Tuning) -> list[str]:
    """Return every problem, a line each that names file and key; empty if all is well."""
    return [*broken(tuning), *untidy(tuning)]


def broken(tuning: Tuning) -> list[str]:
    """Return what would fail in a conversation: missing texts and services, unfilled placeholders, duties."""
    return [*neglected(tuning.policy), *_services(tuning), *_missing(tuning), *_unfilled(tuning)]


def untidy(tuning: Tuning) -> list[str]:
    """Return what would go unnoticed: rules without a turn, and texts unused, uneven, monotonous or out of bounds."""
    return [
        *unreachable(tuning.policy),
        *_unused(tuning),
        *_uneven(tuning),
        *_monotonous(tuning),
        *lint(tuning),
    ]


@dataclass(frozen=True, slots=True)
class _Outcome:
    """An outcome with its place in the policy, the keys its reply may have, and what placeholders it fills."""

    place: str
    then: Then
    templates: tuple[str, ...]
    fills: frozenset[str]


def _outcomes(tuning: Tuning) -> Iterator[_Outcome]:
    for rule in tuning.policy.rules:
        yield _outcome(f"rules.{rule.id}.then", rule.then, rule.templates, feeling=_asks_for_feeling(rule))
    limits = tuning.policy.limits
    for name, then in {"typing": limits.typing, "instead": limits.instead}.items():
        if then:
            yield _outcome(f"limits.{name}", then, (then.template,), feeling=False)


def _outcome(place: str, then: Then, templates: tuple[str, ...], *, feeling: bool) -> _Outcome:
    fills = {"service": then.service is not None, "feeling": feeling}
    return _Outcome(place, then, templates, frozenset(name for name, filled in fills.items() if filled))


def _asks_for_feeling(rule: Rule) -> bool:
    """Tell whether a rule holds only for readings that have a name."""
    asked = rule.when.certainty
    return rule.when.label is not None or rule.when.group is not None or bool(asked and _NAMED.issuperset(asked))


def _services(tuning: Tuning) -> Iterator[str]:
    known = [service.id for service in tuning.services.services]
    for outcome in _outcomes(tuning):
        where, service = f"policy.yaml: {outcome.place}.service", outcome.then.service
        if service and service not in known:
            yield f"{where}: no service '{service}'; known in services.yaml: {', '.join(known)}"
        if outcome.then.action is Action.RECOMMEND and not service:
            yield f"{where}: action recommend needs a service; known in services.yaml: {', '.join(known)}"


def _missing(tuning: Tuning) -> Iterator[str]:
    for key, place in sorted(_needed(tuning).items()):
        for language in Language:
            if key not in tuning.texts[language].phrasings:
                yield f"{_file(language, key)}: missing key '{key}', needed by {place}"


def _unfilled(tuning: Tuning) -> Iterator[str]:
    filled: dict[str, frozenset[str]] = {}
    for outcome in _outcomes(tuning):
        for key in outcome.templates:
            filled[key] = filled.get(key, outcome.fills) & outcome.fills
    filled[SYSTEM] = frozenset(SYSTEM_PLACEHOLDERS)
    for language, texts in tuning.texts.items():
        for key in sorted(_needed(tuning)):
            can = filled.get(key, frozenset())
            if empty := (_names(texts, key) or set()) - can:
                yield f"{_file(language, key)}: {key}: {{{min(empty)}}} has no value here; known: {', '.join(can)}"


def _unused(tuning: Tuning) -> Iterator[str]:
    needed = _needed(tuning)
    for language in Language:
        for key in sorted(tuning.texts[language].phrasings):
            if key not in needed and not key.startswith(_SCREEN):
                yield f"{_file(language, key)}: nothing uses the key '{key}'"
    recommended = {outcome.then.service for outcome in _outcomes(tuning)}
    for service in tuning.services.services:
        if service.id not in recommended:
            yield f"services.yaml: no rule of policy.yaml recommends '{service.id}'"


def _uneven(tuning: Tuning) -> Iterator[str]:
    """Yield differences between the languages in texts of the screen, whose keys only the code knows."""
    for key in sorted({key for texts in tuning.texts.values() for key in texts.phrasings if key.startswith(_SCREEN)}):
        names = {language: _names(tuning.texts[language], key) for language in Language}
        for language in Language:
            if names[language] is None:
                yield f"{_file(language, key)}: missing key '{key}', which another language has"
        if len({frozenset(found) for found in names.values() if found is not None}) > 1:
            yield f"{_file('*', key)}: {key}: the languages differ in their placeholders"


def _monotonous(tuning: Tuning) -> Iterator[str]:
    said = {key for outcome in _outcomes(tuning) for key in outcome.templates}
    for language in Language:
        texts = {key: tuning.texts[language].phrasings[key] for key in said & set(tuning.texts[language].phrasings)}
        for key, variants in sorted(texts.items()):
            if len(variants) < MIN_PHRASINGS:
                yield f"{_file(language, key)}: {key}: {len(variants)} phrasings; it takes {MIN_PHRASINGS} or more"
        times = Counter(text for variants in texts.values() for text in variants)
        for text in sorted(text for text, count in times.items() if count > 1):
            yield f"prompts/{language}: two keys hold the phrasing '{text}'; it could be said twice running"


def _needed(tuning: Tuning) -> dict[str, str]:
    """Return every key that is said or shown, with the place that needs it."""
    needed = {service.text: f"services.yaml: {service.id}" for service in tuning.services.services}
    needed[SYSTEM] = "the language model that phrases replies"
    for outcome in _outcomes(tuning):
        needed |= dict.fromkeys(outcome.templates, f"policy.yaml: {outcome.place}")
        if outcome.then.alert:
            needed[outcome.then.alert.message] = f"policy.yaml: {outcome.place}.alert"
    needed |= {watch.alert.message: f"policy.yaml: watch.{watch.id}.alert" for watch in tuning.policy.watch}
    needed |= dict.fromkeys(("manners.disclosure", "manners.reads_feelings", "manners.reminder"), "the session")
    shown: dict[str, set[str]] = {
        "emotion": set(Emotion),
        "mixed": {pair_name(pair) for pair in tuning.fusion.statement.mixed.pairs},
        "group": set(Group),
        "certainty": set(Certainty),
        "polarity": {polarity.name.lower() for polarity in Polarity},
        "conflict": set(ConflictKind),
        "verdict": set(Verdict),
        "action": set(Action),
        "level": set(Level),
        "cut": set(Cut),
        "doubt": set(Doubt),
    }
    return needed | {f"labels.{kind}.{name}": "the screen" for kind, names in shown.items() for name in names}


def _names(texts: Texts, key: str) -> set[str] | None:
    """Return the placeholders of a text, None where the text is missing."""
    variants = texts.phrasings.get(key)
    return None if variants is None else {name for text in variants for name in placeholders(text)}


def _file(language: str, key: str) -> str:
    return f"prompts/{language}/{file_of(key)}"
