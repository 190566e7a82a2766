"""A relation is saved once: looked for before it is made, and by one submission at a time."""

from __future__ import annotations

from contextlib import nullcontext

from schemas.contact_relation import ContactRelation
from services.superoffice.directory import Directory
from services.superoffice.relations import Outcome, Request, carry_out


def save(relation: ContactRelation, existing: str, directory: Directory, request: Request) -> Outcome:
    """Carry out what the relation says; `existing` is what happens to one that is there: update, keep or add."""
    if relation.relation_id is not None or (existing == "add" and relation.action == "save"):
        return carry_out(relation, directory.webapi, request)
    from services.superoffice import existing as there

    turn = directory.turns.take([pair_of(relation)], request.deadline) if relation.action == "save" else nullcontext()
    with turn:
        return there.save(relation, directory.webapi, request, existing)


def pair_of(relation: ContactRelation) -> str:
    """Name the pair: both parties and the definition, the same from whichever end it is seen."""
    source = (relation.source_company or 0, relation.source_person or 0)
    destination = (relation.destination_company or 0, relation.destination_person or 0)
    first, second = sorted((source, destination))
    return f"{first[0]}.{first[1]}-{second[0]}.{second[1]}-{relation.definition}"
