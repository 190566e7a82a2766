"""What is asked of Firestore beyond single documents. Each shape has its index in firestore.indexes.json.

An index is asked lane by lane and put together by Firestore (`in`), which takes 30 alternatives at most: so one
status at a time. https://cloud.google.com/firestore/docs/query-data/queries#in_not-in_and_array-contains-any
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from schemas.ledger import ACCEPTED, STANDINGS, STATUSES, Delivery
from services.ledger.contract import Backlog, Due, Wanted
from services.ledger.firestore_documents import LANES, record

if TYPE_CHECKING:
    from google.cloud.firestore import Client, CollectionReference, Query

LOOKED_THROUGH = 5000  # deliveries, by one search
DUE_AT_LEAST = 300  # that are read to put those in order that are due


def due(client: Client, environment: str, now: float, limit: int, timeout: float) -> list[Due]:
    """Return what has been due for longest, oldest arrival first."""
    query = due_query(client, environment, now).limit(max(limit, DUE_AT_LEAST))
    found = query.stream(retry=None, timeout=timeout)
    rows = [Due(each.get("id"), each.get("due_at"), each.get("arrival")) for each in found]
    return sorted(rows, key=lambda row: row.arrival)[:limit]


def find(client: Client, environment: str, wanted: Wanted, limit: int, timeout: float) -> list[Delivery]:
    """Return what is wanted, newest first."""
    rows: list[Delivery] = []
    for query in find_queries(client, environment, wanted):
        bounded = query.limit(LOOKED_THROUGH if wanted.search else limit)
        found = (record(Delivery, document) for document in bounded.stream(retry=None, timeout=timeout))
        rows += [row for row in found if _holds(row, wanted.search)]
    return sorted(rows, key=lambda row: (row.received_at, row.id), reverse=True)[:limit]


def backlog(client: Client, environment: str, timeout: float) -> Backlog:
    """Count what is not done."""
    counts = {}
    for status in STATUSES:
        if status not in ACCEPTED and (number := _count(status_query(client, environment, status), timeout)):
            counts[status] = number
    waiting: list[float] = []
    for status in STANDINGS["waiting"]:
        query = status_query(client, environment, status, oldest=True).limit(1)
        waiting += [found.get("received_at") for found in query.stream(retry=None, timeout=timeout)]
    first = due_query(client, environment, None).limit(1).stream(retry=None, timeout=timeout)
    return Backlog(counts, min(waiting, default=None), next((found.get("due_at") for found in first), None))


def count(client: Client, environment: str, hook: str, standing: str, timeout: float) -> int:
    """Count a hook's deliveries of this standing."""
    wanted = Wanted(STANDINGS[standing], hook)
    return sum(_count(query, timeout) for query in find_queries(client, environment, wanted))


def closed(client: Client, standing: str, before: float, limit: int, timeout: float) -> list[Delivery]:
    """Return deliveries of any environment that ended before then and were not emptied yet."""
    query = closed_query(client, standing, before).limit(limit)
    return [record(Delivery, document) for document in query.stream(retry=None, timeout=timeout)]


def due_query(client: Client, environment: str, now: float | None) -> Query:
    """Ask for what is due, or, without `now`, for all that ever will be."""
    query = _lanes(client, environment).select(["id", "due_at", "arrival"]).order_by("due_at")
    return query if now is None else _where(query, "due_at", "<=", now)


def find_queries(client: Client, environment: str, wanted: Wanted) -> list[Query]:
    """Ask for each wanted status apart, newest first."""
    query = _lanes(client, environment)
    if wanted.hook is not None:
        query = _where(query, "hook", "==", wanted.hook)
    if wanted.since is not None:
        query = _where(query, "received_at", ">=", wanted.since)
    if wanted.until is not None:
        query = _where(query, "received_at", "<", wanted.until)
    apart = [_where(query, "status", "==", status) for status in wanted.statuses]
    return [each.order_by("received_at", direction="DESCENDING") for each in apart or [query]]


def status_query(client: Client, environment: str, status: str, *, oldest: bool = False) -> Query:
    """Ask for all of a status."""
    query = _where(_lanes(client, environment), "status", "==", status)
    return query.order_by("received_at", direction="ASCENDING" if oldest else "DESCENDING")


def closed_query(client: Client, standing: str, before: float) -> Query:
    """Ask for what is still full after it has been closed."""
    query = _where(_where(_lanes(client), "standing", "==", standing), "full_since", "<=", before)
    return query.order_by("full_since")


def _lanes(client: Client, environment: str | None = None) -> Query:
    query = _where(client.collection("deliveries"), "lane", "in", list(range(LANES)))
    return query if environment is None else _where(query, "environment", "==", environment)


def _where(query: Query | CollectionReference, field: str, operator: str, value: Any) -> Query:
    from google.cloud.firestore import FieldFilter

    return query.where(filter=FieldFilter(field, operator, value))


def _count(query: Query, timeout: float) -> int:
    counted = list(query.count().stream(retry=None, timeout=timeout))  # type: ignore[call-arg] # count() -> its class
    return int(counted[0][0].value)


def _holds(row: Delivery, text: str) -> bool:
    return text.lower() in f"{row.id} {row.hook} {row.key or ''} {row.reason or ''}".lower()
