"""What a person sees of a conversation in a terminal: each turn as it happens, with its evidence and its reasons."""

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from assistant.apps.block import Block
from assistant.apps.calibration.standing import standing
from assistant.apps.words import words_of
from assistant.config.calibration import load_calibration
from assistant.config.perception import Bert, Emotion2Vec, Paraformer
from assistant.config.tree import Config
from assistant.events import Event, Notice, SpeechDropped, TurnCompleted, TurnRevoked, UtteranceCut
from assistant.types import TurnRecord

_NOTICES = {"info": "cyan", "warning": "yellow", "error": "red"}


@dataclass(frozen=True, slots=True)
class Tally:
    """How one script or journal went: turns that missed something, seconds of sound, seconds it took."""

    name: str
    turns: int
    missed: int
    audio_s: float
    took_s: float


class Screen:
    """Prints a conversation on a console; `quiet` leaves the misses and the summary."""

    def __init__(self, config: Config, console: Console, *, quiet: bool = False) -> None:
        self.words = words_of(config)
        self._console = console
        self._quiet = quiet
        self._mini = uses_mini(config)
        calibration = load_calibration(config.calibration)
        self._standing = standing(calibration.provenance if calibration else None, self.words)
        self._announced = ""

    @contextmanager
    def loading(self) -> Iterator[Callable[[str], None]]:
        """Show that the models are being loaded; then say plainly when they are small or uncalibrated.

        What it gives prints a line about each model.
        """
        began = time.monotonic()
        with self._console.status(self.words.screen("loading")):
            yield lambda about: self._console.print(Text(about, style="dim"))
        seconds = f"{time.monotonic() - began:.1f}"
        self._console.print(Text(self.words.screen("loaded", {"seconds": seconds}), style="dim"))
        self._console.print(self._standing)
        if self._mini:
            self._console.print(Panel(self.words.screen("mini"), border_style="yellow", expand=False))

    def heading(self, name: str, about: str) -> None:
        """Announce a conversation."""
        if not self._quiet:
            self._console.print()
        self._console.rule(Text.assemble((name, "bold"), "  ", (about, "dim")), align="left", style="dim")

    def show(self, event: Event) -> None:
        """Print one event, if there is something to see in it."""
        if isinstance(event, Notice):
            self._console.print(Text(event.text, style=_NOTICES[event.level]))
        elif not self._quiet:
            self._show(event)

    def _show(self, event: Event) -> None:
        match event:
            case UtteranceCut():
                self._announce(event.utterance_id, event.start, event.end, self.words.label("cut", event.cut))
            case TurnRevoked():
                self._console.print(Text(f"↺ {clock(event.time)}  {self.words.screen('revoked')}", style="dim"))
            case SpeechDropped():
                self._console.print(Text(f"∅ {clock(event.time)}  {self.words.screen('dropped')}", style="dim"))
            case TurnCompleted(record=TurnRecord(observation=seen)):
                if seen.utterance_id != self._announced:
                    how = "typed" if seen.quality is None else "recorded"
                    self._announce(seen.utterance_id, seen.start, seen.end, self.words.screen(how))
                self._console.print(Block(self.words).render(event.record))
            case _:
                pass

    def _announce(self, utterance_id: str, start: float, end: float, how: str) -> None:
        self._announced = utterance_id
        self._console.print(Text(f"\n● {clock(start)} – {clock(end)}  {how}", style="dim"))

    def verdict(self, turn: int, misses: Sequence[str]) -> None:
        """Say whether a turn, counted from 1, is what its script expects."""
        for miss in misses:
            self._console.print(
                Text(f"  ✗ {self.words.screen('turn', {'number': str(turn)})}: {miss}", style="bold red")
            )
        if not misses and not self._quiet:
            self._console.print(Text(f"  ✓ {self.words.screen('as_expected')}", style="green"))

    def print(self, shown: Table | Text) -> None:
        """Print what somebody else has laid out."""
        self._console.print(shown)

    def summary(self, tallies: Sequence[Tally], journal: Path | None) -> None:
        """Print how everything went, a line per conversation."""
        table = Table(box=None, padding=(0, 2), header_style="dim")
        for heading, justify in (("name", "left"), ("as_expected", "right"), ("sound", "right"), ("speed", "right")):
            table.add_column(self.words.screen(heading), justify="right" if justify == "right" else "left")
        for tally in tallies:
            style = "red" if tally.missed else "green"
            held = Text(f"{tally.turns - tally.missed}/{tally.turns}", style=style)
            table.add_row(tally.name, held, f"{tally.audio_s:.1f} s", f"{tally.audio_s / max(tally.took_s, 1e-9):.0f}×")
        self._console.print()
        self._console.print(table)
        turns, missed = sum(tally.turns for tally in tallies), sum(tally.missed for tally in tallies)
        counts = {"held": str(turns - missed), "turns": str(turns)}
        line = self.words.screen("missed" if missed else "held", counts)
        self._console.print(Text(line, style="bold red" if missed else "bold green"))
        if journal:
            self._console.print(Text(self.words.screen("journal", {"path": str(journal)}), style="dim"))


def uses_mini(config: Config) -> bool:
    """Tell whether any slot holds one of the bundled small models."""
    slots = (config.asr, config.emotion, config.sentiment)
    used = [slot.model for slot in slots if isinstance(slot, Paraformer | Emotion2Vec | Bert)]
    return any(model.startswith("bundled:checkpoints/mini") for model in used)


def clock(seconds: float) -> str:
    """Return a time of the session as minutes and seconds."""
    minutes, rest = divmod(seconds, 60)
    return f"{int(minutes):02d}:{rest:04.1f}"
