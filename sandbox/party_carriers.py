"""What the WebAPI calls a company and a person: ContactEntity and PersonEntity read from JSON and written to it.

Fields and types are those of the public OpenAPI documents (https://docs.superoffice.com/en/api/reference/restful/).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

from sandbox.call import members
from sandbox.carriers import FULL_ACCESS, NO_DATE, Unbindable, associate, date, integer
from sandbox.records import Company, Person

ZERO_FIELDS = ("Source", "ActiveInterests", "ActiveErpLinks", "DbiAgentId", "ActiveStatusMonitorId")
NO_OBJECTS = ("Business", "Category", "Country", "SupportAssociate", "TicketPriority", "CustomerLanguage", "Address")


def bind_company(entity: Mapping[str, Any]) -> Company:
    """Read a ContactEntity; names in any case, the rest ignored, what is left out reset. Raises Unbindable."""
    given = members(entity)
    return Company(
        id=integer("ContactId", given.get("contactid", 0)),
        name=_text(given, "Name"),
        department=_text(given, "Department"),
        orgnr=_text(given, "OrgNr"),
        number=_text(given, "Number1"),
        code=_text(given, "Number2"),
        emails=_elements(given, "Emails"),
        phones=_elements(given, "Phones"),
        urls=_elements(given, "Urls"),
    )


def bind_person(entity: Mapping[str, Any]) -> Person:
    """Read a PersonEntity, whose company is in its Contact. Raises Unbindable."""
    given = members(entity)
    retired = given.get("retired", False)
    if not isinstance(retired, bool):
        raise Unbindable("Retired cannot be read as a System.Boolean")
    return Person(
        id=integer("PersonId", given.get("personid", 0)),
        company=integer("ContactId", members(given.get("contact")).get("contactid", 0)),
        first_name=_text(given, "Firstname"),
        last_name=_text(given, "Lastname"),
        emails=_elements(given, "Emails"),
        phones=_elements(given, "OfficePhones"),
        mobiles=_elements(given, "MobilePhones"),
        title=_text(given, "Title"),
        retired=retired,
    )


def render_company(company: Company, persons: Iterable[Person] = ()) -> dict[str, Any]:
    """Write a ContactEntity; what the sandbox does not keep is there and empty."""
    return {
        "ContactId": company.id,
        "Name": company.name,
        "Department": company.department,
        "OrgNr": company.orgnr,
        "Number1": company.number,
        "Number2": company.code,
        "Emails": [_element(email) for email in company.emails],
        "Phones": [_phone(phone) for phone in company.phones],
        "Urls": [_element(url) for url in company.urls],
        "Faxes": [],
        "Interests": [],
        "Domains": [],
        "Persons": [_person_in_company(person, company) for person in persons],
        "Description": "",
        "Deleted": int(company.deleted),
        "NoMailing": False,
        "Xstop": False,
        **_history(company),
        "Associate": associate(company.created_by),
        **_blanks(),
    }


def render_person(person: Person, company: Company) -> dict[str, Any]:
    """Write a PersonEntity; what the sandbox does not keep is there and empty."""
    return {
        "PersonId": person.id,
        "Firstname": person.first_name,
        "MiddleName": "",
        "Lastname": person.last_name,
        "Title": person.title,
        "FullName": person.full_name,
        "FormalName": person.full_name,
        "Contact": _company_of_person(company) if company.id else None,
        "Emails": [_element(email) for email in person.emails],
        "OfficePhones": [_phone(phone) for phone in person.phones],
        "MobilePhones": [_phone(phone) for phone in person.mobiles],
        **{name: [] for name in ("PrivatePhones", "OtherPhones", "Faxes", "Urls", "Interests", "Consents")},
        "Description": "",
        "BirthDate": NO_DATE,
        "Retired": person.retired,
        "IsAssociate": False,
        "NoMailing": False,
        **_history(person),
        **_blanks(),
    }


def _history(record: Company | Person) -> dict[str, Any]:
    return {
        "CreatedDate": date(record.created),
        "CreatedBy": associate(record.created_by),
        "UpdatedDate": date(record.updated),
        "UpdatedBy": associate(record.updated_by),
    }


def _blanks() -> dict[str, Any]:
    return {
        **dict.fromkeys(ZERO_FIELDS, 0),
        **dict.fromkeys(NO_OBJECTS),
        "UserDefinedFields": {},
        "ExtraFields": {},
        "CustomFields": {},
        "TableRight": dict(FULL_ACCESS),
        "FieldProperties": {},
    }


def _company_of_person(company: Company) -> dict[str, Any]:
    """Write the short carrier named Contact."""
    return {
        "ContactId": company.id,
        "Name": company.name,
        "OrgNr": company.orgnr,
        "Department": company.department,
        "URL": next(iter(company.urls), ""),
        "DirectPhone": next(iter(company.phones), ""),
        "EmailAddress": next(iter(company.emails), ""),
        "FullName": company.full_name,
        "Number1": company.number,
        "Number2": company.code,
        "TableRight": None,
        "FieldProperties": {},
    }


def _person_in_company(person: Person, company: Company) -> dict[str, Any]:
    """Write the short carrier named Person, in which `Retired` is a number."""
    return {
        "PersonId": person.id,
        "Firstname": person.first_name,
        "Lastname": person.last_name,
        "FullName": person.full_name,
        "Title": person.title,
        "Email": next(iter(person.emails), ""),
        "DirectPhone": next(iter(person.phones), ""),
        "MobilePhone": next(iter(person.mobiles), ""),
        "ContactId": company.id,
        "ContactName": company.name,
        "Retired": int(person.retired),
        "TableRight": None,
        "FieldProperties": {},
    }


def _element(value: str, stripped: str | None = None) -> dict[str, Any]:
    return {
        "Value": value,
        "StrippedValue": value if stripped is None else stripped,
        "Description": "",
        "TableRight": None,
        "FieldProperties": {},
    }


def _phone(value: str) -> dict[str, Any]:
    return _element(value, re.sub(r"[^0-9]", "", value))


def _text(given: Mapping[str, Any], name: str) -> str:
    value = given.get(name.lower())
    if value is not None and not isinstance(value, str):
        raise Unbindable(f"{name} must be a string")
    return value or ""


def _elements(given: Mapping[str, Any], name: str) -> tuple[str, ...]:
    """Read the values of EntityElements; those without one are none."""
    elements = given.get(name.lower()) or []
    if not isinstance(elements, list) or not all(isinstance(each, dict) for each in elements):
        raise Unbindable(f"{name} must be an array of EntityElement")
    return tuple(value for each in elements if (value := _text(members(each), "Value").strip()))
