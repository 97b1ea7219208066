"""The alerts on the desk of whoever is on duty: a table in the colours of their levels, or JSON."""

import time
from collections.abc import Iterator, Sequence

from pydantic import TypeAdapter
from rich.table import Table
from rich.text import Text

from assistant.apps.words import Words
from assistant.store.entry import Delivery, Entry, State
from assistant.store.sinks.terminal import STYLES

_ENTRY = TypeAdapter(Entry)

_STATES = {State.PENDING: "yellow", State.SENDING: "cyan", State.DELIVERED: "green", State.GIVEN_UP: "bold red"}


def table(entries: Sequence[Entry], words: Words) -> Table:
    """Return the alerts as a table, in their order: level, age, and under its id all that is known of one."""
    now = time.time()
    rows = Table(box=None, padding=(0, 2, 1, 0), header_style="dim")
    rows.add_column(words.screen("alerts.level"), no_wrap=True)
    rows.add_column(words.screen("alerts.age"), no_wrap=True, justify="right")
    rows.add_column(words.screen("alert"), overflow="fold")
    for entry in entries:
        level = entry.message.level
        name = Text(f" {words.label('level', level)} ", style="dim" if entry.acknowledged else STYLES[level])
        rows.add_row(name, span(now - entry.stored), Text("\n").join(_lines(entry, words, now)))
    return rows


def encode(entry: Entry) -> str:
    """Return an alert with all its deliveries as one line of JSON; times in seconds since 1970."""
    return _ENTRY.dump_json(entry).decode("utf-8")


def span(seconds: float) -> str:
    """Return a length of time in the largest unit that fills: 7 s, 5 min, 3 h, 2 d."""
    for size, unit in ((86_400, "d"), (3600, "h"), (60, "min")):
        if seconds >= size:
            return f"{seconds / size:.0f} {unit}"
    return f"{max(seconds, 0):.0f} s"


def _lines(entry: Entry, words: Words, now: float) -> Iterator[Text]:
    yield Text(entry.message.id, style="cyan")
    yield Text(entry.message.message, style="bold")
    yield from (Text(f"· {fact}", style="dim") for fact in entry.message.evidence)
    if entry.message.text:
        yield Text(f"“{_printable(entry.message.text)}”", style="italic")
    if seen_to := entry.acknowledged:
        line = words.screen("alerts.seen_to", {"by": seen_to.by, "age": span(now - seen_to.at)})
        yield Text(f"✓ {line}{': ' if seen_to.note else ''}{seen_to.note or ''}", style="bold green")
    yield from (_told(delivery, words, now, stopped=seen_to is not None) for delivery in entry.deliveries)
    if not entry.deliveries:
        yield Text(f"→ {words.screen('alerts.nobody')}", style="dim")


def _printable(text: str) -> str:
    """Return words without what a terminal would obey."""
    return "".join(letter if letter.isprintable() else " " for letter in text)


def _told(delivery: Delivery, words: Words, now: float, *, stopped: bool) -> Text:
    """Return how far a delivery is; where it is `stopped`, what isn't delivered won't be."""
    key, style = delivery.state.value, _STATES[delivery.state]
    if stopped and delivery.state is not State.DELIVERED:
        key, style = "stopped", "dim"
    elif delivery.state is State.PENDING and delivery.failures:
        key, style = "failed", "red"
    values = {
        "sink": delivery.sink,
        "age": span(now - (delivery.delivered or now)),
        "times": str(delivery.failures if key == "failed" else delivery.attempts),
        "wait": span(delivery.due - now),
        "error": delivery.error or "",
    }
    return Text(f"→ {words.screen(f'alerts.{key}', values)}", style=style)
