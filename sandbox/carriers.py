"""What the WebAPI calls a relation: ContactRelationEntity read from JSON and written to it.

Fields and types are those of the public OpenAPI documents (https://docs.superoffice.com/en/api/reference/restful/).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

from sandbox import seed
from sandbox.parties import Parties
from sandbox.records import Definition
from sandbox.seed_definitions import DEFINITIONS
from sandbox.tenant import COMMENT_LENGTH, Relation

IDS = {
    "SourceContactId": "source_company",
    "SourcePersonId": "source_person",
    "DestinationContactId": "destination_company",
    "DestinationPersonId": "destination_person",
    "RelationId": "id",
    "RelationDefinitionId": "definition",
    "Reversed": "reversed",
}
NO_DATE = "0001-01-01T00:00:00"
# The tenant's server stands in Norway in winter: an offset that is not zero shows who forgets to read it.
SERVER_ZONE = timezone(timedelta(hours=1))
# Those that a caller may wish for, in winter.
ZONES = {"Europe/Oslo": SERVER_ZONE, "America/New_York": timezone(timedelta(hours=-5)), "UTC": UTC}
WITH_OFFSET = "includetzoffset"
FULL_ACCESS = {"Mask": "FULL", "Reason": ""}


class Unbindable(ValueError):
    """A value does not fit its property; the message names both."""


def bind(entity: Mapping[str, Any]) -> Relation:
    """Read what a caller may write; names in any case, the rest ignored, what is left out reset."""
    given = {name.lower(): value for name, value in entity.items()}
    fields: dict[str, Any] = {
        ours: integer(theirs, given[theirs.lower()]) for theirs, ours in IDS.items() if theirs.lower() in given
    }
    comment = given.get("comment")
    if comment is not None and not isinstance(comment, str):
        raise Unbindable("Comment must be a string")
    return Relation(**fields, comment=comment or "")


def integer(name: str, value: Any) -> int:
    """Read an int32 as .NET does: digits in a string will do; null, fractions and booleans will not."""
    if isinstance(value, str) and re.fullmatch(r"\s*-?[0-9]{1,10}\s*", value):
        value = int(value)
    if isinstance(value, bool) or not isinstance(value, int) or not -(2**31) <= value < 2**31:
        raise Unbindable(f"{name} cannot be read as a System.Int32")
    return value


def render(relation: Relation, parties: Parties, language: str | None, zone: str = "") -> dict[str, Any]:
    """Write all twenty fields; names and texts are looked up, in `language` (see `text`), dates are in `zone`."""
    definition = DEFINITIONS.get(relation.definition)
    return {
        "SourceContactId": relation.source_company,
        "SourcePersonId": relation.source_person,
        "DestinationContactId": relation.destination_company,
        "DestinationPersonId": relation.destination_person,
        "RelationId": relation.id,
        "Comment": relation.comment,
        "RelationDefinitionId": relation.definition,
        "Reversed": relation.reversed,
        "UpdatedDate": date(relation.updated, zone),
        "CreatedDate": date(relation.created, zone),
        "CreatedBy": associate(relation.created_by),
        "UpdatedBy": associate(relation.updated_by),
        "SourceContactName": _company_name(parties, relation.source_company),
        "SourcePersonName": _person_name(parties, relation.source_person),
        "DestinationContactName": _company_name(parties, relation.destination_company),
        "DestinationPersonName": _person_name(parties, relation.destination_person),
        **_texts(definition, language),
        "TableRight": dict(FULL_ACCESS),
        "FieldProperties": FIELD_PROPERTIES,
    }


def select(entity: dict[str, Any], names: str) -> dict[str, Any]:
    """Apply `$select`: the fields that are not listed become null; an empty list takes all."""
    wanted = {name.strip().lower() for name in names.split(",") if name.strip()}
    return {name: value if not wanted or name.lower() in wanted else None for name, value in entity.items()}


def text(texts: Mapping[str, str], language: str | None) -> str:
    """Pick one language, English where it is lacking; None gives all of them in SuperOffice's own notation.

    A text that was entered without languages is the same in all of them.
    """
    if "" in texts:
        return texts[""]
    if language is None:
        return ";".join(f'{country}:"{words}"' for country, words in texts.items())
    return texts.get(language, texts["US"])


def _company_name(parties: Parties, company: int) -> str:
    """Look up a name, empty for 0."""
    return parties.companies[company].name if company in parties.companies else ""


def _person_name(parties: Parties, person: int) -> str:
    """Look up a full name, empty for 0."""
    return parties.persons[person].full_name if person in parties.persons else ""


def _texts(definition: Definition | None, language: str | None) -> dict[str, str]:
    if definition is None:
        return {"ActiveText": "", "PassiveText": ""}
    return {
        "ActiveText": text(definition.active, language),
        "PassiveText": text(definition.passive, language),
    }


def date(moment: datetime | None, wished: str = "") -> str:
    """Write a moment with seven decimals of a second, as .NET does; Python knows six.

    `wished` is a caller's SO-TimeZone: a date in that zone tells its offset only with `, includeTZOffset`.
    Source: https://docs.superoffice.com/en/api/web-services/endpoints/http-headers.html
    """
    if moment is None:
        return NO_DATE
    name, *more = (part.strip() for part in wished.split(","))
    local = moment.astimezone(UTC).astimezone(ZONES.get(name, SERVER_ZONE))
    offset = "" if name in ZONES and WITH_OFFSET not in map(str.lower, more) else f"{local:%z}"
    return f"{local:%Y-%m-%dT%H:%M:%S.%f}0{offset[:3]}{':' if offset else ''}{offset[3:]}"


def associate(number: int) -> dict[str, Any] | None:
    """Write who did it; None for 0."""
    user = seed.ASSOCIATES.get(number)
    if user is None:
        return None
    return {
        "AssociateId": user.id,
        "Name": user.name,
        "PersonId": user.person,
        "Rank": 0,
        "Tooltip": "",
        "Type": user.kind,
        "GroupIdx": 1,
        "FullName": user.full_name,
        "FormalName": user.full_name,
        "Deleted": False,
        "EjUserId": 0,
        "UserName": user.name,
        "ExtraFields": {},
        "CustomFields": {},
        "TableRight": dict(FULL_ACCESS),
        "FieldProperties": {},
    }


def _property(mask: str, kind: str, length: int) -> dict[str, Any]:
    return {
        "FieldRight": {"Mask": mask, "Reason": ""},
        "FieldType": f"System.{kind}",
        "FieldLength": length,
    }


FIELD_PROPERTIES = {
    "SourceContactId": _property("Update, UIHintMandatory", "Int32", 4),
    "SourcePersonId": _property("Update", "Int32", 4),
    "DestinationContactId": _property("Update, UIHintMandatory", "Int32", 4),
    "DestinationPersonId": _property("Update", "Int32", 4),
    "RelationId": _property("Read", "Int32", 4),
    "Comment": _property("Update", "String", COMMENT_LENGTH),
    "RelationDefinitionId": _property("Update, UIHintMandatory", "Int32", 4),
    "Reversed": _property("Update", "Int16", 2),
    "UpdatedDate": _property("Read", "DateTime", 16),
    "CreatedDate": _property("Read", "DateTime", 16),
    "SourceContactName": _property("Read", "String", 0),
    "SourcePersonName": _property("Read", "String", 0),
    "DestinationContactName": _property("Read", "String", 0),
    "DestinationPersonName": _property("Read", "String", 0),
    "ActiveText": _property("Read", "String", 0),
    "PassiveText": _property("Read", "String", 0),
}
