"""What SuperOffice calls it: the wire form of a relation, there and back.

Source: the reference page "POST Agents/Relation/SaveContactRelation" of the SuperOffice WebAPI (v1).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Any

from marshmallow import Schema, ValidationError, fields

from schemas.fields import WireDate, read_date

if TYPE_CHECKING:
    from schemas.contact_relation import ContactRelation

# Ours and theirs, for the fields that can be written.
WRITABLE = {
    "source_company": "SourceContactId",
    "source_person": "SourcePersonId",
    "destination_company": "DestinationContactId",
    "destination_person": "DestinationPersonId",
    "definition": "RelationDefinitionId",
    "relation_id": "RelationId",
    "comment": "Comment",
    "reversed": "Reversed",
}
IDS = (
    "SourceContactId",
    "SourcePersonId",
    "DestinationContactId",
    "DestinationPersonId",
    "RelationDefinitionId",
)


def _integer() -> fields.Field[Any]:
    return fields.Integer(strict=True, allow_none=True)


def _text() -> fields.Field[Any]:
    return fields.String(allow_none=True)


def _carrier() -> fields.Field[Any]:
    """Associates and rights are carried through as they came: nothing here depends on them."""
    return fields.Dict(allow_none=True)


ContactRelationEntitySchema = Schema.from_dict(
    {
        **{name: _integer() for name in (*IDS, "RelationId", "Reversed")},
        "Comment": _text(),
        "CreatedDate": WireDate(allow_none=True),
        "CreatedBy": _carrier(),
        "UpdatedDate": WireDate(allow_none=True),
        "UpdatedBy": _carrier(),
        **{f"{end}{kind}Name": _text() for end in ("Source", "Destination") for kind in ("Contact", "Person")},
        "ActiveText": _text(),
        "PassiveText": _text(),
        "TableRight": _carrier(),
        "FieldProperties": _carrier(),
    },
    name="ContactRelationEntitySchema",
)
ENTITY_FIELDS = tuple(ContactRelationEntitySchema().fields)
# What is looked at with each answer; the other fields are carried through as they came.
_DATES = ("CreatedDate", "UpdatedDate")
_CHECKED = (*IDS, "RelationId")


class EntityMismatch(ValueError):
    """An answer that is not the relation that was sent."""


def written_fields(relation: ContactRelation) -> dict[str, Any]:
    """Return what was given, under SuperOffice's names, without the key."""
    values = {theirs: getattr(relation, ours) for ours, theirs in WRITABLE.items() if ours != "relation_id"}
    return {name: value for name, value in values.items() if value is not None}


def save_request(entity: Mapping[str, Any]) -> dict[str, Any]:
    """Wrap an entity as the Relation agent's SaveContactRelation wants it; `RelationId` 0 creates."""
    return {"ContactRelationEntity": {"RelationId": 0, "Reversed": 0, **entity}}


def load_entity(answer: Any, sent: Mapping[str, Any], selected: Iterable[str] = ()) -> dict[str, Any]:
    """Read a saved relation out of SuperOffice's answer.

    Raises EntityMismatch unless it is an object with `RelationId` > 0 that carries the ids that were `sent`.
    Fields left out by `$select` (`selected` lists those kept) come back as null and say nothing.
    """
    if not isinstance(answer, Mapping):
        raise EntityMismatch("the answer is not an object")
    entity = {name: answer.get(name) for name in ENTITY_FIELDS}
    for name in _CHECKED:
        value = entity[name]
        if value is not None and (not isinstance(value, int) or isinstance(value, bool)):
            raise EntityMismatch("its ids cannot be read")
    for name in _DATES:
        try:
            entity[name] = read_date(entity[name])
        except ValidationError:
            del entity[name]  # a date that cannot be read does not undo what was saved
    if (entity["RelationId"] or 0) < 1:
        raise EntityMismatch("the answer has no RelationId")
    kept = set(selected)
    for name in _CHECKED:
        shown = not kept or name in kept
        if sent.get(name) and shown and entity.get(name) != sent[name]:
            raise EntityMismatch(f"{name} is not the one that was sent")
    return entity


def dump_entity(entity: Mapping[str, Any], selected: Iterable[str] = ()) -> dict[str, Any]:
    """Return a saved relation as JSON: all its fields, or those `selected`; dates carry their offset."""
    names = tuple(selected) or ENTITY_FIELDS
    found = {name: entity[name] for name in names if name in entity}
    for name in _DATES:
        if isinstance(date := found.get(name), datetime):
            found[name] = date.isoformat()
    return found
