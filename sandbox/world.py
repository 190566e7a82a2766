"""Everything one running sandbox holds, and how its parts report to each other."""

from __future__ import annotations

import threading
import time
from pathlib import Path

from sandbox import keep
from sandbox.archive_cache import ArchiveCache
from sandbox.collation import Collation
from sandbox.faults import Faults
from sandbox.journal import Journal
from sandbox.keep import Kept
from sandbox.sessions import Sessions
from sandbox.tenant import Tenant

# https://docs.superoffice.com/en/developer-portal/best-practices/tenant-status/check-status
RUNNING_STATES = ("Running", "OnlineMaintenance")
STATES = (
    *RUNNING_STATES,
    "Unknown",
    "Provisioning",
    "Deleted",
    "Suspended",
    "OfflineMaintenance",
    "ProvisioningFailed",
    "Deleting",
    "DeleteFailed",
    "MigrationPending",
)


class World:
    """The tenant, its logins, its journal, how its database compares, and the faults it was told to have."""

    def __init__(self, url: str, path: Path | None = None):
        kept = keep.load(path) if path else None
        self.url = url
        self.state = "Running"
        self._interrupted = threading.Event()
        self.journal = Journal()
        self.faults = Faults()
        self.sessions = Sessions(kept.app if kept else None)
        self.collation = Collation()
        self.archive_cache = ArchiveCache()
        self.clock_off = 0.0  # seconds that the login's clock is fast
        self.tenant = Tenant(changed=self._changed)
        self._path = path
        if kept:
            self.tenant.restore(kept.relations, kept.next_id)
            self.tenant.parties.restore(kept.companies, kept.persons)
        self._keep()

    @property
    def is_running(self) -> bool:
        """Whether the API answers."""
        return self.state in RUNNING_STATES

    def set_state(self, name: str) -> None:
        """One of STATES; raises ValueError."""
        if name not in STATES:
            raise ValueError(f"State must be one of {', '.join(STATES)}.")
        self.state = name

    def now(self) -> float:
        """Tell the time by the login's clock."""
        return time.time() + self.clock_off

    def delay(self, seconds: float) -> bool:
        """Wait; False where a reset or the end came first, and the call that waits is not to touch what comes after."""
        return not self._interrupted.wait(seconds)

    def interrupt(self) -> None:
        """End all delays that are under way."""
        interrupted, self._interrupted = self._interrupted, threading.Event()
        interrupted.set()

    def expire(self) -> None:
        """End all tickets and access tokens."""
        self.sessions.expire()
        self._keep()

    def reset(self) -> None:
        """Back to the seed: no relations, calls, counts or faults; running. The app stays registered.

        The collation, the archive's cache and the clock are as they come, and nothing is cached.
        """
        self.faults.clear()
        self.interrupt()
        self.journal.clear()
        self.state = "Running"
        self.collation = Collation()
        self.archive_cache = ArchiveCache()
        self.clock_off = 0.0
        self.tenant.clock_ahead = 0.0
        self.tenant.restore()
        self.tenant.parties.restore()
        self._keep()

    def _changed(self, effect: str) -> None:
        self._keep()
        self.journal.count(effect)

    def _keep(self) -> None:
        if self._path:
            with self.tenant.lock:
                own = self.tenant.parties.own()
                kept = Kept(self.sessions.public(), self.tenant.next_id, self.tenant.snapshot(), *own)
                keep.write(self._path, kept)
