"""What is written down of a request before anything happens to it: its content, and a key for each submission.

Reading the body comes first, in memory alone, because the keys stand in it; whatever reading comes to is written down.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple
from urllib.parse import quote, quote_plus

from schemas.contact_relation import ContactRelation
from schemas.hooks import Hook
from schemas.ledger import Trouble
from schemas.verification import FieldSecret
from services.errors import InvalidSubmission, Refused, UnreadableBody, UnsupportedContentType
from services.ledger.contract import Arrival, End, Entry, Save
from services.pairs import pair_of, wanted_of
from services.problems import problem_of
from services.reading import Wanted, is_ignored, read_wanted
from services.senders.decode import Repeating, read
from services.senders.paths import header, tell, word
from services.senders.unpack import Submission, unpack

LONGEST_HEADER = 2_000  # characters of a header that is kept
IDEMPOTENCY_KEY = "Idempotency-Key"
REMOVED = "removed"  # what stands in a secret's place
_IGNORED = End("ignored", {"status": "ignored"})


class Read(NamedTuple):
    """One submission as it was read: what it wants, or why it is refused; neither where it is ignored."""

    entry: Entry
    submission: Submission | None = None
    wanted: Wanted | None = None
    error: Refused | None = None


class Body(NamedTuple):
    """A body as it was read: its submissions, whether they stood in an array, and whether ids are Idempotency-Keys."""

    reads: tuple[Read, ...]
    is_array: bool = False
    is_keyed: bool = False


def arrival_of(
    hook: Hook, body: bytes, content_type: str, headers: Mapping[str, str], query: Mapping[str, str]
) -> Arrival:
    """Return what is kept: never a proof, neither in a header, nor in the address, nor in the body."""
    kept = {name: value[:LONGEST_HEADER] for name in hook.kept_headers if (value := headers.get(name)) is not None}
    if isinstance(hook.verify, FieldSecret):
        body, content_type = _without_secret(body, content_type, hook.verify.field)
    return Arrival(hook.name, body, content_type, kept, query.get("$select", ""))


def read_arrival(arrival: Arrival, hook: Hook, signed_id: str | None, now: float) -> Body:
    """Read a request; UnsupportedContentType is raised, all else that is wrong is in the answer."""
    fingerprint = _fingerprint(arrival)
    try:
        decoded = unpack(read(arrival.body, arrival.content_type), arrival.headers, hook.packing)
    except UnsupportedContentType:
        raise
    except Refused as error:
        end = _rejected(error, now)
        return Body((Read(_entry(hook, fingerprint, None, None, end), error=error),))
    if not decoded.submissions:  # an empty array
        return Body((Read(_entry(hook, fingerprint, None, None, _IGNORED)),))
    ids, is_keyed = _ids(decoded.submissions, hook, arrival, signed_id, is_array=decoded.is_array)
    items = range(len(ids)) if decoded.is_array else [None]
    reads = []
    for submission, sent_id, item in zip(decoded.submissions, ids, items, strict=True):
        read_as = _read(submission, hook, now, alone=item is None)
        entry = _entry(hook, fingerprint, sent_id, item, read_as.end, read_as.save)
        reads.append(Read(entry, submission, read_as.wanted, read_as.error))
    return Body(tuple(reads), decoded.is_array, is_keyed)


def read_again(arrival: Arrival, hook: Hook, item: int | None) -> Submission:
    """Read a request that was kept, by today's hooks.yaml, and return its submission; raises Refused."""
    submissions = unpack(read(arrival.body, arrival.content_type), arrival.headers, hook.packing).submissions
    if item is None and len(submissions) > 1:
        raise InvalidSubmission(
            f"By today's hooks.yaml these are {len(submissions)} submissions; ask the sender to send them again."
        )
    if (item or 0) >= len(submissions):
        raise InvalidSubmission("By today's hooks.yaml this submission is no longer in what came: look at `unpack`.")
    return submissions[item or 0]


class _As(NamedTuple):
    """What one submission is read as."""

    wanted: Wanted | None = None
    error: Refused | None = None
    end: End | None = None
    save: Save | None = None


def _read(submission: Submission, hook: Hook, now: float, *, alone: bool) -> _As:
    """Tell what a submission wants, and what becomes of it at once where that is plain."""
    try:
        if submission.refusal is None and is_ignored(submission, hook):
            return _As(end=_IGNORED)
        wanted = read_wanted(submission, hook)
    except Refused as error:
        return _As(error=error, end=_rejected(error, now))
    at_once = alone and hook.deliver == "now" and not submission.changed_by
    return _As(wanted, save=_save(wanted.relation) if at_once and wanted.relation else None)


def _save(relation: ContactRelation) -> Save | None:
    """Return the save that is about to go out, but for a delete by its parties: which one that is has to be seen."""
    if relation.action == "delete" and relation.relation_id is None:
        return None
    return Save(pair_of(relation), wanted_of(relation))


def _rejected(error: Refused, now: float) -> End:
    return End("rejected", problem_of(error), Trouble(now, error.reason, error.detail))


def _entry(
    hook: Hook, fingerprint: str, sent_id: str | None, item: int | None, end: End | None, save: Save | None = None
) -> Entry:
    """Make the key: the sender's id, for good; else the hash of hook and content, for as long as the hook says."""
    if sent_id is not None:
        return Entry(sent_id, fingerprint, None, item, end, save)
    if not hook.repeat_within:
        return Entry(None, fingerprint, None, item, end, save)
    key = f"sha256/{fingerprint}" if item is None else f"sha256/{fingerprint}/{item}"
    return Entry(key, fingerprint, 60.0 * hook.repeat_within, item, end, save)


def _ids(
    submissions: Sequence[Submission], hook: Hook, arrival: Arrival, signed_id: str | None, *, is_array: bool
) -> tuple[list[str | None], bool]:
    """Return the senders' ids, and whether they are what came as Idempotency-Key.

    An id in a header is one for the whole request, so item *n* of an array has `/n` added. An id in the body is each
    item's own, unless several have the same.
    """
    ids = [signed_id or submission.id for submission in submissions]
    known = [sent for sent in ids if sent is not None]
    is_keyed = header(arrival.headers, IDEMPOTENCY_KEY) in known
    if is_array:
        in_header = signed_id or word(tell(hook.packing.id_in_headers, None, arrival.headers))
        if in_header in known or len(set(known)) < len(known):
            ids = [None if sent is None else f"{sent}/{number}" for number, sent in enumerate(ids)]
    return ids, is_keyed


def _fingerprint(arrival: Arrival) -> str:
    """Hash hook and content; a multipart boundary, which is another one each time, is taken out of its lines."""
    body = arrival.body
    kind, _, parameters = arrival.content_type.partition(";")
    if kind.strip().lower().startswith("multipart/") and "boundary=" in parameters:
        boundary = parameters.partition("boundary=")[2].partition(";")[0].strip().strip('"')
        line = re.escape(b"--" + boundary.encode("latin-1", "replace"))
        body = re.sub(rb"(?m)^" + line, b"--", body) if boundary else body
    return hashlib.sha256(arrival.hook.encode() + b"\0" + body).hexdigest()


def _without_secret(body: bytes, content_type: str, field: str) -> tuple[bytes, str]:
    """Take the secret out of the body that it was sent in, in whichever way it is written there."""
    decoded = read(body, content_type)
    secret = decoded.get(field) if isinstance(decoded, Mapping) else None
    if not isinstance(secret, str) or not secret:
        return body, content_type
    written = {secret, json.dumps(secret)[1:-1], json.dumps(secret, ensure_ascii=False)[1:-1]}
    written |= {quote_plus(secret), quote(secret, safe=""), quote(secret)}
    for text in sorted(written, key=len, reverse=True):
        body = body.replace(text.encode("utf-8", "surrogatepass"), REMOVED.encode())
    is_twice = isinstance(decoded, Repeating) and field in decoded.names  # of which one would not be seen here
    if is_twice or any(secret in text.replace(REMOVED, "") for text in _texts(read(body, content_type))):
        raise UnreadableBody(
            f"What the field {field} holds is written in a way that is not read: send it as plain text, and once."
        )
    return body, content_type


def _texts(value: Any) -> Iterator[str]:
    """Return every text in a decoded body, names too."""
    waiting = [value]
    while waiting:
        match waiting.pop():
            case str() as text:
                yield text
            case Mapping() as inner:
                waiting += [*inner, *inner.values()]
            case list() | tuple() as inner:
                waiting += inner
