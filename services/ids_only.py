"""A mapped relation as the entity's fields, where hooks.yaml gives every party and the definition by id."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from services.errors import FieldError
from services.mapping import MappedRelation, Party, Selector, refusal

# An id finds one company at most, so what is written after it is not asked; these two may contradict it.
NEVER_IGNORED = ("number", "orgnr")


def ids_only(relation: MappedRelation) -> dict[str, Any]:
    """Return the entity's fields that were given; InvalidSubmission names all that would need a look-up."""
    mistakes: list[FieldError] = []
    fields: dict[str, Any] = {
        **_party("Source", relation.source, mistakes),
        **_party("Destination", relation.destination, mistakes),
        "RelationDefinitionId": relation.definition,
        "RelationId": relation.relation_id,
        "Comment": relation.comment,
        "action": relation.action,
    }
    if isinstance(relation.definition, str):
        names = relation.definition_names or ("definition",)
        mistakes.append(FieldError(names[0], _words("a definition by its name")))
    if relation.action == "delete" and relation.relation_id is None:
        mistakes.append(
            FieldError("id", "Only a relation with an id can be deleted: add id to relation in hooks.yaml.")
        )
    if mistakes:
        raise refusal(mistakes)
    return {name: value for name, value in fields.items() if value is not None}


def _party(end: str, party: Party, mistakes: list[FieldError]) -> dict[str, int | str | None]:
    path = end.lower()
    mistakes += _needs_a_look_up(f"{path}.company", "a company", party.company)
    mistakes += _needs_a_look_up(f"{path}.person", "a person", party.person)
    if party.person and not party.company:
        names = party.person[0].names or (f"{path}.person",)
        mistakes.append(FieldError(names[0], _words("the company that a person belongs to", f"{path}.company")))
    return {f"{end}ContactId": _id(party.company), f"{end}PersonId": _id(party.person)}


def _needs_a_look_up(path: str, what: str, selectors: tuple[Selector, ...]) -> Iterator[FieldError]:
    for place, selector in enumerate(selectors):
        if selector.kind == "id" or (place and selectors[0].kind == "id" and selector.kind not in NEVER_IGNORED):
            continue
        names = selector.names or (f"{path}.{selector.kind}",)
        yield FieldError(names[0], _words(f"{what} by {selector.kind}", path))


def _id(selectors: tuple[Selector, ...]) -> int | str | None:
    return next((selector.value for selector in selectors if selector.kind == "id"), None)


def _words(what: str, path: str = "") -> str:
    example = f"{path}: {{id: 42}}" if path else "definition: 42"
    return f"Looking up {what} is not built into this version: give its id in hooks.yaml, as in {example}."
