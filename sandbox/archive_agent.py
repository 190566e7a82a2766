"""The Archive agent: queries whose restrictions are structured, and rows whose values are encoded.

How restrictions are grouped: https://docs.superoffice.com/en/api/archive-providers/grouping-restrictions.
"""

from __future__ import annotations

import json
from typing import Any

from sandbox import archive, restrictions
from sandbox.archive import Query
from sandbox.boolean import Predicate, Token, Unbalanced, combine
from sandbox.call import Answer, Context, json_answer, malformed, members, refusal
from sandbox.collation import Collation
from sandbox.columns import Column
from sandbox.providers import Provider, Row
from sandbox.restrictions import InvalidQuery


def get_list_by_columns(context: Context) -> Answer:
    """Answer `GetArchiveListByColumns`: a bare array of rows."""
    request = members(context.call.json())
    try:
        query = _query(request, context.world.collation)
    except (InvalidQuery, Unbalanced) as error:
        raise refusal(400, "ArgumentException", str(error)) from error
    rows, _ = archive.run(context.world, query, context.call.language)
    return json_answer([_item(row, query) for row in rows])


def _query(request: dict[str, Any], collation: Collation) -> Query:
    provider = archive.provider_named(request.get("providername"))
    page, size = _integer(request, "page"), _integer(request, "pagesize")
    if size < 1:
        raise InvalidQuery("PageSize must be 1 or more")
    asked = {name: _list(request, name) for name in ("columns", "sortorder", "restriction", "entities")}
    if asked["restriction"] is None or asked["columns"] is None:
        raise InvalidQuery("Columns and Restriction must not be null; an empty array restricts nothing")
    order = [members(each) for each in asked["sortorder"] or []]
    same = {name: value for name, value in request.items() if name != "page"}
    return Query(
        provider=provider,
        columns=archive.shown_columns(provider, asked["columns"]),
        restriction=_restriction(provider, asked["restriction"], collation),
        order=[archive.order_by(provider, each.get("name"), each.get("direction")) for each in order],
        entities=archive.entities_named(provider, asked["entities"] or []),
        skip=page * size if page >= 0 else -page,  # a negative page is a number of rows
        size=size,
        text=json.dumps(same, sort_keys=True),
    )


def _restriction(provider: Provider, given: list[Any], collation: Collation) -> Predicate:
    """Join the restrictions by the operators and parentheses that each carries.

    One that is ignored takes its parentheses with it: NetServer then forgives the closing of what was never opened,
    but not an opening that is never closed.
    """
    tokens: list[Token] = []
    opened: list[bool] = []  # for each open parenthesis, whether it was written
    joint = "and"
    for each in map(members, given):
        condition = _condition(provider, each, collation)
        brackets = _integer(each, "interparenthesis")
        opened += [condition is not None] * brackets
        if condition is not None:
            tokens += [joint] * bool(tokens) + ["("] * brackets + [condition]
            joint = _joint(each)
        for _ in range(-brackets):
            if not opened:
                raise Unbalanced("A parenthesis in the restriction is closed that was never opened")
            if opened.pop() and condition is not None:
                tokens.append(")")
    if opened:
        raise Unbalanced("A parenthesis in the restriction is never closed")
    return combine(tokens)


def _condition(provider: Provider, given: dict[str, Any], collation: Collation) -> Predicate | None:
    """Read one; None where it is inactive or ignored."""
    if given.get("subrestrictions"):
        raise InvalidQuery("The sandbox has no column that takes SubRestrictions")
    column = archive.column_named(provider, given.get("name"))
    if given.get("isactive") is False:
        return None
    values = _list(given, "values") or []
    if not all(isinstance(value, str | int | float) and not isinstance(value, bool) for value in values):
        raise malformed("Values must be an array of System.String")
    return restrictions.build(column, str(given.get("operator")), [str(value) for value in values], collation)


def _joint(given: dict[str, Any]) -> str:
    word = str(given.get("interoperator") or "And").lower()
    if word not in ("none", "and", "or"):
        raise malformed(f"'{word}' is no InterRestrictionOperator")
    return "or" if word == "or" else "and"


def _item(row: Row, query: Query) -> dict[str, Any]:
    return {
        "EntityName": row.entity,
        "PrimaryKey": row.id,
        "ColumnData": {column.name: _cell(column, row) for column in query.columns},
        "LinkHint": f"{query.provider.link}={row.id}",
        "StyleHint": "retired" if row.entity.startswith("retired") else "",
        "TableRight": None,
        "FieldProperties": {},
    }


def _cell(column: Column, row: Row) -> dict[str, str]:
    return {"DisplayValue": archive.encode(column.show(row.record)), "TooltipHint": "", "LinkHint": ""}


def _integer(given: dict[str, Any], name: str) -> int:
    value = given.get(name, 0)
    if isinstance(value, bool) or not isinstance(value, int) or not -(2**31) <= value < 2**31:
        raise malformed(f"{name} cannot be read as a System.Int32")
    return value


def _list(given: dict[str, Any], name: str) -> list[Any] | None:
    value = given.get(name)
    if value is not None and not isinstance(value, list):
        raise malformed(f"{name} must be an array")
    return value
