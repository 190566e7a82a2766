"""Group commit: threads that write at the same moment share one write to the disk, and each is told after it.

There is no thread of its own, which a fork would lose: the first one to come writes for all that wait by then, and
meanwhile the next ones gather. https://www.sqlite.org/faq.html#q19 says why one commit at a time is slow. Where many
come at a time, the first one waits a moment for the others, since a write costs as much for one as for ten.
"""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from typing import Any

from services.errors import LedgerDown
from services.ledger.contract import Change

MOST_TOGETHER = 64
PAUSE, LINGER = 0.001, 0.01  # seconds without anybody, and about those in all, for which a write waits for others
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

    def __init__(self, write: Callable[[list[Job]], None], *, patience: float, pause: float = PAUSE) -> None:
        """`patience`: the seconds for which a job waits for its turn; `pause`: as PAUSE."""
        self._write = write
        self._patience = patience
        self._pause = pause
        self._lock = threading.Lock()
        self._queue: deque[Job] = deque()
        self._busy = False
        self._crowd = 1  # how many came together lately
        self._awaited = 0  # how many more the leader waits for
        self._gathered = threading.Lock()  # free once the last of them has come

    def run(self, changes: Sequence[Change]) -> tuple[Any, ...]:
        """Return once the changes are on disk; raise what `write` found wrong, or LedgerDown after the patience."""
        job = Job(changes)
        with self._lock:
            job.leads = not self._busy
            self._busy = True
            if not job.leads:
                self._queue.append(job)
                if self._awaited:
                    self._awaited -= 1
                    if not self._awaited:
                        self._gathered.release()
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
        jobs = [job]
        try:
            self._gather()
            with self._lock:
                jobs += [self._queue.popleft() for _ in range(min(len(self._queue), MOST_TOGETHER - 1))]
            self._write(jobs)
        except BaseException:
            for unlucky in jobs:
                unlucky.error = unlucky.error or LedgerDown(INTERRUPTED)
            raise
        finally:
            self._hand_over(len(jobs))
            for written in jobs[1:]:
                written.wake.release()

    def _gather(self) -> None:
        """Wait for as many as came together lately, for as long as they keep coming."""
        ends = time.monotonic() + max(LINGER, self._pause)
        with self._lock:
            self._gathered.acquire(blocking=False)  # the last one that was awaited before may have come too late
            here = len(self._queue)
            awaited = self._awaited = max(0, min(self._crowd, MOST_TOGETHER) - 1 - here)
        while awaited and not self._gathered.acquire(timeout=self._pause):
            before, here = here, len(self._queue)
            if here <= before or time.monotonic() >= ends:
                return

    def _hand_over(self, written: int = 0) -> None:
        with self._lock:
            together = written + len(self._queue)
            self._crowd = max(together, (self._crowd + together) // 2)
            if self._queue:
                heir = self._queue.popleft()
                heir.leads = True
                heir.wake.release()
            else:
                self._busy = False
