"""The outbox: every alert is on the disk before anybody is told, and stays until all are told or one has answered."""

import hashlib
import sqlite3
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from datetime import UTC, datetime
from difflib import get_close_matches
from pathlib import Path
from threading import Lock

from assistant.config.alerts import Retry
from assistant.errors import AlertError
from assistant.store.entry import Acknowledged, Claim, Delivery, Entry, State
from assistant.store.message import AlertMessage, decode, encode
from assistant.store.schema import open_file
from assistant.types import Level

URGENCY = {level: place for place, level in enumerate(Level)}

LONGEST_LEASE_S = 120.0
"""No claim lasts longer. A due time further off than any wait can be means that the clock was set back."""

_DUE = "(due <= :now OR due > :now + :far)"
_OPEN = """
    FROM delivery JOIN alert ON alert.number = delivery.alert
    WHERE sink = :sink AND state IN ('pending', 'sending') AND acknowledged IS NULL
"""
_MINE = "WHERE alert = :number AND sink = :sink AND attempts = :attempt AND state = 'sending'"
_SETTLED = """
    acknowledged IS NOT NULL
    OR EXISTS (SELECT 1 FROM delivery WHERE alert = number)
    AND NOT EXISTS (SELECT 1 FROM delivery WHERE alert = number AND state != 'delivered')
"""


class Outbox:
    """The alerts of one file; any number of threads and processes may use it at once.

    What holds, also when the process is killed at any moment or the power fails:
    - At least once: an alert for which `put` has returned is claimed for each of its sinks until that sink has taken
      it, somebody has acknowledged it, or an attempt fails later than `give_up_after_s` after `put`; however old it is,
      one attempt is made. Killed between delivery and `delivered`, it is delivered again, under the same id.
    - Two claims of one delivery are never out at once, unless the first outlasts its lease.
    - Once `acknowledge` has returned nothing of the alert is claimed; what was claimed before may still arrive. What a
      sink has taken isn't claimed for it again, but by `resend`.
    - Order: none. Of what is due the most urgent is claimed first, then the oldest.
    Time is the wall's, stamped here. A clock set forward makes retries early; one set back delays none by more than the
    longest wait. Everything raises AlertError where the file can't be used.
    """

    def __init__(
        self, path: Path, retry: Retry, *, keep_days: float | None = None, clock: Callable[[], float] = time.time
    ) -> None:
        self.path = path
        self._retry = retry
        self._far = max(retry.cap_s, LONGEST_LEASE_S)
        self._keep_s = None if keep_days is None else keep_days * 86_400
        self._clock = clock
        self._lock = Lock()
        self._db = open_file(path)

    def close(self) -> None:
        """Close the file; what is in it stays."""
        with self._lock:
            self._db.close()

    def put(self, message: AlertMessage, sinks: Iterable[str]) -> bool:
        """Keep an alert for these sinks, stamped with the time; return False if it is there already.

        An alert is known by its id. Where another one has that id (a session's name used twice) it is kept too, its id
        lengthened by a hash of what it says: never lost comes before never twice. Settled alerts past `keep_days` go.
        """
        now = self._clock()
        with self._transaction() as db:
            if self._keep_s is not None:
                db.execute(f"DELETE FROM alert WHERE stored < ? AND ({_SETTLED})", (now - self._keep_s,))
            known = self._message(message.id)
            if known and not _same(known, message):
                message = replace(message, id=f"{message.id}~{_digest(message)}")
                known = self._message(message.id)
            if known:
                return False
            stamped = replace(message, time=datetime.fromtimestamp(now, UTC).isoformat(timespec="milliseconds"))
            number = db.execute(
                "INSERT INTO alert (id, urgency, message, stored) VALUES (?, ?, ?, ?)",
                (message.id, URGENCY[message.level], encode(stamped), now),
            ).lastrowid
            self._start(number, sinks, now)
        return True

    def claim(self, sink: str, lease_s: float) -> Claim | None:
        """Return an alert that is due at a sink, for `lease_s` nobody else's; None if there is none."""
        if lease_s > LONGEST_LEASE_S:
            raise ValueError(f"a lease of {lease_s:g} s; the longest is {LONGEST_LEASE_S:g} s")
        now = self._clock()
        values = {"sink": sink, "now": now, "far": self._far}
        with self._transaction() as db:
            found = db.execute(
                f"SELECT number, message, attempts + 1 {_OPEN} AND {_DUE} ORDER BY urgency DESC, number LIMIT 1", values
            ).fetchone()
            if found is None:
                return None
            number, message, attempt = found
            db.execute(
                "UPDATE delivery SET state = 'sending', due = ?, attempts = ? WHERE alert = ? AND sink = ?",
                (now + lease_s, attempt, number, sink),
            )
        return Claim(number, sink, attempt, decode(message))

    def delivered(self, claim: Claim) -> None:
        """Note that the alert of a claim has arrived; without effect once the claim is somebody else's."""
        with self._transaction() as db:
            db.execute(
                f"UPDATE delivery SET state = 'delivered', delivered = :now, failures = 0, error = NULL {_MINE}",
                {"now": self._clock(), **_key(claim)},
            )

    def failed(self, claim: Claim, error: str) -> None:
        """Note why the attempt of a claim failed; without effect once the claim is somebody else's."""
        now, key = self._clock(), _key(claim)
        with self._transaction() as db:
            mine = db.execute(f"SELECT since, failures + 1 FROM delivery {_MINE}", key).fetchone()
            if mine is None:
                return
            since, failures = mine
            state = State.GIVEN_UP if now - since >= self._retry.give_up_after_s else State.PENDING
            db.execute(
                f"UPDATE delivery SET state = :state, due = :due, failures = :failures, error = :error {_MINE}",
                {
                    "state": state,
                    "due": now + self._retry.wait_s(failures),
                    "failures": failures,
                    "error": error,
                    **key,
                },
            )

    def wait_s(self, sink: str) -> float | None:
        """Return the seconds until something is due at a sink, None if nothing is waiting for it."""
        values = {"sink": sink, "now": self._clock(), "far": self._far}
        with self._using() as db:
            query = f"SELECT min(CASE WHEN {_DUE} THEN 0 ELSE due - :now END) {_OPEN}"
            (wait_s,) = db.execute(query, values).fetchone()
        return None if wait_s is None else float(wait_s)

    def waiting(self, sink: str) -> int:
        """Return how many alerts a sink hasn't got yet and is still to get."""
        with self._using() as db:
            (count,) = db.execute(f"SELECT count(*) {_OPEN}", {"sink": sink}).fetchone()
        return int(count)

    def acknowledge(self, id: str, by: str, note: str | None = None) -> None:  # noqa: A002 - the field's name
        """Note who has seen to an alert; nobody else need be told. Raises AlertError if it is unknown or settled."""
        with self._transaction() as db:
            self._refuse_settled(id)
            values = (self._clock(), by, note, id)
            db.execute("UPDATE alert SET acknowledged = ?, acknowledged_by = ?, note = ? WHERE id = ?", values)

    def resend(self, id: str, sinks: Iterable[str]) -> None:  # noqa: A002 - as above
        """Deliver an alert to these sinks once more, from now on. Raises AlertError if it is unknown or settled."""
        with self._transaction():
            self._start(self._refuse_settled(id), sinks, self._clock())

    def entries(self, *, acknowledged: bool = True) -> list[Entry]:
        """Return the alerts in order of arrival, those that somebody has seen to only where asked for."""
        which = "" if acknowledged else "WHERE acknowledged IS NULL"
        with self._using() as db:
            db.execute("BEGIN")  # both queries see the same moment
            columns = "number, message, stored, acknowledged, acknowledged_by, note"
            alerts = db.execute(f"SELECT {columns} FROM alert {which} ORDER BY number").fetchall()
            parts: dict[int, list[Delivery]] = {}
            columns = "alert, sink, state, attempts, failures, due, delivered, error"
            for number, sink, state, *rest in db.execute(f"SELECT {columns} FROM delivery ORDER BY alert, sink"):
                parts.setdefault(number, []).append(Delivery(sink, State(state), *rest))
            db.execute("COMMIT")
        return [
            Entry(decode(message), stored, Acknowledged(by, at, note) if at else None, tuple(parts.get(number, ())))
            for number, message, stored, at, by, note in alerts
        ]

    def _start(self, number: int | None, sinks: Iterable[str], now: float) -> None:
        self._db.executemany(
            "INSERT INTO delivery VALUES (?, ?, 'pending', ?, ?, 0, 0, NULL, NULL) ON CONFLICT DO UPDATE SET state = "
            "'pending', since = excluded.since, due = excluded.due, failures = 0, delivered = NULL, error = NULL",
            [(number, sink, now, now) for sink in sinks],
        )

    def _message(self, id: str) -> AlertMessage | None:  # noqa: A002 - as above
        found = self._db.execute("SELECT message FROM alert WHERE id = ?", (id,)).fetchone()
        return decode(found[0]) if found else None

    def _refuse_settled(self, id: str) -> int:  # noqa: A002 - as above
        """Return the number of an alert that nobody has seen to yet. Raises AlertError else."""
        found = self._db.execute(
            "SELECT number, acknowledged, acknowledged_by FROM alert WHERE id = ?", (id,)
        ).fetchone()
        if found is None:
            known = [row[0] for row in self._db.execute("SELECT id FROM alert WHERE acknowledged IS NULL")]
            near = get_close_matches(id, known, n=1)
            hint = f"; did you mean '{near[0]}'?" if near else ""
            raise AlertError(f"{self.path}: no alert '{id}'{hint}\n`alerts list` shows what is open")
        number, at, by = found
        if at is not None:
            when = datetime.fromtimestamp(at, UTC).isoformat(sep=" ", timespec="seconds")
            raise AlertError(f"{id}: {by} has seen to it already, at {when}")
        return int(number)

    @contextmanager
    def _transaction(self) -> Iterator[sqlite3.Connection]:
        """Let nobody else write meanwhile; all of it is on the disk afterwards, or nothing."""
        with self._using() as db:
            db.execute("BEGIN IMMEDIATE")
            yield db
            db.execute("COMMIT")

    @contextmanager
    def _using(self) -> Iterator[sqlite3.Connection]:
        """Hold the connection; a transaction that an error leaves open is rolled back."""
        with self._lock:
            try:
                yield self._db
            except sqlite3.Error as error:
                raise AlertError(f"{self.path}: the outbox of alerts can't be used: {error}") from error
            finally:
                with suppress(sqlite3.Error):  # where the file fails, SQLite has rolled back by itself
                    if self._db.in_transaction:
                        self._db.execute("ROLLBACK")


def _key(claim: Claim) -> dict[str, int | str]:
    return {"number": claim.number, "sink": claim.sink, "attempt": claim.attempt}


def _same(one: AlertMessage, other: AlertMessage) -> bool:
    return replace(one, time=None) == replace(other, time=None)


def _digest(message: AlertMessage) -> str:
    return hashlib.sha256(encode(replace(message, time=None)).encode()).hexdigest()[:8]
