"""A replay as one HTML page that asks nothing of any network; in both languages, light and dark."""

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from html import escape
from pathlib import Path
from string import Template

import yaml
from pydantic import JsonValue

from assistant.apps.block import statement
from assistant.apps.replay.coverage import Coverage, Reach
from assistant.apps.replay.outcome import Outcome, TurnOutcome
from assistant.apps.replay.strip import strip
from assistant.apps.words import Words
from assistant.types import FELT, Affect, Emotion, Language

_PAGE = Path(__file__).parent.parent / "pages" / "replay.html"

Say = Callable[[Callable[[Words], str]], str]
"""Puts a text into the page in every language; which one is seen is the reader's choice."""


def page(
    outcomes: Sequence[Outcome], coverage: Coverage | None, words: dict[Language, Words], language: Language
) -> str:
    """Return the page, at first in `language`."""

    def say(text: Callable[[Words], str]) -> str:
        return "".join(f'<span lang="{each}">{escape(text(own))}</span>' for each, own in words.items())

    title = words[language].screen("replay.title")
    body = "\n".join(_body(outcomes, coverage, say))
    return Template(_PAGE.read_text(encoding="utf-8")).substitute(language=language, title=escape(title), body=body)


def _body(outcomes: Sequence[Outcome], coverage: Coverage | None, say: Say) -> Iterator[str]:
    button = f'<button id="language">{_screen("language", say)}</button>'
    yield f"<header><h1>{_screen('title', say)}</h1>{button}</header>"
    yield from _counts(outcomes, coverage, say)
    yield f'<p class="legend">{"".join(_legend(say))}</p>'
    yield f'<p class="soft">{_screen("how", say)}</p>'
    yield f'<label class="bar"><input type="checkbox" id="missed"> {_screen("only_missed", say)}</label>'
    several = max((outcome.run for outcome in outcomes), default=1) > 1
    for outcome in sorted(outcomes, key=lambda each: not each.missed):
        yield from _dialogue(outcome, say, several=several)
    if coverage:
        yield from _coverage(coverage, say)


def _screen(key: str, say: Say) -> str:
    return say(lambda words: words.screen(f"replay.{key}"))


def _counts(outcomes: Sequence[Outcome], coverage: Coverage | None, say: Say) -> Iterator[str]:
    turns = sum(len(outcome.turns) for outcome in outcomes)
    missed = sum(outcome.missed for outcome in outcomes)
    tiles = [
        ("dialogues", str(len(outcomes)), ""),
        ("held", f"{turns - missed} / {turns}", "good" if not missed else ""),
        ("missed", str(missed), "bad" if missed else ""),
    ]
    if coverage:
        met = sum(each.turns > 0 for each in coverage.rules)
        tiles.append(("rules_reached", f"{met} / {len(coverage.rules)}", ""))
    shown = (f'<div class="tile {look}"><b>{number}</b>{_screen(name, say)}</div>' for name, number, look in tiles)
    yield f'<div class="tiles">{"".join(shown)}</div>'
    kinds = Counter(turn.kind for outcome in outcomes for turn in outcome.turns if turn.kind)
    if kinds:
        badges = (f"<li>{_kind(kind, say)} {count}</li>" for kind, count in kinds.most_common())
        yield f'<ul class="kinds"><li>{_screen("first_missed", say)}</li>{"".join(badges)}</ul>'


def _legend(say: Say) -> Iterator[str]:
    for emotion in FELT:
        yield f'<span><i class="e-{emotion}"></i>{say(_emotion(emotion))}</span>'
    yield f'<span><i class="e-none"></i>{_screen("open", say)}</span>'


def _dialogue(outcome: Outcome, say: Say, *, several: bool) -> Iterator[str]:
    state = "missed" if outcome.missed else "held"
    held = len(outcome.turns) - outcome.missed
    yield f'<article class="{state}"><h2>{escape(outcome.name)}'
    run = f' <span class="soft">#{outcome.run}</span>' if several else ""
    yield f'{run}<span class="count">{held} / {len(outcome.turns)}</span></h2>'
    sets = "".join(f"<code>{escape(_flow({key: value}))}</code> " for key, value in outcome.sets.items())
    yield f'<p class="soft">{escape(outcome.about)} {sets}</p>'
    yield strip(outcome)
    opened = " open" if outcome.missed else ""
    yield f"<details{opened}><summary>{_screen('turn_by_turn', say)}</summary><table>"
    heads = (f"<th>{_screen(name, say)}</th>" for name in ("said", "found", "expected"))
    yield f"<tr><th></th>{''.join(heads)}</tr>"
    for turn in outcome.turns:
        yield from _turn(turn, say)
    yield "</table></details></article>"


def _turn(turn: TurnOutcome, say: Say) -> Iterator[str]:
    yield f'<tr class="{"held" if turn.held else "missed"}"><td>{turn.number}</td>'
    reply = f'<br><span class="reply">{escape(turn.record.reply.text)}</span>' if turn.record else ""
    said = f"<q>{escape(turn.said)}</q>" if turn.said else say(lambda words: words.screen("no_words"))
    yield f'<td>{said} <span class="soft">{_screen(turn.how, say)}</span>{reply}</td>'
    yield f"<td>{_found(turn, say)}</td><td>{_expected(turn, say)}</td></tr>"


def _found(turn: TurnOutcome, say: Say) -> str:
    if turn.record is None:
        return _screen("nothing", say)
    affect, decision = turn.record.affect, turn.record.decision
    share = f" {affect.confidence:.0%}" if affect.confidence else ""
    parts = [f'<i class="e-{affect.label or "none"}"></i>{say(_reading(affect))}{share}']
    if affect.conflict.kind:
        parts.append(say(_conflict(affect)))
    parts.append(f"<code>{escape(decision.rule)}</code>")
    if decision.service:
        parts.append(f"→ <code>{escape(decision.service)}</code>")
    if decision.alert:
        parts.append(f'<b class="alert">▲ {escape(decision.alert.level)} · {escape(decision.alert.rule)}</b>')
    return "<br>".join(parts)


def _expected(turn: TurnOutcome, say: Say) -> str:
    shown = f"<code>{escape(_flow(turn.expected))}</code>" if turn.expected else ""
    misses = (f"<li>{_kind(miss.kind, say)} {escape(miss.text)}</li>" for miss in turn.misses)
    return f"{shown}<ul>{''.join(misses)}</ul>" if turn.misses else f'{shown} <b class="good">✓</b>'


def _flow(data: JsonValue) -> str:
    """Return data as a person writes it in a script, without the outer braces."""
    text = yaml.safe_dump(_plain(data), default_flow_style=True, allow_unicode=True, sort_keys=False, width=10_000)
    return text.strip().removeprefix("{").removesuffix("}")


def _plain(data: JsonValue) -> JsonValue:
    match data:
        case dict():
            return {key: _plain(value) for key, value in data.items()}
        case [alone]:
            return _plain(alone)
        case list():
            return [_plain(value) for value in data]
        case float() if data.is_integer():
            return int(data)
        case _:
            return data


def _kind(kind: str, say: Say) -> str:
    return f'<b class="kind">{_screen(f"kind.{kind}", say)}</b>'


def _reading(affect: Affect) -> Callable[[Words], str]:
    return lambda words: statement(affect, words)


def _conflict(affect: Affect) -> Callable[[Words], str]:
    return lambda words: words.label("conflict", affect.conflict.kind or "")


def _emotion(emotion: Emotion) -> Callable[[Words], str]:
    return lambda words: words.label("emotion", emotion)


def _coverage(coverage: Coverage, say: Say) -> Iterator[str]:
    yield f"<h2>{_screen('coverage', say)}</h2><div class='cover'>"
    parts: dict[str, tuple[Reach, ...]] = {
        "rules": coverage.rules,
        "templates": coverage.templates,
        "alerts": coverage.alerts,
    }
    for name, reached in parts.items():
        met = sum(each.turns > 0 for each in reached)
        yield f"<section><h3>{_screen(name, say)} <span class='count'>{met} / {len(reached)}</span></h3><table>"
        most = max((each.turns for each in reached), default=0) or 1
        for each in reached:
            bar = f'<i class="bar-of" style="width:{40 * each.turns / most:.0f}px"></i>'
            look = "held" if each.turns else "missed"
            title = escape(", ".join(each.dialogues))
            yield f'<tr class="{look}" title="{title}"><td><code>{escape(each.name)}</code></td>'
            yield f"<td>{bar}{each.turns}</td></tr>"
        yield "</table></section>"
    yield "</div>"
