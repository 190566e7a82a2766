"""Emptying: what people typed goes when its time is over, and ids and outcomes stay."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from schemas.ledger import Delivery, changed
from services.ledger.contract import Conflict, Store
from services.ledger.writing import commit, release

AT_ONCE = 50  # deliveries in one commit
_OURS = ("status", "delivery")  # the texts of an answer that are not a person's


def purge(store: Store, retained: Mapping[str, float], now: float, limit: int) -> int:
    """Empty at most `limit` deliveries that have been kept for as long as `retained` says; return how many."""
    emptied = 0
    for standing, seconds in retained.items():
        rows = store.closed(standing, now - seconds, limit - emptied)
        for start in range(0, len(rows), AT_ONCE):
            emptied += _empty(store, rows[start : start + AT_ONCE], now)
    return emptied


def _empty(store: Store, rows: Sequence[Delivery], now: float) -> int:
    try:
        commit(store, [*(_emptied(row, now) for row in rows), *release(store, rows)])
    except Conflict:  # one of them was replayed at this moment; or another purge is at work
        return sum(_empty(store, [row], now) for row in rows) if len(rows) > 1 else 0
    return len(rows)


def _emptied(row: Delivery, now: float) -> Delivery:
    return changed(
        row,
        content=None,
        doubt=None,
        troubles=tuple(changed(trouble, words="") for trouble in row.troubles),
        decision=_without_texts(row.decision),
        answer=_without_texts(row.answer),
        emptied_at=now,
    )


def _without_texts(value: Any) -> Any:
    """Return it with numbers alone, which are ids; what is empty then is left out."""
    if isinstance(value, Mapping):
        kept = {name: value[name] for name in _OURS if isinstance(value.get(name), str)}
        return {name: left for name, inner in value.items() if not _is_empty(left := _without_texts(inner))} | kept
    if isinstance(value, list):
        return [left for inner in value if not _is_empty(left := _without_texts(inner))]
    return value


def _is_empty(left: Any) -> bool:
    return isinstance(left, str) or left in ({}, [])
