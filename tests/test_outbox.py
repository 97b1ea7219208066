"""The outbox: what is put in is kept, tried until it has arrived or somebody has answered, and never forgotten."""

import multiprocessing
import sqlite3
import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

from assistant.config.alerts import Retry
from assistant.errors import AlertError
from assistant.store.entry import Claim, Delivery, Entry, State
from assistant.store.message import AlertMessage
from assistant.store.outbox import Outbox
from assistant.types import Level

RETRY = Retry(first_s=2, cap_s=60, give_up_after_s=600)
LEASE_S = 10.0


class Clock:
    """A wall clock that is set by hand."""

    def __init__(self) -> None:
        self.now = 1_800_000_000.0

    def __call__(self) -> float:
        return self.now


def message(name: str = "s-1-anger", level: Level = Level.WARNING) -> AlertMessage:
    return AlertMessage(name, level, "anger", "s", "有人该看一看", ("turn 1 at 0.0-2.0 s",))


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def outbox(tmp_path: Path, clock: Clock) -> Iterator[Outbox]:
    with closing(Outbox(tmp_path / "alerts.sqlite", RETRY, clock=clock)) as box:
        yield box


def only(outbox: Outbox) -> tuple[Entry, Delivery]:
    (entry,) = outbox.entries()
    (delivery,) = entry.deliveries
    return entry, delivery


def claimed(outbox: Outbox, sink: str = "duty") -> Claim:
    claim = outbox.claim(sink, LEASE_S)
    assert claim is not None
    return claim


def test_an_alert_is_kept_once_however_often_it_is_put(outbox: Outbox, clock: Clock) -> None:
    assert outbox.put(message(), ["duty"])
    clock.now += 5
    assert not outbox.put(message(), ["duty", "pager"])
    entry, _ = only(outbox)
    assert entry.message == replace(message(), time="2027-01-15T08:00:00.000+00:00")


def test_another_alert_under_a_known_id_is_kept_under_a_longer_one(outbox: Outbox) -> None:
    other = replace(message(), message="somebody else")
    assert outbox.put(message(), ["duty"])
    assert outbox.put(other, ["duty"])
    assert not outbox.put(other, ["duty"])
    first, second = outbox.entries()
    assert first.message.id == "s-1-anger"
    assert second.message.id.startswith("s-1-anger~")
    assert second.message.message == "somebody else"


def test_each_sink_gets_it_and_only_once_it_has_taken_it(outbox: Outbox) -> None:
    outbox.put(message(), ["duty", "pager"])
    outbox.delivered(claimed(outbox, "duty"))
    assert outbox.claim("duty", LEASE_S) is None
    assert outbox.wait_s("duty") is None
    assert claimed(outbox, "pager").attempt == 1


def test_the_most_urgent_goes_first_then_the_oldest(outbox: Outbox) -> None:
    for name, level in (("a", Level.INFO), ("b", Level.URGENT), ("c", Level.WARNING), ("d", Level.URGENT)):
        outbox.put(message(name, level), ["duty"])
    assert [claimed(outbox).message.id for _ in range(4)] == ["b", "d", "c", "a"]


def test_the_wait_after_a_failure_doubles_up_to_the_cap(outbox: Outbox, clock: Clock) -> None:
    outbox.put(message(), ["duty"])
    waits = []
    for _ in range(8):
        outbox.failed(claimed(outbox), "out of order")
        waits.append(outbox.wait_s("duty"))
        clock.now += (waits[-1] or 0) - 0.001
        assert outbox.claim("duty", LEASE_S) is None
        clock.now += 0.002
    assert waits == pytest.approx([2, 4, 8, 16, 32, 60, 60, 60])


def test_what_fails_for_too_long_is_given_up_and_shown_so(outbox: Outbox, clock: Clock) -> None:
    outbox.put(message(), ["duty"])
    clock.now += 599
    outbox.failed(claimed(outbox), "out of order")
    clock.now += 2
    outbox.failed(claimed(outbox), "still out of order")
    clock.now += 100_000
    assert outbox.claim("duty", LEASE_S) is None
    _, delivery = only(outbox)
    assert (delivery.state, delivery.attempts, delivery.error) == (State.GIVEN_UP, 2, "still out of order")


def test_an_alert_that_nobody_tried_is_tried_however_old_it_is(outbox: Outbox, clock: Clock) -> None:
    outbox.put(message(), ["duty"])
    clock.now += 365 * 86_400
    assert claimed(outbox).message.id == "s-1-anger"


def test_what_a_killed_process_was_at_comes_back_when_its_lease_is_over(tmp_path: Path, clock: Clock) -> None:
    first = Outbox(tmp_path / "alerts.sqlite", RETRY, clock=clock)
    first.put(message(), ["duty"])
    claimed(first)
    first.close()
    with closing(Outbox(tmp_path / "alerts.sqlite", RETRY, clock=clock)) as second:
        clock.now += LEASE_S - 1
        assert second.claim("duty", LEASE_S) is None
        assert second.wait_s("duty") == pytest.approx(1)
        clock.now += 1
        assert claimed(second).attempt == 2


def test_who_comes_too_late_changes_nothing_any_more(outbox: Outbox, clock: Clock) -> None:
    outbox.put(message(), ["duty"])
    late = claimed(outbox)
    clock.now += LEASE_S
    current = claimed(outbox)
    outbox.failed(late, "timed out at last")
    outbox.delivered(late)
    assert only(outbox)[1].state is State.SENDING
    outbox.delivered(current)
    assert only(outbox)[1].state is State.DELIVERED
    outbox.failed(current, "no, wait")
    assert only(outbox)[1].state is State.DELIVERED


def test_what_somebody_has_seen_to_is_told_to_nobody_else(outbox: Outbox) -> None:
    outbox.put(message(), ["duty", "pager"])
    under_way = claimed(outbox, "duty")
    outbox.acknowledge("s-1-anger", "李", "已回电")
    assert outbox.claim("pager", LEASE_S) is None
    outbox.failed(under_way, "busy")
    assert outbox.claim("duty", LEASE_S) is None
    assert outbox.waiting("pager") == outbox.waiting("duty") == 0
    assert outbox.entries(acknowledged=False) == []
    (entry,) = outbox.entries()
    assert entry.acknowledged is not None
    assert (entry.acknowledged.by, entry.acknowledged.note) == ("李", "已回电")
    assert not outbox.put(message(), ["duty"])
    assert outbox.claim("duty", LEASE_S) is None


def test_the_second_to_see_to_it_is_told_who_was_first(outbox: Outbox) -> None:
    outbox.put(message(), ["duty"])
    outbox.acknowledge("s-1-anger", "李")
    for second in (lambda: outbox.acknowledge("s-1-anger", "王"), lambda: outbox.resend("s-1-anger", ["duty"])):
        with pytest.raises(AlertError, match="s-1-anger: 李 has seen to it already, at 2027-01-15 08:00:00"):
            second()


def test_an_unknown_alert_is_refused_with_the_nearest_that_is_open(outbox: Outbox) -> None:
    outbox.put(message("talk-3-crisis-passive"), ["duty"])
    with pytest.raises(AlertError, match="no alert 'talk-3-crisis'; did you mean 'talk-3-crisis-passive'"):
        outbox.acknowledge("talk-3-crisis", "李")


def test_sent_again_it_starts_anew_also_for_a_sink_that_came_later(outbox: Outbox, clock: Clock) -> None:
    outbox.put(message(), ["duty"])
    clock.now += 700
    outbox.failed(claimed(outbox), "out of order")
    outbox.resend("s-1-anger", ["duty", "pager"])
    assert claimed(outbox, "pager").attempt == 1
    again = claimed(outbox, "duty")
    assert again.attempt == 2
    outbox.failed(again, "out of order")
    assert outbox.wait_s("duty") == pytest.approx(2)


def test_an_attempt_from_before_it_was_sent_again_does_not_count_for_it(outbox: Outbox) -> None:
    outbox.put(message(), ["duty"])
    before = claimed(outbox)
    outbox.resend("s-1-anger", ["duty"])
    outbox.delivered(before)
    assert claimed(outbox).attempt == 2


def test_a_clock_set_back_by_a_year_holds_nothing_up(outbox: Outbox, clock: Clock) -> None:
    outbox.put(message(), ["duty"])
    outbox.failed(claimed(outbox), "out of order")
    clock.now -= 365 * 86_400
    assert outbox.wait_s("duty") == 0
    assert claimed(outbox).attempt == 2


def test_settled_alerts_are_erased_after_their_time_and_open_ones_are_not(tmp_path: Path, clock: Clock) -> None:
    path = tmp_path / "alerts.sqlite"
    with closing(Outbox(path, RETRY, keep_days=30, clock=clock)) as outbox:
        for name in ("seen-to", "delivered", "open", "told-nobody"):
            outbox.put(message(name), [] if name == "told-nobody" else ["duty"])
        outbox.acknowledge("seen-to", "李")
        claim = claimed(outbox)
        assert claim.message.id == "delivered"
        outbox.delivered(claim)
        clock.now += 31 * 86_400
        outbox.put(message("new"), ["duty"])
        assert [entry.message.id for entry in outbox.entries()] == ["open", "told-nobody", "new"]
    assert b"seen-to" not in path.read_bytes()


def test_only_its_owner_may_read_the_file(tmp_path: Path) -> None:
    with closing(Outbox(tmp_path / "deep" / "alerts.sqlite", RETRY)) as outbox:
        outbox.put(message(), ["duty"])
        assert {file.stat().st_mode & 0o777 for file in outbox.path.parent.iterdir()} == {0o600}


def test_what_is_no_outbox_is_left_alone_and_named(tmp_path: Path) -> None:
    text = tmp_path / "notes.txt"
    text.write_text("nothing but words, and more than a header's worth of them\n" * 40, encoding="utf-8")
    with pytest.raises(AlertError, match=r"notes\.txt: not an outbox of alerts"):
        Outbox(text, RETRY)
    newer = tmp_path / "newer.sqlite"
    with closing(sqlite3.connect(newer)) as db:
        db.execute("PRAGMA user_version = 7")
    with pytest.raises(AlertError, match=r"newer\.sqlite: an outbox of version 7; this program knows version 1"):
        Outbox(newer, RETRY)
    with pytest.raises(AlertError, match="can't be opened"):
        Outbox(text / "alerts.sqlite", RETRY)


def test_who_comes_while_another_opens_the_file_waits_for_it(tmp_path: Path) -> None:
    path = tmp_path / "alerts.sqlite"
    with closing(sqlite3.connect(path, isolation_level=None, check_same_thread=False)) as other:
        other.execute("BEGIN EXCLUSIVE")
        done = threading.Timer(0.3, other.execute, ["ROLLBACK"])
        done.start()
        Outbox(path, RETRY).close()
        done.join()


def test_every_commit_waits_for_the_disk(outbox: Outbox) -> None:
    synchronous = outbox._db.execute("PRAGMA synchronous").fetchone()
    assert (synchronous, outbox._db.execute("PRAGMA journal_mode").fetchone()) == ((2,), ("wal",))


def test_a_full_disk_is_said_and_the_outbox_goes_on_afterwards(outbox: Outbox) -> None:
    pages = outbox._db.execute("PRAGMA page_count").fetchone()[0]
    outbox._db.execute(f"PRAGMA max_page_count = {pages}")
    with pytest.raises(AlertError, match="can't be used: database or disk is full"):
        outbox.put(replace(message(), message="x" * 100_000), ["duty"])
    outbox._db.execute("PRAGMA max_page_count = 100000")
    assert outbox.put(message(), ["duty"])


def _take_all(path: Path, name: str, start: int) -> None:
    with closing(Outbox(path, RETRY)) as outbox, path.with_name(f"{name}.txt").open("w", encoding="utf-8") as log:
        for number in range(start, start + 25):
            outbox.put(message(f"a-{number}"), ["duty"])
        while claim := outbox.claim("duty", LEASE_S):
            log.write(f"{claim.message.id}\n")
            outbox.delivered(claim)


def test_processes_that_begin_at_once_share_the_work_without_loss_or_repetition(tmp_path: Path) -> None:
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["tests.test_outbox"])
    path = tmp_path / "alerts.sqlite"
    # Each alert is put by two of them.
    processes = [context.Process(target=_take_all, args=(path, f"p{place}", 25 * (place // 2))) for place in range(6)]
    for process in processes:
        process.start()
    for process in processes:
        process.join(60)
    assert [process.exitcode for process in processes] == [0] * 6
    lines = [line for file in tmp_path.glob("p*.txt") for line in file.read_text(encoding="utf-8").split()]
    assert Counter(lines) == Counter(f"a-{number}" for number in range(75))


def test_threads_may_share_one_outbox(outbox: Outbox) -> None:
    def put(start: int) -> None:
        for number in range(start, start + 20):
            outbox.put(message(f"a-{number}"), ["duty"])

    threads = [threading.Thread(target=put, args=(10 * place,)) for place in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert outbox.waiting("duty") == 50
