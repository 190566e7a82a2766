"""A delivery in somebody's hands: the newest claim on it, and whether a save of it may have been done."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from schemas.ledger import Delivery, Doubt, Trouble, changed
from services.errors import InDoubt, LiaisonError, Misconfigured, Refused, Unavailable
from services.ledger.contract import LEASE, Claim
from services.ledger.ledger import Ledger
from services.ledger.transitions import EARLIER, earlier_of, with_earlier
from services.pairs import names_of

LEAST_LEASE = 25.0  # seconds; a call to SuperOffice takes 20 at most


class Work:
    """Every step changes the claim, and the next one needs the newest; `clock` tells Unix time.

    `doubt` is a save of an earlier try that was not looked into yet. `is_new`: the mark that a new delivery came with
    is this try's own.
    """

    def __init__(self, claim: Claim, ledger: Ledger, clock: Callable[[], float], *, is_new: bool = False):
        self.claim = claim
        self.doubt: Doubt | None = None if is_new else claim.delivery.doubt
        self.clock = clock
        self._ledger = ledger

    @property
    def delivery(self) -> Delivery:
        """The delivery as it was last written."""
        return self.claim.delivery

    @property
    def is_superseded(self) -> bool:
        """Whether a newer submission about the pair was saved already."""
        return self.claim.is_superseded

    @property
    def waits_for(self) -> str | None:
        """The id of another delivery that may have been saved on this pair."""
        return self.claim.in_doubt_elsewhere

    def newest_relation(self, pair: str) -> int:
        """Return the highest RelationId that was ever saved on the pair; 0 where none is known."""
        held = self.claim.pair
        return (held.relation if held and held.name == pair else None) or 0

    def holds(self, name: str) -> bool:
        """Tell whether the pair is taken, and the save is marked."""
        return self.claim.pair is not None and self.claim.pair.name == name and self.claim.is_marked

    def hold_pair(self, name: str, wanted: Mapping[str, Any] | None) -> bool:
        """Take the pair, and mark the save where `wanted` says what it is; False while somebody else has it."""
        if self.holds(name):
            return True
        held = self._ledger.hold_pair(self.claim, name, self.clock(), wanted=wanted)
        self.claim = held or self.claim
        return held is not None

    def mark(self, wanted: Mapping[str, Any]) -> None:
        """Write down what goes out now, unless that stands there already and the lease has long enough to run."""
        doubt = self.delivery.doubt
        is_there = self.claim.is_marked and doubt is not None and doubt.wanted == wanted
        if not is_there or self.lease_left() < LEAST_LEASE:
            self.claim = self._ledger.mark(self.claim, wanted, self.clock())

    def is_settled(self) -> None:
        """Note that the earlier save was never done."""
        self.doubt = None

    def was_saved(self, relation: int) -> None:
        """Remember that the earlier save was done, for others than are meant now: the next mark writes it down."""
        answer = {EARLIER: [*earlier_of(self.delivery), relation]}
        self.claim = self.claim._replace(delivery=changed(self.delivery, answer=answer))

    def lease_left(self) -> float:
        """Return the seconds for which nobody else comes."""
        return min(LEASE, self.claim.until - self.clock())

    def settle(self, status: str, answer: Mapping[str, Any]) -> Delivery:
        """Close it as accepted."""
        names = names_of(answer.get("relation") or {}) if status in ("updated", "unchanged", "deleted") else set()
        held = {self.claim.pair.name} if self.claim.pair else set()
        return self._ledger.settle(self.claim, status, answer, self.clock(), also=sorted(names - held))

    def postpone(self, due_at: float, error: LiaisonError, *, status: str, counts: bool) -> Delivery:
        """Give it back until then; `counts`: as a try that failed."""
        trouble = self._trouble(error) if counts else None
        not_done = self._surely_not_done(error)
        return self._ledger.postpone(self.claim, due_at, trouble, status=status, not_done=not_done)

    def park(self, status: str, error: LiaisonError, answer: Mapping[str, Any] | None = None) -> Delivery:
        """Let it wait for an operator."""
        not_done = self._surely_not_done(error)
        told = with_earlier(answer, self.delivery)
        return self._ledger.park(self.claim, status, self._trouble(error), not_done=not_done, answer=told)

    def _surely_not_done(self, error: LiaisonError) -> bool:
        """Tell whether SuperOffice did nothing; after a mistake of our own nobody knows."""
        is_understood = isinstance(error, Refused | Misconfigured | Unavailable)
        return self.doubt is None and is_understood and not isinstance(error, InDoubt)

    def _trouble(self, error: LiaisonError) -> Trouble:
        return Trouble(self.clock(), error.reason, error.detail)
