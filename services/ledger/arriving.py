"""What an arrival becomes: a new delivery, a refused one tried anew on its row, or one that is known already."""

from __future__ import annotations

import random
import threading
from typing import NamedTuple

from schemas.ledger import Delivery, Key, Pair, changed
from services.ids import written
from services.ledger.contract import LEASE, Arrival, Claim, End, Entry, Opened
from services.ledger.transitions import marked, troubled, with_earlier

TRIED_ANEW = ("rejected", "dead", "misconfigured")


_BLANK = Delivery("", "", "", 0.0, "", 0.0)


class Ids:
    """Makes ULIDs that rise within this process, whatever the clock does: their order is the order of arrival.

    Between processes it is that of their clocks. They are no secrets; after a fork Python itself seeds `random` anew.
    """

    def __init__(self) -> None:
        self._last = 0
        self._lock = threading.Lock()

    def next(self, now: float) -> str:
        """Return an id of that moment, or just above the last one where the clock has not moved on."""
        with self._lock:
            self._last = max((int(now * 1000) << 80) + random.getrandbits(79), self._last + 1)
            return written(self._last)


class Known(NamedTuple):
    """What the ledger has under an entry's key."""

    key: Key
    delivery: Delivery
    has_newer: bool = False  # whether another request about its pair has been accepted since


class Plan(NamedTuple):
    """What one entry becomes, and the key that leads to it, where that is written too. `left` is the row it was."""

    how: str
    delivery: Delivery
    key: Key | None = None
    left: Delivery | None = None
    pair: Pair | None = None


def opened(entry: Entry, plan: Plan) -> Opened:
    """Tell the opener what its entry became, once it is written."""
    delivery = plan.delivery
    if plan.how == "known":
        return Opened(delivery, "known", other_content=delivery.fingerprint != entry.fingerprint)
    return Opened(delivery, plan.how, Claim(delivery, plan.pair) if delivery.owner else None)


class Opening(NamedTuple):
    """All that the entries of one arrival share. With an `owner` they come claimed."""

    environment: str
    arrival: Arrival
    now: float
    content: str
    status: str
    due_at: float | None
    owner: str | None

    def plan(self, entry: Entry, arrival: str, known: Known | None, pair: Pair | None) -> Plan:
        """Decide on one entry; `arrival` is its place in the order, `pair` what is known of the one it is to save."""
        if known is None or self._is_over(known):
            delivery, held = self._marked(self._started(_BLANK, entry, arrival), entry, pair)
            return Plan("new", delivery, self._key(entry, delivery, known), pair=held)
        was = known.delivery
        if was.status not in TRIED_ANEW or was.is_leased(self.now):
            return Plan("known", was)
        again = self._started(was, entry, arrival)
        return Plan("again", again, self._key(entry, again, known) if entry.seconds is not None else None, left=was)

    def _is_over(self, known: Known) -> bool:
        """Whether the hash of a content counts no longer: its time is over, or its pair has seen something newer."""
        if known.key.until is None:
            return False
        return self.now >= known.key.until or known.has_newer

    def _started(self, was: Delivery, entry: Entry, arrival: str) -> Delivery:
        """Return it with this content, at its beginning. That a save may have gone out before is not forgotten."""
        if was is _BLANK:
            more = {
                "id": arrival,
                "environment": self.environment,
                "hook": self.arrival.hook,
                "received_at": self.now,
                "key": entry.key,
            }
        else:
            more = {
                "tries": 0,
                "reason": None,
                "decision": was.decision if was.fingerprint == entry.fingerprint else None,
                "answer": with_earlier(None, was),
                "closed_at": None,
                "emptied_at": None,
            }
        owner = None if entry.end else self.owner
        until = self.now + LEASE if owner else None
        started = changed(
            was,
            arrival=arrival,
            arrived_at=self.now,
            status=self.status,
            item=entry.item,
            fingerprint=entry.fingerprint,
            content=self.content,
            size=len(self.arrival.body),
            due_at=until if owner else self.due_at,
            owner=owner,
            leased_until=until,
            retrying_since=self.now,
            **more,
        )
        return self._ended(started, entry.end) if entry.end else started

    def _ended(self, delivery: Delivery, end: End) -> Delivery:
        told = troubled(delivery, end.trouble)
        return changed(told, status=end.status, answer=with_earlier(end.answer, told), due_at=None, closed_at=self.now)

    def _marked(self, delivery: Delivery, entry: Entry, pair: Pair | None) -> tuple[Delivery, Pair | None]:
        """Take the pair and mark the save, unless somebody is at work there, or it has to wait for another's doubt."""
        if entry.save is None or delivery.owner is None:
            return delivery, None
        free = pair.at(self.now) if pair else Pair(self.environment, entry.save.pair)
        if free.in_doubt or free.is_leased(self.now):
            return delivery, None
        taken = changed(free, owner=delivery.owner, leased_until=delivery.leased_until)
        claim = Claim(changed(delivery, pair=free.name), taken)
        if claim.is_superseded:
            return delivery, None
        held = marked(claim, entry.save.wanted, self.now)
        return held.delivery, held.pair

    def _key(self, entry: Entry, delivery: Delivery, known: Known | None) -> Key | None:
        if entry.key is None:
            return None
        until = None if entry.seconds is None else self.now + entry.seconds
        if known is not None:
            return changed(known.key, delivery=delivery.id, until=until)
        return Key(self.environment, self.arrival.hook, entry.key, delivery.id, until)
