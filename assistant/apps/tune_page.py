"""What another tuning changes, as one HTML page that asks nothing of any network; in both languages, light and dark."""

from collections.abc import Callable, Iterator, Sequence
from html import escape
from pathlib import Path
from string import Template

from assistant.apps.block import statement
from assistant.apps.tune_words import aspect_of, said, sentence
from assistant.apps.words import Words
from assistant.tuning.diff import Aspect, Change
from assistant.tuning.report import Entry, Report, Side
from assistant.types import FELT, Affect, Emotion, Language, Term

SHOWN = 1000
"""Turns on the page at most, decisions first; it says how many more there are."""

TERM_SPAN = 5.0
"""Natural logarithms from the middle of a bar of evidence to its end."""

HALF_PX = 85
"""Pixels for that."""

_PAGE = Path(__file__).parent / "pages" / "tune.html"

Say = Callable[[Callable[[Words], str]], str]
"""Puts a text into the page in every language; which one is seen is the reader's choice."""


def page(report: Report, words: dict[Language, Words], language: Language) -> str:
    """Return the page, at first in `language`."""

    def say(text: Callable[[Words], str]) -> str:
        return "".join(f'<span lang="{each}">{escape(text(own))}</span>' for each, own in words.items())

    title = words[language].screen("tune.title")
    body = "\n".join(_body(report, say))
    return Template(_PAGE.read_text(encoding="utf-8")).substitute(language=language, title=escape(title), body=body)


def _body(report: Report, say: Say) -> Iterator[str]:
    yield f'<header><h1>{_screen("title", say)}</h1><button id="language">{_screen("language", say)}</button></header>'
    sides = f"<code>{escape(', '.join(report.then))}</code> → <code>{escape(report.now)}</code>"
    yield f'<div class="sides soft">{escape(", ".join(report.journals))}<br>{sides}</div>'
    yield from _counts(report, say)
    if report.moves:
        yield from _matrix(report, say)
    if not report.entries:
        yield f"<p>{_screen('none', say)}</p>"
        yield '<div hidden><select id="rule"></select><input id="text"><span id="shown"></span></div>'
        return
    yield from _filters(report, say)
    ranked = sorted(report.entries, key=lambda entry: list(Change).index(entry.change))
    several = len(report.journals) > 1
    for entry in ranked[:SHOWN]:
        yield from _card(entry, say, several=several)
    if len(ranked) > SHOWN:
        left = str(len(ranked) - SHOWN)
        yield f"<p>{say(lambda words: words.screen('tune.more', {'turns': left}))}</p>"


def _screen(key: str, say: Say) -> str:
    return say(lambda words: words.screen(f"tune.{key}"))


def _counts(report: Report, say: Say) -> Iterator[str]:
    counts = {
        "decision": report.decision,
        "reading": report.reading,
        "wording": report.wording,
        "same": report.same,
        "orphans": report.orphans,
    }
    total = say(lambda words: words.screen("tune.turns", {"turns": str(report.turns)}))
    yield f"<p>{total}</p>"
    yield '<div class="tiles">'
    for name, turns in counts.items():
        if turns or name != "orphans":
            yield f'<div class="tile {name}"><b>{turns}</b>{_screen(name, say)}</div>'
    yield "</div>"
    parts = (f'<i class="{name}" style="flex:{turns}"></i>' for name, turns in counts.items() if turns)
    yield f'<div class="stack">{"".join(parts)}</div>'
    if report.phrased:
        phrased = str(report.phrased)
        yield f'<p class="soft">{say(lambda words: words.screen("tune.phrased", {"turns": phrased}))}</p>'


def _matrix(report: Report, say: Say) -> Iterator[str]:
    """Yield a table of old rules against new ones; a cell shows its turns."""
    turns = {(move.then, move.now): move.turns for move in report.moves}
    old, new = (list(dict.fromkeys(side)) for side in zip(*turns, strict=True))
    yield f'<h2>{_screen("moves", say)}</h2><div class="scroll"><table class="matrix"><tr><th></th>'
    yield "".join(f'<th class="rule now">{escape(rule)}</th>' for rule in new) + "</tr>"
    for then in old:
        cells = "".join(_cell(then, now, turns.get((then, now)), max(turns.values())) for now in new)
        yield f'<tr><th class="rule then">{escape(then)}</th>{cells}</tr>'
    yield "</table></div>"


def _cell(then: str, now: str, turns: int | None, most: int) -> str:
    if turns is None:
        return "<td>·</td>"
    shade = f"color-mix(in srgb, var(--accent) {10 + 50 * turns // most}%, transparent)"
    return f'<td style="background:{shade}"><button value="{escape(then)}&gt;{escape(now)}">{turns}</button></td>'


def _filters(report: Report, say: Say) -> Iterator[str]:
    rules = sorted({side.decision.rule for entry in report.entries for side in (entry.then, entry.now)})
    single = "".join(f"<option>{escape(rule)}</option>" for rule in rules)
    moves = "".join(
        f'<option value="{escape(move.then)}&gt;{escape(move.now)}">{escape(move.then)} → {escape(move.now)}</option>'
        for move in report.moves
    )
    yield f'<div class="bar"><label>{_screen("filter", say)} <select id="rule"><option value="">—</option>'
    yield f"{single}{moves}</select></label>"
    for change in (Change.DECISION, Change.READING, Change.WORDING):
        box = f'<input type="checkbox" name="kind" value="{change}" checked>'
        yield f"<label>{box} {_screen(change, say)}</label>"
    yield f'<label>{_screen("search", say)} <input id="text" type="search" size="12"></label>'
    yield f'<span class="soft">{_screen("shown", say)} <b id="shown"></b></span></div>'
    swatches = (f'<i class="swatch {name}"></i>{_screen(name, say)} ' for name in ("prior", "voice", "words"))
    yield f'<p class="soft">{"".join(swatches)} · {_screen("how", say)}</p>'


def _card(entry: Entry, say: Say, *, several: bool) -> Iterator[str]:
    then, now = entry.then.decision, entry.now.decision
    data = f'data-then="{escape(then.rule)}" data-now="{escape(now.rule)}" data-kind="{entry.change}"'
    yield f'<article class="{entry.change}" {data} data-heard="{escape(entry.heard.lower())}">'
    journal = f'<span class="soft">{escape(entry.journal)}</span>' if several else ""
    heard = f"<q>{escape(entry.heard)}</q>" if entry.heard else say(lambda words: words.screen("no_words"))
    yield f"<h3><code>{escape(entry.turn)}</code>{heard}{journal}</h3>"
    if then.rule == now.rule:
        yield f'<div class="went"><span class="rule">{escape(now.rule)}</span></div>'
    else:
        old, new = (f'<span class="rule {side}">' for side in ("then", "now"))
        yield f'<div class="went">{old}{escape(then.rule)}</span> → {new}{escape(now.rule)}</span></div>'
    if entry.reasons:
        reasons = (f"<li>{say(_sentence(entry, number))}</li>" for number in range(len(entry.reasons)))
        yield f"<ul>{''.join(reasons)}</ul>"
    yield from _pairs(entry, say)
    yield from _evidence(entry, say)
    yield "</article>"


def _sentence(entry: Entry, number: int) -> Callable[[Words], str]:
    return lambda words: sentence(entry.reasons[number], words)


def _pairs(entry: Entry, say: Say) -> Iterator[str]:
    """Yield what differs, then and now."""
    rows: list[tuple[str, str, str]] = [
        (aspect, say(_aspect(entry, aspect, now=False)), say(_aspect(entry, aspect, now=True)))
        for aspect in entry.aspects
        if aspect is not Aspect.RULE
    ]
    before, after = say(_reading(entry.then.affect)), say(_reading(entry.now.affect))
    if before != after:
        rows.append(("statement", before, after))
    if not entry.regenerated:
        rows.append(("reply", escape(entry.then.reply.text), f"<i>{_screen('llm', say)}</i>"))
    elif entry.then.reply.text != entry.now.reply.text or entry.change is Change.WORDING:
        rows.append(("reply", say(_said(entry.then, entry.now)), say(_said(entry.now, entry.then))))
    cells = (
        f'<span>{_screen(name, say)}</span><span class="then">{old}</span><span class="now">{new}</span>'
        for name, old, new in rows
    )
    yield f'<div class="pairs">{"".join(cells)}</div>'


def _aspect(entry: Entry, aspect: Aspect, *, now: bool) -> Callable[[Words], str]:
    return lambda words: aspect_of((entry.now if now else entry.then).decision, aspect, words)


def _reading(affect: Affect) -> Callable[[Words], str]:
    return lambda words: f"{statement(affect, words)} {f'{affect.confidence:.0%}' if affect.confidence else ''}"


def _said(side: Side, other: Side) -> Callable[[Words], str]:
    return lambda words: said(side, other, words)


def _evidence(entry: Entry, say: Say) -> Iterator[str]:
    """Yield the terms of every emotion as bars, then and now; once where they are the same."""
    then, now = entry.then.affect, entry.now.affect
    alike = then.terms == now.terms and then.now == now.now
    sides: Sequence[tuple[str, Affect]] = [("evidence_same", now)] if alike else [("then", then), ("now", now)]
    yield '<div class="terms">'
    for name, affect in sides:
        caption = f"{_screen(name, say)} · {_screen('evidence', say)}, {_screen('posterior', say)}"
        yield f"<table><caption>{caption}</caption>"
        strongest = max(FELT, key=lambda emotion: affect.now[emotion])
        for emotion in FELT:
            top = ' class="top"' if emotion is strongest else ""
            share = affect.now[emotion]
            yield f"<tr{top}><td>{say(_emotion(emotion))}</td><td>{_bars(affect.terms[emotion])}</td>"
            yield f'<td>{_share(share)}</td><td class="share">{share:.0%}</td></tr>'
        yield "</table>"
    yield "</div>"


def _emotion(emotion: Emotion) -> Callable[[Words], str]:
    return lambda words: words.label("emotion", emotion)


def _bars(term: Term) -> str:
    """Return prior (of this turn), voice and words as thin bars from a middle line, cut off at `TERM_SPAN`."""
    bars = []
    for row, (name, value) in enumerate((("prior", term.fresh), ("voice", term.voice), ("words", term.words))):
        width = min(abs(value), TERM_SPAN) / TERM_SPAN * HALF_PX
        left = HALF_PX - width if value < 0 else HALF_PX
        bars.append(f'<rect class="{name}" x="{left:.1f}" y="{1 + 6 * row}" width="{width:.1f}" height="5"/>')
    title = f"<title>{term.fresh:+.2f} {term.voice:+.2f} {term.words:+.2f}</title>"
    axis = f'<line class="axis" x1="{HALF_PX}" y1="0" x2="{HALF_PX}" y2="19"/>'
    return f'<svg width="{2 * HALF_PX}" height="19" role="img">{title}{axis}{"".join(bars)}</svg>'


def _share(share: float) -> str:
    track = '<rect class="track" width="80" height="12" rx="2"/>'
    return f'<svg width="80" height="12">{track}<rect class="share" width="{80 * share:.1f}" height="12" rx="2"/></svg>'
