"""All that is said to SQLite: how records are written, found and counted."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from operator import itemgetter
from typing import Any, TypeVar

from schemas.ledger import ACCEPTED, Content, Delivery, Key, Note, Pair, Record, columns, read, write
from services.ledger.contract import Backlog, Change, Conflict, Due, Gone, Keep, Wanted

R = TypeVar("R", Delivery, Key, Pair, Content, Note)

AT_ONCE = 500  # values in one IN (…): SQLite before 3.32 takes 999
_IDENTITY: dict[type[Record], tuple[str, ...]] = {
    Delivery: ("id",),
    Key: ("environment", "hook", "key"),
    Pair: ("environment", "name"),
    Content: ("id",),
    Note: ("environment", "name"),
}
# What never changes is left out of an update: SQLite would write its indexes again.
_CONSTANT: dict[type[Record], frozenset[str]] = {
    Delivery: frozenset({"id", "environment", "hook", "key", "received_at"}),
    Key: frozenset({"environment", "hook", "key"}),
    Pair: frozenset({"environment", "name"}),
    Content: frozenset({"id", "body", "content_type", "headers", "query"}),
    Note: frozenset({"environment", "name"}),
}


def _marks(values: Sequence[Any]) -> str:
    return ", ".join("?" * len(values))


def _insert(kind: type[Record]) -> str:
    names = columns(kind)
    marks = _marks(names)
    table = kind.__name__.lower()
    return f"INSERT INTO {table} ({', '.join(names)}, version) VALUES ({marks}, 1) ON CONFLICT DO NOTHING"  # noqa: S608


def _update(kind: type[Record]) -> str:
    changed = ", ".join(f"{name} = ?" for name in columns(kind) if name not in _CONSTANT[kind])
    found = " AND ".join(f"{name} = ?" for name in _IDENTITY[kind])
    table = kind.__name__.lower()
    return f"UPDATE {table} SET {changed}, version = version + 1 WHERE {found} AND version = ?"  # noqa: S608


def _updated(kind: type[Record]) -> Callable[[Mapping[str, Any]], tuple[Any, ...]]:
    """Return what takes the values of an update out of a written record, in the order of the statement."""
    return itemgetter(*(name for name in columns(kind) if name not in _CONSTANT[kind]), *_IDENTITY[kind])


def _select(kind: type[Record]) -> str:
    return f"SELECT {', '.join(columns(kind))}, version FROM {kind.__name__.lower()}"  # noqa: S608


_KINDS = tuple(_IDENTITY)
_INSERT = {kind: _insert(kind) for kind in _KINDS}
_UPDATE = {kind: _update(kind) for kind in _KINDS}
_UPDATED = {kind: _updated(kind) for kind in _KINDS}
_SELECT = {kind: _select(kind) for kind in _KINDS}


def change(connection: sqlite3.Connection, change: Change) -> int | None:
    """Write one change and return the record's new version; raise Conflict where it is not as it was read."""
    if isinstance(change, Gone):
        connection.execute("DELETE FROM content WHERE id = ?", (change.id,))
        return None
    if isinstance(change, Keep):
        return None  # the purge looks at `closed_at`
    kind = type(change)
    if change.version is None:
        statement, values, version = _INSERT[kind], tuple(write(change).values()), 1
    else:
        statement, values, version = _UPDATE[kind], (*_UPDATED[kind](write(change)), change.version), change.version + 1
    if connection.execute(statement, values).rowcount != 1:
        raise Conflict
    return version


def deliveries(connection: sqlite3.Connection, ids: Iterable[str]) -> dict[str, Delivery]:
    """Return those that are there, by id."""
    return {row.id: row for some in _chunks(ids) for row in _where(connection, Delivery, "id", some)}


def keys(connection: sqlite3.Connection, environment: str, hook: str, names: Iterable[str]) -> dict[str, Key]:
    """Return those that are there, by key."""
    scope = (("environment", environment), ("hook", hook))
    return {row.key: row for some in _chunks(names) for row in _where(connection, Key, "key", some, scope)}


def pairs(connection: sqlite3.Connection, environment: str, names: Iterable[str]) -> dict[str, Pair]:
    """Return those that are there, by name."""
    scope = (("environment", environment),)
    return {row.name: row for some in _chunks(names) for row in _where(connection, Pair, "name", some, scope)}


def content(connection: sqlite3.Connection, content_id: str) -> Content | None:
    """Return a request as it came."""
    return next(_where(connection, Content, "id", [content_id]), None)


def note(connection: sqlite3.Connection, environment: str, name: str) -> Note | None:
    """Return a note."""
    return next(_where(connection, Note, "name", [name], (("environment", environment),)), None)


def due(connection: sqlite3.Connection, environment: str, now: float, limit: int) -> list[Due]:
    """Return what is due, oldest arrival first; the index holds all that this needs."""
    statement = (
        "SELECT id, due_at, arrival FROM delivery WHERE environment = ? AND due_at <= ? ORDER BY arrival LIMIT ?"
    )
    return [Due(*row) for row in connection.execute(statement, (environment, now, limit))]


def find(connection: sqlite3.Connection, environment: str, wanted: Wanted, limit: int) -> list[Delivery]:
    """Return what is wanted, newest first."""
    conditions, values = ["environment = ?"], [environment]
    for condition, value in _conditions(wanted):
        conditions.append(condition)
        values.extend(value)
    statement = f"{_SELECT[Delivery]} WHERE {' AND '.join(conditions)} ORDER BY rowid DESC LIMIT ?"
    return _all(connection, Delivery, statement, [*values, limit])


def backlog(connection: sqlite3.Connection, environment: str) -> Backlog:
    """Count what is not done; the indexes hold all that this needs."""
    counted = connection.execute(
        "SELECT unsettled, count(*), min(received_at) FROM delivery"
        " WHERE environment = ? AND unsettled IS NOT NULL GROUP BY unsettled",
        (environment,),
    ).fetchall()
    due_since = connection.execute(
        "SELECT min(due_at) FROM delivery WHERE environment = ? AND due_at IS NOT NULL", (environment,)
    ).fetchone()[0]
    waiting = [since for status, _, since in counted if status in ("queued", "misconfigured")]
    return Backlog({status: number for status, number, _ in counted}, min(waiting, default=None), due_since)


def count(connection: sqlite3.Connection, environment: str, hook: str, standing: str) -> int:
    """Count a hook's deliveries of this standing, which is not `accepted`."""
    statement = (
        "SELECT count(*) FROM delivery WHERE environment = ? AND unsettled IS NOT NULL AND hook = ? AND standing = ?"
    )
    return int(connection.execute(statement, (environment, hook, standing)).fetchone()[0])


def closed(connection: sqlite3.Connection, standing: str, before: float, limit: int) -> list[Delivery]:
    """Return deliveries of any environment that ended before then and were not emptied yet."""
    where = "WHERE standing = ? AND closed_at <= ? AND emptied_at IS NULL ORDER BY closed_at LIMIT ?"
    return _all(connection, Delivery, f"{_SELECT[Delivery]} {where}", [standing, before, limit])


def _conditions(wanted: Wanted) -> Iterator[tuple[str, Sequence[Any]]]:
    if wanted.statuses:
        # The statuses that are not `accepted` have an index of their own.
        name = "status" if set(wanted.statuses) & set(ACCEPTED) else "unsettled"
        yield f"{name} IN ({_marks(wanted.statuses)})", wanted.statuses
    if wanted.hook is not None:
        yield "hook = ?", (wanted.hook,)
    if wanted.since is not None:
        yield "received_at >= ?", (wanted.since,)
    if wanted.until is not None:
        yield "received_at < ?", (wanted.until,)
    if wanted.search:
        searched = "id || ' ' || hook || ' ' || coalesce(key, '') || ' ' || coalesce(reason, '')"
        yield f"instr(lower({searched}), lower(?)) > 0", (wanted.search,)


def _where(
    connection: sqlite3.Connection,
    kind: type[R],
    column: str,
    values: Sequence[str],
    scope: Sequence[tuple[str, str]] = (),
) -> Iterator[R]:
    conditions = [*(f"{name} = ?" for name, _ in scope), f"{column} IN ({_marks(values)})"]
    statement = f"{_SELECT[kind]} WHERE {' AND '.join(conditions)}"
    yield from _all(connection, kind, statement, [*(value for _, value in scope), *values])


def _all(connection: sqlite3.Connection, kind: type[R], statement: str, values: Sequence[Any]) -> list[R]:
    names = columns(kind)
    rows = connection.execute(statement, values).fetchall()
    return [read(kind, dict(zip(names, row[:-1], strict=True)), row[-1]) for row in rows]


def _chunks(values: Iterable[str]) -> Iterator[list[str]]:
    values = list(values)
    for start in range(0, len(values), AT_ONCE):
        yield values[start : start + AT_ONCE]
