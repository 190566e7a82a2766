"""One tenant's relations and the rules SuperOffice keeps for them; knows nothing of HTTP or JSON."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

from sandbox import seed
from sandbox.parties import Parties
from sandbox.records import Associate
from sandbox.seed_definitions import DEFINITIONS

COMMENT_LENGTH = 254


class InvalidRelation(ValueError):
    """The tenant will not store this relation; the message says why."""


class UnknownRelation(LookupError):
    """No relation has this id."""

    def __init__(self, relation: int):
        super().__init__(f"ContactRelation id {relation} not found")


@dataclass(frozen=True)
class Relation:
    """A row of the relations table; 0 is "none" in every id. Associates are ids."""

    id: int = 0
    source_company: int = 0
    source_person: int = 0
    destination_company: int = 0
    destination_person: int = 0
    definition: int = 0
    comment: str = ""
    reversed: int = 0
    created: datetime | None = None
    created_by: int = 0
    updated: datetime | None = None
    updated_by: int = 0

    @property
    def pair(self) -> str:
        """What it joins, in the definition's direction: CC, CP, PC or PP."""
        parties = ("P" if self.source_person else "C") + ("P" if self.destination_person else "C")
        return parties[::-1] if self.reversed else parties


class Tenant:
    """Every change is reported to `changed` ("created", "updated" or "deleted") before the caller has its answer."""

    def __init__(self, changed: Callable[[str], None]):
        self.lock = threading.RLock()  # held over read-change-save by whoever patches
        self.parties = Parties(self.lock, changed)
        self.relations: dict[int, Relation] = {}
        self.next_id = seed.FIRST_RELATION_ID
        self.clock_ahead = 0.0  # seconds
        self._changed = changed

    def find(self, relation: int) -> Relation:
        """Get one; raises UnknownRelation."""
        with self.lock:
            if relation not in self.relations:
                raise UnknownRelation(relation)
            return self.relations[relation]

    def save(self, relation: Relation, by: Associate) -> Relation:
        """Create (id 0) or overwrite the whole row. Raises InvalidRelation and UnknownRelation."""
        with self.lock:
            now = datetime.now(UTC) + timedelta(seconds=self.clock_ahead)
            if relation.id:
                old = self.find(relation.id)
                row = replace(relation, created=old.created, created_by=old.created_by)
                row = replace(row, updated=now, updated_by=by.id)
            else:
                row = replace(relation, id=self.next_id, created=now, created_by=by.id)
            _check(row, self.parties)
            self.next_id = max(self.next_id, row.id + 1)
            self.relations[row.id] = row
            self._changed("updated" if relation.id else "created")
            return row

    def delete(self, relation: int) -> None:
        """Delete one; raises UnknownRelation."""
        with self.lock:
            self.find(relation)
            del self.relations[relation]
            self._changed("deleted")

    def restore(self, relations: Iterable[Relation] = (), next_id: int = seed.FIRST_RELATION_ID) -> None:
        """Replace what is held, without a report: a kept tenant, or (without arguments) a fresh one."""
        with self.lock:
            self.relations = {relation.id: relation for relation in relations}
            self.next_id = next_id

    def snapshot(self) -> list[Relation]:
        """List all relations as they stand now, the oldest first."""
        with self.lock:
            return list(self.relations.values())


def utf16_length(text: str) -> int:
    """Measure as SuperOffice's database does."""
    return len(text.encode("utf-16-le", "surrogatepass")) // 2


def _check(relation: Relation, parties: Parties) -> None:
    _check_party(parties, "source", relation.source_company, relation.source_person)
    _check_party(parties, "destination", relation.destination_company, relation.destination_person)
    _check_definition(relation)
    if relation.reversed not in (0, 1):
        raise InvalidRelation(f"Reversed must be 0 or 1, not {relation.reversed}")
    if (length := utf16_length(relation.comment)) > COMMENT_LENGTH:
        raise InvalidRelation(f"Comment is {length} characters long; the limit is {COMMENT_LENGTH}")


def _check_party(parties: Parties, side: str, company: int, person: int) -> None:
    if not company:
        raise InvalidRelation(f"The {side} contact id is mandatory")
    if company not in parties.companies or parties.companies[company].deleted:
        raise InvalidRelation(f"Contact id {company} ({side}) not found")
    if not person:
        return
    if person not in parties.persons:
        raise InvalidRelation(f"Person id {person} ({side}) not found")
    if parties.persons[person].company != company:
        raise InvalidRelation(f"Person id {person} ({side}) does not belong to contact id {company}")


def _check_definition(relation: Relation) -> None:
    definition = DEFINITIONS.get(relation.definition)
    if definition is None or definition.deleted:
        raise InvalidRelation(f"RelationDefinition id {relation.definition} not found")
    if relation.pair not in definition.pairs:
        raise InvalidRelation(f"RelationDefinition id {definition.id} does not join {relation.pair}")
