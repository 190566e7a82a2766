"""The time that is left to answer: every call out, every wait and every retry draws on it."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import NamedTuple


class Deadline(NamedTuple):
    """A moment, in seconds of a monotonic clock, by which the sender has its answer."""

    at: float
    clock: Callable[[], float] = time.monotonic

    @classmethod
    def after(cls, seconds: float, clock: Callable[[], float] = time.monotonic) -> Deadline:
        """Return the deadline that many seconds from now."""
        return cls(clock() + seconds, clock)

    def remaining(self) -> float:
        """Return the seconds left; never less than 0."""
        return max(0.0, self.at - self.clock())
