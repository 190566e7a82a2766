"""How a delivery and its pair change: one record in, the next one out, and nothing is written here."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Any

from schemas.ledger import SAVED, Delivery, Doubt, Pair, Trouble, changed
from services.ledger.contract import LEASE, Claim, Entry, LeaseLost

MOST_TROUBLES = 20
OWN_KEYS = ("sha256:", "sha256/")  # a long key's hash, and that of a content, which alone counts for some seconds
LONGEST_KEY = 200  # characters; a longer one is kept as its hash
EARLIER = "earlier_relations"  # the member of an answer with the relations that were saved before


def storable(entry: Entry) -> Entry:
    """Return the entry with a key that every store takes: well-formed text, and short.

    Different keys stay different: a sender's id that looks like a hash of ours is kept as its hash too.
    """
    if entry.key is None:
        return entry
    key = entry.key.encode("utf-8", "surrogatepass")
    is_text = entry.key.isascii() or key.decode("utf-8", "replace") == entry.key
    is_like_ours = entry.seconds is None and entry.key.startswith(OWN_KEYS)
    if is_text and not is_like_ours and len(key) <= LONGEST_KEY:
        return entry
    return entry._replace(key=f"sha256:{hashlib.sha256(key).hexdigest()}")


def leased(delivery: Delivery, now: float) -> Delivery:
    """Begin its lease now. Should nobody come back, it is due when the lease ends."""
    return changed(delivery, leased_until=now + LEASE, due_at=now + LEASE)


def renewed(claim: Claim, now: float) -> Claim:
    """Begin the lease anew, that of the pair with it."""
    delivery = leased(claim.delivery, now)
    return Claim(delivery, changed(claim.pair, leased_until=delivery.leased_until) if claim.pair else None)


def marked(claim: Claim, wanted: Mapping[str, Any], now: float) -> Claim:
    """Note that a save is about to go out."""
    if claim.pair is None or claim.pair.owner != claim.delivery.owner:
        raise LeaseLost("A save goes out only while its pair is held. Claim the delivery and its pair again.")
    doubt = Doubt(now, claim.pair.name, dict(wanted))
    delivery = changed(claim.delivery, doubt=doubt, saves=claim.delivery.saves + 1)
    return Claim(delivery, changed(claim.pair, in_doubt=delivery.id, doubt_ends=None))


def let_go(pair: Pair, ended: Delivery, owner: str | None) -> Pair:
    """Free the pair from a worker, and note what it did there.

    A save in doubt leaves its mark. Where the delivery does not go on by itself, since an operator may take long to
    come, it ends when SuperOffice must have done the save, if it ever does.
    """
    mine = owner is not None and pair.owner == owner
    doubt = ended.doubt if ended.doubt and ended.doubt.pair == pair.name else None
    in_doubt, doubt_ends = pair.in_doubt, pair.doubt_ends
    if in_doubt == ended.id:
        in_doubt = ended.id if doubt else None
        doubt_ends = doubt.at + LEASE if doubt and ended.status != "queued" else None
    about_it = ended.pair == pair.name
    is_saved = about_it and ended.status in SAVED
    is_accepted = is_saved or (about_it and ended.status == "queued")
    return changed(
        pair,
        owner=None if mine else pair.owner,
        leased_until=None if mine else pair.leased_until,
        in_doubt=in_doubt,
        doubt_ends=doubt_ends,
        relation=max(pair.relation or 0, relation_of(ended)) or None if is_saved else pair.relation,
        saved=max(pair.saved or "", ended.arrival) if is_saved else pair.saved,
        accepted=max(pair.accepted or "", ended.arrival) if is_accepted else pair.accepted,
    )


def relation_of(ended: Delivery) -> int:
    """Return the RelationId of its answer, 0 where it has none."""
    relation = (ended.answer or {}).get("relation")
    number = relation.get("RelationId") if isinstance(relation, Mapping) else None
    return number if isinstance(number, int) else 0


def earlier_of(was: Delivery) -> list[int]:
    """Return the RelationIds that it was saved as: they stay there where it is sent again about others."""
    known: list[int] = list((was.answer or {}).get(EARLIER, []))
    if was.status in ("created", "updated", "deleted"):
        known = [relation for relation in known if relation != relation_of(was)]
    return [*known, relation_of(was)] if was.status in ("created", "updated") and relation_of(was) else known


def with_earlier(answer: Mapping[str, Any] | None, was: Delivery) -> Mapping[str, Any] | None:
    """Return an answer that does not forget what the delivery was saved as before."""
    earlier = earlier_of(was)
    return {**(answer or {}), EARLIER: earlier} if earlier else answer


def troubled(delivery: Delivery, trouble: Trouble | None) -> Delivery:
    """Add a failed try to the history, of which the first and the latest ones are kept."""
    if trouble is None:
        return delivery
    troubles = (*delivery.troubles, trouble)
    if len(troubles) > MOST_TROUBLES:
        troubles = (troubles[0], *troubles[-(MOST_TROUBLES - 1) :])
    return changed(delivery, troubles=troubles, reason=trouble.reason, tries=delivery.tries + 1)
