"""The hooks in the OpenAPI document: each with the fields it takes and the proof it wants."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from schemas.contact_relation import REQUIRED_TO_CREATE, ContactRelationSchema
from schemas.hooks import Hook
from schemas.packing import Packing
from schemas.signature import Hmac
from schemas.template_names import names_of
from schemas.templates import Choice, Template
from schemas.verification import (
    BasicSecret,
    BearerSecret,
    FieldSecret,
    HeaderSecret,
    Oidc,
    QuerySecret,
    Verification,
)

Json = dict[str, Any]

MOST_AT_ONCE = 1000  # items of an array
FORMS = ("application/x-www-form-urlencoded", "multipart/form-data")
ENTITY_EXAMPLE = {
    "SourceContactId": 686,
    "DestinationContactId": 4,
    "RelationDefinitionId": 18,
    "Comment": "Since 2019",
}
# What people type into a field that is used so; everybody and everything here is made up.
EXAMPLES: Mapping[str, Any] = {
    "company.id": 686,
    "company.number": "10686",
    "company.orgnr": "317333013",
    "company.name": "Acme",
    "company.department": "Oslo",
    "company.email": "post@acme.example",
    "company.phone": "+47 22 33 44 55",
    "company.domain": "acme.example",
    "person.id": 90,
    "person.name": "Ada Lovelace",
    "person.email": "ada@acme.example",
    "person.phone": "+47 900 11 222",
    "definition": "Partner of",
    "comment": "Since 2019",
    "id": 888,
    "action": "save",
    "when": "yes",
}


def request_body(hook: Hook) -> Json:
    """Describe what a hook takes: its own fields, or whatever its tool packs them into."""
    one = _packed(hook) if _is_packed(hook.packing) else _plain(hook)
    several = {"type": "array", "items": one, "maxItems": MOST_AT_ONCE, "description": "Several submissions at once"}
    as_json: Json = {"schema": {"anyOf": [one, several]}}
    as_form: Json = {"schema": one}
    if not _is_packed(hook.packing) and (example := _example(hook)):
        as_json["example"] = as_form["example"] = example
    return {"required": True, "content": {"application/json": as_json, **dict.fromkeys(FORMS, as_form)}}


def proof(verification: Verification) -> Json | None:
    """Describe as a security scheme what proves a sender; None where that is nothing, or stands in the body."""
    scheme: Json | None = None
    match verification:
        case HeaderSecret(header=header):
            scheme = {"type": "apiKey", "in": "header", "name": header}
        case QuerySecret(query=query):
            scheme = {"type": "apiKey", "in": "query", "name": query}
        case BearerSecret():
            scheme = {"type": "http", "scheme": "bearer"}
        case BasicSecret():
            scheme = {"type": "http", "scheme": "basic"}
        case Oidc(audience=audience):
            told = f"An identity token of Google's for {' or '.join(audience)}"
            scheme = {"type": "http", "scheme": "bearer", "bearerFormat": "JWT", "description": told}
        case Hmac() as signed:
            scheme = {"type": "apiKey", "in": "header", "name": signed.header, "description": _signature(signed)}
    return scheme


def _signature(signed: Hmac) -> str:
    """Say what is signed and how the signature is written."""
    parts = (part.decode() if isinstance(part, bytes) else f"{{{part}}}" for part in signed.template)
    how = f"HMAC-{signed.algorithm.upper()}" if signed.digest == "hmac" else signed.algorithm.upper()
    prefix = " or ".join(prefix.decode() for prefix in signed.prefixes if prefix)
    told = f"{how} of `{''.join(parts)}` as {signed.encoding}" + (f" after `{prefix}`" if prefix else "")
    if signed.timestamp and signed.timestamp.header:
        told += f"; the time is in {signed.timestamp.header}"
    return told + (f"; the id is in {signed.id_header}" if signed.id_header else "")


def _is_packed(packing: Packing) -> bool:
    """Tell whether the tool packs the answers into an envelope of its own."""
    places = (packing.unwrap_json, packing.base64, packing.each, packing.root, packing.answers)
    return any(places) and not packing.flat


def _packed(hook: Hook) -> Json:
    names = list(_properties(hook))
    told = f"The body as it comes from `{hook.sender}`"
    return {"type": "object", "description": f"{told}, with {', '.join(names)} in it." if names else f"{told}."}


def _plain(hook: Hook) -> Json:
    """Describe a body whose names are the fields themselves; one that has other names too is taken as well."""
    secret = hook.verify.field if isinstance(hook.verify, FieldSecret) else None
    demanded: Json = {}
    if secret:
        demanded = {"properties": {secret: {"type": "string", "format": "password"}}, "required": [secret]}
    if hook.relation is None:
        return {"allOf": [ContactRelationSchema, *([demanded] if demanded else [])], "anyOf": list(_intents(hook))}
    properties = {**_properties(hook), **demanded.get("properties", {})}
    return {"type": "object", **demanded, "properties": properties}


def _intents(hook: Hook) -> Iterator[Json]:
    """Say what each of the things that the hook allows cannot do without."""
    if "create" in hook.allow:
        yield {"title": "To create", "required": list(REQUIRED_TO_CREATE)}
    if "update" in hook.allow:
        yield {"title": "To update", "required": ["RelationId"]}
    if "delete" in hook.allow:
        yield {"title": "To delete", "required": ["RelationId", "action"]}


def _properties(hook: Hook) -> dict[str, Json]:
    """Name the fields that the hook's templates ask for, with what each of them is for, and an example."""
    properties: dict[str, Json] = {}
    for slot, template in _slots(hook):
        for name, as_it_comes in names_of(template):
            told = properties.setdefault(name, {"description": "Used for"})
            told["description"] += f"{',' if len(told['description']) > 8 else ''} `{slot}`"
            if as_it_comes:
                told.setdefault("examples", [_example_of(slot, template)])
    properties.pop("raw", None)  # the body itself
    return properties


def _example_of(slot: str, template: Template) -> Any:
    if isinstance(template, Choice):
        return template.listed[0]
    return EXAMPLES[slot.removeprefix("source.").removeprefix("destination.")]


def _slots(hook: Hook) -> Iterator[tuple[str, Template]]:
    """Give each template of a hook with the place it stands in."""
    relation = hook.relation
    if relation:
        for end, party in (("source", relation.source), ("destination", relation.destination)):
            for who, selectors in (("company", party.company), ("person", party.person)):
                yield from ((f"{end}.{who}.{kind}", template) for kind, template in selectors)
        for place in ("definition", "comment", "id", "action"):
            if template := getattr(relation, place):
                yield place, template
    if hook.when:
        yield "when", hook.when


def _example(hook: Hook) -> Json:
    if hook.relation is None:
        return ENTITY_EXAMPLE
    return {name: told["examples"][0] for name, told in _properties(hook).items() if "examples" in told}
