"""Group commit: threads that write at the same moment share one write to the disk, and each is told after it.

There is no thread of its own, which a fork would lose: the first one to come writes for all that wait by then, and
meanwhile the next ones gather. https://www.sqlite.org/faq.html#q19 says why one commit at a time is slow.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Sequence
from typing import Any

from services.errors import LedgerDown
from services.ledger.contract import Change

MOST_TOGETHER = 64
NEVER_CAME = "The ledger's disk is too slow: what waited to be written waited in vain."
INTERRUPTED = "The thread that wrote for several was interrupted."


class Job:
    """One thread's changes, and what became of them: `versions`, or `error`."""

    __slots__ = ("changes", "error", "leads", "versions", "wake")

    def __init__(self, changes: Sequence[Change]) -> None:
        self.changes = changes
        self.versions: tuple[Any, ...] = ()
        self.error: BaseException | None = None
        self.leads = False
        self.wake = threading.Lock()
        self.wake.acquire()


class GroupCommit:
    """Calls `write` with many jobs at once, and never twice at a time; it sets each job's versions or error."""

    def __init__(self, write: Callable[[list[Job]], None], *, patience: float) -> None:
        """`patience`: the seconds for which a job waits for its turn."""
        self._write = write
        self._patience = patience
        self._lock = threading.Lock()
        self._queue: deque[Job] = deque()
        self._busy = False

    def run(self, changes: Sequence[Change]) -> tuple[Any, ...]:
        """Return once the changes are on disk; raise what `write` found wrong, or LedgerDown after the patience."""
        job = Job(changes)
        with self._lock:
            job.leads = not self._busy
            self._busy = True
            if not job.leads:
                self._queue.append(job)
        if not job.leads and not job.wake.acquire(timeout=self._patience) and not self._is_done(job):
            raise LedgerDown(NEVER_CAME)
        if job.leads:
            self._lead(job)
        if job.error is not None:
            raise job.error
        return job.versions

    def _is_done(self, job: Job) -> bool:
        """Take the job back, unless it was done after all. If it is being written, nobody knows whether it will be."""
        with self._lock:
            if job in self._queue:
                self._queue.remove(job)
        if job.leads:
            self._hand_over()
            return False
        return job.wake.acquire(blocking=False)

    def _lead(self, job: Job) -> None:
        with self._lock:
            jobs = [job] + [self._queue.popleft() for _ in range(min(len(self._queue), MOST_TOGETHER - 1))]
        try:
            self._write(jobs)
        except BaseException:
            for unlucky in jobs:
                unlucky.error = unlucky.error or LedgerDown(INTERRUPTED)
            raise
        finally:
            self._hand_over()
            for written in jobs[1:]:
                written.wake.release()

    def _hand_over(self) -> None:
        with self._lock:
            if self._queue:
                heir = self._queue.popleft()
                heir.leads = True
                heir.wake.release()
            else:
                self._busy = False
