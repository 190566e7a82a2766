"""What an operator may do to a delivery: replay it from what came, or dismiss it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from schemas.ledger import ACCEPTED, Delivery, Trouble, changed
from services.errors import LedgerDown
from services.ledger.contract import Change, Claim, Conflict, ContentGone, Store, UnderWay
from services.ledger.transitions import troubled, with_earlier
from services.ledger.writing import TOO_BUSY, TRIES, commit, keep, keep_closed, pairs_after


def replay(store: Store, was: Delivery, now: float, decision: Mapping[str, Any] | None) -> Delivery:
    """Make it due now, with the days of its retries before it again; a decision replaces an earlier one."""

    def anew(was: Delivery) -> Sequence[Change]:
        # A store that forgets by itself may have been quicker than the purge.
        if was.content is None or (was.closed_at is not None and store.content(was.content) is None):
            raise ContentGone(f"What came as {was.id} is no longer kept. Ask the sender to send it again.")
        started = changed(
            was,
            status="queued",
            due_at=now,
            owner=None,
            leased_until=None,
            tries=0,
            retrying_since=now,
            reason=None,
            answer=with_earlier(None, was),
            closed_at=None,
            decision=was.decision if decision is None else dict(decision),
        )
        return [started, *keep(was, None)]

    return _change(store, was, now, anew)


def dismiss(store: Store, was: Delivery, words: str, now: float, retained: Mapping[str, float]) -> Delivery:
    """Close it for good without SuperOffice. One that was accepted stays what it is."""

    def closed(was: Delivery) -> Sequence[Change]:
        if was.status in (*ACCEPTED, "dismissed"):
            return []
        told = troubled(was, Trouble(now, "dismissed", words))
        # A lease that ran out is taken from its worker, or that one would come back and settle.
        gone = changed(
            told,
            status="dismissed",
            tries=was.tries,
            due_at=None,
            owner=None,
            leased_until=None,
            closed_at=now,
        )
        pairs = pairs_after(store, Claim(changed(was, owner=None)), gone)
        return [gone, *pairs, *keep_closed(gone, retained)]

    return _change(store, was, now, closed)


def _change(store: Store, was: Delivery, now: float, change: Callable[[Delivery], Sequence[Change]]) -> Delivery:
    for _ in range(TRIES):
        if was.is_leased(now):
            raise UnderWay(f"{was.id} is being delivered at this moment. Try again in a minute.")
        try:
            written: list[Delivery] = commit(store, change(was))
        except Conflict:
            was = store.deliveries([was.id])[was.id]
            continue
        return written[0] if written else was
    raise LedgerDown(TOO_BUSY)
