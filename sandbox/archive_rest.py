"""The REST archives: lists of companies, persons and relations in OData's slim shape."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import urlencode

from sandbox import archive, odata
from sandbox.archive import Query
from sandbox.boolean import Predicate, Unbalanced, everything
from sandbox.call import Answer, Context, json_answer, refusal
from sandbox.carriers import date
from sandbox.columns import Column, Value
from sandbox.parties import UnknownParty
from sandbox.providers import Row
from sandbox.restrictions import InvalidQuery

PAGE_SIZE = 1000


def list_companies(context: Context) -> Answer:
    """Answer `GET Contact`, the archive SimpleContact."""
    return _list(context, "SimpleContact")


def list_persons(context: Context) -> Answer:
    """Answer `GET Person`."""
    return _list(context, "Person")


def list_relations(context: Context) -> Answer:
    """Answer `GET Relation`."""
    return _list(context, "Relation")


def list_archive(context: Context, provider: str) -> Answer:
    """Answer `GET Archive/{provider}`."""
    return _list(context, provider)


def list_of_company(context: Context, company: int) -> Answer:
    """List those of the company and of everybody in it, with that end as the source."""
    _known(context.world.tenant.parties.company, company)
    return _list(context, "Relation", lambda view: view.source.company.id == company, f"company {company}")


def list_of_person(context: Context, person: int) -> Answer:
    """List those of the person alone, with that end as the source."""
    _known(context.world.tenant.parties.person, person)
    own: Predicate = lambda view: view.source.person is not None and view.source.person.id == person  # noqa: E731
    return _list(context, "Relation", own, f"person {person}")


def _known(find: Any, number: int) -> None:
    try:
        find(number)
    except UnknownParty as error:
        raise refusal(404, "SoNotFoundException", str(error)) from error


def _list(context: Context, provider: str, within: Predicate = everything, whose: str = "") -> Answer:
    try:
        query = _query(context, provider, within, whose)
    except (InvalidQuery, Unbalanced) as error:
        raise refusal(400, "ArgumentException", str(error)) from error
    rows, more = archive.run(context.world, query, context.call.language)
    args, path = context.call.args, context.call.path
    following = {**{name: value for name, value in args.items() if name != "$skip"}, "$skip": query.skip + query.size}
    return json_answer(
        {
            "odata.metadata": f"{path}/$metadata",
            "odata.nextLink": f"{path}?{urlencode(following, safe='$')}" if more else None,
            "value": [_slim(row, query.columns) for row in rows],
        }
    )


def _query(context: Context, name: str, within: Predicate, whose: str) -> Query:
    args = context.call.args
    if args.get("$mode", "Slim").lower() != "slim":
        raise InvalidQuery("The sandbox answers in $mode=Slim only")
    provider = archive.provider_named(name)
    condition = odata.read_filter(provider, args.get("$filter", ""), context.world.collation)
    shown = [each.name for each in provider.columns.values() if each.shows]
    return Query(
        provider=provider,
        columns=archive.shown_columns(provider, _names(args.get("$select", "")) or shown),
        restriction=lambda record: within(record) and condition(record),
        order=odata.read_order(provider, args.get("$orderBy", args.get("$orderby", ""))),
        entities=archive.entities_named(provider, _names(args.get("$entities", ""))),
        skip=max(args.get("$skip", 0, int), 0),
        size=max(args.get("$top", PAGE_SIZE, int), 1),
        text=json.dumps([name, whose, sorted((key, value) for key, value in args.items() if key != "$skip")]),
    )


def _names(text: str) -> list[str]:
    return [name.strip() for name in text.split(",") if name.strip()]


def _slim(row: Row, columns: Any) -> dict[str, Any]:
    """Write values as JSON has them; the primary key is a string there."""
    values = {column.name: _plain(column, column.show(row.record)) for column in columns}
    return {"PrimaryKey": str(row.id), "EntityName": row.entity, **values}


def _plain(column: Column, value: Value) -> Any:
    if column.kind == "datetime" and not isinstance(value, str | int):
        return date(value)
    return value
