"""Analyse recordings: hear each as a live conversation would, and write down what was said, how, and how sure it is."""

from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from functools import cache
from pathlib import Path

import typer
from pydantic import TypeAdapter
from rich.console import Console

from assistant.apps.analysis.batch import Batch, Outcome
from assistant.apps.analysis.choices import Granularity
from assistant.apps.analysis.folders import opened
from assistant.apps.analysis.listen import Listener, listen
from assistant.apps.analysis.options import Options, terms
from assistant.apps.analysis.progress import Gauge, looked
from assistant.apps.analysis.result import Recording, Source
from assistant.apps.analysis.sources import find
from assistant.apps.analysis.summary import Line, line, summary
from assistant.apps.analysis.table import Table
from assistant.apps.screen import Screen
from assistant.apps.words import Words, words_of
from assistant.build import build_engine, build_tuning
from assistant.config.tree import Config
from assistant.engine import Engine

TABLE = "utterances.csv"

WIDE = 160
"""Columns of a summary that goes to a file."""

SOME_FAILED, ALL_FAILED, INTERRUPTED = 1, 2, 130

_OUTCOME = TypeAdapter(Outcome)


def analyze(config: Config, paths: Sequence[Path], out: Path, options: Options, *, as_json: bool = False) -> int:
    """Analyse every recording in `paths` into `out`, print what they came to and return the exit code.

    0 if all could be analysed, 1 if some could not, 2 if none could, 130 when interrupted: what is finished stays, and
    the same call goes on from there. Raises AudioError for what isn't there, OutputError where results can't be
    written.
    """
    files = find(paths, out)
    many = len(files) > 1 or any(path.is_dir() for path in paths)
    how, words, aside = terms(config, build_tuning(config), options), words_of(config), Console(stderr=True)
    screen = Screen(config, aside)
    report = _Report(words, len(files), out, as_json=as_json, many=many)
    with opened(out), ExitStack() as stack:
        batch = Batch(out, how, words)
        jobs = list(looked(aside, words, files))
        to_hear = batch.to_hear(jobs)
        gauge = Gauge(aside, words, len(jobs), to_hear)
        tell = cache(screen.show)  # once in a run: with a hundred files it would come a hundred times

        @cache
        def listener() -> Listener:
            engine = stack.enter_context(_loaded(config, options, screen))
            return Listener(how, engine, words, tell)

        def hear(path: Path, source: Source, folder: Path) -> Recording:
            return listen(listener(), path, source, folder, gauge.passed)

        if to_hear:
            listener()
        with report.kept(), gauge.shown():
            for job in jobs:
                gauge.begin(job.path)
                outcome = batch.run(job, hear)
                gauge.done(job.path, outcome)
                report.add(outcome)
    return report.exit_code


class _Report:
    """Tells what became of each recording: on the screen or as JSON, and in a table where there are many."""

    def __init__(self, words: Words, count: int, out: Path, *, as_json: bool, many: bool) -> None:
        self._words = words
        self._count = count
        self._out = out
        self._path = out / TABLE if many else None
        self._as_json = as_json
        self._table: Table | None = None
        self._lines: list[Line] = []
        self._interrupted = False

    @contextmanager
    def kept(self) -> Iterator[None]:
        """Let recordings be added in the block; however it ends, the table is written and the rest is said."""
        try:
            with ExitStack() as stack:
                if self._path:
                    self._table = stack.enter_context(Table(self._path))
                yield
        except KeyboardInterrupt:
            self._interrupted = True
        finally:
            if not self._as_json:
                summary(_console(), self._words, self._lines, self._count, self._out, self._path)

    def add(self, outcome: Outcome) -> None:
        """Take the next outcome."""
        self._lines.append(line(outcome))
        if self._table and outcome.result:
            self._table.append(outcome.result)
        if self._as_json:
            typer.echo(_OUTCOME.dump_json(outcome))

    @property
    def exit_code(self) -> int:
        """Return 0 if all went well."""
        failed = sum(each.error is not None for each in self._lines)
        if self._interrupted:
            return INTERRUPTED
        if failed:
            return ALL_FAILED if failed == self._count else SOME_FAILED
        return 0


def _console() -> Console:
    """Return standard output, wide where no terminal sets a width: lines of a file needn't be broken."""
    console = Console()
    return console if console.is_terminal else Console(width=WIDE)


@contextmanager
def _loaded(config: Config, options: Options, screen: Screen) -> Iterator[Engine]:
    frames = config.analysis.frames if options.granularity is Granularity.FRAME else None
    with screen.loading() as told:
        engine = build_engine(config, deadlines=False, frames=frames, told=told)
    with engine:
        yield engine
