"""What an arrival becomes: a new delivery, a refused one tried anew on its row, or one that is known already."""

from __future__ import annotations

import secrets
import threading
from dataclasses import dataclass, replace

from schemas.ledger import Delivery, Key, Pair
from services.ids import written
from services.ledger.contract import LEASE, Arrival, Entry

LONGEST_KEY = 200  # characters; a longer one is kept as its hash
TRIED_ANEW = ("rejected", "dead", "misconfigured")


class Ids:
    """Makes ULIDs that rise within this process, whatever the clock does: their order is the order of arrival.

    Between processes it is that of their clocks.
    """

    def __init__(self) -> None:
        self._last = 0
        self._lock = threading.Lock()

    def next(self, now: float) -> str:
        """Return an id of that moment, or just above the last one where the clock has not moved on."""
        with self._lock:
            self._last = max((int(now * 1000) << 80) + secrets.randbits(79), self._last + 1)
            return written(self._last)


@dataclass(frozen=True)
class Known:
    """What the ledger has under an entry's key."""

    key: Key
    delivery: Delivery
    pair: Pair | None = None


@dataclass(frozen=True)
class Plan:
    """What one entry becomes, and the key that leads to it, where that is written too. `left` is the row it was."""

    how: str
    delivery: Delivery
    key: Key | None = None
    left: Delivery | None = None


@dataclass(frozen=True)
class Opening:
    """All that the entries of one arrival share. With an `owner` they come claimed."""

    environment: str
    arrival: Arrival
    now: float
    content: str
    status: str
    due_at: float | None
    owner: str | None

    def plan(self, entry: Entry, arrival: str, known: Known | None) -> Plan:
        """Decide on one entry; `arrival` is its place in the order."""
        if known is None or self._is_over(known):
            delivery = self._started(self._new(entry, arrival), entry, arrival)
            return Plan("new", delivery, self._key(entry, delivery, known))
        was = known.delivery
        if was.status not in TRIED_ANEW or was.is_leased(self.now):
            return Plan("known", was)
        again = self._started(was, entry, arrival)
        return Plan("again", again, self._key(entry, again, known) if entry.seconds is not None else None, left=was)

    def _is_over(self, known: Known) -> bool:
        """Whether the hash of a content counts no longer: its time is over, or its pair has seen something newer."""
        if known.key.until is None:
            return False
        newest = known.pair.accepted if known.pair else None
        return self.now >= known.key.until or (newest is not None and newest > known.delivery.arrival)

    def _new(self, entry: Entry, arrival: str) -> Delivery:
        return Delivery(
            id=arrival,
            environment=self.environment,
            hook=self.arrival.hook,
            received_at=self.now,
            arrival=arrival,
            arrived_at=self.now,
            item=entry.item,
            key=entry.key,
        )

    def _started(self, delivery: Delivery, entry: Entry, arrival: str) -> Delivery:
        """Return it with this content, at its beginning. That a save may have gone out before is not forgotten."""
        same = delivery.fingerprint == entry.fingerprint
        until = self.now + LEASE if self.owner else None
        return replace(
            delivery,
            arrival=arrival,
            arrived_at=self.now,
            status=self.status,
            item=entry.item,
            fingerprint=entry.fingerprint,
            content=self.content,
            size=len(self.arrival.body),
            due_at=until if self.owner else self.due_at,
            owner=self.owner,
            leased_until=until,
            tries=0,
            retrying_since=self.now,
            reason=None,
            decision=delivery.decision if same else None,
            answer=None,
            closed_at=None,
            emptied_at=None,
        )

    def _key(self, entry: Entry, delivery: Delivery, known: Known | None) -> Key | None:
        if entry.key is None:
            return None
        until = None if entry.seconds is None else self.now + entry.seconds
        if known is not None:
            return replace(known.key, delivery=delivery.id, until=until)
        return Key(self.environment, self.arrival.hook, entry.key, delivery.id, until)
