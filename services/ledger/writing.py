"""How a change reaches the store: committed, read again after a conflict, and its content freed with it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from schemas.ledger import Delivery, Pair, changed, stored
from services.ledger.contract import Change, Claim, Gone, Keep, LeaseLost, Store
from services.ledger.transitions import let_go

TRIES = 20  # times that a commit is decided anew because somebody else was quicker
TOO_BUSY = "A delivery could not be written, because others were always quicker."


_NO_RECORD = (Gone, Keep)


def commit(store: Store, changes: Sequence[Change]) -> list[Any]:
    """Commit, and return the records, which know their new versions now. Raises Conflict."""
    versions = store.commit(changes) if changes else ()
    for change, version in zip(changes, versions, strict=True):
        if not isinstance(change, _NO_RECORD):
            stored(change, version)
    return list(changes)


def write_claim(store: Store, claim: Claim, more: Sequence[Change] = ()) -> Claim:
    """Commit a delivery, its pair and more, and return the claim as it is then. Raises Conflict."""
    records: list[Change] = [claim.delivery, *([claim.pair] if claim.pair else [])]
    written = commit(store, [*records, *more])
    return Claim(written[0], written[1] if claim.pair else None)


def read_again(store: Store, claim: Claim, *, pair_needed: bool) -> Claim:
    """Read the claim again after a conflict; raise LeaseLost where it is somebody else's by now."""
    was = claim.delivery
    delivery = store.deliveries([was.id]).get(was.id)
    name = claim.pair.name if claim.pair else None
    pair = store.pairs(was.environment, [name]).get(name) if name else None
    pair_lost = pair_needed and name is not None and (pair is None or pair.owner != was.owner)
    if delivery is None or delivery.owner != was.owner or pair_lost:
        raise LeaseLost(f"The lease of {was.id} ended, and somebody else works on it. Leave it to them.")
    return Claim(delivery, pair)


def pairs_after(store: Store, claim: Claim, ended: Delivery) -> list[Pair]:
    """Return the pairs as they are after this: the one that was held, and the one on which the mark stood."""
    pairs = {claim.pair.name: claim.pair} if claim.pair else {}
    doubt = claim.delivery.doubt
    if doubt and doubt.pair not in pairs:
        pairs |= store.pairs(ended.environment, [doubt.pair])
    freed = [(pair, let_go(pair, ended, claim.delivery.owner)) for pair in pairs.values()]
    return [after for before, after in freed if before != after]


def saved_also(store: Store, ended: Delivery, names: Sequence[str]) -> list[Pair]:
    """Return the other pairs that were saved with this, where they know of nothing newer."""
    known = store.pairs(ended.environment, names) if names else {}
    pairs = [known.get(name) or Pair(ended.environment, name) for name in names]
    return [changed(pair, saved=ended.arrival) for pair in pairs if (pair.saved or "") < ended.arrival]


def pairs_left(store: Store, before: Claim, after: Claim) -> list[Pair]:
    """Return the pairs that a claim leaves behind when it goes on with another one."""
    if after.pair is None:
        return []
    return [pair for pair in pairs_after(store, before, after.delivery) if pair.name != after.pair.name]


def release(store: Store, deliveries: Sequence[Delivery]) -> list[Change]:
    """Return what frees the content of these: it goes with the last delivery that stands on it."""
    changes: list[Change] = []
    shared: dict[str, int] = {}
    for delivery in deliveries:
        if delivery.content is not None and delivery.item is None:
            changes.append(Gone(delivery.content, delivery.size))
        elif delivery.content is not None:
            shared[delivery.content] = shared.get(delivery.content, 0) + 1
    for content_id, number in shared.items():
        content = store.content(content_id)
        if content is not None and content.deliveries > number:
            changes.append(changed(content, deliveries=content.deliveries - number))
        elif content is not None:
            changes.append(Gone(content_id, len(content.body)))
    return changes


def keep(delivery: Delivery, until: float | None) -> list[Change]:
    """Tell the store how long it keeps a content that is this delivery's alone."""
    if delivery.content is None or delivery.item is not None:
        return []
    return [Keep(delivery.content, delivery.size, until)]


def keep_closed(delivery: Delivery, retained: Mapping[str, float]) -> list[Change]:
    """Tell the store when the content of a closed delivery may go; `retained` is in seconds, by standing."""
    if delivery.closed_at is None:
        return []
    return keep(delivery, delivery.closed_at + retained[delivery.standing])
