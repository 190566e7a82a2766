"""An outage of the whole tenant: noticed once for all deliveries, and noted, so that no days of retries are counted."""

from __future__ import annotations

import threading
from collections.abc import Callable

from services.errors import LedgerDown, LiaisonError, LoginRefused, TenantDown
from services.ledger.ledger import Ledger
from services.logs import log
from services.superoffice.answers import Busy

PAUSE = 5.0  # seconds after which a submission tries again whether the tenant is back
NOTED = 60.0  # seconds after which it is noted anew: others may have seen its end, or the ledger was down
IN_A_ROW = 5  # deliveries that SuperOffice was too busy for, one after another, are an outage too


class Outage:
    """What this instance has seen of the tenant; safe to share between threads. `clock` tells Unix time."""

    def __init__(self, ledger: Ledger, environment: str, clock: Callable[[], float]):
        self._ledger = ledger
        self._environment = environment
        self._clock = clock
        self._lock = threading.Lock()
        self._tried_at: float | None = None
        self._noted_at = float("-inf")
        self._in_a_row = 0
        self._is_login = False

    @property
    def is_on(self) -> bool:
        """Whether the tenant was down when somebody tried last."""
        return self._tried_at is not None

    def is_fresh(self) -> bool:
        """Tell whether that is so short a time ago that it is not worth another try; of many threads one tries.

        A login that is refused is ours to mend, which each sender is told; it costs no call.
        """
        with self._lock:
            if self._tried_at is None or self._is_login:
                return False
            if self._clock() - self._tried_at < PAUSE:
                return True
            self._tried_at = self._clock()
            return False

    def learn(self) -> None:
        """Take over what other instances have noted."""
        if self._ledger.sweep(self._environment).outage_since is not None and self._tried_at is None:
            self._tried_at = float("-inf")

    def failed(self, error: LiaisonError) -> bool:
        """Note that a try failed; tell whether it was because the whole tenant is down.

        That it is busy counts where several say so one after another: onsite there is no state to be asked for.
        """
        with self._lock:
            self._in_a_row += isinstance(error, Busy)
            is_all = isinstance(error, TenantDown | LoginRefused)
            is_all = is_all or (isinstance(error, Busy) and self._in_a_row >= IN_A_ROW)
            is_news = is_all and self._clock() - self._noted_at >= NOTED
            if is_all:
                self._tried_at, self._is_login = self._clock(), isinstance(error, LoginRefused)
            if is_news:
                self._noted_at = self._clock()
        if is_news and self._note(lambda: self._ledger.outage_begins(self._environment, self._clock(), error.reason)):
            log("ERROR", "outage-begins", error.detail, reason=error.reason)
        return is_all

    def worked(self) -> None:
        """Note that SuperOffice has answered."""
        self._in_a_row = 0
        if self._tried_at is None:
            return
        with self._lock:
            is_news, self._tried_at, self._noted_at = self._tried_at is not None, None, float("-inf")
        if is_news and self._note(lambda: self._ledger.outage_ends(self._environment, self._clock()) is not None):
            log("NOTICE", "outage-ends")

    def _note(self, write: Callable[[], bool]) -> bool:
        """Tell the ledger, and return whether it is news there. Where it is down, nobody's days are counted anyway."""
        try:
            return write()
        except LedgerDown as error:
            log("WARNING", "outage-not-noted", error.why)
            return True
