"""Replay: play scripts and journals through sessions, show every turn, check what was expected, say how it went."""

import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from assistant.apps.dialogue import Dialogue, load_dialogue
from assistant.apps.expect import misses
from assistant.apps.screen import Screen, Tally
from assistant.apps.sources import Cue, inputs, lay_out, paced
from assistant.build import build_engine, build_session, build_tuning
from assistant.config.files import DIALOGUES
from assistant.config.tree import Config
from assistant.engine import Engine
from assistant.errors import ScriptError
from assistant.events import Recorded, TurnCompleted
from assistant.session import Session
from assistant.store.journal import Journal, Played, comparable, difference, read_journal
from assistant.types import TurnRecord

PAUSE_S = 0.4
"""Silence after each turn beyond the hangover, so that every utterance ends within its own cue."""


@dataclass(frozen=True, slots=True)
class Staged:
    """A script with its sound decoded and laid out, ready to play."""

    dialogue: Dialogue
    cues: tuple[Cue, ...]


def replay(config: Config, paths: Sequence[Path], screen: Screen, *, realtime: bool = False) -> int:
    """Play `paths` (none: the bundled dialogues) and return the exit code: 0 if every expectation holds, else 1.

    Raises ScriptError, AudioError or ConfigError before anything is played.
    """
    scripts, journals = _found(paths or [DIALOGUES])
    staged = [_stage(path, config) for path in scripts]
    played = [(path, read_journal(path)) for path in journals]
    player = _Player(config, screen, realtime=realtime)
    with _engine(config, screen) if staged else Engine(None, None, None) as engine:
        tallies = [player.play(each, engine) for each in staged]
        tallies += [player.rerun(path, each, engine) for path, each in played]
    screen.summary(tallies, player.journal.path if player.journal and staged else None)
    return 1 if any(tally.missed for tally in tallies) else 0


def _engine(config: Config, screen: Screen) -> Engine:
    with screen.loading() as told:
        return build_engine(config, deadlines=False, told=told)


class _Player:
    """Plays one thing after the other with the same settings, into the same journal."""

    def __init__(self, config: Config, screen: Screen, *, realtime: bool) -> None:
        self._config = config
        self._screen = screen
        self._realtime = realtime
        self._tuning = build_tuning(config)
        self.journal = _journal(config)

    def play(self, staged: Staged, engine: Engine) -> Tally:
        """Play one script through a session of its own and check each turn."""
        dialogue, cues = staged.dialogue, staged.cues
        self._screen.heading(dialogue.name, dialogue.about)
        session = build_session(self._config, engine, self._tuning, dialogue.name)
        source = inputs(cues)
        answered: list[int] = []
        failed: set[int] = set()
        began = time.monotonic()
        for event in session.run(paced(source) if self._realtime else source, patient=True):
            self._screen.show(event)
            if not isinstance(event, TurnCompleted):
                continue
            if self.journal:
                self.journal.write(event.record, self._tuning)
            number = _cue_of(event.record, cues)
            found = misses(dialogue.turns[number].expect, event.record)
            if number in answered:
                found.append("one turn of the script became several utterances")
            answered.append(number)
            self._screen.verdict(number + 1, found)
            if found:
                failed.add(number)
        for number in sorted(set(range(len(cues))) - set(answered)):
            self._screen.verdict(number + 1, ["no utterance was heard"])
            failed.add(number)
        return Tally(dialogue.name, len(cues), len(failed), cues[-1].end, time.monotonic() - began)

    def rerun(self, path: Path, played: Played, engine: Engine) -> Tally:
        """Decide every turn of a journal anew, with its own tuning, and compare the records byte for byte."""
        began = time.monotonic()
        missed = 0
        for records in _conversations(played.records):
            name, tuning = records[0].session, played.tunings[records[0].tuning]
            self._screen.heading(name, str(path))
            session = build_session(self._config, engine, tuning, name)
            events = session.run(_recorded(records, played, session), patient=True)
            anew = [event.record for event in events if isinstance(event, TurnCompleted)]
            for old, new in zip(records, anew, strict=True):
                self._screen.show(TurnCompleted(new))
                found = [] if comparable(old) == comparable(new) else [f"differs in {difference(old, new)}"]
                self._screen.verdict(old.index + 1, found)
                missed += bool(found)
        heard_s = sum(record.observation.end - record.observation.start for record in played.records)
        return Tally(path.name, len(played.records), missed, heard_s, time.monotonic() - began)


def _conversations(records: Sequence[TurnRecord]) -> list[list[TurnRecord]]:
    """Return the records of each conversation: turns are counted from 0, and a name may come again."""
    conversations: list[list[TurnRecord]] = []
    for record in records:
        if record.index == 0 or not conversations:
            conversations.append([])
        conversations[-1].append(record)
    return conversations


def _recorded(records: Sequence[TurnRecord], played: Played, session: Session) -> Iterator[Recorded]:
    """Yield what was perceived, the session tuned each time as it was then."""
    for record in records:
        session.retune(played.tunings[record.tuning])
        yield Recorded(record.observation, record.observation.end)


def _found(paths: Sequence[Path]) -> tuple[list[Path], list[Path]]:
    """Return the scripts and the journals among `paths`; a folder stands for the scripts in it. Raises ScriptError."""
    scripts: list[Path] = []
    journals: list[Path] = []
    for path in paths:
        if path.is_dir():
            inside = sorted(path.glob("*.yaml"))
            if not inside:
                raise ScriptError(f"{path}: no dialogue scripts (*.yaml) in this folder")
            scripts += inside
        elif not path.exists():
            raise ScriptError(f"{path}: does not exist")
        elif path.suffix == ".jsonl":
            journals.append(path)
        elif path.suffix in (".yaml", ".yml"):
            scripts.append(path)
        else:
            raise ScriptError(f"{path}: neither a dialogue script (.yaml) nor a journal (.jsonl)")
    return scripts, journals


def _stage(path: Path, config: Config) -> Staged:
    dialogue = load_dialogue(path)
    pause_s = config.segmenter.hangover_s + PAUSE_S
    return Staged(dialogue, lay_out(dialogue, path.parent, config.audio_files, pause_s))


def _cue_of(record: TurnRecord, cues: Sequence[Cue]) -> int:
    """Return the number of the cue that a turn ended in."""
    end = record.observation.end
    return next((number for number, cue in enumerate(cues) if cue.start <= end < cue.end), len(cues) - 1)


def _journal(config: Config) -> Journal | None:
    if config.journal.folder is None:
        return None
    return Journal(Path(config.journal.folder) / f"replay-{datetime.now():%Y%m%d-%H%M%S}.jsonl")
