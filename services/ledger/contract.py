"""What the ledger takes and gives, and what a store must be able to do underneath it.

A store keeps records and knows nothing of what they mean. It promises three things: `commit` writes all it is given
or nothing, and only where no record has changed since it was read; what it has committed is on disk; and a call ends
within some seconds, as LedgerDown where the store does not answer.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from types import MappingProxyType
from typing import Any, NamedTuple, Protocol

from schemas.ledger import Content, Delivery, Key, Note, Pair, Record, Trouble
from services.errors import LiaisonError

LEASE = 60.0  # seconds; longer than any call to SuperOffice may take


class LeaseLost(LiaisonError):
    """Somebody else works on this delivery, or on its pair, by now: stop, and change nothing."""

    reason, title = "lease-lost", "Somebody else has taken over"


class UnderWay(LiaisonError):
    """An operator's wish comes while the delivery is being worked on."""

    status, reason, title = 409, "under-way", "This delivery is under way"


class ContentGone(LiaisonError):
    """What came was emptied when its time was over, so it cannot be sent again."""

    status, reason, title = 410, "content-gone", "The content is gone"


class Conflict(Exception):
    """A record is there already, or was changed since it was read; nothing of the commit was written."""


class Arrival(NamedTuple):
    """A request as it came, after its proof: what is written down. `headers` are those that the preset names."""

    hook: str
    body: bytes
    content_type: str = ""
    headers: Mapping[str, str] = MappingProxyType({})
    query: str = ""


class End(NamedTuple):
    """What a delivery is at once, where that is plain when it comes: `ignored`, or `rejected` for this trouble."""

    status: str
    answer: Mapping[str, Any] | None = None
    trouble: Trouble | None = None


class Save(NamedTuple):
    """What is about to be saved, and on which pair."""

    pair: str
    wanted: Mapping[str, Any]


class Entry(NamedTuple):
    """One submission of an arrival.

    `key` is its idempotency key: the sender's id, remembered for good, or, with `seconds`, a hash of the content that
    counts for so long. None: never a repeat. `fingerprint` is a hash of the content in any case; `item` the index in
    an array. With a `save` that is known already a new delivery is marked as in doubt in the same commit, if its pair
    is free: `is_marked` of its claim tells.
    """

    key: str | None
    fingerprint: str
    seconds: float | None = None
    item: int | None = None
    end: End | None = None
    save: Save | None = None


class Claim(NamedTuple):
    """The right to work on a delivery until `until`; with `pair`, on that pair too."""

    delivery: Delivery
    pair: Pair | None = None

    @property
    def until(self) -> float:
        """When the lease ends, in Unix seconds."""
        return self.delivery.leased_until or 0.0

    @property
    def is_superseded(self) -> bool:
        """Whether a newer submission about the pair was saved already."""
        return bool(self.pair and self.pair.saved and self.pair.saved > self.delivery.arrival)

    @property
    def in_doubt_elsewhere(self) -> str | None:
        """The id of another delivery that may have been saved on this pair: settle that one first."""
        other = self.pair.in_doubt if self.pair else None
        return None if other == self.delivery.id else other

    @property
    def is_marked(self) -> bool:
        """Whether a save may go out: on disk stands that it is in doubt from now on."""
        return bool(self.delivery.doubt and self.pair and self.pair.in_doubt == self.delivery.id)


class Opened(NamedTuple):
    """What became of one entry: `how` is `new`, `again` (a refused one, tried anew on its row) or `known`.

    `claim` is the opener's, where it asked for one and the row is new or tried anew. `other_content`: the key is
    known, but it came with another content then.
    """

    delivery: Delivery
    how: str
    claim: Claim | None = None
    other_content: bool = False


class Refusal(NamedTuple):
    """A request that was refused before it could be kept; nothing of what it held."""

    at: float
    hook: str
    status: int
    reason: str
    size: int


class Due(NamedTuple):
    """A delivery that somebody should look at now."""

    id: str
    due_at: float
    arrival: str


class Wanted(NamedTuple):
    """Which deliveries to list. `search` looks for a text in ids, keys, hooks and reasons, whatever the case."""

    statuses: tuple[str, ...] = ()
    hook: str | None = None
    since: float | None = None
    until: float | None = None
    search: str = ""


class Backlog(NamedTuple):
    """How many are not done, by status; since when the oldest waits, and since when the longest due one is due."""

    counts: Mapping[str, int]
    waiting_since: float | None
    due_since: float | None


class HookState(NamedTuple):
    """What a hook last accepted and last refused, how many wait, and what it refused at the door, newest first."""

    accepted: Delivery | None
    refused: Delivery | None
    waiting: int
    refusals: tuple[Refusal, ...]


class Gone(NamedTuple):
    """A content that is to be deleted. `size` is that of its body."""

    id: str
    size: int


class Keep(NamedTuple):
    """Until when a store that can forget by itself is to keep a content; None: for as long as it is needed."""

    id: str
    size: int
    until: float | None


Change = Record | Gone | Keep


class Store(Protocol):
    """Where the records lie. Every method may raise LedgerDown."""

    def commit(self, changes: Sequence[Change]) -> tuple[Any, ...]:
        """Create the records without a version, replace the others, or raise Conflict.

        Returns the new version of each record, in order (None for what is not a record).
        """

    def deliveries(self, ids: Iterable[str]) -> dict[str, Delivery]:
        """Return those that are there, by id."""

    def keys(self, environment: str, hook: str, keys: Iterable[str]) -> dict[str, Key]:
        """Return those that are there, by key."""

    def pairs(self, environment: str, names: Iterable[str]) -> dict[str, Pair]:
        """Return those that are there, by name."""

    def content(self, content_id: str) -> Content | None:
        """Return a request as it came."""

    def note(self, environment: str, name: str) -> Note | None:
        """Return a note."""

    def due(self, environment: str, now: float, limit: int) -> list[Due]:
        """Return what is due, oldest arrival first."""

    def find(self, environment: str, wanted: Wanted, limit: int) -> list[Delivery]:
        """Return what is wanted, newest first."""

    def backlog(self, environment: str) -> Backlog:
        """Count what is not done."""

    def count(self, environment: str, hook: str, standing: str) -> int:
        """Count a hook's deliveries of this standing, which is not `accepted`: there is no end to those."""

    def closed(self, standing: str, before: float, limit: int) -> list[Delivery]:
        """Return deliveries of any environment that ended before then and were not emptied yet."""

    def close(self) -> None:
        """Let go of files and connections."""
