"""The tables in SQLite: an old ledger is brought up to date, and a big one answers as fast as an empty one."""

from __future__ import annotations

import sqlite3
import time
from contextlib import closing

import pytest

from services.ledger.opening import open_ledger
from services.ledger.sqlite_schema import MIGRATIONS, migrate
from tests.ledgers import HERE, NOW, bring, created


@pytest.fixture
def path(tmp_path):
    """Give a place for a ledger."""
    return tmp_path / "var" / "ledger.db"


@pytest.fixture
def at():
    """Return an opener of ledgers, which are closed in the end."""
    opened = []

    def open_at(path):
        opened.append(open_ledger(f"sqlite:{path}"))
        return opened[-1]

    yield open_at
    for ledger in opened:
        ledger.store.close()


@pytest.fixture
def ledger(path, at):
    """Give a ledger with one submission in it."""
    ledger = at(path)
    bring(ledger, "id-0")
    return ledger


def test_a_new_version_reads_the_ledger_of_the_one_before(ledger, path):
    """Steps that are missing are taken in order, and what was in it goes on."""
    created(ledger, "id-1")
    steps = (*MIGRATIONS, "ALTER TABLE delivery ADD COLUMN colour TEXT DEFAULT 'green';\nDROP INDEX delivery_hook;")
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        migrate(connection, steps)
        migrate(connection, steps)

        assert connection.execute("SELECT DISTINCT colour FROM delivery").fetchall() == [("green",)]
        assert connection.execute("PRAGMA user_version").fetchone() == (len(steps),)


def test_a_migration_that_fails_leaves_all_as_it_was(ledger, path, at):
    """The version before can go on with it."""
    steps = (*MIGRATIONS, "DROP TABLE note;\nDROP TABLE nothing;")
    with closing(sqlite3.connect(path, isolation_level=None)) as connection, pytest.raises(sqlite3.OperationalError):
        migrate(connection, steps)

    assert bring(at(path), "id-0").how == "known"


FILL = """
WITH RECURSIVE numbers(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM numbers WHERE n < 1000000)
INSERT INTO delivery (id, environment, hook, received_at, arrival, arrived_at, status, fingerprint, size, saves, tries,
                      retrying_since, troubles, answer, closed_at, version)
SELECT printf('%026d', n), '{here}', 'form', {now} - n, printf('%026d', n), 0, 'created', 'f', 700, 1, 0, 0, '[]',
       '{{"status":"created","relation":{{"RelationId":888}}}}', {now} - n, 2
FROM numbers
"""


@pytest.mark.check
@pytest.mark.timeout(300)
def test_finds_what_is_due_among_a_million(ledger, path):
    """In 10 ms at most, and so are the counts that `/status` tells; the median of 21."""
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute(FILL.format(here=HERE, now=NOW))
    for number in range(1, 101):
        bring(ledger, f"id-{number}", claim=False)
    times = []
    for _ in range(21):
        started = time.perf_counter()
        assert len(ledger.store.due(HERE, NOW, 1000)) == 100
        assert ledger.store.backlog(HERE).counts == {"queued": 101}
        times.append(time.perf_counter() - started)

    assert sorted(times)[10] < 0.010


def test_what_is_due_is_looked_up_in_its_index_alone(ledger, path):
    """So settled deliveries cost nothing, however many there are."""
    plan = "EXPLAIN QUERY PLAN SELECT id, due_at, arrival FROM delivery WHERE environment = ? AND due_at <= ?"
    with closing(sqlite3.connect(path)) as connection:
        steps = [row[3] for row in connection.execute(plan, (HERE, NOW))]

    assert steps == ["SEARCH delivery USING COVERING INDEX delivery_due (environment=? AND due_at<?)"]
