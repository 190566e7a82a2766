"""Persons: how each selector is searched for and compared.

Source: SuperOffice docs, archive provider "Person".
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from services.mapping import Selector
from services.superoffice import spelling
from services.superoffice.archive import Archive, Restrictions, Row, all_of, any_of, can_be_sought, restrict
from services.superoffice.looks import Look, by_email, by_id, by_phone, nothing

ARCHIVE = Archive("Person", ("person", "retiredPerson"), "personId")
COMPANY = "contactId"
COLUMNS = (COMPANY, "fullName", "firstName", "lastName", "retired")
PHONES = (
    "searchPhone/formattedNumber",
    "personDirectPhone/formattedNumber",
    "personMobilePhone/formattedNumber",
)
MOST_SPLITS = 4  # places at which a long name may part into first and last


def is_gone(row: Row) -> bool:
    """Tell whether a person has retired, that is left the company and is still on record."""
    return row.flag("retired")


def looks(selectors: Sequence[Selector], country: str) -> tuple[Look, ...]:
    """Return how each selector of a person is looked up, in the order written."""
    return tuple(_looks(selectors, country))


def _looks(selectors: Sequence[Selector], country: str) -> Iterator[Look]:
    for selector in selectors:
        match selector.kind:
            case "id":
                yield by_id(selector, ARCHIVE.key)
            case "name":
                yield _by_name(selector)
            case "email":
                yield by_email(selector)
            case "phone":
                yield by_phone(selector, country, PHONES)


def split_name(name: str) -> tuple[str, str]:
    """Part a name into first and last; `Lovelace, Ada` is turned round, and one word is a last name."""
    first, _, last = _in_order(name).rpartition(" ")
    return first.strip(), last


def _by_name(selector: Selector) -> Look:
    name = _in_order(str(selector.value))
    folded = spelling.fold(name)
    if not can_be_sought(name):
        return nothing(selector, folded)
    return Look(
        selector,
        folded,
        _restriction(name),
        lambda row: any(spelling.fold(spelt) == folded for spelt in _names(row)),
        exactly=lambda row: name == row.text("fullName"),
    )


def _restriction(name: str) -> Restrictions:
    """Ask for the whole name and for its parts: how SuperOffice puts a whole name together depends on its culture."""
    words = name.split()
    places = range(1, min(len(words), MOST_SPLITS + 1))
    parted = [(" ".join(words[:place]), " ".join(words[place:])) for place in places]
    if len(words) > 2:
        parted.append((words[0], words[-1]))
    parts = (all_of(restrict("firstName", "is", first), restrict("lastName", "is", last)) for first, last in parted)
    return any_of(restrict("fullName", "is", name), *parts)


def _names(row: Row) -> tuple[str, ...]:
    """Return the ways to write a person's name; only the whole one has what stands between first and last."""
    first, last = row.text("firstName"), row.text("lastName")
    return (row.text("fullName"), f"{first} {last}", f"{last} {first}")


def _in_order(name: str) -> str:
    last, comma, first = name.partition(",")
    return " ".join((f"{first} {last}" if comma else name).split())
