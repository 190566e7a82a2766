"""A replay: a delivery is sent again from what came, by today's hooks.yaml and, where there is one, a decision."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from schemas.hooks import Hook
from schemas.ledger import SAVED, Delivery
from services.composition import Services
from services.deadline import Deadline
from services.delivering import Ended, deliver_again
from services.errors import LiaisonError
from services.ledger.contract import UnderWay
from services.ledger.transitions import relation_of
from services.queueing import enqueue

LONGEST = 25.0  # seconds for one delivery


class SavedBefore(LiaisonError):
    """A replay would make a second relation of one submission."""

    status, reason, title = 409, "saved-before", "It was saved before"


def release(delivery: Delivery, services: Services, decision: Mapping[str, Any] | None = None) -> Delivery:
    """Make it due now, with the days of its retries before it again.

    Raises UnderWay, ContentGone, or SavedBefore: with `existing: add` nothing would tell a second relation from the
    one that was made.
    """
    hook = services.hooks.by_name.get(delivery.hook)
    is_done = delivery.saves and delivery.doubt is None and delivery.status in (*SAVED, "dismissed")
    if is_done and isinstance(hook, Hook) and hook.existing == "add":
        relation = f"relation {relation_of(delivery)}" if relation_of(delivery) else "the relation"
        raise SavedBefore(
            f"{delivery.id} was {delivery.status} before, and with `existing: add` a replay would make another "
            f"relation. Correct {relation} in SuperOffice, or ask the sender for a new submission."
        )
    released = services.ledger.replay(delivery.environment, delivery.id, services.clock(), decision)
    return released or delivery


def replay(delivery: Delivery, services: Services, decision: Mapping[str, Any] | None = None) -> Ended:
    """Deliver it now; raises what `release` raises."""
    released = release(delivery, services, decision)
    claim = services.ledger.claim(released.environment, released.id, services.clock(), early=True)
    if claim is None:
        raise UnderWay(f"{delivery.id} is being delivered at this moment. Look again in a minute.")
    ended = deliver_again(claim, services, Deadline.after(LONGEST))
    if ended.status == "queued":
        enqueue(ended.delivery, services)
    return ended
