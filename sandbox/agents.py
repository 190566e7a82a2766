"""The Relation and MDO agents: every call is a POST, and "nothing" is answered 200 with JSON null."""

from __future__ import annotations

from typing import Any

from sandbox import carriers, lists
from sandbox.call import Answer, Context, json_answer, malformed, members, refusal
from sandbox.carriers import Unbindable
from sandbox.tenant import InvalidRelation, Relation, UnknownRelation


def create_default(context: Context) -> Answer:
    """Answer an unsaved entity; the body, if any, does not matter."""
    return _entity(context, Relation(created_by=context.user.id))


def get(context: Context) -> Answer:
    """Answer an entity; an unknown id is null, not 404."""
    try:
        relation = int(context.call.args["contactRelationEntityId"])
    except (KeyError, ValueError):
        raise malformed("contactRelationEntityId is not a System.Int32") from None
    try:
        return _entity(context, context.world.tenant.find(relation))
    except UnknownRelation:
        return json_answer(None)


def save(context: Context) -> Answer:
    """Save a wrapped entity; a bare one binds as null, and null is saved as null."""
    entity = members(context.call.json()).get("contactrelationentity")
    if entity is None:
        return json_answer(None)
    if not isinstance(entity, dict):
        raise malformed("ContactRelationEntity must be an object")
    return _entity(context, store(context, entity))


def store(context: Context, entity: dict[str, Any]) -> Relation:
    """Save an entity as JSON gave it; what is wrong with it becomes an error object under HTTP 400."""
    try:
        return context.world.tenant.save(carriers.bind(entity), context.user)
    except Unbindable as error:
        raise malformed(str(error)) from error
    except InvalidRelation as error:
        raise refusal(400, "ArgumentException", str(error)) from error
    except UnknownRelation as error:
        raise refusal(400, "SoNotFoundException", str(error)) from error


def delete(context: Context) -> Answer:
    """Delete, and answer 204 without a body."""
    relation = members(context.call.json()).get("contactrelationentityid")
    try:
        context.world.tenant.delete(carriers.bind({"RelationId": relation}).id)
    except Unbindable:
        raise malformed("ContactRelationEntityId is not a System.Int32") from None
    except UnknownRelation as error:
        raise refusal(400, "SoNotFoundException", str(error)) from error
    return Answer(204)


def get_list(context: Context) -> Answer:
    """Answer the same as `GET MDOList/{name}`; nobody has used this list yet, so of history there is none."""
    request = members(context.call.json())
    if request.get("onlyhistory") is True:
        return json_answer([])
    name, pair = request.get("name"), request.get("additionalinfo")
    return lists.items(context, str(name or ""), str(pair or ""))


def _entity(context: Context, relation: Relation) -> Answer:
    entity = carriers.render(relation, context.world.tenant.parties, context.call.language, context.call.zone)
    return json_answer(carriers.select(entity, context.call.args.get("$select", "")))
