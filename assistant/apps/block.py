"""One turn as a block of lines: heard, voice, words, judgement and its evidence, action, reply, time."""

from collections.abc import Iterator, Mapping
from enum import StrEnum

from rich.console import RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from assistant.apps.words import Words
from assistant.config.when import pair_name
from assistant.types import Affect, Certainty, Emotion, Level, Observation, Polarity, TurnRecord, Verdict

BAR_CELLS = 12
"""Length of the bar that stands for 1."""

SCORES_SHOWN = 3
"""The strongest scores that a line of bars shows."""

TERMS_SHOWN = 2
"""The strongest emotions whose evidence is spelt out, as additive parts in natural logarithms."""

_EIGHTHS = " ▏▎▍▌▋▊▉█"

COLOURS: dict[str, str] = {
    Emotion.ANGRY: "red",
    Emotion.DISGUSTED: "green",
    Emotion.FEARFUL: "magenta",
    Emotion.HAPPY: "yellow",
    Emotion.SAD: "blue",
    Emotion.SURPRISED: "cyan",
    Polarity.POSITIVE: "yellow",
    Polarity.NEGATIVE: "blue",
    Polarity.AGITATED: "red",
}

_LEVELS = {Level.INFO: "cyan", Level.WARNING: "bold yellow", Level.URGENT: "bold white on red"}


class Block:
    """Renders turns with the words of one language."""

    def __init__(self, words: Words) -> None:
        self._words = words

    def render(self, record: TurnRecord) -> RenderableType:
        """Return one turn, ready to print."""
        seen, decision = record.observation, record.decision
        rows = Table.grid(padding=(0, 1))
        rows.add_column(style="dim", justify="right", no_wrap=True)
        rows.add_column(overflow="fold")
        lines: list[tuple[str, Text]] = [("heard", self._heard(seen))]
        if seen.voice:
            lines.append(("voice", self._bars("emotion", seen.voice.scores)))
        if seen.sentiment:
            lines.append(("words", self._bars("polarity", seen.sentiment.scores)))
        lines += [("failed", Text(f"{error.stage}: {error.message}", style="red")) for error in seen.errors]
        lines.append(("judgement", self._judgement(record.affect)))
        lines += [("", line) for line in self._evidence(record.affect)]
        action = self._words.label("action", decision.action)
        lines.append(("action", Text.assemble((action, "bold"), (f"  {decision.rule}: {decision.reason}", "dim"))))
        if alert := decision.alert:
            level = self._words.label("level", alert.level)
            lines.append(("alert", Text(f" {level}  {alert.message} ", style=_LEVELS[alert.level])))
        lines.append(("reply", Text(record.reply.text, style="bold green")))
        lines.append(("time", Text("  ".join(f"{k} {v:.1f} ms" for k, v in record.timings_ms.items()), style="dim")))
        for label, content in lines:
            rows.add_row(self._words.screen(label) if label else "", content)
        return Padding(rows, (0, 0, 0, 2))

    def _heard(self, seen: Observation) -> Text:
        if seen.transcript and seen.transcript.text:
            sure = f"  {seen.transcript.confidence:.0%}" if seen.quality else ""
            line = Text.assemble((seen.transcript.punctuated, "bold"), (sure, "dim"))
        else:
            line = Text(self._words.screen("no_words"), style="italic")
        if seen.quality and seen.quality.verdict is not Verdict.OK:
            line.append(f"  {self._words.label('verdict', seen.quality.verdict)}", style="yellow")
        return line

    def _bars(self, kind: str, scores: Mapping[Emotion, float] | Mapping[Polarity, float]) -> Text:
        line = Text()
        ranked: list[tuple[StrEnum, float]] = sorted(scores.items(), key=lambda item: -item[1])
        for label, score in ranked[:SCORES_SHOWN]:
            colour = COLOURS.get(label, "white")
            line.append(f"{self._words.label(kind, label.name.lower())} {bar(score)}", style=colour)
            line.append(f" {score:.0%}   ", style="dim")
        return line

    def _judgement(self, affect: Affect) -> Text:
        line = Text().append(statement(affect, self._words), style=f"bold {COLOURS.get(affect.label or '', 'white')}")
        if affect.confidence:
            line.append(f"  {affect.confidence:.0%}", style="bold")
        if affect.conflict.kind:
            line.append(f"  ⚡ {self._words.label('conflict', affect.conflict.kind)}", style="yellow")
        line.append(f"  {self._words.screen('valence')} {affect.valence:+.2f}", style="dim")
        line.append(f"  {self._words.screen('arousal')} {affect.arousal:+.2f}", style="dim")
        return line

    def _evidence(self, affect: Affect) -> Iterator[Text]:
        """Yield what each kind of evidence adds to the strongest emotions, and how far it is trusted."""
        words = self._words
        for emotion in sorted(affect.belief, key=lambda label: -affect.belief[label])[:TERMS_SHOWN]:
            term = affect.terms[emotion]
            parts = (("prior", term.prior), ("voice", term.voice), ("words", term.words))
            sums = "  ".join(f"{words.screen(name)} {value:+.2f}" for name, value in parts)
            yield Text(f"{affect.belief[emotion]:.0%} {words.label('emotion', emotion)}  {sums}", style="dim")
        trust = affect.reliability
        yield Text(
            f"{words.screen('reliability')} {trust.voice:.2f} / {trust.words:.2f}  K {affect.conflict.value:.2f}",
            style="dim",
        )


def statement(affect: Affect, words: Words) -> str:
    """Return what is stated of a feeling, in words."""
    match affect:
        case Affect(certainty=Certainty.MIXED, mixed=(first, second)):
            return words.label("mixed", pair_name((first, second)))
        case Affect(certainty=Certainty.GROUP, group=str(group)):
            return words.label("group", group)
        case Affect(certainty=Certainty.LABEL, label=str(label)):
            return words.label("emotion", label)
        case _:
            return words.label("certainty", affect.certainty)


def bar(share: float, cells: int = BAR_CELLS) -> str:
    """Return a bar, in eighths of a cell, that is `cells` long for a share of 1."""
    full, part = divmod(round(min(max(share, 0.0), 1.0) * cells * 8), 8)
    return "█" * full + (_EIGHTHS[part] if part else "")
