"""What a tenant holds, as plain records: companies, persons, definitions, and who may log in."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True)
class Company:
    """SuperOffice calls it a Contact. The first e-mail, phone and address are the ones that are shown."""

    id: int
    name: str
    department: str = ""
    orgnr: str = ""
    number: str = ""
    code: str = ""
    emails: tuple[str, ...] = ()
    phones: tuple[str, ...] = ()
    urls: tuple[str, ...] = ()
    city: str = ""
    deleted_at: datetime | None = None
    created: datetime | None = None
    created_by: int = 0
    updated: datetime | None = None
    updated_by: int = 0

    @property
    def deleted(self) -> bool:
        """Whether it is only kept for the record; SuperOffice deletes softly."""
        return self.deleted_at is not None

    @property
    def full_name(self) -> str:
        """Name and department, as SuperOffice shows the two in one."""
        return f"{self.name}, {self.department}" if self.department else self.name


@dataclass(frozen=True)
class Person:
    """A human being in one company; a retired one has left it but is still on record."""

    id: int
    company: int
    first_name: str
    last_name: str
    emails: tuple[str, ...] = ()
    phones: tuple[str, ...] = ()
    mobiles: tuple[str, ...] = ()
    title: str = ""
    retired: bool = False
    created: datetime | None = None
    created_by: int = 0
    updated: datetime | None = None
    updated_by: int = 0

    @property
    def full_name(self) -> str:
        """As SuperOffice shows it in PersonName fields."""
        return f"{self.first_name} {self.last_name}".strip()


@dataclass(frozen=True)
class Definition:
    """A kind of relation. `pairs` says what it may join: C is a company, P a person, the active party first.

    Texts are keyed by SuperOffice's country codes, or by "" where an administrator never thought of languages.
    """

    id: int
    active: Mapping[str, str]
    passive: Mapping[str, str]
    pairs: frozenset[str]
    deleted: bool = False


@dataclass(frozen=True)
class Associate:
    """A login of the tenant: a person's own, or the app's system user."""

    id: int
    name: str
    full_name: str
    kind: str
    person: int = 0
