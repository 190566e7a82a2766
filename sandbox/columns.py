"""What the rows of an archive can show and be restricted by, as the reference of each archive provider lists it.

https://docs.superoffice.com/en/api/archive-providers/reference/; the sandbox has the columns that a look-up needs.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from sandbox.records import Company, Person

Value = int | str | datetime | None
Columns = Mapping[str, "Column"]
# Numbers of the sandbox's own: the reference says that the column `direction` tells the two apart, not how.
ACTIVE, PASSIVE = 1, 2
BLANK: Mapping[str, Value] = {"int": 0, "bool": False}


@dataclass(frozen=True)
class Column:
    """One column of a provider; `kind` is the type of its restriction.

    show      what a row shows of its record
    compares  what a restriction looks at, where that is more than is shown
    key       the primary key that a text of digits stands for (type stringorPK)
    digits    only digits are compared: SuperOffice keeps a stripped number beside each phone, for searching
    shows     whether it can be asked for at all; `restricts` and `orders` likewise
    """

    name: str
    kind: str
    show: Callable[[Any], Value]
    compares: Callable[[Any], Sequence[Value]] | None = None
    key: Callable[[Any], int] | None = None
    digits: bool = False
    shows: bool = True
    restricts: bool = True
    orders: bool = True

    def compared(self, record: Any) -> Sequence[Value]:
        """List what a restriction looks at."""
        return self.compares(record) if self.compares else (self.show(record),)

    def search(self, text: str) -> str:
        """Bring a text into the form that is compared."""
        return re.sub(r"[^0-9]", "", text) if self.digits else text


@dataclass(frozen=True)
class End:
    """One end of a relation."""

    company: Company
    person: Person | None


@dataclass(frozen=True)
class RelationView:
    """A relation as it reads from one of its ends."""

    id: int
    definition: int
    comment: str
    active: str
    passive: str
    direction: int
    source: End
    target: End


@dataclass(frozen=True)
class FoundCompany:
    """A company with the people in it."""

    company: Company
    persons: Sequence[Person]


def _texts(name: str, read: Callable[[Any], Sequence[str]], *, digits: bool = False, orders: bool = True) -> Column:
    """Show the first of several texts, compare all."""
    return Column(name, "string", lambda r: next(iter(read(r)), ""), read, digits=digits, orders=orders)


def _keyed(columns: Iterable[Column]) -> dict[str, Column]:
    """Key by name in lower case: NetServer does not mind the case."""
    return {column.name.lower(): column for column in columns}


def _moved(name: str, column: Column, reach: Callable[[Any], Any]) -> Column:
    """Take a column over to a record that holds the first one, or holds none."""
    key = column.key

    def show(record: Any) -> Value:
        inner = reach(record)
        return BLANK.get(column.kind, "") if inner is None else column.show(inner)

    def compares(record: Any) -> Sequence[Value]:
        return () if reach(record) is None else column.compared(reach(record))

    moved_key = (lambda record: key(reach(record))) if key else None
    return replace(column, name=name, show=show, compares=compares, key=moved_key)


def _unrestricted(name: str, kind: str, show: Callable[[Any], Value]) -> Column:
    return Column(name, kind, show, restricts=False)


ALL = _keyed(
    [
        Column("getAllRows", "bool", lambda _: True, shows=False, orders=False),
        Column("getNoRows", "bool", lambda _: False, shows=False, orders=False),
    ]
)
COMPANY = ALL | _keyed(
    [
        Column("contactId", "int", lambda c: c.id),
        Column("name", "stringorPK", lambda c: c.name, key=lambda c: c.id),
        Column("department", "string", lambda c: c.department),
        Column("nameDepartment", "string", lambda c: c.full_name),
        Column("number", "string", lambda c: c.number),
        Column("code", "string", lambda c: c.code),
        Column("orgnr", "string", lambda c: c.orgnr),
        Column("contactDeleted", "bool", lambda c: c.deleted),
        Column("deletedDate", "datetime", lambda c: c.deleted_at, orders=False),
        Column("registeredDate", "datetime", lambda c: c.created),
        Column("updatedDate", "datetime", lambda c: c.updated),
        _texts("email/emailAddress", lambda c: c.emails),
        _texts("contactPhone/formattedNumber", lambda c: c.phones, orders=False),
        _texts("phone/formattedNumber", lambda c: c.phones, digits=True, orders=False),
        _texts("searchPhone/formattedNumber", lambda c: c.phones, digits=True, orders=False),
        _texts("url/URLAddress", lambda c: c.urls),
        Column("postAddress/city", "string", lambda c: c.city),
        Column("streetAddress/city", "string", lambda c: c.city),
    ]
)
PERSON = ALL | _keyed(
    [
        Column("personId", "int", lambda p: p.id),
        Column("firstName", "string", lambda p: p.first_name),
        Column("lastName", "string", lambda p: p.last_name),
        Column("fullName", "string", lambda p: p.full_name),
        Column("contactId", "int", lambda p: p.company),
        Column("title", "string", lambda p: p.title),
        Column("retired", "bool", lambda p: p.retired),
        Column("personRegisteredDate", "datetime", lambda p: p.created),
        Column("personUpdatedDate", "datetime", lambda p: p.updated),
        _texts("email/emailAddress", lambda p: p.emails),
        _texts("personDirectPhone/formattedNumber", lambda p: p.phones, orders=False),
        _texts("personMobilePhone/formattedNumber", lambda p: p.mobiles, orders=False),
        _texts("phone/formattedNumber", lambda p: (*p.phones, *p.mobiles), digits=True, orders=False),
        _texts("searchPhone/formattedNumber", lambda p: (*p.phones, *p.mobiles), digits=True, orders=False),
    ]
)
FIND_COMPANY = _keyed(
    [
        *(_moved(column.name, column, lambda found: found.company) for column in COMPANY.values()),
        _texts("personEmail/emailAddress", lambda found: [mail for person in found.persons for mail in person.emails]),
    ]
)
_OF_COMPANY = (
    "contactId",
    "name",
    "department",
    "nameDepartment",
    "number",
    "code",
    "orgnr",
    "contactDeleted",
    "contactPhone/formattedNumber",
)
_OF_PERSON = ("personId", "firstName", "lastName", "fullName", "retired")


def _end(name: str, reach: Callable[[RelationView], End]) -> list[Column]:
    """List what there is of one end; a person can be shown there, but not looked for."""

    def who(view: RelationView) -> str:
        person = reach(view).person
        return person.full_name if person else reach(view).company.full_name

    own = [_moved(f"{name}/{each}", COMPANY[each.lower()], lambda view: reach(view).company) for each in _OF_COMPANY]
    people = [_moved(f"{name}/{each}", PERSON[each.lower()], lambda view: reach(view).person) for each in _OF_PERSON]
    return [
        *own,
        Column(f"{name}/restrictionContactId", "int", lambda view: reach(view).company.id, orders=False),
        _unrestricted(f"{name}/who", "string", who),
        *(replace(column, restricts=False, orders=False) for column in people),
    ]


def _processed(view: RelationView) -> str:
    return view.active if view.direction == ACTIVE else view.passive


RELATION = ALL | _keyed(
    [
        Column("relationId", "int", lambda view: view.id),
        Column("relationDefinitionId", "int", lambda view: view.definition),
        Column("relationName", "string", lambda view: view.active),
        Column("relationComment", "string", lambda view: view.comment),
        Column("reversedName", "string", lambda view: view.passive),
        _unrestricted("processedName", "string", _processed),
        Column("direction", "int", lambda view: view.direction),
        *_end("source", lambda view: view.source),
        *_end("target", lambda view: view.target),
    ]
)
