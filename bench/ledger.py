"""What the ledger lets through: looking first, queued, how late an answer is at half load, and finding what is due."""

import contextlib
import tempfile
import time
from pathlib import Path

from bench import warm
from bench.processes import wait_for_quiet
from services.ledger.opening import open_ledger

SECTION = "Webhooks a second with the ledger, 16 connections, the plain function's one call"
LOOKING, QUEUED = "existing: update, which looks first", "deliver: queued"
LATE, HALF = "Milliseconds until the answer at half of the plain function's load", "p99"
DUE, MILLION = "Milliseconds to find what is due", "among 1,000,000 settled deliveries"
ENVIRONMENT, NOW, FEW = "https://online.superoffice.com Cust00001", 1_780_000_000.0, 100
# Rows as an old ledger has them, written by SQLite itself: the ledger would take minutes.
SETTLED = """
WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ?)
INSERT INTO delivery (id, environment, hook, received_at, arrival, arrived_at, status, key, fingerprint, size,
                      saves, tries, retrying_since, troubles, answer, closed_at, emptied_at, due_at, version)
SELECT printf('01%024d', i), ?, 'form', 1.0 * i, printf('01%024d', i), 1.0 * i,
       CASE WHEN i % ? THEN 'created' ELSE 'queued' END, printf('id-%d', i), 'f', 500,
       1, 0, 1.0 * i, '[]', '{"status":"created"}', CASE WHEN i % ? THEN 1.0 * i END,
       CASE WHEN i % ? THEN 2.0 * i END, CASE WHEN i % ? THEN NULL ELSE 1.0 * i END, 1
FROM n
"""


def measure_ledger(around, seats, report, plan):
    """Run the cases round by round, the contestants in turn."""
    with contextlib.ExitStack() as stack:
        servers = {
            seat: stack.enter_context(warm.warmed(around, contestant, around.folder / seat))
            for seat, contestant in seats.items()
        }
        warm.set_delay(around, 0)
        for _ in range(plan.rounds):
            report.others.append(wait_for_quiet())
            plain = call(around, servers["plain"], "")["rate"]
            for name, sender in ((LOOKING, "looking"), (QUEUED, "queued")):
                report.note(SECTION, name, "plain", plain)
                report.note(SECTION, name, "liaison", call(around, servers["liaison"], sender)["rate"])
            figures = call(around, servers["liaison"], "", rate=plain / 2)
            report.note(LATE, HALF, "liaison", figures["p99"])
    measure_due(report, plan.rounds)


def call(around, server, sender, **more):
    """Run one round."""
    case = warm.BUSY
    return warm.call(around, server, connections=case.connections, seconds=case.seconds, sender=sender, **more)


def measure_due(report, rounds, settled=1_000_000):
    """Fill a ledger with settled deliveries and a few that are due, and ask for these."""
    with tempfile.TemporaryDirectory(prefix="liaison-due-") as folder:
        ledger = open_ledger(f"sqlite:{Path(folder, 'ledger.db')}")
        ledger.store.due(ENVIRONMENT, NOW, FEW)  # makes the file
        connection = ledger.store._connect()
        each = settled // FEW
        connection.execute("BEGIN")
        connection.execute(SETTLED, (settled, ENVIRONMENT, each, each, each, each))
        connection.execute("COMMIT")
        connection.close()
        for _ in range(3 * rounds):
            begun = time.perf_counter()
            assert len(ledger.store.due(ENVIRONMENT, NOW, FEW)) == FEW
            report.note(DUE, MILLION, "liaison", 1000 * (time.perf_counter() - begun))
        ledger.store.close()
