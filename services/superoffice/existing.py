"""Whether a relation is there already, and what is done then: SuperOffice itself would save it a second time.

Source: SuperOffice docs, archive provider "Relation", which lists a relation from either of its ends.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from schemas.contact_relation import ContactRelation
from services.deadline import Deadline
from services.errors import RelationNotFound
from services.superoffice.archive import Archive, Restrictions, Row, all_of, any_of, restrict, search
from services.superoffice.client import WebApi
from services.superoffice.relations import Outcome, Request, carry_out

# Retired persons and companies with the stop flag are listed apart, and have relations too.
ARCHIVE = Archive("Relation", ("relation", "retired", "stop"), "relationId")
SOURCE, DESTINATION = ("source/contactId", "source/personId"), ("target/contactId", "target/personId")
DEFINITION, COMMENT = "relationDefinitionId", "relationComment"


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
    columns = (*SOURCE, *DESTINATION, DEFINITION, COMMENT)
    rows = search(ARCHIVE, columns, _between(relation), webapi, deadline)
    same = [found for row in rows if (found := _same(row, relation))]
    return min(same, key=lambda found: (found.is_reversed, found.relation_id), default=None)


def save(relation: ContactRelation, webapi: WebApi, request: Request, existing: str) -> Outcome:
    """Carry out what the relation says; `existing` is what happens to one that is there: update, keep or add.

    Raises RelationNotFound where one is to be deleted that is not there.
    """
    is_delete = relation.action == "delete"
    if relation.relation_id is not None or (existing == "add" and not is_delete):
        return carry_out(relation, webapi, request)
    found = find_existing(relation, webapi, request.deadline)
    if found is None:
        if is_delete:
            raise RelationNotFound("There is no such relation between these two, so there is nothing to delete.")
        return carry_out(relation, webapi, request)
    if is_delete:
        return carry_out(replace(relation, relation_id=found.relation_id), webapi, request)
    if existing == "keep" or relation.comment is None or _same_text(relation.comment, found.comment):
        return Outcome("unchanged", _entity(found, relation, request))
    changed = ContactRelation(relation_id=found.relation_id, comment=relation.comment)
    return carry_out(changed, webapi, request)


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


def _same_text(one: str, other: str) -> bool:
    """Compare comments; line ends and spaces at the end do not survive every way into a database."""
    return one.replace("\r\n", "\n").rstrip() == other.replace("\r\n", "\n").rstrip()


def _entity(found: Existing, relation: ContactRelation, request: Request) -> Mapping[str, Any]:
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
    return {name: value for name, value in entity.items() if not request.select or name in request.select}
