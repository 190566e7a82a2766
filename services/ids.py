"""The ids of deliveries: ULIDs, which sort by the time they were made.

https://github.com/ulid/spec. Our own few lines, because importing a library for them takes 5 ms of each cold start.
"""

from __future__ import annotations

import os
import time

_ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"  # Crockford's base 32
_TWO = tuple(first + second for first in _ALPHABET for second in _ALPHABET)  # two signs at a time


def new_id(now: float | None = None) -> str:
    """Return a ULID: 48 bits of Unix time in milliseconds (`now` in seconds), then 80 random bits; 26 characters."""
    milliseconds = int((time.time() if now is None else now) * 1000)
    return written(milliseconds << 80 | int.from_bytes(os.urandom(10)))


def written(number: int) -> str:
    """Write the 128 bits of a ULID."""
    return "".join([_TWO[number >> shift & 1023] for shift in range(120, -10, -10)])
