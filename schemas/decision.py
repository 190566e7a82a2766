"""An operator's decision about one delivery: ids that stand in the place of what the submission says."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from schemas.relation_mapping import PartyMapping, RelationMapping
from schemas.templates import Constant

# The names of a decision, and what SuperOffice calls them.
FIELDS = {
    "source_company": "SourceContactId",
    "source_person": "SourcePersonId",
    "destination_company": "DestinationContactId",
    "destination_person": "DestinationPersonId",
    "definition": "RelationDefinitionId",
}


def decided(mapping: RelationMapping, decision: Mapping[str, Any]) -> RelationMapping:
    """Put the ids in the place of the templates that would look for them."""
    known: dict[str, Any] = {}
    if "definition" in decision:
        known["definition"] = Constant(decision["definition"])
    for end in ("source", "destination"):
        party: PartyMapping = getattr(mapping, end)
        if (company := decision.get(f"{end}_company")) is not None:
            party = party._replace(company=(("id", Constant(company)),))
        if (person := decision.get(f"{end}_person")) is not None:
            party = party._replace(person=(("id", Constant(person)),))
        known[end] = party
    return mapping._replace(**known)
