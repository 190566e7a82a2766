"""The time that is left to answer: every call out, every wait and every retry draws on it."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import NamedTuple, TypeVar

POLL, LONGEST_POLL = 0.02, 0.25  # seconds between two looks at what others are at work on
T = TypeVar("T")


class Deadline(NamedTuple):
    """A moment, in seconds of a monotonic clock, by which the sender has its answer."""

    at: float
    clock: Callable[[], float] = time.monotonic

    @classmethod
    def after(cls, seconds: float, clock: Callable[[], float] = time.monotonic) -> Deadline:
        """Return the deadline that many seconds from now."""
        return cls(clock() + seconds, clock)

    def until(self, look: Callable[[], T]) -> T:
        """Look again and again, after a longer pause each time, until there is something or no time is left.

        Returns what was seen last.
        """
        pause = POLL
        while not (seen := look()) and self.remaining() > pause:
            time.sleep(pause)
            pause = min(1.5 * pause, LONGEST_POLL)
        return seen

    def remaining(self) -> float:
        """Return the seconds left; never less than 0."""
        return max(0.0, self.at - self.clock())
