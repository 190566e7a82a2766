"""A sweep: everything that is due is tried again, oldest first, in parallel within the rate, while there is time."""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Callable
from typing import NamedTuple

from schemas.ledger import ACCEPTED
from services.composition import Services
from services.deadline import Deadline
from services.delivering import deliver_again
from services.errors import LiaisonError
from services.ledger.contract import Due
from services.logs import log
from services.superoffice.identity import WHO_AM_I

BUDGET = 45.0  # seconds; Cloud Scheduler comes every minute
LEAST = 2.0  # seconds; with less than this left no further delivery is begun
ONE = 25.0  # seconds for one delivery at most
WORKERS = 8
BATCH = 200  # deliveries that are known at a time
PURGED = 500  # deliveries that one sweep empties
ASKED = 4.0  # seconds to learn whether the tenant is back, where no delivery tells


class Summary(NamedTuple):
    """What became of those that were due; `left` are due still."""

    due: int = 0
    delivered: int = 0
    postponed: int = 0
    rejected: int = 0
    dead: int = 0
    left: int = 0


class _Batch:
    """What several workers have still to do, in order, and what became of the rest."""

    def __init__(self, due: list[Due]):
        self.counts: Counter[str] = Counter()
        self.is_stopped = False
        self._waiting = iter(due)
        self._lock = threading.Lock()

    def next(self) -> Due | None:
        with self._lock:
            return None if self.is_stopped else next(self._waiting, None)

    def note(self, status: str) -> None:
        with self._lock:
            self.counts[status] += 1


def sweep(services: Services, *, budget: float = BUDGET, clock: Callable[[], float] = time.monotonic) -> Summary:
    """Deliver what is due until nothing is, or the budget (seconds) is spent, or the whole tenant is down.

    Two sweeps at once do no harm: each delivery is claimed. Raises LedgerDown.
    """
    deadline = Deadline.after(budget, clock)
    environment = services.settings.environment
    counts: Counter[str] = Counter()
    services.outage.learn()
    seen: set[str] = set()
    while deadline.remaining() > LEAST:
        found = services.ledger.store.due(environment, services.clock(), BATCH)
        due = [row for row in found if row.id not in seen]
        if not due:
            break
        taken = due[:1] if services.outage.is_on else due  # one is enough to learn whether the tenant is back
        seen.update(row.id for row in taken)
        batch = _Batch(taken)
        _work_off(batch, services, deadline)
        counts += batch.counts
        if batch.is_stopped:
            break
    if services.outage.is_on and services.ledger.store.backlog(environment).waiting_since is None:
        _ask_whether_it_is_back(services)
    services.ledger.purge(services.clock(), PURGED)
    services.ledger.swept(environment, services.clock())
    return _summary(counts, len(services.ledger.store.due(environment, services.clock(), BATCH)))


def _ask_whether_it_is_back(services: Services) -> None:
    """End an outage that nobody waits for: what was tried in vain may have been dismissed, or done by others."""
    try:
        services.webapi.send(WHO_AM_I, Deadline.after(ASKED))
    except LiaisonError:
        return
    services.outage.worked()


def _work_off(batch: _Batch, services: Services, deadline: Deadline) -> None:
    """Have some threads take one delivery after another; the first of them is this one."""
    threads = [
        threading.Thread(target=_work, args=(batch, services, deadline), daemon=True) for _ in range(WORKERS - 1)
    ]
    for thread in threads:
        thread.start()
    try:
        _work(batch, services, deadline)
    finally:
        for thread in threads:
            thread.join()


def _work(batch: _Batch, services: Services, deadline: Deadline) -> None:
    while deadline.remaining() > LEAST and (due := batch.next()):
        try:
            claim = services.ledger.claim(services.settings.environment, due.id, services.clock())
            if claim is None:
                continue  # somebody else has it, or has done it
            ended = deliver_again(claim, services, Deadline.after(min(ONE, deadline.remaining()), deadline.clock))
        except Exception as error:  # one that cannot be delivered must not keep the others waiting
            log("ERROR", "unforeseen", type(error).__name__, delivery=due.id)
            batch.note("queued")
            continue
        batch.note(ended.status)
        batch.is_stopped |= ended.is_all


def _summary(counts: Counter[str], left: int) -> Summary:
    delivered = sum(counts[status] for status in ACCEPTED)
    postponed = counts["queued"] + counts["misconfigured"]
    return Summary(sum(counts.values()), delivered, postponed, counts["rejected"], counts["dead"], left)
