"""Plays a script, or a journal anew, through a session, and judges every turn."""

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path

from assistant.apps.expect import absences, misses
from assistant.apps.replay.engines import Engines
from assistant.apps.replay.outcome import How, Kind, Miss, Outcome, TurnOutcome
from assistant.apps.replay.stage import Staged
from assistant.apps.sources import Cue, inputs, paced
from assistant.build import build_session
from assistant.config.tree import Config
from assistant.config.tuning import Tuning
from assistant.engine import Engine
from assistant.events import Event, Notice, Recorded, TurnCompleted
from assistant.session import Session
from assistant.store.journal import Journal, Played, comparable, difference
from assistant.types import TurnRecord

Watch = Callable[[Event], None]
"""Is shown everything that happens, at once."""

Verdict = Callable[[int, Sequence[Miss]], None]
"""Is told what a turn, counted from 1, has missed."""


def play(
    staged: Staged,
    engines: Engines,
    watch: Watch = lambda _: None,
    verdict: Verdict = lambda _, __: None,
    *,
    journal: Journal | None = None,
    realtime: bool = False,
    run: int = 1,
) -> Outcome:
    """Play one script through a session of its own; its turns are written into `journal`, if one is kept."""
    dialogue, cues = staged.dialogue, staged.cues
    tuning = engines.tuning(staged.config)
    engine = engines.engine(staged.config, hearing=staged.spoken)
    session = build_session(staged.config, engine, tuning, dialogue.name)
    turns: dict[int, TurnOutcome] = {}
    notices: list[Notice] = []
    began = time.monotonic()
    for event in session.run(paced(inputs(cues)) if realtime else inputs(cues), patient=True):
        watch(event)
        if isinstance(event, Notice):
            notices.append(event)
        if not isinstance(event, TurnCompleted):
            continue
        if journal:
            journal.write(event.record, tuning)
        number = _cue_of(event.record, cues)
        expect = dialogue.turns[number].expect
        found = misses(expect, event.record, notices, realtime=realtime)
        found += absences(dialogue.absent, event.record, notices)
        if number in turns:
            found.append(Miss(Kind.VAD, "one turn of the script became several utterances"))
        notices.clear()
        verdict(number + 1, found)
        turns[number] = _joined(turns.get(number), _outcome(number, cues[number], event.record, found))
    for number, cue in enumerate(cues):
        if number not in turns:
            found = [Miss(Kind.VAD, "no utterance was heard")]
            verdict(number + 1, found)
            turns[number] = _outcome(number, cue, None, found)
    took_s = time.monotonic() - began
    in_order = tuple(turns[number] for number in sorted(turns))
    return Outcome(dialogue.name, dialogue.about, str(staged.path), run, dialogue.sets, in_order, cues[-1].end, took_s)


def rerun(
    path: Path,
    played: Played,
    config: Config,
    watch: Watch,
    verdict: Verdict,
    heading: Callable[[str, str], None],
    *,
    run: int = 1,
) -> Outcome:
    """Decide every turn of a journal anew, with its own tuning, and compare the records byte for byte."""
    began = time.monotonic()
    turns: list[TurnOutcome] = []
    with Engine(None, None, None) as engine:
        for records in _conversations(played.records):
            name, tuning = records[0].session, played.tunings[records[0].tuning]
            heading(name, str(path))
            session = build_session(config, engine, tuning, name)
            events = session.run(_recorded(records, played.tunings, session), patient=True)
            anew = [event.record for event in events if isinstance(event, TurnCompleted)]
            for old, new in zip(records, anew, strict=True):
                watch(TurnCompleted(new))
                differs = comparable(old) != comparable(new)
                found = (Miss(Kind.RECORD, f"differs in {difference(old, new)}"),) if differs else ()
                verdict(old.index + 1, found)
                seen = new.observation
                turns.append(TurnOutcome(old.index + 1, How.RECORDED, seen.text, seen.start, seen.end, {}, new, found))
    heard_s = sum(turn.end - turn.start for turn in turns)
    return Outcome(path.name, "", str(path), run, {}, tuple(turns), heard_s, time.monotonic() - began)


def _outcome(number: int, cue: Cue, record: TurnRecord | None, found: Sequence[Miss]) -> TurnOutcome:
    turn = cue.turn
    heard = record.observation if record else None
    return TurnOutcome(
        number=number + 1,
        how=How.SPOKEN if turn.audio else How.TYPED if turn.text else How.RECORDED,
        said=turn.say or (heard.text if heard else ""),
        start=heard.start if heard else cue.start,
        end=heard.end if heard else cue.end,
        expected=turn.expect.model_dump(mode="json", exclude_unset=True),
        record=record,
        misses=tuple(found),
    )


def _joined(earlier: TurnOutcome | None, turn: TurnOutcome) -> TurnOutcome:
    """Return the last utterance of a turn with what all of its utterances missed."""
    return replace(turn, misses=(*earlier.misses, *turn.misses)) if earlier else turn


def _conversations(records: Sequence[TurnRecord]) -> list[list[TurnRecord]]:
    """Return the records of each conversation: turns are counted from 0, and a name may come again."""
    conversations: list[list[TurnRecord]] = []
    for record in records:
        if record.index == 0 or not conversations:
            conversations.append([])
        conversations[-1].append(record)
    return conversations


def _recorded(records: Sequence[TurnRecord], tunings: dict[str, Tuning], session: Session) -> Iterator[Recorded]:
    """Yield what was perceived, the session tuned each time as it was then."""
    for record in records:
        session.retune(tunings[record.tuning])
        yield Recorded(record.observation, record.observation.end, record.reply)


def _cue_of(record: TurnRecord, cues: Sequence[Cue]) -> int:
    """Return the number of the cue that a turn ended in."""
    end = record.observation.end
    return next((number for number, cue in enumerate(cues) if cue.start <= end < cue.end), len(cues) - 1)
