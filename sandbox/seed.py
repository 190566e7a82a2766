"""What a fresh sandbox tenant holds: a few companies, the people in them, and kinds of relation."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

TENANT_ID = "Cust00001"
# Of the onsite installation; published on purpose.
USERNAME = PASSWORD = "demo"
SERIAL = "1010000001"
VERSION = "Release_12.4_2026.09.17-05"
FIRST_RELATION_ID = 888


@dataclass(frozen=True)
class Company:
    """SuperOffice calls it a Contact."""

    id: int
    name: str
    orgnr: str = ""
    deleted: bool = False


@dataclass(frozen=True)
class Person:
    """A human being in one company; a retired one has left it but is still on record."""

    id: int
    company: int
    first_name: str
    last_name: str
    email: str
    retired: bool = False

    @property
    def full_name(self) -> str:
        """As SuperOffice shows it in PersonName fields."""
        return f"{self.first_name} {self.last_name}"


@dataclass(frozen=True)
class Definition:
    """A kind of relation. `pairs` says what it may join: C is a company, P a person, the active party first."""

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


def _texts(english: str, norwegian: str, german: str) -> dict[str, str]:
    """Key by the country codes of SuperOffice's multi-language texts."""
    return {"US": english, "NO": norwegian, "GE": german}


# The numbers pass Norway's check and belong to nobody: real ones begin with 8 or 9.
COMPANIES = {
    company.id: company
    for company in (
        Company(4, "Liaison Demo AS", orgnr="314004124"),
        Company(11, "Nordlys Energi AS", orgnr="315111056"),
        Company(23, "Blåbær & Sønn", orgnr="316222048"),
        Company(57, "Müller Maschinenbau GmbH"),
        Company(112, "Gone Fishing Ltd", deleted=True),
        Company(686, "Acme", orgnr="317333013"),
    )
}

PERSONS = {
    person.id: person
    for person in (
        Person(5, 4, "Kari", "Nordmann", "kari@liaison-demo.example"),
        Person(12, 11, "Ola", "Hansen", "ola.hansen@nordlys.example"),
        Person(31, 23, "Åse", "Bjørnstad", "aase@blabar.example"),
        Person(64, 57, "Jürgen", "Müller", "j.mueller@mueller-maschinenbau.example"),
        Person(90, 686, "Ada", "Lovelace", "ada@acme.example"),
        Person(91, 686, "Grace", "Hopper", "grace@acme.example"),
        Person(92, 686, "Wile", "Coyote", "wile@acme.example", retired=True),
    )
}

DEFINITIONS = {
    definition.id: definition
    for definition in (
        Definition(
            18,
            _texts("Partner of", "Partner til", "Partner von"),
            _texts("Has partner", "Har partner", "Hat Partner"),
            frozenset({"CC"}),
        ),
        Definition(
            19,
            _texts("Customer of", "Kunde av", "Kunde von"),
            _texts("Has customer", "Har kunde", "Hat Kunden"),
            frozenset({"CC"}),
        ),
        Definition(
            21,
            _texts("Employs", "Sysselsetter", "Beschäftigt"),
            _texts("Is employed by", "Er ansatt hos", "Ist beschäftigt bei"),
            frozenset({"CP"}),
        ),
        Definition(
            24,
            _texts("Board member of", "Styremedlem i", "Vorstandsmitglied von"),
            _texts("Has board member", "Har styremedlem", "Hat Vorstandsmitglied"),
            frozenset({"PC"}),
        ),
        Definition(
            27,
            _texts("Reports to", "Rapporterer til", "Berichtet an"),
            _texts("Is manager of", "Er leder for", "Ist Vorgesetzter von"),
            frozenset({"PP"}),
        ),
        Definition(
            30,
            _texts("Recommends", "Anbefaler", "Empfiehlt"),
            _texts("Is recommended by", "Anbefales av", "Wird empfohlen von"),
            frozenset({"CC", "CP", "PC", "PP"}),
        ),
        Definition(
            33,
            _texts("Rival of", "Rival til", "Rivale von"),
            _texts("Rival of", "Rival til", "Rivale von"),
            frozenset({"CC"}),
            deleted=True,
        ),
    )
}

SYSTEM_USER = Associate(3, "SYSTEM0", "System user: Liaison", "SystemAssociate")
DEMO_USER = Associate(7, "DEMO", "Kari Nordmann", "InternalAssociate", person=5)
ASSOCIATES = {user.id: user for user in (SYSTEM_USER, DEMO_USER)}
