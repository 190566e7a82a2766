"""Locks by name for whatever is made in SuperOffice beside relations: held in the ledger, so in every instance.

A lock that is left behind, by a process that was killed or because nobody knows whether the save was done, ends by
itself; until then nobody makes the same thing, and who comes after that looks for it first.
"""

from __future__ import annotations

import hashlib
import secrets
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress

from schemas.ledger import Pair, changed
from services.deadline import Deadline
from services.errors import InDoubt, LedgerDown, PairBusy
from services.ledger.contract import LEASE, Conflict, Store
from services.ledger.writing import commit

# Seconds: 60 from the last moment at which a save may go out under it, after two calls of 20 and with its own.
LASTS = LEASE + 3 * 20.0


class Locks:
    """Takes locks for one environment; `clock` tells Unix time."""

    def __init__(self, store: Store, environment: str, clock: Callable[[], float] = time.time):
        self._store = store
        self._environment = environment
        self._clock = clock

    @contextmanager
    def take(self, names: Sequence[str], deadline: Deadline) -> Iterator[None]:
        """Hold all these names at once; raise PairBusy where they are not free in time, or LedgerDown."""
        hidden = sorted({_hidden(name) for name in names})
        held = deadline.until(lambda: self._try(hidden))
        if not held:
            raise PairBusy("Another submission makes the same party at this moment.", retry_after=5)
        try:
            yield
        except InDoubt:
            raise  # it stays locked until SuperOffice must have done it, if it has
        except BaseException:
            self._release(held)
            raise
        self._release(held)

    def _try(self, names: Sequence[str]) -> list[Pair]:
        """Take them all, or none where one of them is taken."""
        now, owner = self._clock(), secrets.token_hex(8)
        there = self._store.pairs(self._environment, names)
        free = [there.get(name) or Pair(self._environment, name) for name in names]
        if any(lock.is_leased(now) for lock in free):
            return []
        try:
            return commit(self._store, [changed(lock, owner=owner, leased_until=now + LASTS) for lock in free])
        except Conflict:
            return []

    def _release(self, held: Sequence[Pair]) -> None:
        with suppress(Conflict, LedgerDown):  # it ends by itself
            commit(self._store, [changed(lock, owner=None, leased_until=None) for lock in held])


def _hidden(name: str) -> str:
    """Hash a name: it is made of what people typed."""
    return f"lock {hashlib.sha256(name.encode('utf-8', 'surrogatepass')).hexdigest()[:32]}"
