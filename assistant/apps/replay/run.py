"""Replay: play scripts and journals through sessions, show every turn, check what was expected, say how it went."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from assistant.apps.replay.coverage import Coverage, coverage
from assistant.apps.replay.engines import Engines
from assistant.apps.replay.outcome import Miss, Outcome
from assistant.apps.replay.play import play, rerun
from assistant.apps.replay.reports import NOTHING, Reports, write
from assistant.apps.replay.stage import Staged, found, stage
from assistant.apps.replay.table import show_coverage, show_rates
from assistant.apps.screen import Screen, Tally
from assistant.build import build_tuning
from assistant.config.files import DIALOGUES
from assistant.config.tree import Config
from assistant.store.journal import Journal, Played, read_journal


@dataclass(frozen=True, slots=True)
class Options:
    """How to play: at the speed of speech or at full speed, how often, what to write, whether to look for gaps."""

    realtime: bool = False
    repeat: int = 1
    reports: Reports = NOTHING
    coverage: bool = False


PLAIN = Options()


def replay(config: Config, paths: Sequence[Path], screen: Screen, options: Options = PLAIN) -> int:
    """Play `paths` (none: the bundled dialogues) and return the exit code: 0 if every expectation holds, else 1.

    Raises ScriptError, AudioError or ConfigError before anything is played, OutputError for a report.
    """
    scripts, journals = found(paths or [DIALOGUES])
    staged = [stage(path, config) for path in scripts]
    played = [(path, read_journal(path)) for path in journals]
    with Engines() as engines:
        if staged:
            _prepare(staged, engines, screen)
        outcomes, journal = _played(config, staged, played, engines, screen, options)
    screen.summary(_tallies(outcomes), journal.path if journal and staged else None)
    if options.repeat > 1:
        show_rates(outcomes, screen)
    reached = _coverage(config, outcomes, options)
    if reached and options.coverage:
        show_coverage(reached, screen)
    write(options.reports, outcomes, reached, config, screen)
    return 1 if any(outcome.missed for outcome in outcomes) else 0


def _prepare(staged: Sequence[Staged], engines: Engines, screen: Screen) -> None:
    """Build every engine and tuning before anything is played; those that hear first, so that others may share them."""
    with screen.loading() as told:
        engines.told = told
        for each in sorted(staged, key=lambda each: not each.spoken):
            engines.engine(each.config, hearing=each.spoken)
            engines.tuning(each.config)


def _played(
    config: Config,
    staged: Sequence[Staged],
    played: Sequence[tuple[Path, Played]],
    engines: Engines,
    screen: Screen,
    options: Options,
) -> tuple[list[Outcome], Journal | None]:
    def verdict(turn: int, misses: Sequence[Miss]) -> None:
        screen.verdict(turn, [f"[{miss.kind}] {miss.text}" for miss in misses])

    journal = _journal(config)
    outcomes: list[Outcome] = []
    for run in range(1, options.repeat + 1):
        for each in staged:
            screen.heading(each.dialogue.name, each.dialogue.about)
            outcomes.append(
                play(each, engines, screen.show, verdict, journal=journal, realtime=options.realtime, run=run)
            )
        outcomes += [
            rerun(path, records, config, screen.show, verdict, screen.heading, run=run) for path, records in played
        ]
    return outcomes, journal


def _tallies(outcomes: Sequence[Outcome]) -> list[Tally]:
    """Return how each script or journal went, all of its runs together."""
    runs: dict[str, list[Outcome]] = {}
    for outcome in outcomes:
        runs.setdefault(outcome.path, []).append(outcome)
    return [
        Tally(
            of[0].name,
            sum(len(each.turns) for each in of),
            sum(each.missed for each in of),
            sum(each.audio_s for each in of),
            sum(each.took_s for each in of),
        )
        for of in runs.values()
    ]


def _coverage(config: Config, outcomes: Sequence[Outcome], options: Options) -> Coverage | None:
    if not (options.coverage or options.reports.html):
        return None
    return coverage(build_tuning(config).policy, outcomes)


def _journal(config: Config) -> Journal | None:
    if config.journal.folder is None:
        return None
    return Journal(Path(config.journal.folder) / f"replay-{datetime.now():%Y%m%d-%H%M%S}.jsonl")
