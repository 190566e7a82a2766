"""Companies, which SuperOffice calls contacts: how each selector is searched for and compared.

Source: SuperOffice docs, archive provider "SimpleContact".
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from services.errors import FieldError
from services.mapping import Selector
from services.superoffice import spelling
from services.superoffice.archive import Archive, Row, all_of, any_of, can_be_sought, restrict
from services.superoffice.looks import Look, by_email, by_id, by_phone, nothing
from services.superoffice.public_mail import is_public

ARCHIVE = Archive("SimpleContact", ("contact",), "contactId")
COLUMNS = ("name", "department", "number", "orgnr", "contactDeleted")
PHONES = ("searchPhone/formattedNumber", "contactPhone/formattedNumber")
SHORTEST_NUMBER = 6  # digits; fewer stand in too many numbers
WEB, EMAIL = "url/URLAddress", "email/emailAddress"


def is_gone(row: Row) -> bool:
    """Tell whether a company is deleted, which SuperOffice remembers for a while."""
    return row.flag("contactDeleted")


def looks(selectors: Sequence[Selector], country: str) -> tuple[Look, ...]:
    """Return how each selector of a company is looked up, in the order written; a department goes with its name."""
    department = next((str(selector.value) for selector in selectors if selector.kind == "department"), "")
    return tuple(_looks(selectors, " ".join(department.split()), country))


def _looks(selectors: Sequence[Selector], department: str, country: str) -> Iterator[Look]:
    for selector in selectors:
        match selector.kind:
            case "id":
                yield by_id(selector, ARCHIVE.key)
            case "number":
                yield _by_number(selector)
            case "orgnr":
                yield _by_orgnr(selector, country)
            case "name":
                yield _by_name(selector, department)
            case "email":
                yield by_email(selector)
            case "phone":
                yield by_phone(selector, country, PHONES)
            case "domain":
                yield _by_domain(selector)


def mistakes(looks: Sequence[Look], path: str) -> Iterator[FieldError]:
    """Say which organization number has no digit in it: it binds, so it cannot be passed over."""
    for look in looks:
        if look.kind == "orgnr" and not look.key:
            name = next(iter(look.selector.names), f"{path}.orgnr")
            yield FieldError(name, "This is not an organization number: send one, or leave it out.")


def _by_number(selector: Selector) -> Look:
    number = str(selector.value).strip()
    if not can_be_sought(number):
        return nothing(selector)
    folded = spelling.fold(number)
    restriction = restrict("number", "is", number)
    return Look(selector, folded, restriction, lambda row: spelling.fold(row.text("number")) == folded)


def _by_orgnr(selector: Selector, country: str) -> Look:
    number = spelling.organization_number(str(selector.value), country)
    if not number or not can_be_sought(number):
        return nothing(selector)
    # It is searched as it was typed in there, which may be with a country before it, and more after it.
    operator = "contains" if len(number) >= SHORTEST_NUMBER else "is"
    return Look(
        selector,
        number,
        any_of(*(restrict("orgnr", operator, spelt) for spelt in spelling.organization_number_spellings(number))),
        lambda row: spelling.organization_number(row.text("orgnr"), country) == number,
    )


def _by_name(selector: Selector, department: str) -> Look:
    name = " ".join(str(selector.value).split())
    folded = (spelling.fold(name), spelling.fold(department))
    key = "/".join(folded) if department else folded[0]
    if not can_be_sought(name) or (department and not can_be_sought(department)):
        return nothing(selector, key)

    def finds(row: Row) -> bool:
        there = (spelling.fold(row.text("name")), spelling.fold(row.text("department")))
        return there[0] == folded[0] and (not department or there[1] == folded[1])

    # `name` takes a number for the company's id, where equality is asked for.
    operator = "begins" if name.lstrip("+-").isdecimal() else "is"
    restriction = restrict("name", operator, name)
    if department:
        restriction = all_of(restriction, restrict("department", "is", department))
    return Look(
        selector,
        key,
        restriction,
        finds,
        exactly=lambda row: row.text("name") == name and (not department or row.text("department") == department),
        trusted=operator == "is",
    )


def _by_domain(selector: Selector) -> Look:
    """Look for the company's web address in the domain, which tells more than an e-mail address of its own there."""
    domain = spelling.domain(str(selector.value))
    if not domain or not can_be_sought(domain):
        return nothing(selector, warning="This is not a domain, so no company was looked up by it.")
    if is_public(domain):
        return nothing(selector, warning="This is a public mail domain, which says nothing about the company.")
    return Look(
        selector,
        domain,
        any_of(restrict(WEB, "contains", domain), restrict(EMAIL, "contains", f"@{domain}")),
        lambda row: any(spelling.domain(text) == domain for text in row.texts(WEB, EMAIL)),
        exactly=lambda row: any(spelling.domain(text) == domain for text in row.texts(WEB)),
        columns=(WEB, EMAIL),
    )
