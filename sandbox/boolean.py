"""Conditions joined by `and`, `or` and brackets, as SQL reads them: `and` binds tighter."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

Predicate = Callable[[Any], bool]
Token = str | Predicate


class Unbalanced(ValueError):
    """The tokens make no condition."""


def everything(record: Any) -> bool:
    """Hold for every row: no condition at all."""
    del record
    return True


def combine(tokens: Sequence[Token]) -> Predicate:
    """Make one condition of "(", ")", "and", "or" and conditions; raises Unbalanced."""
    if not tokens:
        return everything
    rest = list(tokens)
    found = _any_of(rest)
    if rest:
        raise Unbalanced(f"Unexpected '{_shown(rest[0])}' in the restriction")
    return found


def _any_of(rest: list[Token]) -> Predicate:
    parts = [_all_of(rest)]
    while rest and rest[0] == "or":
        rest.pop(0)
        parts.append(_all_of(rest))
    return parts[0] if len(parts) == 1 else lambda record: any(part(record) for part in parts)


def _all_of(rest: list[Token]) -> Predicate:
    parts = [_one(rest)]
    while rest and rest[0] == "and":
        rest.pop(0)
        parts.append(_one(rest))
    return parts[0] if len(parts) == 1 else lambda record: all(part(record) for part in parts)


def _one(rest: list[Token]) -> Predicate:
    token = rest.pop(0) if rest else ""
    if token == "(":
        inside = _any_of(rest)
        if not rest or rest.pop(0) != ")":
            raise Unbalanced("A parenthesis in the restriction is never closed")
        return inside
    if isinstance(token, str):
        raise Unbalanced(f"Unexpected '{token}' in the restriction" if token else "The restriction ends too early")
    return token


def _shown(token: Token) -> str:
    return token if isinstance(token, str) else "condition"
