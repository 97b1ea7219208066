"""One recorded turn explained in a terminal, so that a reader can follow every figure and every rule."""

from collections.abc import Iterable, Iterator
from pathlib import Path

import typer
from pydantic import TypeAdapter
from rich.console import Console, Group, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from assistant.apps.block import Block, statement
from assistant.apps.journals import find_turn, read_books
from assistant.apps.words import Words, words_of
from assistant.config.tree import Config
from assistant.tuning.explain import Explanation, Factor, explain
from assistant.tuning.ladder import Rung
from assistant.tuning.trace import Stand, Standing
from assistant.types import Emotion, Mood

_EXPLANATION = TypeAdapter(Explanation)

_MARKS = {
    Standing.HOLDS: ("✓", "bold green"),
    Standing.FAILS: ("✗", "dim"),
    Standing.HELD_BACK: ("↷", "yellow"),
    Standing.LIMITED: ("↷", "yellow"),
    Standing.COOLING: ("↷", "yellow"),
}


def explain_turn(config: Config, journal: Path, turn: str, *, as_json: bool) -> int:
    """Explain a turn of a journal; return 0 if computing it anew gives what was recorded, else 1.

    Raises ScriptError for a journal that can't be read or has no such turn.
    """
    (book,) = read_books([journal])
    name, mood, record = find_turn(book, turn)
    found = explain(record, mood, book.tunings[record.tuning])
    if as_json:
        typer.echo(_EXPLANATION.dump_json(found, indent=2).decode("utf-8"))
    else:
        show(name, found, words_of(config), Console())
    return 0 if found.adds_up else 1


def show(name: str, found: Explanation, words: Words, console: Console) -> None:
    """Print an explanation: what was perceived, its evidence, the ladder, memory, and every rule that was asked."""
    title = words.screen("explain.title", {"turn": name, "tuning": found.record.tuning})
    console.rule(Text(title, style="bold"), align="left", style="dim")
    console.print(Block(words).render(found.record))
    sections: tuple[tuple[str, RenderableType], ...] = (
        ("trust", _trust(found, words)),
        ("terms", _terms(found, words)),
        ("ladder", _ladder(found, words)),
        ("memory", _memory(found, words)),
        ("rules", Group(*_rules(found, words))),
        ("watch", Group(*(_stand(stand, words) for stand in found.watches))),
    )
    for key, content in sections:
        console.print()
        console.print(Text(words.screen(f"explain.{key}"), style="bold cyan"))
        console.print(Padding(content, (0, 0, 0, 2)))


def _trust(found: Explanation, words: Words) -> Table:
    """Return the factors of both reliabilities, and the exponents that follow from them."""
    trust = found.record.affect.reliability
    table = Table.grid(padding=(0, 2))
    table.add_column()
    for _ in range(3):
        table.add_column(justify="right")
    table.add_row("", *(Text(words.screen(f"explain.{key}"), style="dim") for key in ("figure", "share")), "")
    sides = (
        ("voice", found.voice, trust.voice, trust.voice_weight),
        ("words", found.words, trust.words, trust.words_weight),
    )
    for side, factors, reliability, weight in sides:
        for factor in factors:
            table.add_row(Text(_key(factor), style="dim"), f"{factor.figure:.3g}", f"{factor.share:.3f}")
        total = Text(f"{reliability:.3f}", style="bold")
        table.add_row(
            Text(words.screen(f"explain.{side}"), style="bold"),
            "",
            total,
            f"{words.screen('explain.weight')} {weight:.3f}",
        )
    table.add_row(words.screen("explain.conflict"), "", Text(f"{found.record.affect.conflict.value:.3f}", style="bold"))
    return table


def _key(factor: Factor) -> str:
    return f"× {factor.key}"


def _terms(found: Explanation, words: Words) -> Group:
    """Return what a reader needs to compute both posteriors anew, and whether that gives the recorded ones."""
    table = Table.grid(padding=(0, 2))
    table.add_column()
    headings = ("prior", "voice", "words", "sum", "now", "carried", "sum", "belief")
    for _ in headings:
        table.add_column(justify="right")
    table.add_row("", *(Text(words.screen(f"explain.{heading}"), style="dim") for heading in headings))
    strongest = max(found.rows, key=lambda row: row.now)
    for row in found.rows:
        said = row.voice + row.words
        logs = (row.fresh, row.voice, row.words, row.fresh + said)
        cells = [f"{value:+.3f}" for value in logs]
        cells += [f"{row.now:.1%}", f"{row.carried:+.3f}", f"{row.carried + said:+.3f}", f"{row.belief:.1%}"]
        table.add_row(words.label("emotion", row.emotion), *cells, style="bold" if row is strongest else "")
    return Group(table, Text(words.screen("explain.recipe"), style="dim"), _agreement(found, words))


def _agreement(found: Explanation, words: Words) -> Text:
    error = f"{found.error:.1e}"
    if found.adds_up:
        return Text(f"✓ {words.screen('explain.adds_up', {'error': error})}", style="green")
    differing = [
        words.screen(f"tune.{aspect}") if aspect != "rule" else words.screen("tune.rules") for aspect in found.drift
    ]
    if not found.same_affect:
        differing.insert(0, words.screen("explain.affect"))
    what = words.screen("and").join(differing) or "–"
    return Text(f"✗ {words.screen('explain.differs', {'error': error, 'what': what})}", style="bold red")


def _ladder(found: Explanation, words: Words) -> Group:
    lines = [_rung(rung, words) for rung in found.ladder.rungs]
    affect = found.record.affect
    outcome = f"{words.label('certainty', found.ladder.certainty)}: {statement(affect, words)}"
    lines.append(Text(f"→ {words.screen('explain.leads')} {outcome}", style="bold"))
    return Group(*lines)


def _rung(rung: Rung, words: Words) -> Text:
    mark, style = _MARKS[Standing.HOLDS if rung.holds else Standing.FAILS]
    about = rung.about
    for emotion in Emotion:
        about = about.replace(emotion, words.label("emotion", emotion))
    return Text(f"{mark} {rung.key}  {rung.spelt}  {about}", style="green" if rung.holds else style)


def _memory(found: Explanation, words: Words) -> Group:
    """Return the mood before and after, as far as it changed or rules ask for it."""
    table = Table.grid(padding=(0, 2))
    for _ in range(3):
        table.add_column()
    table.add_row("", *(Text(words.screen(f"explain.{key}"), style="dim") for key in ("before", "after")))
    for (key, before), (_, after) in zip(_facts(found.before), _facts(found.record.mood), strict=True):
        table.add_row(Text(key, style="dim"), before, Text(after, style="bold" if before != after else ""))
    return Group(Text(words.screen("explain.carry", {"share": f"{found.carried:.1%}"})), table)


def _facts(mood: Mood) -> Iterator[tuple[str, str]]:
    """Yield what is remembered, by the names of the policy's conditions where it has one."""
    belief = sorted((mood.belief or {}).items(), key=lambda item: -item[1])[:3]
    yield "belief", _listed(f"{emotion} {share:.2f}" for emotion, share in belief)
    yield "anger_turns", _streak(mood.anger.hits, mood.anger.turns, active=mood.anger.active)
    yield "distress_turns", _streak(mood.distress.hits, mood.distress.turns, active=mood.distress.active)
    yield "embedding_steps", _listed(f"{step:.2f}" for step in mood.embedding_steps)
    yield "volatility", _figure(mood.volatility)
    yield "volatility_z", _figure(mood.volatility_z)
    yield "valence", _listed(f"{value:+.2f}" for value in mood.valence)
    yield "arousal", _listed(f"{value:+.2f}" for value in mood.arousal)
    yield "valence_trend", mood.valence_trend or "–"
    yield "arousal_trend", mood.arousal_trend or "–"
    yield "swing", _figure(mood.swing)
    yield "swing_z", _figure(mood.swing_z)
    yield "denied", _listed(sorted(mood.denied(mood.turns + 1)))
    yield "hands_off", str(mood.hands_off).lower()
    yield "crisis_lately", str(mood.safety.level)
    yield "remark_turn", "–" if mood.remark_turn is None else str(mood.remark_turn)
    yield "clarifications", str(mood.clarifications)
    yield "rescues", str(mood.rescues)
    yield "alerts", _listed(f"{rule} {at:.0f} s" for rule, at in mood.alerts.items())
    yield "rested", _listed(f"{rule} {at:.0f} s" for rule, at in mood.rested.items())
    yield "turn", str(mood.turns)


def _listed(parts: Iterable[str]) -> str:
    return "  ".join(parts) or "–"


def _figure(value: float | None) -> str:
    return "–" if value is None else f"{value:.3f}"


def _streak(hits: Iterable[bool], turns: int, *, active: bool) -> str:
    return f"{turns if active else '–'}  [{''.join('■' if hit else '□' for hit in hits)}]"


def _rules(found: Explanation, words: Words) -> Iterator[Text]:
    for stand in found.stands:
        line = _stand(stand, words)
        if stand is found.stands[-1]:
            key = "limited" if found.limited else "decides"
            line.append(f"  ← {words.screen(f'explain.{key}')}", style="bold green")
        yield line


def _stand(stand: Stand, words: Words) -> Text:
    """Return a rule with its conditions: the failed one alone, or all that hold."""
    mark, style = _MARKS[stand.standing]
    shown = stand.conditions[-1:] if stand.standing is Standing.FAILS else stand.conditions
    facts = ", ".join(condition.spelt for condition in shown) or words.screen("explain.nothing_asked")
    hindrance = f"  {words.screen(f'explain.{stand.standing}')}: {stand.hindrance}" if stand.hindrance else ""
    return Text(f"{mark} {stand.rule}: {facts}{hindrance}", style=style)
