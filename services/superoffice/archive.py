"""Searches in SuperOffice's archives: rows that meet structured restrictions, all their pages, never a kept answer.

What a stranger typed goes into a restriction's `Values` and nowhere else: no filter text is ever put together.
Source: SuperOffice docs, "Archive agent" (GetArchiveListByColumns), "Archive provider restriction types" and
"Encoded values".
"""

from __future__ import annotations

import re
import secrets
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple, TypeAlias

from services.deadline import Deadline
from services.errors import SuperOfficeUnavailable
from services.superoffice.asking import ask
from services.superoffice.client import Call, WebApi

PATH = "/Agents/Archive/GetArchiveListByColumns"
PAGE = 500  # rows; SuperOffice itself takes 1,000 where nothing is said
MOST_PAGES = 4  # who is one of more than 2,000 is not found by more reading
LONGEST_TEXT = 254  # characters; no text column that is searched here holds more
_ENCODED = re.compile(r"\[[A-Za-z]{1,2}:.*\]", re.DOTALL)
_NUMBER = re.compile(r"(?:\[I:)?(-?[0-9]{1,10})\]?")

Restrictions: TypeAlias = tuple[Mapping[str, Any], ...]


@dataclass(frozen=True)
class Archive:
    """An archive provider: its name, the entities that are listed, and the column that is a row's id."""

    provider: str
    entities: tuple[str, ...]
    key: str


@dataclass(frozen=True)
class Row:
    """One record; a column that joins several values (e-mail addresses) holds all that were listed."""

    id: int
    columns: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    def texts(self, *columns: str) -> tuple[str, ...]:
        """Return every value of these columns."""
        return tuple(text for column in columns for text in self.columns.get(column, ()))

    def text(self, column: str) -> str:
        """Return a column's value; nothing where it has none."""
        texts = self.columns.get(column)
        return texts[0] if texts else ""

    def number(self, column: str) -> int:
        """Return a column's whole number, which SuperOffice writes as `[I:686]`; 0 where it has none."""
        return _number(self.text(column))

    def flag(self, column: str) -> bool:
        """Return whether a yes-or-no column says yes, in whatever way it is written."""
        value = self.text(column).strip("[]").rpartition(":")[2].strip().lower()
        return value not in ("", "0", "false", "no", "off")


class Page(NamedTuple):
    """A page of rows, the first being 0, and the columns they are ordered by before their id."""

    number: int
    size: int
    order: tuple[str, ...]


def restrict(column: str, operator: str, *values: str | int) -> Restrictions:
    """Return one restriction; a number is written as SuperOffice encodes it."""
    encoded = [f"[I:{value}]" if isinstance(value, int) else value for value in values]
    one = {"Name": column, "Operator": operator, "Values": encoded, "IsActive": True}
    return ({**one, "InterParenthesis": 0, "InterOperator": "And"},)


def any_of(*groups: Restrictions) -> Restrictions:
    """Join groups, of which one must be met."""
    return _join("Or", groups)


def all_of(*groups: Restrictions) -> Restrictions:
    """Join groups, all of which must be met."""
    return _join("And", groups)


def can_be_sought(text: str) -> bool:
    """Tell whether a text may be a restriction's value: what looks like `[I:5]` would be read as the number."""
    return 0 < len(text) <= LONGEST_TEXT and text.isprintable() and not _ENCODED.fullmatch(text)


def search(
    archive: Archive, columns: Sequence[str], restrictions: Restrictions, webapi: WebApi, deadline: Deadline
) -> tuple[Row, ...]:
    """Return the rows that meet the restrictions; see `records` for those that an archive lists more than once."""
    query = _query(archive, columns, restrictions)
    rows: list[Row] = []
    for number in range(MOST_PAGES):
        listed = _list(archive, {**query, "Page": number, "PageSize": PAGE}, webapi, deadline)
        rows += listed
        if len(listed) < PAGE:
            break
    return tuple(rows)


def list_page(
    archive: Archive, columns: Sequence[str], restrictions: Restrictions, page: Page, webapi: WebApi, deadline: Deadline
) -> tuple[Row, ...]:
    """Return one page of the rows that meet the restrictions; none beyond the last."""
    query = _query(archive, columns, restrictions, page.order)
    return tuple(_list(archive, {**query, "Page": page.number, "PageSize": page.size}, webapi, deadline))


def records(rows: Iterable[Row]) -> tuple[Row, ...]:
    """Make one row of those of the same record, such as a company that is listed for each of its e-mail addresses."""
    found: dict[int, Row] = {}
    for row in rows:
        known = found.get(row.id, row)
        names = dict.fromkeys((*known.columns, *row.columns))
        merged = {name: tuple(dict.fromkeys((*known.texts(name), *row.texts(name)))) for name in names}
        found[row.id] = Row(row.id, merged)
    return tuple(found.values())


def _join(operator: str, groups: Sequence[Restrictions]) -> Restrictions:
    """Put groups one after the other, in brackets; a restriction says how it is joined to the next one."""
    given = [group for group in groups if group]
    if len(given) < 2:
        return given[0] if given else ()
    joined = [dict(one) for group in given for one in group]
    end = -1
    for group in given[:-1]:
        end += len(group)
        joined[end]["InterOperator"] = operator
    joined[0]["InterParenthesis"] += 1
    joined[-1]["InterParenthesis"] -= 1
    return tuple(joined)


def _query(
    archive: Archive, columns: Sequence[str], restrictions: Restrictions, order: Sequence[str] = ()
) -> Mapping[str, Any]:
    """Make the query, the page aside.

    NetServer answers a query that it knows from its cache for a minute. So that a look never misses what was saved
    a moment ago, each has a restriction of its own that every row meets.
    """
    nonce = restrict(archive.key, "greater", -1 - secrets.randbelow(2**30))
    return {
        "ProviderName": archive.provider,
        "Columns": list(dict.fromkeys((archive.key, *columns))),
        "SortOrder": [{"Name": name, "Direction": "ASC"} for name in (*order, archive.key)],
        "Restriction": list(all_of(restrictions, nonce)),
        "Entities": list(archive.entities),
    }


def _list(archive: Archive, body: Mapping[str, Any], webapi: WebApi, deadline: Deadline) -> list[Row]:
    listed = ask(Call("POST", PATH, body), webapi, deadline)
    if not isinstance(listed, list):
        raise SuperOfficeUnavailable("SuperOffice answered a search with something that is not a list.")
    return [_row(item, archive.key) for item in listed]


def _row(item: Any, key: str) -> Row:
    data = item.get("ColumnData") if isinstance(item, Mapping) else None
    if not isinstance(data, Mapping):
        raise SuperOfficeUnavailable("SuperOffice answered a search with rows that cannot be read.")
    cells = {name: cell.get("DisplayValue") for name, cell in data.items() if isinstance(cell, Mapping)}
    columns = {name: (value,) for name, value in cells.items() if isinstance(value, str) and value}
    identity = _number(columns.get(key, ("",))[0]) or _number(str(item.get("PrimaryKey")))
    if identity < 1:
        raise SuperOfficeUnavailable("SuperOffice answered a search with a row that has no id.")
    return Row(identity, columns)


def _number(text: str) -> int:
    found = _NUMBER.fullmatch(text.strip())
    return int(found[1]) if found else 0
