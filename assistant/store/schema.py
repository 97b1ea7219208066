"""The file of the outbox: its tables, its version, and how it is opened so that what is written stays written."""

import os
import sqlite3
import time
from pathlib import Path

from assistant.errors import AlertError

VERSION = 1

BUSY_S = 5.0
"""How long to wait for another process that is writing; it writes for milliseconds."""

_TABLES = """
CREATE TABLE alert (
    number INTEGER PRIMARY KEY,             -- in order of arrival
    id TEXT NOT NULL UNIQUE,                -- session-turn-rule
    urgency INTEGER NOT NULL,               -- place of its level, 0 is the least
    message TEXT NOT NULL,                  -- JSON, as it is delivered
    stored REAL NOT NULL,                   -- all times are seconds since 1970
    acknowledged REAL,
    acknowledged_by TEXT,
    note TEXT
) STRICT;
CREATE TABLE delivery (
    alert INTEGER NOT NULL REFERENCES alert ON DELETE CASCADE,
    sink TEXT NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('pending', 'sending', 'delivered', 'given_up')),
    since REAL NOT NULL,                    -- from here on it is tried
    due REAL NOT NULL,                      -- not before; while sending: until here nobody else tries
    attempts INTEGER NOT NULL,              -- begun in all; never falls, so it tells one claim from another
    failures INTEGER NOT NULL,              -- in a row
    delivered REAL,
    error TEXT,                             -- of the last failure
    PRIMARY KEY (alert, sink)
) STRICT, WITHOUT ROWID;
CREATE INDEX open_deliveries ON delivery (sink, due) WHERE state IN ('pending', 'sending');
"""


def open_file(path: Path) -> sqlite3.Connection:
    """Return a connection that several threads may share in turn; a new file is for its owner's eyes only.

    Every commit is on the disk when it returns (WAL, synchronous FULL). The file must lie on a local disk: WAL needs
    shared memory. Raises AlertError naming the file.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        os.close(os.open(path, os.O_RDWR | os.O_CREAT, 0o600))
        db = sqlite3.connect(path, timeout=BUSY_S, isolation_level=None, check_same_thread=False)
    except (OSError, sqlite3.Error) as error:
        raise AlertError(f"{path}: the outbox of alerts can't be opened: {error}") from error
    try:
        _prepare(db)
        _create(db, path)
    except sqlite3.Error as error:
        db.close()
        raise AlertError(f"{path}: not an outbox of alerts: {error}") from error
    except AlertError:
        db.close()
        raise
    return db


def _prepare(db: sqlite3.Connection) -> None:
    """Set what holds for one connection, and WAL, which stays with the file."""
    give_up = time.monotonic() + BUSY_S
    while True:
        try:
            db.execute("PRAGMA journal_mode = WAL")
            break
        except sqlite3.OperationalError as error:
            # Where two begin at once, SQLite fails instead of waiting: once in 500 times.
            if error.sqlite_errorcode != sqlite3.SQLITE_BUSY or time.monotonic() > give_up:
                raise
            time.sleep(0.01)
    db.execute("PRAGMA synchronous = FULL")
    db.execute("PRAGMA foreign_keys = ON")
    db.execute("PRAGMA secure_delete = ON")


def _create(db: sqlite3.Connection, path: Path) -> None:
    if _version(db) != VERSION:
        db.execute("BEGIN IMMEDIATE")
        found = _version(db)  # another process may have been faster
        if found not in (0, VERSION):
            raise AlertError(f"{path}: an outbox of version {found}; this program knows version {VERSION}")
        if found == 0:
            for statement in _TABLES.split(";\n"):
                db.execute(statement)
            db.execute(f"PRAGMA user_version = {VERSION}")
        db.execute("COMMIT")


def _version(db: sqlite3.Connection) -> int:
    return int(db.execute("PRAGMA user_version").fetchone()[0])
