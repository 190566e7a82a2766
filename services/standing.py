"""How a delivery stands, in words for its owner: what it is, why it waits, what it was refused with."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from schemas.ledger import ACCEPTED, HELD, Delivery
from services.ledger.notes import Sweep

FORGOTTEN = "Its words were emptied when their time was over."


def told_of(delivery: Delivery, sweep: Sweep, now: float) -> dict[str, Any]:
    """Return the answer to a delivery as it stands now, with `status` in words.

    What waits is `queued`; what was refused has the members of its problem, `http_status` being the problem's.
    """
    answer = dict(delivery.answer or {})
    if delivery.status in ACCEPTED:
        return {**answer, "status": delivery.status, "delivery": delivery.id}
    if delivery.standing == "refused":
        return {**_refused(delivery, answer), "status": delivery.status, "delivery": delivery.id}
    told = {"status": "queued", "delivery": delivery.id}
    return {**told, "detail": detail} if (detail := why_it_waits(delivery, sweep, now)) else told


def why_it_waits(delivery: Delivery, sweep: Sweep, now: float) -> str:
    """Say why it is not done, as far as that is known; empty where nobody has tried it yet."""
    if delivery.status in HELD:
        return f"It waits for an operator: ./liaison replay {delivery.id}."
    if delivery.is_leased(now):
        return "It is being delivered at this moment."
    told = [last_words(delivery) if delivery.reason else ""]
    if delivery.status == "misconfigured":
        told.append("It goes by itself once that is mended.")
    if delivery.doubt:
        told.append("Whether its save was done is looked into before it is sent again.")
    if sweep.outage_since is not None:
        told.append(f"SuperOffice as a whole has been away since {when(sweep.outage_since)}.")
    return " ".join(filter(None, told))


def _refused(delivery: Delivery, answer: dict[str, Any]) -> dict[str, Any]:
    problem = {name: value for name, value in answer.items() if name != "status"}
    if delivery.status == "dismissed" or not problem.get("detail"):
        detail = last_words(delivery) or FORGOTTEN
        problem |= {"detail": detail, "message": detail}
    if isinstance(answer.get("status"), int):
        problem["http_status"] = answer["status"]
    return problem


def last_words(delivery: Delivery) -> str:
    """Return what was said of its last trouble; empty where that is forgotten, or there was none."""
    return delivery.troubles[-1].words if delivery.troubles else ""


def when(seconds: float | None) -> str | None:
    """Write Unix seconds as ISO 8601 in UTC."""
    return None if seconds is None else datetime.fromtimestamp(seconds, UTC).isoformat(timespec="seconds")
