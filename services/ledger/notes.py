"""Small things that are kept by name: what was refused at the door, when the last sweep ran, and outages.

An outage is one of the whole tenant. It is noted once, by whoever sees it first, and while it lasts nobody's days of
retries are counted.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from schemas.ledger import Note
from services.errors import LedgerDown
from services.ledger.contract import Conflict, Refusal, Store
from services.ledger.writing import TOO_BUSY, TRIES, commit

REFUSALS_KEPT = 100  # for each hook
MOST_WAITING = 1000  # lines, while the ledger does not answer
LONGEST_WAIT = 1.0  # seconds that a stranger's request spends on its line
OUTAGES_KEPT = 100
ROOM = 65_536  # bytes; a submission with its answer is mostly less
_SWEEP = "sweep"


@dataclass(frozen=True)
class Sweep:
    """When `redeliver` last ran, and when the tenant was down: since when it is, and from when to when it was."""

    swept_at: float | None = None
    outage_since: float | None = None
    outage_reason: str | None = None
    outages: tuple[tuple[float, float], ...] = ()

    def time_counted(self, since: float, now: float) -> float:
        """Return the seconds from `since` to `now` in which the tenant was not down."""
        ongoing = ((self.outage_since, now),) if self.outage_since is not None else ()
        counted = now - since
        for begin, end in (*self.outages, *ongoing):
            counted -= max(0.0, min(end, now) - max(begin, since))
        return max(0.0, counted)


def read_sweep(store: Store, environment: str) -> Sweep:
    """Return what is known about sweeps and outages."""
    note = store.note(environment, _SWEEP)
    return _sweep(note.text if note else {})


def change_sweep(store: Store, environment: str, change: Callable[[Sweep], Sweep]) -> tuple[Sweep, Sweep]:
    """Write down what has changed, and return what was known before and what is now."""
    found: list[Sweep] = []

    def changed(text: Mapping[str, Any]) -> Mapping[str, Any]:
        was = _sweep(text)
        found[:] = [was, change(was)]
        return text if found[0] == found[1] else vars(found[1])

    _change_note(store, environment, _SWEEP, changed)
    return found[0], found[1]


def begun(sweep: Sweep, now: float, reason: str) -> Sweep:
    """Note that the tenant is down, unless that is known."""
    return sweep if sweep.outage_since is not None else replace(sweep, outage_since=now, outage_reason=reason)


def ended(sweep: Sweep, now: float) -> Sweep:
    """Note that the tenant is back, and for how long it was down."""
    if sweep.outage_since is None:
        return sweep
    outages = (*sweep.outages, (sweep.outage_since, max(now, sweep.outage_since)))
    return replace(sweep, outage_since=None, outage_reason=None, outages=outages[-OUTAGES_KEPT:])


def try_room(store: Store, environment: str, now: float) -> None:
    """Write as much as a submission takes: what can be read cannot always be written. Raises LedgerDown."""
    _change_note(store, environment, "room", lambda _: {"at": now, "room": "." * ROOM})


class Door:
    """Keeps lines about what was refused before it could be kept. Those that come at one moment are written together.

    Whoever knocks is a stranger: many of them cost one write, and a ledger that does not answer costs a line.
    """

    def __init__(self, store: Store) -> None:
        self._store = store
        self._lock = threading.Lock()
        self._waiting: deque[tuple[str, Refusal]] = deque(maxlen=MOST_WAITING)

    def refuse(self, environment: str, refusal: Refusal) -> bool:
        """Write a line down, or leave it to the next one; tell whether it is there by now.

        Only for hooks that exist: strangers make up names.
        """
        self._waiting.append((environment, refusal))
        if not self._lock.acquire(timeout=LONGEST_WAIT):
            return False
        lines = [self._waiting.popleft() for _ in range(len(self._waiting))]
        try:
            for place in dict.fromkeys((env, line.hook) for env, line in lines):
                self._write(*place, [line for env, line in lines if (env, line.hook) == place])
        except LedgerDown:
            self._waiting.extendleft(reversed(lines))
            return False
        finally:
            self._lock.release()
        return True

    def refusals(self, environment: str, hook: str) -> tuple[Refusal, ...]:
        """Return the last hundred, newest first."""
        note = self._store.note(environment, _door(hook))
        lines = note.text["lines"] if note else []
        return tuple(Refusal(at, hook, status, reason, size) for at, status, reason, size in reversed(lines))

    def _write(self, environment: str, hook: str, refusals: list[Refusal]) -> None:
        added = [[line.at, line.status, line.reason, line.size] for line in refusals]

        def changed(text: Mapping[str, Any]) -> Mapping[str, Any]:
            return {"lines": [*text.get("lines", []), *added][-REFUSALS_KEPT:]}

        _change_note(self._store, environment, _door(hook), changed)


def _door(hook: str) -> str:
    return f"refusals/{hook}"


def _sweep(text: Mapping[str, Any]) -> Sweep:
    outages = tuple((begin, end) for begin, end in text.get("outages", []))
    return Sweep(text.get("swept_at"), text.get("outage_since"), text.get("outage_reason"), outages)


def _change_note(
    store: Store, environment: str, name: str, change: Callable[[Mapping[str, Any]], Mapping[str, Any]]
) -> None:
    for _ in range(TRIES):
        note = store.note(environment, name) or Note(environment, name, {})
        text = change(note.text)
        if text == note.text:
            return
        try:
            commit(store, [replace(note, text=text)])
        except Conflict:
            continue
        return
    raise LedgerDown(TOO_BUSY)
