"""How records are written as Firestore's documents, and read again.

| collection         | a document is named by a hash of     | holds                                          |
| ------------------ | ------------------------------------ | ---------------------------------------------- |
| deliveries         | the id                               | a delivery, without what people typed           |
| keys               | environment, hook, key               | an idempotency key                             |
| pairs              | environment, name                    | a pair                                         |
| contents/…/parts   | the content's id; its parts 0, 1, …  | a request as it came, each part under 1 MiB    |
| notes              | environment, name                    | a note                                         |

Hashes, because names that rise one after the other all fall on one server.
https://cloud.google.com/firestore/docs/best-practices, https://cloud.google.com/firestore/quotas
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, TypeVar

from schemas.ledger import Content, Delivery, Key, Note, Pair, Record, read, write
from services.ledger.contract import Change, Gone, Keep

if TYPE_CHECKING:
    from google.cloud.firestore import Client, DocumentReference, DocumentSnapshot, WriteBatch

R = TypeVar("R", Delivery, Key, Pair, Note)

LANES = 8  # rising values of an index fall on one server, 500 a second; each lane has its own
FIRST_PART = 700_000  # bytes of the body; the query and the headers lie beside them
OTHER_PARTS = 900_000
TOGETHER = 4  # parts in one commit, which may hold 10 MiB, and in the emulator 4 MiB
FORGOTTEN = timedelta(days=1)  # after which parts go that no delivery came for
COLLECTIONS: dict[type[Record], str] = {Delivery: "deliveries", Key: "keys", Pair: "pairs", Note: "notes"}
NEVER = datetime(1970, 1, 1, tzinfo=UTC)  # the update time of no document


def get(client: Client, kind: type[R], names: Sequence[tuple[str, ...]], timeout: float) -> list[R]:
    """Return those records that are there."""
    found = client.get_all([_place(client, kind, name) for name in names], retry=None, timeout=timeout)
    return [record(kind, snapshot) for snapshot in found if snapshot.exists]


def record(kind: type[R], snapshot: DocumentSnapshot[DocumentReference]) -> R:
    """Return what a document holds."""
    return read(kind, snapshot.to_dict() or {}, snapshot.update_time)


def content(client: Client, content_id: str, timeout: float) -> Content | None:
    """Put a content together; None where any part of it has gone."""
    first = _part(client, content_id, 0).get(retry=None, timeout=timeout)
    head = first.to_dict() or {}
    if "body" not in head:
        return None
    others = [_part(client, content_id, number) for number in range(1, head["parts"])]
    found = client.get_all(others, retry=None, timeout=timeout) if others else ()
    bodies = {part.id: (part.to_dict() or {}).get("body") for part in found}
    body = [head["body"], *(bodies.get(str(number)) for number in range(1, head["parts"]))]
    if None in body:
        return None
    return read(Content, {**head, "body": b"".join(body)}, first.update_time)


def ahead(client: Client, changes: Sequence[Change]) -> list[WriteBatch]:
    """Return the writes of parts for which there is no room in the commit itself: it only makes them stay."""
    batches = []
    for content in changes:
        if not isinstance(content, Content) or content.version is not None:
            continue
        bodies = list(enumerate(_cut(content.body)))[TOGETHER:]
        for start in range(0, len(bodies), TOGETHER):
            writes = client.batch()
            for number, body in bodies[start : start + TOGETHER]:
                until = datetime.now(UTC) + FORGOTTEN
                writes.set(_part(client, content.id, number), {"body": body, "expire_at": until})
            batches.append(writes)
    return batches


def batch(client: Client, changes: Sequence[Change], stamp: str) -> tuple[WriteBatch, list[int | None]]:
    """Return the writes, and for each change where among them its record is; None for what is no record."""
    writes = client.batch()
    places: list[int | None] = []
    for change in changes:
        places.append(None if isinstance(change, Gone | Keep) else len(writes))
        if isinstance(change, Gone):
            for number in range(_parts(change.size)):
                writes.delete(_part(client, change.id, number))
        elif isinstance(change, Keep):
            _keep(client, writes, change)
        elif isinstance(change, Content):
            _write_content(client, writes, change, stamp)
        else:
            _write_record(client, writes, change, stamp)
    return writes, places


def stamped(client: Client, changes: Sequence[Change], stamp: str, timeout: float) -> tuple[Any, ...] | None:
    """Return the versions that a commit left, or None where it was never made. What has gone on since has none."""
    records = [change for change in changes if not isinstance(change, Gone | Keep)]
    references = [_reference(client, record) for record in records]
    found = {
        document.id: document.update_time
        for document in client.get_all(references, retry=None, timeout=timeout)
        if document.exists and document.get("stamp") == stamp
    }
    if not found:
        return None
    versions = iter(found.get(reference.id, NEVER) for reference in references)
    return tuple(None if isinstance(change, Gone | Keep) else next(versions) for change in changes)


def _write_record(client: Client, writes: WriteBatch, record: Delivery | Key | Pair | Note, stamp: str) -> None:
    """Create the document, or change it where nobody else has. What is None has no field, and so no index entry."""
    from google.cloud.firestore import DELETE_FIELD

    fields = {**write(record), **_found_by(record), "stamp": stamp}
    if record.version is None:
        known = {name: value for name, value in fields.items() if value is not None}
        writes.create(_reference(client, record), known)
        return
    fields = {name: DELETE_FIELD if value is None else value for name, value in fields.items()}
    option = client.write_option(last_update_time=record.version)
    writes.update(_reference(client, record), fields, option)


def _found_by(record: Record) -> dict[str, Any]:
    """Return the fields that are there for the queries alone."""
    if not isinstance(record, Delivery):
        return {}
    is_full = record.closed_at is not None and record.emptied_at is None
    return {
        "lane": int(_hashed(record.id)[:8], 16) % LANES,
        "standing": record.standing,
        "full_since": record.closed_at if is_full else None,
    }


def _write_content(client: Client, writes: WriteBatch, content: Content, stamp: str) -> None:
    from google.cloud.firestore import DELETE_FIELD

    if content.version is not None:
        option = client.write_option(last_update_time=content.version)
        changed = {"deliveries": content.deliveries, "stamp": stamp}
        writes.update(_part(client, content.id, 0), changed, option)
        return
    bodies = list(_cut(content.body))
    head = {**write(content), "body": bodies[0], "parts": len(bodies), "stamp": stamp}
    writes.create(_part(client, content.id, 0), head)
    for number, body in enumerate(bodies[1:TOGETHER], 1):
        writes.create(_part(client, content.id, number), {"body": body})
    for number in range(TOGETHER, len(bodies)):
        writes.update(_part(client, content.id, number), {"expire_at": DELETE_FIELD})


def _keep(client: Client, writes: WriteBatch, keep: Keep) -> None:
    """Set the time after which Firestore deletes the parts by itself; it deletes documents, not fields."""
    from google.cloud.firestore import DELETE_FIELD

    until = DELETE_FIELD if keep.until is None else datetime.fromtimestamp(keep.until, UTC)
    for number in range(_parts(keep.size)):
        writes.set(_part(client, keep.id, number), {"expire_at": until}, merge=True)


def _cut(body: bytes) -> Iterator[bytes]:
    yield body[:FIRST_PART]
    for start in range(FIRST_PART, len(body), OTHER_PARTS):
        yield body[start : start + OTHER_PARTS]


def _parts(size: int) -> int:
    return 1 + max(0, -(-(size - FIRST_PART) // OTHER_PARTS))


def _reference(client: Client, record: Record) -> DocumentReference:
    if isinstance(record, Content):
        return _part(client, record.id, 0)
    if isinstance(record, Delivery):
        return _place(client, Delivery, (record.id,))
    if isinstance(record, Key):
        return _place(client, Key, (record.environment, record.hook, record.key))
    return _place(client, type(record), (record.environment, record.name))


def _place(client: Client, kind: type[Record], names: Sequence[str]) -> DocumentReference:
    place: DocumentReference = client.collection(COLLECTIONS[kind]).document(_hashed(*names))
    return place


def _part(client: Client, content_id: str, number: int) -> DocumentReference:
    parts = client.collection("contents").document(_hashed(content_id)).collection("parts")
    part: DocumentReference = parts.document(str(number))
    return part


def _hashed(*names: str) -> str:
    return hashlib.sha256("\0".join(names).encode()).hexdigest()[:40]
