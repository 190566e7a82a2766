"""Lists definitions, companies and persons a page at a time, for whoever has to choose one.

Sources: SuperOffice docs, archive providers "SimpleContact" and "Person".
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping

from schemas.lookups import CompanyChoice, DefinitionChoice, PersonChoice
from services.deadline import Deadline
from services.superoffice import companies, persons
from services.superoffice.archive import (
    Archive,
    Page,
    Restrictions,
    Row,
    all_of,
    any_of,
    can_be_sought,
    list_page,
    records,
    restrict,
    search,
)
from services.superoffice.definitions import list_definitions, text_of
from services.superoffice.directory import Directory

SIZE = 50  # choices on a page
MOST_WORDS = 8  # of a search; so many tell a name, and each is compared in two or three columns
EMPLOYED = Archive(persons.ARCHIVE.provider, ("person",), persons.ARCHIVE.key)  # those who retired are another entity


def list_definition_choices(
    pair: str, page: int, directory: Directory, deadline: Deadline
) -> tuple[DefinitionChoice, ...]:
    """Return a page of the definitions that may join a pair, in the order that the tenant has given them."""
    listed = list_definitions(pair, directory, deadline)[page * SIZE : (page + 1) * SIZE]
    language = directory.language
    return tuple(
        DefinitionChoice(each.id, text_of(each.active, language), text_of(each.passive, language)) for each in listed
    )


def list_companies(words: str, page: int, directory: Directory, deadline: Deadline) -> tuple[CompanyChoice, ...]:
    """Return a page of the companies in whose name and department all the words stand, or whose number they are."""
    if not _can_be_sought(words):
        return ()
    named = _each_word(words, _columns_of_companies)
    numbered = restrict("number", "is", words) if words else ()
    there = restrict("contactDeleted", "set", "0")
    restrictions = all_of(any_of(named, numbered), there)
    wanted = Page(page, SIZE, ("name", "department"))
    rows = list_page(companies.ARCHIVE, companies.COLUMNS, restrictions, wanted, directory.webapi, deadline)
    return tuple(_company(row) for row in records(rows) if not companies.is_gone(row))


def list_persons(
    words: str, page: int, directory: Directory, deadline: Deadline, company: int | None = None
) -> tuple[PersonChoice, ...]:
    """Return a page of the persons in whose name all the words stand, of one company or of all."""
    if not _can_be_sought(words):
        return ()
    named = _each_word(words, _columns_of_persons)
    employed = restrict(persons.COMPANY, "equals", company) if company else ()
    wanted = Page(page, SIZE, ("fullName",))
    rows = list_page(EMPLOYED, persons.COLUMNS, all_of(named, employed), wanted, directory.webapi, deadline)
    there = [row for row in records(rows) if not persons.is_gone(row)]
    employers = _employers({row.number(persons.COMPANY) for row in there}, directory, deadline)
    return tuple(_person(row, employers[of]) for row in there if (of := row.number(persons.COMPANY)) in employers)


def _employers(ids: Iterable[int], directory: Directory, deadline: Deadline) -> Mapping[int, Row]:
    """Return the companies of these ids that are not deleted; 0 is that of a person who has none."""
    wanted = sorted(identity for identity in ids if identity)
    if not wanted:
        return {}
    restriction = restrict(companies.ARCHIVE.key, "in", *wanted)
    rows = search(companies.ARCHIVE, companies.COLUMNS, restriction, directory.webapi, deadline)
    return {row.id: row for row in rows if not companies.is_gone(row)}


def _can_be_sought(words: str) -> bool:
    """Tell whether each word may be a restriction's value: NetServer ignores an empty one, and lists everybody."""
    return all(can_be_sought(text) for text in (*words.split(), words) if text)


def _each_word(words: str, columns_of: Callable[[str], tuple[str, ...]]) -> Restrictions:
    """Look for every word in any of its columns; a letter alone stands in nearly every name, so it has to begin one."""
    operator = "begins" if len(words) == 1 else "contains"
    each = words.split()[:MOST_WORDS]
    return all_of(*(any_of(*(restrict(column, operator, word) for column in columns_of(word))) for word in each))


def _columns_of_companies(_word: str) -> tuple[str, ...]:
    return ("name", "department")


def _columns_of_persons(word: str) -> tuple[str, ...]:
    return ("email/emailAddress",) if "@" in word else ("firstName", "lastName", "fullName")


def _company(row: Row) -> CompanyChoice:
    return CompanyChoice(row.id, *(row.text(column) for column in ("name", "department", "number", "orgnr")))


def _person(row: Row, employer: Row) -> PersonChoice:
    return PersonChoice(row.id, row.text("fullName"), employer.text("name"), employer.text("department"), employer.id)
