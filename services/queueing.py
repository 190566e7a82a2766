"""Who comes next to a delivery that is not done: a task of the queue where there is one, and the sweep in any case."""

from __future__ import annotations

from schemas.ledger import Delivery
from services.composition import Services
from services.errors import QueueDown
from services.logs import log


def enqueue(delivery: Delivery, services: Services) -> None:
    """Ask the queue for the next try; what it does not take is left to the sweep, which comes a little later.

    Each try and each replay has a name of its own.
    """
    if services.queue is None or delivery.due_at is None:
        return
    attempt = f"{delivery.arrival}/{delivery.retrying_since}/{delivery.tries}/{delivery.due_at}"
    try:
        services.queue.enqueue(delivery.environment, delivery.id, attempt, delivery.due_at - services.sweep_lead)
    except QueueDown as error:
        log("WARNING", "not-enqueued", error.why, delivery=delivery.id, reason=error.reason)
