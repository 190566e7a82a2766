"""The rate limit: no more than so many calls to SuperOffice in any second, over all threads of the process."""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable

from services.deadline import Deadline
from services.errors import NoTime

WINDOW = 1.05  # seconds; a little over one, for what threads and networks add between our clock and theirs


class RateLimit:
    """Hands out the moments at which a call may go; `per_second` 0 is no limit."""

    def __init__(
        self,
        per_second: int,
        *,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
    ):
        self._calls: deque[float] = deque(maxlen=per_second)
        self._unlimited = per_second == 0
        self._lock = threading.Lock()
        self._clock = clock
        self._sleep = sleep

    def wait(self, deadline: Deadline) -> None:
        """Wait for this call's turn; raise NoTime at once if it comes after the deadline."""
        if self._unlimited:
            return
        with self._lock:
            now = self._clock()
            turn = now if len(self._calls) < (self._calls.maxlen or 0) else max(now, self._calls[0] + WINDOW)
            if turn - now > deadline.remaining():
                raise NoTime("Too much is on its way to SuperOffice at the moment.", retry_after=5)
            self._calls.append(turn)
        self._sleep(turn - now)
