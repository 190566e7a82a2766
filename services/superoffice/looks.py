"""A look: one selector as it is searched for, and how the rows that it finds are told from others."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeAlias

from services.mapping import Selector
from services.superoffice import spelling
from services.superoffice.archive import Restrictions, Row, any_of, can_be_sought, restrict

Test: TypeAlias = Callable[[Row], bool]


@dataclass(frozen=True, eq=False)
class Look:
    """One selector of a company or a person; a `restriction` of nothing finds nothing.

    `key` is what it compares, whatever way it was typed. `finds` judges a row by its columns. A `trusted` look may
    find rows whose columns do not show why, such as a second e-mail address: SuperOffice is believed there.
    """

    selector: Selector
    key: str
    restriction: Restrictions
    finds: Test
    exactly: Test = lambda _: False
    trusted: bool = False
    columns: tuple[str, ...] = ()
    warning: str = ""

    @property
    def kind(self) -> str:
        """What kind of selector it is, such as orgnr."""
        return self.selector.kind


def nothing(selector: Selector, key: str = "", warning: str = "") -> Look:
    """Return the look of a value that nobody can be found by."""
    return Look(selector, key, (), lambda _: False, warning=warning)


def by_id(selector: Selector, column: str) -> Look:
    """Look for the record's own id."""
    identity = int(selector.value)
    return Look(selector, str(identity), restrict(column, "equals", identity), lambda row: row.id == identity)


def by_email(selector: Selector) -> Look:
    """Look for one of the record's e-mail addresses."""
    column = "email/emailAddress"
    address = spelling.email(str(selector.value))
    if not address or not can_be_sought(address):
        return nothing(selector, warning="This is not an e-mail address, so nobody was looked up by it.")
    return Look(
        selector,
        address,
        restrict(column, "is", address),
        lambda row: any(spelling.email(text) == address for text in row.texts(column)),
        trusted=True,
        columns=(column,),
    )


def by_phone(selector: Selector, country: str, columns: tuple[str, ...]) -> Look:
    """Look for one of the record's phone numbers, in any way that it may be written there."""
    number = spelling.phone(str(selector.value), country)
    if not number:
        advice = "Write it with its country, such as +47 22 51 80 00."
        return nothing(selector, warning=f"This is not a phone number, so nobody was looked up by it. {advice}")
    spellings = spelling.phone_spellings(number, country)
    return Look(
        selector,
        number,
        any_of(*(restrict("searchPhone/formattedNumber", "is", spelt) for spelt in spellings)),
        lambda row: any(spelling.phone(text, country) == number for text in row.texts(*columns)),
        trusted=True,
        columns=columns,
    )
