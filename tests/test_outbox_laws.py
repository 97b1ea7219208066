"""The outbox's laws: whatever is put, tried, lost, answered and restarted in whatever order, they hold."""

import shutil
import tempfile
from dataclasses import dataclass
from pathlib import Path

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, consumes, invariant, rule

from assistant.config.alerts import Retry
from assistant.errors import AlertError
from assistant.store.entry import Claim, State
from assistant.store.message import AlertMessage
from assistant.store.outbox import Outbox
from assistant.types import Level

RETRY = Retry(first_s=2, cap_s=60, give_up_after_s=600)
LEASE_S = 10.0
LEVELS = {"a": Level.INFO, "b": Level.WARNING, "c": Level.URGENT, "d": Level.INFO}
SINKS = ("duty", "pager")
NAMES = st.sampled_from(sorted(LEVELS))


@dataclass
class Part:
    """What should be true of one sink's part of one alert."""

    since: float
    state: State = State.PENDING
    attempt: int = 0
    lease_until: float = 0.0


class Fate(RuleBasedStateMachine):
    """Plays processes, sinks, people on duty and the clock, and keeps its own books."""

    claims: Bundle[Claim] = Bundle("claims")

    def __init__(self) -> None:
        super().__init__()
        self.folder = Path(tempfile.mkdtemp())
        self.now = 1_800_000_000.0
        self.parts: dict[tuple[str, str], Part] = {}
        self.seen_to: set[str] = set()
        self.box = self._open()

    def _open(self) -> Outbox:
        return Outbox(self.folder / "alerts.sqlite", RETRY, clock=lambda: self.now)

    @rule(name=NAMES)
    def put(self, name: str) -> None:
        new = (name, SINKS[0]) not in self.parts
        message = AlertMessage(name, LEVELS[name], "anger", "s", "有人该看一看", ())
        assert self.box.put(message, SINKS) == new
        if new:
            self.parts |= {(name, sink): Part(since=self.now) for sink in SINKS}

    @rule(seconds=st.sampled_from([0.5, 3.0, 11.0, 70.0, 700.0]))
    def time_passes(self, seconds: float) -> None:
        self.now += seconds

    @rule(target=claims, sink=st.sampled_from(SINKS))
    def claim(self, sink: str) -> Claim | None:
        claim = self.box.claim(sink, LEASE_S)
        if claim is None:
            wait_s = self.box.wait_s(sink)
            assert wait_s is None or wait_s > 0
            return None
        name = claim.message.id
        part = self.parts[name, sink]
        assert name not in self.seen_to
        assert part.state in (State.PENDING, State.SENDING)
        assert part.state is State.PENDING or part.lease_until <= self.now
        assert claim.attempt == part.attempt + 1
        part.state, part.attempt, part.lease_until = State.SENDING, claim.attempt, self.now + LEASE_S
        return claim

    @rule(claim=consumes(claims))
    def it_arrives(self, claim: Claim | None) -> None:
        if claim:
            self.box.delivered(claim)
            if part := self._current(claim):
                part.state = State.DELIVERED

    @rule(claim=consumes(claims))
    def it_fails(self, claim: Claim | None) -> None:
        if claim:
            self.box.failed(claim, "out of order")
            if part := self._current(claim):
                too_old = self.now - part.since >= RETRY.give_up_after_s
                part.state = State.GIVEN_UP if too_old else State.PENDING

    @rule(claim=consumes(claims))
    def its_process_is_killed(self, claim: Claim | None) -> None:
        pass

    @rule(name=NAMES)
    def somebody_sees_to_it(self, name: str) -> None:
        try:
            self.box.acknowledge(name, "li")
        except AlertError:
            assert name in self.seen_to or (name, SINKS[0]) not in self.parts
        else:
            self.seen_to.add(name)

    @rule(name=NAMES, sink=st.sampled_from(SINKS))
    def somebody_sends_it_again(self, name: str, sink: str) -> None:
        try:
            self.box.resend(name, [sink])
        except AlertError:
            assert name in self.seen_to or (name, sink) not in self.parts
        else:
            self.parts[name, sink] = Part(since=self.now, attempt=self.parts[name, sink].attempt)

    @rule()
    def everything_starts_anew(self) -> None:
        self.box.close()
        self.box = self._open()

    @invariant()
    def the_books_agree(self) -> None:
        entries = self.box.entries()
        found = {(each.message.id, part.sink): part.state for each in entries for part in each.deliveries}
        assert found == {key: part.state for key, part in self.parts.items()}
        assert {each.message.id for each in entries if each.acknowledged} == self.seen_to

    def teardown(self) -> None:
        """Let the sinks be well from now on: then everybody is told who still should be."""
        for _ in range(3 * len(LEVELS)):
            self.now += 2 * RETRY.cap_s
            for sink in SINKS:
                if claim := self.claim(sink):
                    self.it_arrives(claim)
        assert [self.box.waiting(sink) for sink in SINKS] == [0, 0]
        for (name, _), part in self.parts.items():
            assert name in self.seen_to or part.state in (State.DELIVERED, State.GIVEN_UP)
        self.box.close()
        shutil.rmtree(self.folder)

    def _current(self, claim: Claim) -> Part | None:
        """Return the part that a claim still speaks for."""
        part = self.parts[claim.message.id, claim.sink]
        return part if (part.state, part.attempt) == (State.SENDING, claim.attempt) else None


TestFate = Fate.TestCase
TestFate.settings = settings(max_examples=60, stateful_step_count=40, deadline=None)
