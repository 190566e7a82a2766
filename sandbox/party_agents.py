"""The Contact and Person agents, and the REST resources of one company and one person: entities are bare here."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

from sandbox import carriers
from sandbox.call import Answer, Context, json_answer, malformed, refusal
from sandbox.carriers import Unbindable
from sandbox.parties import InvalidParty, UnknownParty
from sandbox.party_carriers import bind_company, bind_person, render_company, render_person
from sandbox.records import Company, Person

Stored = TypeVar("Stored")


def create_default_company(context: Context) -> Answer:
    """Answer an unsaved ContactEntity."""
    return _company(context, Company(0, "", created_by=context.user.id))


def create_default_person(context: Context) -> Answer:
    """Answer an unsaved PersonEntity."""
    return _person(context, Person(0, 0, "", "", created_by=context.user.id))


def save_company(context: Context) -> Answer:
    """Save a bare ContactEntity; null is saved as null."""
    entity = _body(context)
    if entity is None:
        return json_answer(None)
    save = context.world.tenant.parties.save_company
    return _company(context, _store(lambda: save(bind_company(entity), context.user)))


def save_person(context: Context) -> Answer:
    """Save a bare PersonEntity; null is saved as null."""
    entity = _body(context)
    if entity is None:
        return json_answer(None)
    save = context.world.tenant.parties.save_person
    return _person(context, _store(lambda: save(bind_person(entity), context.user)))


def get_company(context: Context) -> Answer:
    """Answer `GetContactEntity?contactEntityId=`; an unknown id is null."""
    try:
        return _company(context, context.world.tenant.parties.company(_argument(context, "contactEntityId")))
    except UnknownParty:
        return json_answer(None)


def get_person(context: Context) -> Answer:
    """Answer `GetPersonEntity?personEntityId=`; an unknown id is null."""
    try:
        return _person(context, context.world.tenant.parties.person(_argument(context, "personEntityId")))
    except UnknownParty:
        return json_answer(None)


def delete_company(context: Context) -> Answer:
    """Delete softly, and answer 204 without a body."""
    number = _argument(context, "contactEntityId")
    _store(lambda: context.world.tenant.parties.delete_company(number))
    return Answer(204)


def read_company(context: Context, company: int) -> Answer:
    """Answer `GET Contact/{id}`, a deleted one too: its `Deleted` says so."""
    try:
        return _company(context, context.world.tenant.parties.company(company), "contact")
    except UnknownParty as error:
        raise refusal(404, "SoNotFoundException", str(error)) from error


def read_person(context: Context, person: int) -> Answer:
    """Answer `GET Person/{id}`."""
    try:
        return _person(context, context.world.tenant.parties.person(person), "person")
    except UnknownParty as error:
        raise refusal(404, "SoNotFoundException", str(error)) from error


def _body(context: Context) -> dict[str, Any] | None:
    entity = context.call.json()
    if entity is not None and not isinstance(entity, dict):
        raise malformed("The entity must be an object")
    return entity


def _argument(context: Context, name: str) -> int:
    try:
        return int(context.call.args[name])
    except (KeyError, ValueError):
        raise malformed(f"{name} is not a System.Int32") from None


def _store(save: Callable[[], Stored]) -> Stored:
    try:
        return save()
    except Unbindable as error:
        raise malformed(str(error)) from error
    except InvalidParty as error:
        raise refusal(400, "ArgumentException", str(error)) from error
    except UnknownParty as error:
        raise refusal(400, "SoNotFoundException", str(error)) from error


def _company(context: Context, company: Company, resource: str = "") -> Answer:
    persons = [
        each for each in context.world.tenant.parties.persons.values() if company.id and each.company == company.id
    ]
    return _entity(context, render_company(company, persons), resource, company.id)


def _person(context: Context, person: Person, resource: str = "") -> Answer:
    company = context.world.tenant.parties.companies.get(person.company, Company(0, ""))
    return _entity(context, render_person(person, company), resource, person.id)


def _entity(context: Context, entity: dict[str, Any], resource: str, number: int) -> Answer:
    """Answer it, with links where it is a REST resource."""
    chosen = carriers.select(entity, context.call.args.get("$select", ""))
    if resource:
        base = f"{context.world.url}{context.call.path.lower().partition(f'/{resource}/')[0]}/{resource}"
        chosen["_Links"] = {"Self": f"{base}/{number}", "Archive": base}
    return json_answer(chosen)
