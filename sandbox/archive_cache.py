"""NetServer's memory of a query's first pass, which is why an archive can answer with what was true a minute ago.

The first pass finds the primary keys, the second reads their rows anew. A query that is the same but for its page
goes straight to the second pass, and the memory lasts 60 seconds from the last such call: "Searching" in
https://docs.superoffice.com/en/developer-portal/best-practices/. That the same page asked twice is answered from it
too is the worst case of what is written there, and so it is done here.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import Any

SECONDS = 60.0
Key = tuple[int, ...]


class ArchiveCache:
    """First passes by the text of their query; 0 seconds switches it off."""

    def __init__(self, seconds: float = SECONDS):
        self.seconds = seconds
        self._lock = threading.Lock()
        self._passes: dict[str, tuple[float, list[Key]]] = {}

    def first_pass(self, query: str, find: Callable[[], list[Key]]) -> tuple[list[Key], bool]:
        """Give the keys, and whether they come from memory."""
        now = time.monotonic()
        with self._lock:
            last, keys = self._passes.get(query, (0.0, []))
            known = query in self._passes and now - last < self.seconds
            if not known:
                keys = find()
            self._passes[query] = now, keys
        return keys, known


def read(told: Any) -> ArchiveCache:
    """Take `{"seconds": 60}`; raises ValueError."""
    seconds = told.get("seconds") if isinstance(told, dict) else None
    if isinstance(seconds, bool) or not isinstance(seconds, int | float) or seconds < 0:
        raise ValueError('The archive\'s cache is told as {"seconds": 60}, 0 or more; 0 switches it off.')
    return ArchiveCache(seconds)
