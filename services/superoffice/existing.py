"""Whether a relation is there already: SuperOffice itself would save it a second time.

Source: SuperOffice docs, archive provider "Relation", which lists a relation from either of its ends.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from schemas.contact_relation import ContactRelation
from services.deadline import Deadline
from services.superoffice.archive import Archive, Restrictions, Row, all_of, any_of, restrict, search
from services.superoffice.client import WebApi
from services.superoffice.relations import read_entity

# Retired persons and companies with the stop flag are listed apart, and have relations too.
ARCHIVE = Archive("Relation", ("relation", "retired", "stop"), "relationId")
SOURCE, DESTINATION = ("source/contactId", "source/personId"), ("target/contactId", "target/personId")
DEFINITION, COMMENT = "relationDefinitionId", "relationComment"
CLOCKS_DIFFER = 120.0  # seconds that SuperOffice's clock may be behind ours


@dataclass(frozen=True)
class Existing:
    """A relation that is there: its id, its comment, its parties (company, person or 0), and from which end."""

    relation_id: int
    comment: str
    source: tuple[int, int]
    destination: tuple[int, int]
    is_reversed: bool


def find_existing(relation: ContactRelation, webapi: WebApi, deadline: Deadline) -> Existing | None:
    """Return the relation of the same definition between the same two parties, whichever is its source.

    One the same way round is preferred, then the oldest. The answer is never one that SuperOffice has kept.
    """
    same = _rows(relation, webapi, deadline)
    return min(same, key=lambda found: (found.is_reversed, found.relation_id), default=None)


def find_added(
    relation: ContactRelation, above: int, since: float, webapi: WebApi, deadline: Deadline
) -> Mapping[str, Any] | None:
    """Return a relation that came into being between the two since then, with this comment and a higher id; or None.

    `since` is in Unix seconds by our clock, and SuperOffice's may differ from it.
    """
    comment = relation.comment or ""
    alike = [row for row in _rows(relation, webapi, deadline) if row.relation_id > above and not row.is_reversed]
    for found in sorted(alike, key=lambda row: row.relation_id):
        if same_text(comment, found.comment):
            entity = read_entity(found.relation_id, webapi, deadline)
            if entity is not None and _created(entity) >= since - CLOCKS_DIFFER:
                return entity
    return None


def same_text(one: str, other: str) -> bool:
    """Compare comments; line ends and spaces at the end do not survive every way into a database."""
    return one.replace("\r\n", "\n").rstrip() == other.replace("\r\n", "\n").rstrip()


def entity_of(found: Existing, relation: ContactRelation, select: tuple[str, ...]) -> Mapping[str, Any]:
    """Return what is known of the relation, under SuperOffice's names, as far as the caller selects it."""
    entity = {
        "RelationId": found.relation_id,
        "RelationDefinitionId": relation.definition,
        "SourceContactId": found.source[0],
        "SourcePersonId": found.source[1],
        "DestinationContactId": found.destination[0],
        "DestinationPersonId": found.destination[1],
        "Comment": found.comment,
    }
    return {name: value for name, value in entity.items() if not select or name in select}


def _rows(relation: ContactRelation, webapi: WebApi, deadline: Deadline) -> list[Existing]:
    columns = (*SOURCE, *DESTINATION, DEFINITION, COMMENT)
    rows = search(ARCHIVE, columns, _between(relation), webapi, deadline)
    return [found for row in rows if (found := _same(row, relation))]


def _created(entity: Mapping[str, Any]) -> float:
    """Return when SuperOffice says it was made, in Unix seconds; what does not tell a zone is UTC."""
    try:
        told = datetime.fromisoformat(str(entity.get("CreatedDate")))
    except ValueError:
        return float("inf")  # not told: its id, which is higher than all that were known, has to do
    return (told if told.tzinfo else told.replace(tzinfo=UTC)).timestamp()


def _between(relation: ContactRelation) -> Restrictions:
    """Ask for the two companies from either end; persons cannot be asked for."""
    companies = (relation.source_company or 0, relation.destination_company or 0)
    names = ("source/restrictionContactId", "target/restrictionContactId")
    ways = dict.fromkeys((companies, companies[::-1]))
    return any_of(
        *(
            all_of(*(restrict(name, "equals", company) for name, company in zip(names, way, strict=True)))
            for way in ways
        )
    )


def _same(row: Row, relation: ContactRelation) -> Existing | None:
    there = [(row.number(company), row.number(person)) for company, person in (SOURCE, DESTINATION)]
    wanted = [
        (relation.source_company or 0, relation.source_person or 0),
        (relation.destination_company or 0, relation.destination_person or 0),
    ]
    if row.number(DEFINITION) != relation.definition or there not in (wanted, wanted[::-1]):
        return None
    return Existing(row.id, row.text(COMMENT), there[0], there[1], is_reversed=there != wanted)
