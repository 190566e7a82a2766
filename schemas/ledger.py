"""What the ledger stores: deliveries, their content, idempotency keys, pairs, and notes.

Each record can be written as a flat mapping of column names to numbers, texts and bytes; what has parts goes as
JSON. A column that an older version did not write is read as its default, so a new version reads an old ledger.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from typing import Any, TypeVar

from schemas.encoding import to_json

WAITING = ("queued", "misconfigured")  # go by themselves once they are due
HELD = ("held",)  # wait for an operator
REFUSED = ("rejected", "dead", "dismissed")
SAVED = ("created", "updated", "unchanged", "deleted")  # what SuperOffice holds is now what was submitted
ACCEPTED = (*SAVED, "superseded", "ignored")
STANDINGS = {"waiting": WAITING, "held": HELD, "refused": REFUSED, "accepted": ACCEPTED}
STATUSES = tuple(status for statuses in STANDINGS.values() for status in statuses)
_STANDING = {status: standing for standing, statuses in STANDINGS.items() for status in statuses}


@dataclass(frozen=True)
class Trouble:
    """Why a try came to nothing: a slug, and words for people that are forgotten with the content."""

    at: float
    reason: str
    words: str


@dataclass(frozen=True)
class Doubt:
    """A save that went out and whose end is not known: when, about which pair, and what was to be saved."""

    at: float
    pair: str
    wanted: Mapping[str, Any]


@dataclass(frozen=True)
class Delivery:
    """One submission and what became of it. Times are Unix seconds.

    `arrival` is the place in the order in which submissions came (it sorts as text); one that came again has a new
    one. A worker holds the delivery while `owner` is its token and `leased_until` lies ahead; `due_at` is when
    somebody should look at it next. `saves` counts the saves that were about to go out, ever; `tries` the failed
    tries since `retrying_since`.
    """

    id: str
    environment: str
    hook: str
    received_at: float
    arrival: str
    arrived_at: float
    status: str = "queued"
    item: int | None = None  # its index, where it came in an array
    key: str | None = None
    fingerprint: str = ""
    content: str | None = None
    size: int = 0  # bytes of the request's body
    due_at: float | None = None
    owner: str | None = None
    leased_until: float | None = None
    pair: str | None = None
    doubt: Doubt | None = None
    saves: int = 0
    tries: int = 0
    retrying_since: float = 0.0
    reason: str | None = None
    troubles: tuple[Trouble, ...] = ()
    decision: Mapping[str, Any] | None = None
    answer: Mapping[str, Any] | None = None
    closed_at: float | None = None
    emptied_at: float | None = None
    version: Any = field(default=None, compare=False)

    @property
    def standing(self) -> str:
        """`waiting`, `held`, `refused` or `accepted`."""
        return _STANDING[self.status]

    def is_leased(self, now: float) -> bool:
        """Whether somebody is at work on it."""
        return self.leased_until is not None and self.leased_until > now


@dataclass(frozen=True)
class Key:
    """An idempotency key and the delivery it stands for. One that is a hash of the content ends at `until`."""

    environment: str
    hook: str
    key: str
    delivery: str
    until: float | None = None
    version: Any = field(default=None, compare=False)


@dataclass(frozen=True)
class Pair:
    """Two parties and a definition: who works on them, and the newest submission that was saved, or accepted.

    `saved` and `accepted` are arrivals; `in_doubt` is the id of the delivery whose save may or may not have been done;
    from `doubt_ends` on nobody waits for that one any more, where it does not go on by itself;
    `relation` is the highest RelationId that was saved here: what came into being since has a higher one.
    """

    environment: str
    name: str
    owner: str | None = None
    leased_until: float | None = None
    saved: str | None = None
    accepted: str | None = None
    in_doubt: str | None = None
    doubt_ends: float | None = None
    relation: int | None = None
    version: Any = field(default=None, compare=False)

    def is_leased(self, now: float, *, besides: str | None = None) -> bool:
        """Whether somebody is at work on it, other than the worker `besides`."""
        return self.owner not in (None, besides) and self.leased_until is not None and self.leased_until > now

    def at(self, now: float) -> Pair:
        """Return it as it is at that time: a doubt that has ended is none."""
        is_over = self.doubt_ends is not None and self.doubt_ends <= now
        return changed(self, in_doubt=None, doubt_ends=None) if is_over else self


@dataclass(frozen=True)
class Content:
    """A request as it came, never with a proof in it. `deliveries` is how many stand on it: the items of an array."""

    id: str
    body: bytes
    content_type: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)
    query: str = ""
    deliveries: int = 1
    version: Any = field(default=None, compare=False)


@dataclass(frozen=True)
class Note:
    """Something small that is kept by name: when the last sweep ran, what was refused at a hook's door."""

    environment: str
    name: str
    text: Mapping[str, Any]
    version: Any = field(default=None, compare=False)


Record = Delivery | Key | Pair | Content | Note
R = TypeVar("R", Delivery, Key, Pair, Content, Note)
T = TypeVar("T")


def columns(kind: type[Record]) -> tuple[str, ...]:
    """Return the names of what a record is written as, its version left out."""
    return _COLUMNS[kind]


def write(record: Record) -> dict[str, Any]:
    """Return the record as a flat mapping in the order of its columns, its version left out."""
    written = dict(vars(record))
    del written["version"]
    for name in _AS_JSON[type(record)]:
        if written[name] is not None:
            written[name] = _dump(written[name])
    return written


def read(kind: type[R], written: Mapping[str, Any], version: Any) -> R:
    """Return the record that was written so. What it does not know is left out, what is missing has its default."""
    known = {name: written[name] for name in _COLUMNS[kind] if name in written}
    for name, build in _AS_JSON[kind].items():
        if known.get(name) is not None:
            known[name] = build(json.loads(known[name]))
    return kind(**known, version=version)


def stored(record: T, version: Any) -> T:
    """Let a record that was just written know its version; nobody else has seen it yet."""
    vars(record)["version"] = version
    return record


def changed(record: T, **changes: Any) -> T:
    """Return the record with some fields changed; `dataclasses.replace` takes ten times as long."""
    new = object.__new__(type(record))
    vars(new).update(vars(record))
    assert changes.keys() <= vars(new).keys(), changes.keys()  # noqa: S101 - a field that is not there
    vars(new).update(changes)
    return new


def _dump(value: Any) -> str:
    if not value:
        return "[]" if isinstance(value, tuple) else "{}"
    if isinstance(value, Doubt):
        value = [value.at, value.pair, value.wanted]
    elif isinstance(value, tuple):
        value = [[trouble.at, trouble.reason, trouble.words] for trouble in value]
    return to_json(value).decode()


def _same(value: Any) -> Any:
    return value


_KINDS: tuple[type[Record], ...] = (Delivery, Key, Pair, Content, Note)
_COLUMNS = {kind: tuple(fld.name for fld in fields(kind) if fld.name != "version") for kind in _KINDS}
_AS_JSON: dict[type[Record], dict[str, Any]] = {
    Delivery: {
        "doubt": lambda parts: Doubt(*parts),
        "troubles": lambda rows: tuple(Trouble(*row) for row in rows),
        "decision": _same,
        "answer": _same,
    },
    Key: {},
    Pair: {},
    Content: {"headers": _same},
    Note: {"text": _same},
}
