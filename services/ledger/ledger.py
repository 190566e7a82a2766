"""The ledger: every submission that was accepted, and what became of it. The rules, over either store.

Each method is one commit of the store, all of it or nothing. Who works on a delivery holds a claim; every write under
it finds out whether it is still held, and raises LeaseLost where it is not.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from schemas.ledger import ACCEPTED, HELD, WAITING, Content, Delivery, Pair, Trouble, changed
from services.errors import LedgerDown
from services.ledger import notes, operators, purge
from services.ledger.arriving import Ids, Known, Opening, Plan, opened
from services.ledger.contract import Arrival, Change, Claim, Conflict, Entry, HookState, Opened, Store, Wanted
from services.ledger.notes import Door, Sweep
from services.ledger.transitions import leased, marked, renewed, storable, troubled
from services.ledger.writing import (
    TOO_BUSY,
    TRIES,
    commit,
    keep_closed,
    pairs_after,
    pairs_left,
    read_again,
    release,
    saved_also,
    write_claim,
)

DAY = 86400.0


class Ledger:
    """The rules of what may be written.

    `store` is where to read what needs no rule (content, due, find, backlog); `door` keeps what was refused unread.
    """

    def __init__(self, store: Store, *, retain_days: float = 30, retain_refused_days: float = 90) -> None:
        self.store = store
        self.retained = {"accepted": retain_days * DAY, "refused": retain_refused_days * DAY}
        self.door = Door(store)
        self._ids = Ids()

    def open(
        self,
        environment: str,
        arrival: Arrival,
        entries: Sequence[Entry],
        now: float,
        *,
        status: str = "queued",
        claim: bool = True,
        due_at: float | None = None,
    ) -> tuple[Opened, ...]:
        """Write an arrival down, all its entries or none; once this returns, it is on disk.

        `claim=False` leaves the work to others: due at once, at `due_at`, or, with `status="held"`, never by itself.
        Two entries with the same key, or with a save on the same pair, are a ValueError.
        """
        entries = [storable(entry) for entry in entries]
        keys = [entry.key for entry in entries if entry.key is not None]
        saves = [entry.save.pair for entry in entries if entry.save]
        if len(entries) > 1 and (len(set(keys)) < len(keys) or len(set(saves)) < len(saves)):
            raise ValueError(keys, saves)
        owner = secrets.token_hex(8) if claim and status not in HELD else None
        due = None if status in HELD else (now if due_at is None else due_at)
        places = [self._ids.next(now) for _ in entries] or [self._ids.next(now)]
        opening = Opening(environment, arrival, now, places[0], status, due, owner)
        known: dict[str, Known] = {}
        pairs: dict[str, Pair] = {}
        for _ in range(TRIES):
            plans = [
                opening.plan(entry, place, known.get(entry.key or ""), pairs.get(entry.save.pair if entry.save else ""))
                for entry, place in zip(entries, places, strict=False)
            ]
            try:
                self._write(opening, [plan for plan in plans if plan.how != "known"])
            except Conflict:
                known = self._look_up(environment, arrival.hook, keys)
                pairs = self.store.pairs(environment, set(saves))
                continue
            return tuple([opened(entry, plan) for entry, plan in zip(entries, plans, strict=True)])
        raise LedgerDown(TOO_BUSY)

    def claim(self, environment: str, delivery_id: str, now: float, *, early: bool = False) -> Claim | None:
        """Take a waiting delivery that is due (or, `early`, before it is); None where it is not to be had."""
        delivery = self.get(environment, delivery_id)
        if delivery is None or delivery.status not in WAITING or delivery.is_leased(now):
            return None
        if not early and (delivery.due_at or 0.0) > now:
            return None
        try:
            return write_claim(self.store, Claim(changed(leased(delivery, now), owner=secrets.token_hex(8))))
        except Conflict:
            return None

    def extend(self, claim: Claim, now: float) -> Claim:
        """Begin the lease anew, that of the pair too."""
        return self._write_held(claim, lambda held: renewed(held, now))

    def hold_pair(
        self, claim: Claim, pair: str, now: float, *, wanted: Mapping[str, Any] | None = None
    ) -> Claim | None:
        """Take the pair for as long as the lease, which begins anew; None while somebody else has it.

        With `wanted` the save is marked as in doubt at once, unless the delivery is superseded or another save on the
        pair is in doubt: `is_marked` tells.
        """
        for _ in range(TRIES):
            found = self.store.pairs(claim.delivery.environment, [pair]).get(pair)
            free = found.at(now) if found else Pair(claim.delivery.environment, pair)
            if free.is_leased(now, besides=claim.delivery.owner):
                return None
            held = renewed(Claim(changed(claim.delivery, pair=pair), changed(free, owner=claim.delivery.owner)), now)
            if wanted is not None and not held.is_superseded and held.in_doubt_elsewhere is None:
                held = marked(held, wanted, now)
            try:
                return write_claim(self.store, held, pairs_left(self.store, claim, held))
            except Conflict:
                claim = read_again(self.store, claim, pair_needed=False)
        return None

    def is_pair_busy(self, delivery: Delivery, now: float) -> bool:
        """Tell whether its pair, as far as that is known, is another's; who has a doubt of its own looks into it."""
        if delivery.pair is None or delivery.doubt is not None:
            return False
        found = self.store.pairs(delivery.environment, [delivery.pair]).get(delivery.pair)
        pair = found.at(now) if found else Pair(delivery.environment, delivery.pair)
        return pair.in_doubt not in (None, delivery.id) or pair.is_leased(now)

    def mark(self, claim: Claim, wanted: Mapping[str, Any], now: float) -> Claim:
        """Write down that a save is about to go out, and what it says; the lease begins anew. Only with a pair."""
        return self._write_held(claim, lambda held: marked(renewed(held, now), wanted, now))

    def settle(
        self, claim: Claim, status: str, answer: Mapping[str, Any], now: float, *, also: Sequence[str] = ()
    ) -> Delivery:
        """Close it as accepted: `status` is what was done, `answer` what a sender is told that asks again.

        `also` names other pairs that are the same relation by another name: nothing older is saved there either.
        """
        if status not in ACCEPTED:
            raise ValueError(status)
        return self._end(
            claim,
            lambda was: changed(was, status=status, answer=dict(answer), doubt=None, reason=None, closed_at=now),
            also,
        )

    def postpone(
        self,
        claim: Claim,
        due_at: float,
        trouble: Trouble | None,
        *,
        status: str = "queued",
        not_done: bool = False,
    ) -> Delivery:
        """Give it back until `due_at`, as `queued` or `misconfigured`. Without a trouble it counts as no try.

        A mark stays, for whoever comes next to look; `not_done` takes it away: SuperOffice surely did nothing.
        """
        if status not in WAITING:
            raise ValueError(status)

        def postponed(was: Delivery) -> Delivery:
            doubt = None if not_done else was.doubt
            return changed(troubled(was, trouble), status=status, due_at=due_at, doubt=doubt)

        return self._end(claim, postponed)

    def park(
        self,
        claim: Claim,
        status: str,
        trouble: Trouble,
        *,
        not_done: bool = False,
        answer: Mapping[str, Any] | None = None,
    ) -> Delivery:
        """Let it wait for an operator: `rejected`, `dead` or `held`. `answer` is what the sender was told."""
        if status not in ("rejected", "dead", *HELD):
            raise ValueError(status)
        closed_at = None if status in HELD else trouble.at

        def parked(was: Delivery) -> Delivery:
            doubt = None if not_done else was.doubt
            return changed(troubled(was, trouble), status=status, doubt=doubt, answer=answer, closed_at=closed_at)

        return self._end(claim, parked)

    def replay(
        self, environment: str, delivery_id: str, now: float, decision: Mapping[str, Any] | None = None
    ) -> Delivery | None:
        """Make it due now, from what came, beside it an operator's decision. None: there is no such delivery.

        Raises UnderWay, or ContentGone.
        """
        was = self.get(environment, delivery_id)
        return operators.replay(self.store, was, now, decision) if was else None

    def dismiss(self, environment: str, delivery_id: str, words: str, now: float) -> Delivery | None:
        """Close it for good, unless it was accepted. None: there is no such delivery. Raises UnderWay."""
        was = self.get(environment, delivery_id)
        return operators.dismiss(self.store, was, words, now, self.retained) if was else None

    def get(self, environment: str, delivery_id: str) -> Delivery | None:
        """Return a delivery as it stands; one of another environment is not told of."""
        delivery = self.store.deliveries([delivery_id]).get(delivery_id)
        return delivery if delivery and delivery.environment == environment else None

    def purge(self, now: float, limit: int = 500) -> int:
        """Empty deliveries of any environment whose time is over, and return how many: more may be left at `limit`."""
        return purge.purge(self.store, self.retained, now, limit)

    def hook_state(self, environment: str, hook: str) -> HookState:
        """Return what an operator asks first about a hook."""
        find = self.store.find
        accepted = find(environment, Wanted((*ACCEPTED, *WAITING, *HELD), hook), 1)
        refused = find(environment, Wanted(("rejected", "dead"), hook), 1)
        waiting = sum(self.store.count(environment, hook, standing) for standing in ("waiting", "held"))
        refusals = self.door.refusals(environment, hook)
        return HookState(next(iter(accepted), None), next(iter(refused), None), waiting, refusals)

    def sweep(self, environment: str) -> Sweep:
        """Return when the last sweep ran, and when the tenant was down."""
        return notes.read_sweep(self.store, environment)

    def swept(self, environment: str, now: float) -> None:
        """Note that a sweep ran."""
        notes.change_sweep(self.store, environment, lambda sweep: changed(sweep, swept_at=now))

    def outage_begins(self, environment: str, now: float, reason: str) -> bool:
        """Note that the whole tenant is down; tell whether that is news."""
        was, _ = notes.change_sweep(self.store, environment, lambda sweep: notes.begun(sweep, now, reason))
        return was.outage_since is None

    def outage_ends(self, environment: str, now: float) -> float | None:
        """Note that the tenant is back; return for how many seconds it was down, None where it was not."""
        was, _ = notes.change_sweep(self.store, environment, lambda sweep: notes.ended(sweep, now))
        return None if was.outage_since is None else max(0.0, now - was.outage_since)

    def _write(self, opening: Opening, fresh: Sequence[Plan]) -> None:
        """Write what is new or tried anew, and the content on which it stands."""
        if not fresh:
            return
        came = opening.arrival
        content = Content(opening.content, came.body, came.content_type, came.headers, came.query, len(fresh))
        # First what may be there already: a store that finds that out at once has nothing to undo.
        changes: list[Change] = [plan.key for plan in fresh if plan.key]
        changes += [plan.pair for plan in fresh if plan.pair]
        changes += [plan.delivery for plan in fresh]
        changes += [content, *release(self.store, [plan.left for plan in fresh if plan.left])]
        commit(self.store, changes)

    def _look_up(self, environment: str, hook: str, keys: Sequence[str]) -> dict[str, Known]:
        found = self.store.keys(environment, hook, keys)
        rows = self.store.deliveries({key.delivery for key in found.values()})
        names = {rows[key.delivery].pair for key in found.values() if key.until is not None}
        pairs = self.store.pairs(environment, [name for name in names if name])
        accepted = {name: pair.accepted for name, pair in pairs.items() if pair.accepted}
        newest = self.store.deliveries(set(accepted.values())) if accepted else {}

        def has_newer(row: Delivery) -> bool:
            arrival = accepted.get(row.pair or "")
            if arrival is None or arrival <= row.arrival:
                return False
            other = newest.get(arrival)  # an item of the same array says nothing new
            return other is None or other.content is None or other.content != row.content

        return {name: Known(key, rows[key.delivery], has_newer(rows[key.delivery])) for name, key in found.items()}

    def _write_held(self, claim: Claim, change: Callable[[Claim], Claim]) -> Claim:
        for _ in range(TRIES):
            held = change(claim)
            try:
                return write_claim(self.store, held, pairs_left(self.store, claim, held))
            except Conflict:
                claim = read_again(self.store, claim, pair_needed=True)
        raise LedgerDown(TOO_BUSY)

    def _end(self, claim: Claim, ended: Callable[[Delivery], Delivery], also: Sequence[str] = ()) -> Delivery:
        """Write the end of a try: the delivery and its pair are free again."""
        for _ in range(TRIES):
            row = ended(claim.delivery)
            row = changed(row, owner=None, leased_until=None, due_at=row.due_at if row.status in WAITING else None)
            pairs = [*pairs_after(self.store, claim, row), *saved_also(self.store, row, also)]
            try:
                written: list[Delivery] = commit(self.store, [row, *pairs, *keep_closed(row, self.retained)])
                return written[0]
            except Conflict:
                claim = read_again(self.store, claim, pair_needed=False)
        raise LedgerDown(TOO_BUSY)
