"""The archive providers: each turns what the tenant holds into rows of its own.

https://docs.superoffice.com/en/api/archive-providers/reference/
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from sandbox.carriers import text
from sandbox.columns import (
    ACTIVE,
    COMPANY,
    FIND_COMPANY,
    PASSIVE,
    PERSON,
    RELATION,
    Columns,
    End,
    FoundCompany,
    RelationView,
)
from sandbox.seed_definitions import DEFINITIONS
from sandbox.tenant import Relation, Tenant


@dataclass(frozen=True)
class Row:
    """One row: its entity and primary key, and the record that its columns read.

    `side` tells the two rows of one relation apart, each of which reads from another end.
    """

    entity: str
    id: int
    record: Any
    side: int = 0

    @property
    def key(self) -> tuple[int, ...]:
        """What the second pass of a query finds it by."""
        return self.id, self.side


@dataclass(frozen=True)
class Provider:
    """`rows` takes the tenant and the language of its texts."""

    name: str
    link: str
    entities: tuple[str, ...]
    columns: Columns
    rows: Callable[[Tenant, str | None], Iterator[Row]]


def _companies(tenant: Tenant, language: str | None) -> Iterator[Row]:
    """Give the deleted ones too: it is for the caller to restrict `contactDeleted`."""
    del language
    for company in tenant.parties.companies.values():
        yield Row("contact", company.id, company)


def _found_companies(tenant: Tenant, language: str | None) -> Iterator[Row]:
    del language
    for company in tenant.parties.companies.values():
        persons = [person for person in tenant.parties.persons.values() if person.company == company.id]
        yield Row("contact", company.id, FoundCompany(company, persons))


def _persons(tenant: Tenant, language: str | None) -> Iterator[Row]:
    del language
    for person in tenant.parties.persons.values():
        yield Row("retiredPerson" if person.retired else "person", person.id, person)


def _relations(tenant: Tenant, language: str | None) -> Iterator[Row]:
    """Give each relation twice, as it reads from its active and from its passive end."""
    for relation in tenant.relations.values():
        source = _end(tenant, relation.source_company, relation.source_person)
        target = _end(tenant, relation.destination_company, relation.destination_person)
        retired = any(end.person and end.person.retired for end in (source, target))
        entity = "retired" if retired else "relation"
        yield Row(entity, relation.id, _view(relation, ACTIVE, source, target, language), ACTIVE)
        yield Row(entity, relation.id, _view(relation, PASSIVE, target, source, language), PASSIVE)


def _view(relation: Relation, direction: int, source: End, target: End, language: str | None) -> RelationView:
    definition = DEFINITIONS[relation.definition]
    texts = text(definition.active, language), text(definition.passive, language)
    return RelationView(relation.id, relation.definition, relation.comment, *texts, direction, source, target)


def _end(tenant: Tenant, company: int, person: int) -> End:
    return End(tenant.parties.companies[company], tenant.parties.persons.get(person))


PROVIDERS = {
    provider.name.lower(): provider
    for provider in (
        Provider("SimpleContact", "contact_id", ("contact",), COMPANY, _companies),
        Provider("FindContact", "contact_id", ("contact",), FIND_COMPANY, _found_companies),
        Provider("Person", "person_id", ("person", "retiredPerson"), PERSON, _persons),
        Provider("Relation", "relation_id", ("relation", "retired", "stop"), RELATION, _relations),
    )
}
