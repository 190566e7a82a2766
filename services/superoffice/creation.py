"""Makes a company or a person that is not there, once: whoever comes at the same moment finds it.

Source: SuperOffice docs, "Contact agent" and "Person agent"; an entity begins with its defaults.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from services.deadline import Deadline
from services.errors import InDoubt, PartyNotFound
from services.superoffice import blame, persons
from services.superoffice.asking import ask
from services.superoffice.blame import Mistake
from services.superoffice.client import Call
from services.superoffice.directory import Directory
from services.superoffice.judging import Judgement, Wanted, judge_company, judge_person
from services.superoffice.parties import COMPANIES, PERSONS, look_up
from services.superoffice.spelling import fold


def cannot_create_company(wanted: Wanted) -> Mistake | None:
    """Say what a company lacks that is to be made."""
    if any(look.kind == "id" for look in wanted.looks):
        return _of_no_id(wanted, "company")
    if not _value(wanted, "name"):
        message = "No company was found, and without a name none can be made: send the company's name."
        return Mistake(PartyNotFound, blame.field(wanted.path, wanted.looks), message)
    return None


def cannot_create_person(wanted: Wanted, has_company: bool) -> Mistake | None:
    """Say what a person lacks who is to be made."""
    if any(look.kind == "id" for look in wanted.looks):
        return _of_no_id(wanted, "person")
    if not has_company:
        message = "No person was found, and without a company none can be made: send the person's company as well."
    elif not (_value(wanted, "name") or _key(wanted, "email")):
        message = "No person was found, and none can be made without a name or an e-mail address: send one of them."
    else:
        return None
    return Mistake(PartyNotFound, blame.field(wanted.path, wanted.looks), message)


def create_company(wanted: Wanted, directory: Directory, deadline: Deadline) -> tuple[int, bool]:
    """Return the company's id, and whether it was made now. Raises what an ambiguous one does."""

    def look_again() -> Judgement:
        sighting = look_up(COMPANIES, {"it": wanted.looks}, directory, deadline)["it"]
        return judge_company(wanted, sighting, directory, deadline)

    def make() -> int:
        return _save("Contact", "ContactId", _company(wanted), directory, deadline)

    return _once("company", wanted, look_again, make, directory, deadline)


def create_person(wanted: Wanted, company: int, directory: Directory, deadline: Deadline) -> tuple[int, bool]:
    """Return the id of a person of the company, and whether it was made now. Raises what an ambiguous one does."""

    def look_again() -> Judgement:
        sighting = look_up(PERSONS, {"it": wanted.looks}, directory, deadline)["it"]
        return judge_person(wanted, sighting, company, directory, deadline)

    def make() -> int:
        return _save("Person", "PersonId", _person(wanted, company), directory, deadline)

    return _once(f"person of {company}", wanted, look_again, make, directory, deadline)


def _once(
    what: str,
    wanted: Wanted,
    look_again: Callable[[], Judgement],
    make: Callable[[], int],
    directory: Directory,
    deadline: Deadline,
) -> tuple[int, bool]:
    """Take the turn with all that it is to be found by, look again, and make it only if it is still missing."""
    keys = {look.kind: look.key for look in wanted.looks if look.key} | {"name": fold(_value(wanted, "name"))}
    with directory.making([f"{what} by {kind} {key}" for kind, key in keys.items()], deadline):
        judgement = look_again()
        if judgement.row and not judgement.mistake:
            return judgement.row.id, False
        if judgement.mistake and not judgement.is_missing:
            raise blame.refuse([judgement.mistake])
        return make(), True


def _save(agent: str, key: str, fields: Mapping[str, Any], directory: Directory, deadline: Deadline) -> int:
    """Take the defaults, fill them in, save; an entity goes to these agents bare."""
    path = f"/Agents/{agent}"
    defaults = ask(Call("POST", f"{path}/CreateDefault{agent}Entity"), directory.webapi, deadline)
    entity = {**(defaults if isinstance(defaults, dict) else {}), **fields}
    saved = directory.webapi.send(Call("POST", f"{path}/Save{agent}Entity", entity, changes=True), deadline).json()
    identity = saved.get(key) if isinstance(saved, dict) else None
    if not isinstance(identity, int) or identity < 1:
        raise InDoubt(f"SuperOffice said yes, but gave no {key}: it may or may not be saved.")
    return identity


def _company(wanted: Wanted) -> dict[str, Any]:
    fields = {
        "Name": _value(wanted, "name"),
        "Department": _value(wanted, "department"),
        "OrgNr": _value(wanted, "orgnr"),
        "Number1": _value(wanted, "number"),
        "Emails": _elements(_key(wanted, "email")),
        "Phones": _elements(_key(wanted, "phone")),
        "Urls": _elements(_key(wanted, "domain")),
    }
    return {name: value for name, value in fields.items() if value}


def _person(wanted: Wanted, company: int) -> dict[str, Any]:
    address = _key(wanted, "email")
    first, last = persons.split_name(_value(wanted, "name") or address.partition("@")[0])
    fields = {
        "Firstname": first,
        "Lastname": last,
        "Contact": {"ContactId": company},
        "Emails": _elements(address),
        "OfficePhones": _elements(_key(wanted, "phone")),
    }
    return {name: value for name, value in fields.items() if value}


def _elements(value: str) -> list[dict[str, str]]:
    return [{"Value": value, "StrippedValue": value, "Description": ""}] if value else []


def _value(wanted: Wanted, kind: str) -> str:
    """Return what was sent."""
    return next((" ".join(str(given.value).split()) for given in wanted.selectors if given.kind == kind), "")


def _key(wanted: Wanted, kind: str) -> str:
    """Return what was sent in the form in which it is compared; nothing where it could not be read."""
    return next((look.key for look in wanted.looks if look.kind == kind), "")


def _of_no_id(wanted: Wanted, kind: str) -> Mistake:
    message = f"No {kind} has this id, and SuperOffice gives ids itself: correct it, or leave it out to have one made."
    return Mistake(PartyNotFound, blame.field(wanted.path, wanted.looks, "id"), message)
