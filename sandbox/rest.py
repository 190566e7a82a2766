"""The REST resources of a relation: bare entities, true status codes, links."""

from __future__ import annotations

from datetime import datetime
from typing import Any, cast

from sandbox import agents, carriers, patch, seed
from sandbox.call import Answer, Context, json_answer, malformed, refusal
from sandbox.patch import InvalidPatch, Mismatch
from sandbox.tenant import Relation, UnknownRelation


def get(context: Context, relation: int) -> Answer:
    """Answer one, or 304 where it is no newer than If-Modified-Since."""
    found = _find(context, relation)
    since = context.call.if_modified_since
    if since is not None and _changed(found) <= since:
        return Answer(304)
    return _entity(context, found)


def post(context: Context) -> Answer:
    """Create; a RelationId in the body does not count."""
    entity = {**_body(context), "RelationId": 0}
    return _entity(context, agents.store(context, entity))


def put(context: Context, relation: int) -> Answer:
    """Overwrite the whole row; the id of the path counts."""
    with context.world.tenant.lock:
        _unmodified(context, _find(context, relation))
        entity = {**_body(context), "RelationId": relation}
        return _entity(context, agents.store(context, entity))


def patch_(context: Context, relation: int) -> Answer:
    """Change what the patch names, and nothing else; 409 where one of its tests fails."""
    with context.world.tenant.lock:
        found = _find(context, relation)
        _unmodified(context, found)
        entity = carriers.render(found, context.world.tenant.parties, context.call.language)
        try:
            patched = patch.apply(entity, context.call.json())
        except InvalidPatch as error:
            raise refusal(400, "ArgumentException", str(error)) from error
        except Mismatch as error:
            raise refusal(409, "JsonPatchTestFailedException", str(error)) from error
        return _entity(context, agents.store(context, {**patched, "RelationId": relation}))


def delete(context: Context, relation: int) -> Answer:
    """Delete, and answer 204 without a body."""
    with context.world.tenant.lock:
        _unmodified(context, _find(context, relation))
        context.world.tenant.delete(relation)
    return Answer(204)


def _body(context: Context) -> dict[str, Any]:
    """Read an entity without its id, whatever the spelling: who calls sets it."""
    entity = context.call.json()
    if not isinstance(entity, dict):
        raise malformed("A ContactRelationEntity is needed in the body")
    return {name: value for name, value in entity.items() if name.lower() != "relationid"}


def _find(context: Context, relation: int) -> Relation:
    try:
        return context.world.tenant.find(relation)
    except UnknownRelation as error:
        raise refusal(404, "SoNotFoundException", str(error)) from error


def _changed(relation: Relation) -> datetime:
    """Cut to whole seconds: HTTP dates know no others (RFC 9110, 5.6.7)."""
    changed = cast("datetime", relation.updated or relation.created)
    return changed.replace(microsecond=0)


def _unmodified(context: Context, relation: Relation) -> None:
    since = context.call.if_unmodified_since
    if since is not None and _changed(relation) > since:
        raise refusal(412, "PreconditionFailedException", f"ContactRelation id {relation.id} has changed")


def _entity(context: Context, relation: Relation) -> Answer:
    entity = carriers.render(relation, context.world.tenant.parties, context.call.language, context.call.zone)
    root = context.call.path.lower().partition("/relation")[0]
    links = {"Self": f"{context.world.url}{root}/relation/{relation.id}"}
    links["Archive"] = f"{context.world.url}{root}/relation"
    return json_answer({**carriers.select(entity, context.call.args.get("$select", "")), "_Links": links})


def default(context: Context) -> Answer:
    """Answer the same as the agent's CreateDefaultContactRelationEntity."""
    return agents.create_default(context)


def current_principal(context: Context) -> Answer:
    """Tell who is calling; the properties that matter to an integration."""
    user = context.user
    person = context.world.tenant.parties.persons.get(user.person)
    return json_answer(
        {
            "UserType": user.kind,
            "Associate": user.name,
            "AssociateId": user.id,
            "IsPerson": bool(user.person),
            "PersonId": user.person,
            "ContactId": person.company if person else 0,
            "RoleName": "User level 0",
            "FullName": user.full_name,
            "EMailAddress": person.emails[0] if person else "",
            "EjUserId": 0,
            "DatabaseContextIdentifier": seed.TENANT_ID,
            "UserName": user.name,
        }
    )
