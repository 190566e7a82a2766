"""Times as people write them on a command line, and as they are shown."""

from __future__ import annotations

import re
import time
from datetime import datetime, timedelta
from typing import Any

import click

_AGO = re.compile(r"(\d{1,6}) ?([smhdw])")
_UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86_400, "w": 604_800}


class Moment(click.ParamType[float]):
    """A date such as 2026-11-25, a date with a time, or how long ago: 30m, 2h, 3d. `ends`: a date means its end."""

    name = "time"

    def __init__(self, *, ends: bool = False) -> None:
        self.ends = ends

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> float:
        """Return Unix seconds; what has no zone is this machine's time."""
        if isinstance(value, float):
            return value
        if ago := _AGO.fullmatch(str(value).strip().lower()):
            return time.time() - int(ago[1]) * _UNITS[ago[2]]
        try:
            told = datetime.fromisoformat(str(value).strip())
        except ValueError:
            self.fail(f"{value!r} is no time: write 2026-11-25, '2026-11-25 14:30', 2h or 3d.", param, ctx)
        if self.ends and len(str(value).strip()) <= len("2026-11-25"):
            told += timedelta(days=1)
        return told.timestamp()


def shown(seconds: float | None) -> str:
    """Write a time as this machine has it."""
    return "" if seconds is None else datetime.fromtimestamp(seconds).astimezone().strftime("%Y-%m-%d %H:%M:%S")
