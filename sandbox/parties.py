"""One tenant's companies and persons and the rules for them; knows nothing of HTTP or JSON."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable
from dataclasses import replace
from datetime import UTC, datetime

from sandbox.records import Associate, Company, Person
from sandbox.seed_parties import COMPANIES, PERSONS

NAME_LENGTH = 219
PERSON_NAME_LENGTH = 99
NUMBER_LENGTH = 49
EMAIL_LENGTH = PHONE_LENGTH = 239
URL_LENGTH = 1023


class InvalidParty(ValueError):
    """The tenant will not store this company or person; the message says why."""


class UnknownParty(LookupError):
    """No company or person has this id; the message says which."""


class Parties:
    """Every change is reported to `changed` ("created_companies", "updated_persons", …) before the caller answers."""

    def __init__(self, lock: threading.RLock, changed: Callable[[str], None]):
        self._lock, self._changed = lock, changed
        self.companies: dict[int, Company] = {}
        self.persons: dict[int, Person] = {}
        self.restore()

    def company(self, number: int) -> Company:
        """Get one, deleted or not; raises UnknownParty."""
        with self._lock:
            if number not in self.companies:
                raise UnknownParty(f"Contact id {number} not found")
            return self.companies[number]

    def person(self, number: int) -> Person:
        """Get one, retired or not; raises UnknownParty."""
        with self._lock:
            if number not in self.persons:
                raise UnknownParty(f"Person id {number} not found")
            return self.persons[number]

    def save_company(self, company: Company, by: Associate) -> Company:
        """Create (id 0) or overwrite the whole card. Raises InvalidParty and UnknownParty."""
        _check_company(company)
        with self._lock:
            now = datetime.now(UTC)
            if company.id:
                old = self.company(company.id)
                row = replace(company, created=old.created, created_by=old.created_by, deleted_at=old.deleted_at)
                row = replace(row, updated=now, updated_by=by.id)
            else:
                row = replace(company, id=max(self.companies) + 1, created=now, created_by=by.id)
            self.companies[row.id] = row
            self._changed("updated_companies" if company.id else "created_companies")
            return row

    def save_person(self, person: Person, by: Associate) -> Person:
        """Create (id 0) or overwrite the whole card. Raises InvalidParty and UnknownParty."""
        with self._lock:
            self._check_person(person)
            now = datetime.now(UTC)
            if person.id:
                old = self.person(person.id)
                row = replace(person, created=old.created, created_by=old.created_by, updated=now, updated_by=by.id)
            else:
                row = replace(person, id=max(self.persons) + 1, created=now, created_by=by.id)
            self.persons[row.id] = row
            self._changed("updated_persons" if person.id else "created_persons")
            return row

    def delete_company(self, number: int) -> None:
        """Delete it softly; raises UnknownParty."""
        with self._lock:
            self.companies[number] = replace(self.company(number), deleted_at=datetime.now(UTC))
            self._changed("deleted_companies")

    def restore(self, companies: Iterable[Company] = (), persons: Iterable[Person] = ()) -> None:
        """Take the seed and, over it, what was kept; without a report."""
        with self._lock:
            self.companies = COMPANIES | {company.id: company for company in companies}
            self.persons = PERSONS | {person.id: person for person in persons}

    def own(self) -> tuple[list[Company], list[Person]]:
        """List what a fresh tenant would not have: created or changed since."""
        with self._lock:
            companies = [each for each in self.companies.values() if COMPANIES.get(each.id) != each]
            return companies, [each for each in self.persons.values() if PERSONS.get(each.id) != each]

    def _check_person(self, person: Person) -> None:
        if person.company not in self.companies or self.companies[person.company].deleted:
            raise InvalidParty(f"Person.Contact is mandatory: contact id {person.company} not found")
        if not (person.full_name or person.emails):
            raise InvalidParty("A person needs a name or an e-mail address")
        _check_lengths("Firstname", [person.first_name], PERSON_NAME_LENGTH)
        _check_lengths("Lastname", [person.last_name], PERSON_NAME_LENGTH)
        _check_lengths("Emails", person.emails, EMAIL_LENGTH)
        _check_lengths("Phones", [*person.phones, *person.mobiles], PHONE_LENGTH)


def _check_company(company: Company) -> None:
    if not company.name.strip():
        raise InvalidParty("Contact.Name is mandatory")
    _check_lengths("Name", [company.name], NAME_LENGTH)
    _check_lengths("Department", [company.department], NAME_LENGTH)
    for name, value in (("OrgNr", company.orgnr), ("Number1", company.number), ("Number2", company.code)):
        _check_lengths(name, [value], NUMBER_LENGTH)
    _check_lengths("Emails", company.emails, EMAIL_LENGTH)
    _check_lengths("Phones", company.phones, PHONE_LENGTH)
    _check_lengths("Urls", company.urls, URL_LENGTH)


def _check_lengths(name: str, values: Iterable[str], limit: int) -> None:
    if (longest := max((len(value) for value in values), default=0)) > limit:
        raise InvalidParty(f"{name} is {longest} characters long; the limit is {limit}")
