"""Looks for deliveries: by what the ledger knows of them, and by what people typed, as far back as that is bounded."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, NamedTuple

from schemas.ledger import HELD, WAITING, Content, Delivery
from services.errors import Refused
from services.hooks import Hooks
from services.ledger.contract import Wanted
from services.ledger.ledger import Ledger
from services.senders.decode import read

LOOKED_INTO = 1000  # deliveries whose content one search reads: the newest that meet all else
LOOKED_AMONG = 200  # deliveries of each status among which those of hooks that have gone are looked for


class Found(NamedTuple):
    """Deliveries, newest first; `is_bounded` where older ones were not looked into, or there are more."""

    deliveries: tuple[Delivery, ...]
    is_bounded: bool = False


def find(ledger: Ledger, environment: str, wanted: Wanted, limit: int) -> Found:
    """Return at most `limit` deliveries; a `search` looks for its text in what came, too."""
    found = ledger.store.find(environment, wanted, limit + 1)
    is_bounded = False
    if wanted.search:
        newest = ledger.store.find(environment, wanted._replace(search=""), LOOKED_INTO)
        is_bounded = len(newest) == LOOKED_INTO
        found = _together(found, _typed(newest, wanted.search.casefold(), ledger))
    return Found(tuple(found[:limit]), is_bounded or len(found) > limit)


def gone_hooks(ledger: Ledger, environment: str, hooks: Hooks) -> dict[str, str]:
    """Return the hooks that deliveries wait for and hooks.yaml no longer has, with what to do.

    They are looked for among the newest deliveries of each status: what hides others there is told of first.
    """
    newest = [ledger.store.find(environment, Wanted((status,)), LOOKED_AMONG) for status in (*WAITING, *HELD)]
    names = {delivery.hook for found in newest for delivery in found} - hooks.by_name.keys()
    return {name: _gone(name, ledger, environment) for name in sorted(names)}


def _gone(name: str, ledger: Ledger, environment: str) -> str:
    number = sum(ledger.store.count(environment, name, standing) for standing in ("waiting", "held"))
    wait, them = ("delivery waits", "it") if number == 1 else ("deliveries wait", "them")
    return (
        f"{name} is not in hooks.yaml any more, and {number} {wait} for it: put it back, or dismiss {them}; "
        f"`./liaison deliveries --hook {name}` lists {them}."
    )


def _together(first: list[Delivery], second: list[Delivery]) -> list[Delivery]:
    by_id = {delivery.id: delivery for delivery in (*first, *second)}
    return [by_id[identity] for identity in sorted(by_id, reverse=True)]


def _typed(deliveries: list[Delivery], text: str, ledger: Ledger) -> list[Delivery]:
    contents: dict[str, Any] = {}  # the items of an array share one
    found = []
    for delivery in deliveries:
        if delivery.content is None:
            continue
        if delivery.content not in contents:
            contents[delivery.content] = decoded(ledger.store.content(delivery.content))
        if text in _written(own_part(contents[delivery.content], delivery.item)).casefold():
            found.append(delivery)
    return found


def decoded(content: Content | None) -> Any:
    """Return what came as it is read, or its text where it cannot be read."""
    if content is None:
        return ""
    try:
        return read(content.body, content.content_type)
    except Refused:
        return content.body.decode("utf-8", "replace")


def own_part(came: Any, item: int | None) -> Any:
    """Return a delivery's own item of an array that came, or all of what came."""
    return came[item] if isinstance(came, list) and item is not None and item < len(came) else came


def _written(value: Any) -> str:
    """Return every name and value, as people typed them: JSON would write quotes and line ends in another way."""
    waiting, found = [value], []
    while waiting:
        match waiting.pop():
            case Mapping() as inner:
                waiting += [*inner, *inner.values()]
            case list() | tuple() as several:
                waiting += several
            case str() as text:
                found.append(text)
            case other:
                found.append(json.dumps(other, default=str))
    return "\n".join(found)
