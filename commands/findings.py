"""What `./liaison check` has found, one thing at a time."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Finding:
    """What was looked at, whether it is as it must be, and a sentence about it."""

    check: str
    ok: bool
    detail: str
