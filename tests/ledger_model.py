"""The ledger as one would explain it: a few dictionaries, one thread, no disk. The real ones are compared with it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from services.ledger.contract import LEASE

WAITING = ("queued", "misconfigured")
OPEN_AGAIN = ("rejected", "dead", "misconfigured")
SAVED = ("created", "unchanged")
LOST = "lost"


@dataclass
class Row:
    """A delivery. `worker` is whoever may work on it, until `until`."""

    key: str
    place: int
    body: bytes
    status: str = "queued"
    due: float | None = None
    worker: Any = None
    until: float = 0.0
    pair: str | None = None
    doubt: str | None = None
    doubted: float = 0.0
    tries: int = 0
    saves: int = 0


@dataclass
class PairRow:
    """A pair: who holds it, and the places of what was saved and accepted last."""

    worker: Any = None
    until: float = 0.0
    saved: int = 0
    accepted: int = 0
    in_doubt: str | None = None
    doubt_ends: float | None = None


@dataclass
class Model:
    """All rows by id, the row of each key with the end of its time, and the pair that each worker holds."""

    rows: dict[str, Row] = field(default_factory=dict)
    keys: dict[str, tuple[str, float | None]] = field(default_factory=dict)
    pairs: dict[str, PairRow] = field(default_factory=dict)
    held: dict[Any, str] = field(default_factory=dict)
    place: int = 0

    def open(self, key: str, now: float) -> tuple[str, str | None]:
        """Say what an arrival becomes, and which row it is on, where that exists."""
        row_id, ends = self.keys.get(key, (None, None))
        if row_id is None:
            return "new", None
        row = self.rows[row_id]
        pair = self.pairs.get(row.pair or "", PairRow())
        if ends is not None and (now >= ends or pair.accepted > row.place):
            return "new", None
        return ("again" if row.status in OPEN_AGAIN and row.until <= now else "known"), row_id

    def opened(self, row_id: str, how: str, key: str, body: bytes, seconds: float | None, now: float) -> Row:
        """Write it down; the opener is at work on it."""
        self.place += 1
        self.keys[key] = (row_id, None if seconds is None else now + seconds)
        row = self.rows[row_id] if how == "again" else Row(key, self.place, body)
        row.place, row.body, row.status, row.tries = self.place, body, "queued", 0
        row.until = row.due = now + LEASE
        self.rows[row_id] = row
        return row

    def may_claim(self, row_id: str, now: float, early: bool) -> bool:
        """Tell whether it is to be had."""
        row = self.rows[row_id]
        return row.status in WAITING and row.until <= now and (early or row.due <= now)

    def renew(self, row_id: str, worker: Any, now: float) -> None:
        """Begin the lease anew, and the pair's."""
        row = self.rows[row_id]
        row.until = row.due = now + LEASE
        if worker in self.held:
            self.pairs[self.held[worker]].until = row.until

    def hold(self, row_id: str, worker: Any, name: str, wanted: bool, now: float) -> str:
        """Take a pair: `busy`, `lost`, `held` or `marked`."""
        row, pair = self.rows[row_id], self.pairs.get(name, PairRow())
        if pair.worker not in (None, worker) and pair.until > now:
            return "busy"
        if row.worker != worker:
            return LOST
        if pair.doubt_ends is not None and pair.doubt_ends <= now:
            pair.in_doubt = pair.doubt_ends = None
        mark = wanted and pair.saved <= row.place and pair.in_doubt in (None, row_id)
        left = self.held.get(worker)
        if left is not None and left != name and self.pairs[left].worker == worker:
            self.pairs[left].worker, self.pairs[left].until = None, 0.0
        self.pairs[name], self.held[worker] = pair, name
        pair.worker, row.pair = worker, name
        self.renew(row_id, worker, now)
        if mark:
            self.mark(row_id, name, now)
        return "marked" if mark else "held"

    def mark(self, row_id: str, name: str, now: float) -> None:
        """Move the mark of a row to this pair."""
        self.unmark(row_id)
        self.rows[row_id].doubt, self.rows[row_id].doubted = name, now
        self.rows[row_id].saves += 1
        self.pairs[name].in_doubt, self.pairs[name].doubt_ends = row_id, None

    def unmark(self, row_id: str) -> None:
        """Take the row's mark from wherever it stands."""
        for pair in self.pairs.values():
            if pair.in_doubt == row_id:
                pair.in_doubt = pair.doubt_ends = None

    def end(self, row_id: str, worker: Any, status: str, due: float | None, keeps_doubt: bool) -> None:
        """End a try: row and pair are free."""
        row = self.rows[row_id]
        touched = {self.held.pop(worker, None), row.doubt} - {None}
        row.status, row.due, row.worker, row.until = status, due, None, 0.0
        row.tries += status not in (*SAVED, "ignored", "superseded", "dismissed")
        if not keeps_doubt:
            row.doubt = None
            self.unmark(row_id)
        for pair in self.pairs.values():
            if pair.in_doubt == row_id:
                pair.doubt_ends = None if status == "queued" else row.doubted + LEASE
        for name in touched:
            self._note(row, name, worker, status)

    def _note(self, row: Row, name: str, worker: Any, status: str) -> None:
        pair = self.pairs[name]
        if worker is not None and pair.worker == worker:
            pair.worker, pair.until = None, 0.0
        if name == row.pair and status in (*SAVED, "queued"):
            pair.accepted = max(pair.accepted, row.place)
        if name == row.pair and status in SAVED:
            pair.saved = max(pair.saved, row.place)
