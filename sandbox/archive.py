"""Archive queries, whoever asks: the rows of a provider, restricted, ordered, and a page of them.

https://docs.superoffice.com/en/api/archive-providers/how-to-query
"""

from __future__ import annotations

import functools
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from sandbox.boolean import Predicate
from sandbox.collation import Collation
from sandbox.columns import Column, Value
from sandbox.providers import PROVIDERS, Provider, Row
from sandbox.restrictions import InvalidQuery
from sandbox.world import World


@dataclass(frozen=True)
class Query:
    """What to look for; `text` is what tells it from other queries, the page aside."""

    provider: Provider
    columns: Sequence[Column]
    restriction: Predicate
    order: Sequence[tuple[Column, bool]]  # with True where it descends
    entities: Sequence[str]
    skip: int
    size: int
    text: str


def provider_named(name: Any) -> Provider:
    """Find a provider; raises InvalidQuery."""
    found = PROVIDERS.get(str(name).lower())
    if found is None:
        raise InvalidQuery(f"The sandbox has no archive provider named '{name}'")
    return found


def column_named(provider: Provider, name: Any) -> Column:
    """Find a column; raises InvalidQuery."""
    found = provider.columns.get(str(name).lower())
    if found is None:
        raise InvalidQuery(f"Archive provider '{provider.name}' has no column '{name}'")
    return found


def shown_columns(provider: Provider, names: Sequence[Any]) -> list[Column]:
    """Find columns to show; raises InvalidQuery."""
    columns = [column_named(provider, name) for name in names]
    if hidden := [column.name for column in columns if not column.shows]:
        raise InvalidQuery(f"Column '{hidden[0]}' is for restrictions only")
    return columns


def order_by(provider: Provider, name: Any, direction: Any) -> tuple[Column, bool]:
    """Find a column to order by; raises InvalidQuery."""
    column = column_named(provider, name)
    if not column.orders:
        raise InvalidQuery(f"Column '{column.name}' cannot be ordered by")
    if str(direction or "ASC").upper() not in ("ASC", "DESC"):
        raise InvalidQuery(f"Direction '{direction}' is neither ASC nor DESC")
    return column, str(direction).upper() == "DESC"


def entities_named(provider: Provider, names: Sequence[Any]) -> list[str]:
    """Find kinds of row, all where none is named; raises InvalidQuery."""
    known = {name.lower(): name for name in provider.entities}
    if unknown := [name for name in names if str(name).strip().lower() not in known]:
        raise InvalidQuery(f"Archive provider '{provider.name}' has no entity '{unknown[0]}'")
    return [known[name.strip().lower()] for name in names] or list(provider.entities)


def run(world: World, query: Query, language: str | None) -> tuple[list[Row], bool]:
    """Give a page of rows, and whether there are more.

    In two passes, as NetServer does it: the first, which may be an older one, says which rows, the second reads them.
    """
    with world.tenant.lock:
        rows = {row.key: row for row in query.provider.rows(world.tenant, language)}
        keys, cached = world.archive_cache.first_pass(
            f"{language}|{query.text}", lambda: _first_pass(list(rows.values()), query, world.collation)
        )
    if cached:
        world.journal.count("from_archive_cache")
    end = query.skip + query.size
    return [rows[key] for key in keys[query.skip : end] if key in rows], end < len(keys)


def _first_pass(rows: list[Row], query: Query, collation: Collation) -> list[tuple[int, ...]]:
    """Find the keys of all rows that match; a primary key comes once, whichever end of a relation matches first."""
    found: dict[int, Row] = {}
    for row in rows:
        if row.entity in query.entities and row.id not in found and query.restriction(row.record):
            found[row.id] = row
    ordered = sorted(found.values(), key=lambda row: row.id)
    for column, descends in reversed(query.order):
        ordered.sort(key=functools.partial(_rank, column, collation), reverse=descends)
    return [row.key for row in ordered]


def _rank(column: Column, collation: Collation, row: Row) -> tuple[Any, ...]:
    """Put nothing first, and texts in the collation's order."""
    value = column.show(row.record)
    if value is None:
        return (0,)
    return 1, collation.whole(value) if isinstance(value, str) else value


def encode(value: Value) -> str:
    """Write a value as CultureDataFormatter does: texts as they are, everything else with a marker of its type.

    https://docs.superoffice.com/en/api/archive-providers/encoded-values
    """
    if isinstance(value, int):
        return f"[I:{int(value)}]"
    if isinstance(value, datetime):
        return f"[DT:{value.astimezone(UTC):%m/%d/%Y %H:%M:%S}]"
    return value or ""
