"""Misbehaviour on request: which of the next calls goes wrong, and how."""

from __future__ import annotations

import random
import threading
from collections.abc import Callable
from dataclasses import dataclass, field, fields, replace
from typing import Any

from sandbox.call import Answer, json_answer

UNSET: Any = object()


class InvalidFault(ValueError):
    """What was told makes no sense; the message says why."""


@dataclass
class Fault:
    """One kind of misbehaviour.

    path     a part of the paths it concerns, in any case; None: every API call (not the login, not the state)
    times    how often it happens; 0: until cleared
    after    so many matching calls pass unharmed first
    chance   how probably it happens to a matching call, 0 to 1; the others go on to the next fault
    seed     of those chances
    status   answer this instead of doing the work; with `work` after doing it
    headers  go with that answer, or with the true one where neither status nor body is given
    body     a string as it is, anything else as JSON (None is JSON null)
    delay    seconds before anything else happens
    drop     close the line without an answer, "before" or "after" doing the work
    """

    path: str | None = None
    times: int = 1
    after: int = 0
    chance: float = 1.0
    seed: int = 0
    status: int | None = None
    headers: dict[str, str] = field(default_factory=dict)
    body: Any = UNSET
    delay: float = 0
    drop: str | None = None
    work: bool = False

    def __post_init__(self) -> None:
        self._chances = random.Random(self.seed)  # noqa: S311 - the same ones each time

    def concerns(self, path: str, *, is_api: bool) -> bool:
        """Tell whether a call to this path can be hit at all."""
        return is_api if self.path is None else self.path.lower() in path.lower()

    def happens(self) -> bool:
        """Tell whether this matching call is hit."""
        return self.chance >= 1 or self._chances.random() < self.chance

    def apply(self, work: Callable[[], Answer]) -> Answer | None:
        """Tell what the caller gets; None closes the line. The delay has passed by now."""
        if self.drop == "before":
            return None
        if self.drop == "after":
            work()
            return None
        if self.status is None and self.body is UNSET:
            answer = work()
            return replace(answer, headers={**answer.headers, **self.headers})
        if self.work:
            work()
        return self._answer()

    def _answer(self) -> Answer:
        status = self.status or 200
        if self.body is UNSET:
            answer = json_answer({"Message": f"The sandbox was told to answer {status}."}, status)
        elif isinstance(self.body, str):
            kind = "text/html" if self.body.lstrip().startswith("<") else "application/json"
            answer = Answer(status, self.body.encode(), {"Content-Type": f"{kind}; charset=utf-8"})
        else:
            answer = json_answer(self.body, status)
        return replace(answer, headers={**answer.headers, **self.headers})


class Faults:
    """Those still to come; the one told first goes first."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._faults: list[Fault] = []

    def add(self, told: Any) -> None:
        """Take the fields of Fault; raises InvalidFault."""
        fault = _read(told)
        with self._lock:
            self._faults.append(fault)

    def clear(self) -> None:
        """Behave from now on."""
        with self._lock:
            self._faults = []

    def take(self, path: str, *, is_api: bool) -> Fault | None:
        """Give the fault that this call meets, used up by one."""
        with self._lock:
            for fault in [f for f in self._faults if f.concerns(path, is_api=is_api)]:
                if fault.after:
                    fault.after -= 1
                    continue
                if not fault.happens():
                    continue
                if fault.times == 1:
                    self._faults.remove(fault)
                fault.times = max(fault.times - 1, 0)
                return fault
        return None


def _read(told: Any) -> Fault:
    if not isinstance(told, dict):
        raise InvalidFault("A fault is told as an object.")
    known = {each.name for each in fields(Fault)}
    if unknown := sorted(told.keys() - known):
        raise InvalidFault(f"A fault has no {', '.join(unknown)}; it has {', '.join(sorted(known))}.")
    fault = Fault(**told)
    if fault.drop not in (None, "before", "after"):
        raise InvalidFault('drop must be "before" or "after".')
    if fault.status is not None and not (isinstance(fault.status, int) and 200 <= fault.status < 600):
        raise InvalidFault("status must be a number from 200 to 599.")
    if not all(isinstance(n, int) and n >= 0 for n in (fault.times, fault.after)):
        raise InvalidFault("times and after must be whole numbers, 0 or more.")
    if not (isinstance(fault.chance, int | float) and 0 <= fault.chance <= 1 and isinstance(fault.seed, int)):
        raise InvalidFault("chance must be a number from 0 to 1, and seed a whole number.")
    if not isinstance(fault.delay, int | float) or fault.delay < 0:
        raise InvalidFault("delay must be a number of seconds, 0 or more.")
    if not (isinstance(fault.headers, dict) and isinstance(fault.path, str | None)):
        raise InvalidFault("headers must be an object, and path a string.")
    return fault
