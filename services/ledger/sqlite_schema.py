"""The tables of the ledger in SQLite, and how those of an older version become today's.

Each step of MIGRATIONS leads from one version to the next; `PRAGMA user_version` says how many have been taken. A step
that was ever released is never changed: what is new comes as another one.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence

from schemas.ledger import ACCEPTED, REFUSED, WAITING
from services.errors import LedgerDown


def _texts(values: Sequence[str]) -> str:
    return ", ".join(f"'{value}'" for value in values)


_FIRST = f"""
CREATE TABLE delivery (
    id TEXT PRIMARY KEY,
    environment TEXT NOT NULL,
    hook TEXT NOT NULL,
    received_at REAL NOT NULL,
    arrival TEXT NOT NULL,
    arrived_at REAL NOT NULL,
    status TEXT NOT NULL,
    item INTEGER,
    key TEXT,
    fingerprint TEXT NOT NULL,
    content TEXT,
    size INTEGER NOT NULL,
    due_at REAL,
    owner TEXT,
    leased_until REAL,
    pair TEXT,
    doubt TEXT,
    saves INTEGER NOT NULL,
    tries INTEGER NOT NULL,
    retrying_since REAL NOT NULL,
    reason TEXT,
    troubles TEXT NOT NULL,
    decision TEXT,
    answer TEXT,
    closed_at REAL,
    emptied_at REAL,
    version INTEGER NOT NULL,
    standing TEXT GENERATED ALWAYS AS (
        CASE WHEN status IN ({_texts(WAITING)}) THEN 'waiting'
             WHEN status IN ({_texts(REFUSED)}) THEN 'refused'
             WHEN status IN ({_texts(ACCEPTED)}) THEN 'accepted'
             ELSE status END
    ) VIRTUAL,
    unsettled TEXT GENERATED ALWAYS AS (CASE WHEN status NOT IN ({_texts(ACCEPTED)}) THEN status END) VIRTUAL
);
-- What is due is found among any number of settled ones, for those have no place in this index.
CREATE INDEX delivery_due ON delivery (environment, due_at, arrival, id) WHERE due_at IS NOT NULL;
CREATE INDEX delivery_unsettled ON delivery (environment, unsettled, received_at) WHERE unsettled IS NOT NULL;
CREATE INDEX delivery_hook ON delivery (environment, hook);
CREATE INDEX delivery_closed ON delivery (standing, closed_at) WHERE closed_at IS NOT NULL AND emptied_at IS NULL;

CREATE TABLE key (
    environment TEXT NOT NULL,
    hook TEXT NOT NULL,
    key TEXT NOT NULL,
    delivery TEXT NOT NULL,
    until REAL,
    version INTEGER NOT NULL,
    PRIMARY KEY (environment, hook, key)
) WITHOUT ROWID;

CREATE TABLE pair (
    environment TEXT NOT NULL,
    name TEXT NOT NULL,
    owner TEXT,
    leased_until REAL,
    saved TEXT,
    accepted TEXT,
    in_doubt TEXT,
    doubt_ends REAL,
    relation INTEGER,
    version INTEGER NOT NULL,
    PRIMARY KEY (environment, name)
) WITHOUT ROWID;

CREATE TABLE content (
    id TEXT PRIMARY KEY,
    content_type TEXT NOT NULL,
    headers TEXT NOT NULL,
    query TEXT NOT NULL,
    deliveries INTEGER NOT NULL,
    version INTEGER NOT NULL,
    body BLOB NOT NULL
);

CREATE TABLE note (
    environment TEXT NOT NULL,
    name TEXT NOT NULL,
    text TEXT NOT NULL,
    version INTEGER NOT NULL,
    PRIMARY KEY (environment, name)
) WITHOUT ROWID;
"""

MIGRATIONS = (_FIRST,)


def migrate(connection: sqlite3.Connection, steps: Sequence[str] = MIGRATIONS) -> None:
    """Bring a ledger of any older version, or an empty file, to this one; all of it or nothing."""
    if _version(connection) == len(steps):
        return
    connection.execute("BEGIN IMMEDIATE")
    try:
        taken = _version(connection)  # another process may have been quicker
        if taken > len(steps):
            raise LedgerDown(
                f"The ledger was written by a newer version of Liaison (format {taken}, this one knows {len(steps)})."
                " Install that version again, or point LEDGER at another file."
            )
        for statement in _statements("\n".join(steps[taken:])):
            connection.execute(statement)
        connection.execute(f"PRAGMA user_version = {len(steps):d}")
        connection.execute("COMMIT")
    finally:
        if connection.in_transaction:
            connection.execute("ROLLBACK")


def _version(connection: sqlite3.Connection) -> int:
    return int(connection.execute("PRAGMA user_version").fetchone()[0])


def _statements(script: str) -> list[str]:
    """Cut a script at its semicolons: `executescript` would end the transaction that it is to be part of."""
    statements, begun = [], ""
    for line in script.splitlines():
        begun += line + "\n"
        if sqlite3.complete_statement(begun):
            statements.append(begun)
            begun = ""
    return statements
