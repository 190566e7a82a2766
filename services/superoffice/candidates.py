"""Who a party may be where several fit: what tells them apart, for an operator who has to choose."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from services.deadline import Deadline
from services.mapping import MappedRelation
from services.superoffice import companies, persons
from services.superoffice.archive import Row, records, restrict, search
from services.superoffice.directory import Directory
from services.superoffice.resolving import find_several

CITIES = ("streetAddress/city", "postAddress/city")  # SuperOffice docs, archive provider "SimpleContact"
NOBODY = Row(0, {})
MOST = 50  # of one party; more than that nobody reads


class Candidate(NamedTuple):
    """A company, or a person with the company he or she works for."""

    id: int
    name: str
    company: str
    department: str
    city: str


def list_candidates(
    mapped: MappedRelation, directory: Directory, deadline: Deadline
) -> dict[str, tuple[Candidate, ...]]:
    """Return those who fit, for each company or person (`source.company`) that is not one alone."""
    found = {path: rows[:MOST] for path, rows in find_several(mapped, directory, deadline).items()}
    ids = {_company_of(path, row) for path, rows in found.items() for row in rows}
    there = _companies(sorted(ids - {0}), directory, deadline)
    return {
        path: tuple(_candidate(path, row, there.get(_company_of(path, row), NOBODY)) for row in rows)
        for path, rows in found.items()
    }


def _company_of(path: str, row: Row) -> int:
    return row.number(persons.COMPANY) if _is_person(path) else row.id


def _is_person(path: str) -> bool:
    return path.endswith(".person")


def _companies(ids: Sequence[int], directory: Directory, deadline: Deadline) -> Mapping[int, Row]:
    if not ids:
        return {}
    restriction = restrict(companies.ARCHIVE.key, "in", *ids)
    columns = (*companies.COLUMNS, *CITIES)
    return {row.id: row for row in records(search(companies.ARCHIVE, columns, restriction, directory.webapi, deadline))}


def _candidate(path: str, row: Row, company: Row) -> Candidate:
    name, employer = row.text("name"), ""
    if _is_person(path):
        name, employer = row.text("fullName"), company.text("name")
    city = next((text for column in CITIES if (text := company.text(column))), "")
    return Candidate(row.id, name, employer, company.text("department"), city)
