"""A delivery as the command line tells it: one row for people, all of it for scripts."""

from __future__ import annotations

from typing import Any

from commands.printing import printable
from commands.times import shown
from schemas.ledger import ACCEPTED, Delivery
from services.ledger.transitions import relation_of
from services.standing import when

MEANINGS = {
    "created": "saved as a new relation",
    "updated": "saved onto a relation that was there",
    "unchanged": "the same relation was there",
    "deleted": "the relation is deleted",
    "superseded": "a newer submission about the same two was saved first",
    "ignored": "a probe, a test event, or the hook's `when` said no",
    "queued": "kept, and goes by itself",
    "misconfigured": "goes by itself once what is set up wrong is mended",
    "held": "waits for your replay",
    "rejected": "refused for good; waits for you",
    "dead": "tried for days, and is tried no more; waits for you",
    "dismissed": "closed by an operator",
}


def row(delivery: Delivery) -> tuple[str, ...]:
    """Return id, time, hook, status, and what else tells most."""
    return (delivery.id, shown(delivery.received_at), delivery.hook, delivery.status, printable(_most(delivery)))


def told(delivery: Delivery) -> dict[str, Any]:
    """Return it for a script, texts of people left out."""
    return {
        "delivery": delivery.id,
        "hook": delivery.hook,
        "status": delivery.status,
        "received": when(delivery.received_at),
        "item": delivery.item,
        "key": delivery.key,
        "bytes": delivery.size,
        "reason": delivery.reason,
        "tries": delivery.tries,
        "due": when(delivery.due_at),
        "relation": relation_of(delivery) or None,
    }


def _most(delivery: Delivery) -> str:
    if delivery.status in ACCEPTED:
        return f"relation {relation}" if (relation := relation_of(delivery)) else ""
    words = delivery.troubles[-1].words if delivery.troubles and delivery.reason else ""
    told = f"{delivery.reason}: {words}" if words else delivery.reason or ""
    due = f"due {shown(delivery.due_at)}" if delivery.due_at is not None else ""
    return "; ".join(filter(None, (due, told)))
