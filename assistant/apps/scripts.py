"""Whether dialogue scripts ask for what there is: rules and services of the tuning, emotions that can be stated."""

from collections.abc import Iterator, Sequence
from difflib import get_close_matches
from pathlib import Path

from assistant.apps.dialogue import Turn, load_dialogue
from assistant.apps.replay.expectation import Absent
from assistant.config.policy import LIMIT_RULES
from assistant.config.tuning import Tuning
from assistant.errors import ScriptError
from assistant.types import FELT, Language


def problems(paths: Sequence[Path], tuning: Tuning) -> list[str]:
    """Return a line for each expectation that no turn can meet, in scripts and in folders of scripts."""
    scripts = [script for path in paths for script in (sorted(path.glob("*.yaml")) if path.is_dir() else [path])]
    return [problem for script in scripts for problem in _script(script, tuning)]


def _script(path: Path, tuning: Tuning) -> Iterator[str]:
    try:
        dialogue = load_dialogue(path)
    except ScriptError as error:
        yield from str(error).splitlines()
        return
    if any(key.partition(".")[0] == "files" for key in dialogue.sets):
        return  # It brings a policy of its own.
    names = [*(rule.id for rule in tuning.policy.rules), *LIMIT_RULES, *(watch.id for watch in tuning.policy.watch)]
    for problem in _absent(dialogue.absent, names, (), tuning):
        yield f"{path}: {problem}"
    for number, turn in enumerate(dialogue.turns, 1):
        for problem in _turn(turn, tuning):
            yield f"{path}: turn {number}: expect.{problem}"


def _turn(turn: Turn, tuning: Tuning) -> Iterator[str]:
    expect = turn.expect
    rules = [*(rule.id for rule in tuning.policy.rules), *LIMIT_RULES]
    alerts = [
        *(rule.id for rule in tuning.policy.rules if rule.then.alert),
        *(watch.id for watch in tuning.policy.watch),
    ]
    for rule in expect.rule:
        yield from _unknown("rule", rule, rules)
    for rule in expect.alert_rule:
        yield from _unknown("alert_rule", rule, alerts)
    for template in expect.template:
        yield from _unknown("template", template, list(tuning.texts[Language.ZH].phrasings))
    if expect.service not in (None, "none"):
        yield from _unknown("service", expect.service, [service.id for service in tuning.services.services])
    for emotion in expect.emotion:
        yield from _unknown("emotion", emotion, FELT)
    yield from _absent(expect.absent, rules, alerts, tuning)
    if turn.text and (expect.voice or expect.quality):
        yield "voice, quality: a typed turn has neither"


def _absent(absent: Absent, rules: Sequence[str], alerts: Sequence[str], tuning: Tuning) -> Iterator[str]:
    """Yield what can never happen anyway, so that its absence proves nothing."""
    for rule in absent.rule:
        yield from _unknown("absent.rule", rule, [*rules, *alerts])
    for service in absent.service:
        yield from _unknown("absent.service", service, [each.id for each in tuning.services.services])


def _unknown(key: str, name: str, known: Sequence[str]) -> Iterator[str]:
    if name not in known:
        near = get_close_matches(name, known, n=1)
        yield f"{key}: no {key} '{name}';" + (f" did you mean '{near[0]}'?" if near else f" known: {', '.join(known)}")
