"""Relations in SuperOffice: save, change, delete and read one.

Source: SuperOffice WebAPI reference, "Relation agent" and REST resource "Relation".
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, NamedTuple

from schemas.contact_relation import ContactRelation
from schemas.contact_relation_entity import (
    WRITABLE,
    EntityMismatch,
    dump_entity,
    load_entity,
    save_request,
    written_fields,
)
from services.deadline import Deadline
from services.errors import InDoubt, RefusedBySuperOffice, SuperOfficeUnavailable
from services.superoffice.client import Call, WebApi

AGENT = "/Agents/Relation"
NO_SUCH_ROUTE = frozenset({404, 405, 501})  # without an error object: a server older than PATCH


class Request(NamedTuple):
    """How one submission wants its call made: which fields come back, in whose language, by when."""

    deadline: Deadline
    select: tuple[str, ...] = ()
    headers: Mapping[str, str] = MappingProxyType({})

    @property
    def params(self) -> dict[str, str]:
        """The query: `$select`, where not all fields are wanted."""
        return {"$select": ",".join(self.select)} if self.select else {}


class Outcome(NamedTuple):
    """What became of a relation, and the relation as SuperOffice has it now."""

    status: str
    relation: Mapping[str, Any]


def carry_out(relation: ContactRelation, webapi: WebApi, request: Request) -> Outcome:
    """Create, update or delete, as the relation says."""
    if relation.action == "delete":
        return delete(relation, webapi, request)
    if relation.relation_id is None:
        return create(relation, webapi, request)
    return update(relation, webapi, request)


def create(relation: ContactRelation, webapi: WebApi, request: Request) -> Outcome:
    """Save a new relation."""
    return Outcome("created", _save(written_fields(relation), webapi, request))


def update(relation: ContactRelation, webapi: WebApi, request: Request) -> Outcome:
    """Change what was given and nothing else: the agent's own save would overwrite the whole row."""
    changes = written_fields(relation)
    call = Call(
        "PATCH",
        f"/Relation/{relation.relation_id}",
        body=changes,
        params=request.params,
        headers={**request.headers, "Content-Type": "application/merge-patch+json"},
        changes=True,
        route_may_lack=NO_SUCH_ROUTE,
    )
    answer = webapi.send(call, request.deadline)
    if answer.is_success:
        sent = {**changes, "RelationId": relation.relation_id}
        return Outcome("updated", _saved(answer.json(), sent, request))
    now = read(relation.relation_id or 0, webapi, request.deadline)
    return Outcome("updated", _save({**now, **changes}, webapi, request))


def delete(relation: ContactRelation, webapi: WebApi, request: Request) -> Outcome:
    """Delete by RelationId."""
    body = {"ContactRelationEntityId": relation.relation_id}
    webapi.send(Call("POST", f"{AGENT}/DeleteContactRelation", body, changes=True), request.deadline)
    return Outcome("deleted", {"RelationId": relation.relation_id})


def read(relation_id: int, webapi: WebApi, deadline: Deadline) -> dict[str, Any]:
    """Return what can be written of a relation; raise RefusedBySuperOffice where there is none of that id."""
    entity = read_entity(relation_id, webapi, deadline)
    if entity is None:
        raise RefusedBySuperOffice(f"SuperOffice has no relation with the id {relation_id}.")
    return {name: entity[name] for name in WRITABLE.values() if entity.get(name) is not None}


def read_entity(relation_id: int, webapi: WebApi, deadline: Deadline) -> Mapping[str, Any] | None:
    """Return a relation as SuperOffice has it now, or None where there is none of that id."""
    params = {"contactRelationEntityId": str(relation_id)}
    call = Call("POST", f"{AGENT}/GetContactRelationEntity", params=params, route_may_lack=frozenset({404}))
    answer = webapi.send(call, deadline)
    found = answer.json() if answer.is_success else None
    if found is None:
        return None
    try:
        return dump_entity(load_entity(found, {"RelationId": relation_id}))
    except EntityMismatch as error:
        raise SuperOfficeUnavailable(f"SuperOffice's relation {relation_id} cannot be read: {error}.") from error


def _save(entity: Mapping[str, Any], webapi: WebApi, request: Request) -> dict[str, Any]:
    call = Call(
        "POST",
        f"{AGENT}/SaveContactRelation",
        body=save_request(entity),
        params=request.params,
        headers=request.headers,
        changes=True,
    )
    return _saved(webapi.send(call, request.deadline).json(), entity, request)


def _saved(answer: Any, sent: Mapping[str, Any], request: Request) -> dict[str, Any]:
    try:
        return dump_entity(load_entity(answer, sent, request.select), request.select)
    except EntityMismatch as error:
        raise InDoubt(f"SuperOffice said yes, but {error}: the relation may or may not be saved.") from error
