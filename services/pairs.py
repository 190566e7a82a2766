"""Pairs: what is locked while a relation is saved, and what is written down of a save that is about to go out."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from schemas.contact_relation import ContactRelation
from schemas.contact_relation_entity import WRITABLE

_PARTIES = ("source_company", "source_person", "destination_company", "destination_person", "definition")
_WRITTEN = (
    "source_company",
    "source_person",
    "destination_company",
    "destination_person",
    "definition",
    "relation_id",
    "comment",
    "reversed",
    "action",
)


def pair_of(relation: ContactRelation) -> str:
    """Name the pair: both parties and the definition, the same from whichever end it is seen; else the relation."""
    if relation.relation_id is not None:
        return f"relation {relation.relation_id}"
    source = (relation.source_company or 0, relation.source_person or 0)
    destination = (relation.destination_company or 0, relation.destination_person or 0)
    first, second = sorted((source, destination))
    return f"{first[0]}.{first[1]}-{second[0]}.{second[1]}-{relation.definition}"


def names_of(entity: Mapping[str, Any]) -> set[str]:
    """Return the names under which a relation that is there may be locked: its id, and its two parties."""
    names = {f"relation {entity['RelationId']}"} if entity.get("RelationId") else set()
    ids: dict[str, Any] = {ours: entity.get(theirs) for ours, theirs in WRITABLE.items() if ours in _PARTIES}
    if ids["source_company"] and ids["destination_company"] and ids["definition"]:
        names.add(pair_of(ContactRelation(**ids)))
    return names


def wanted_of(relation: ContactRelation, how: str = "") -> dict[str, Any]:
    """Write down what is to be saved, and `how`: `created`, `updated` or `deleted`."""
    usual = "deleted" if relation.action == "delete" else "updated" if relation.relation_id else "created"
    known = {name: value for name in _WRITTEN if (value := getattr(relation, name)) is not None}
    return {"how": how or usual, **known}


def relation_of(wanted: Mapping[str, Any]) -> ContactRelation:
    """Return the relation that was written down so."""
    return ContactRelation(**{name: wanted[name] for name in _WRITTEN if name in wanted})
