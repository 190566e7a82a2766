"""Walks a decoded body: what stands at a path, what a source tells, what a mark means."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from functools import lru_cache
from types import MappingProxyType
from typing import Any, Final

from schemas.packing import Conditions, Part, Source

MISSING: Final = object()


def find(value: Any, path: str) -> Any:
    """Return what stands at a path, or MISSING. A name with a dot in it is found first as it stands."""
    if isinstance(value, dict):
        found = value.get(path, MISSING)
        if found is not MISSING or "." not in path:
            return found
        for head, rest in _splits(path):
            if head in value and (found := find(value[head], rest)) is not MISSING:
                return found
        return value if path == "." else MISSING
    for head, rest in _splits(path):
        inner = _step(value, head)
        if inner is not MISSING and (found := find(inner, rest)) is not MISSING:
            return found
    return value if path == "." else _step(value, path)


@lru_cache(maxsize=1024)  # paths come from presets and from a user's senders.yaml, never from a body
def way(path: str) -> Callable[[Any], Any]:
    """Return `find` for one path, quicker where many objects are asked; most paths have no dot in them, or one."""
    if path == ".":
        return lambda value: find(value, path)
    head, dot, rest = path.partition(".")

    def name(value: Any) -> Any:
        return value.get(path, MISSING) if type(value) is dict else find(value, path)

    def inner_name(value: Any) -> Any:
        if type(value) is dict and path not in value:
            inner = value.get(head)
            if type(inner) is dict and rest in inner:
                return inner[rest]
        return find(value, path)

    return inner_name if dot else name


@lru_cache(maxsize=1024)
def _splits(path: str) -> tuple[tuple[str, str], ...]:
    dots = [place for place, sign in enumerate(path) if sign == "." and place > 0]
    return tuple((path[:dot], path[dot + 1 :]) for dot in dots)


def _step(value: Any, name: str) -> Any:
    if isinstance(value, dict):
        return value.get(name, MISSING)
    if isinstance(value, list) and name.isdecimal() and int(name) < len(value):
        return value[int(name)]
    return MISSING


def replace(value: Any, path: str, new: Any) -> Any:
    """Return a copy in which `new` stands at the path, where something must stand; the original is left as it is."""
    if path == ".":
        return new
    if isinstance(value, dict) and path in value:
        return {**value, path: new}
    for head, rest in _splits(path):
        inner = _step(value, head)
        if inner is not MISSING and find(inner, rest) is not MISSING:
            return replace(value, head, replace(inner, rest, new))
    return [new if place == int(path) else item for place, item in enumerate(value)]


def first(value: Any, paths: Iterable[str]) -> Any:
    """Return what stands at the first of the paths where anything but null does, or MISSING."""
    for path in paths:
        found = find(value, path)
        if found is not MISSING and found is not None:
            return found
    return MISSING


def header(headers: Mapping[str, str], name: str) -> str | None:
    """Return a header whatever its case; a plain mapping knows only the spelling that was sent."""
    value = headers.get(name)
    if value is None:
        wanted = name.lower()
        for key in headers:
            if key.lower() == wanted:
                return headers[key]
    return value


def tell(sources: tuple[Source, ...], body: Any, headers: Mapping[str, str]) -> Any:
    """Return what the first source that is there tells: a value as it came, or several joined by `/`; else None."""
    for source in sources:
        if (value := _told(source, body, headers)) is not None:
            return value
    return None


def _told(source: Source, body: Any, headers: Mapping[str, str]) -> Any:
    if len(source) == 1:
        value = _look(source[0], body, headers)
        return None if value is MISSING or value == "" else value
    words = [word(_look(part, body, headers)) for part in source]
    return "/".join(words) if all(words) else None


def _look(part: Part, body: Any, headers: Mapping[str, str]) -> Any:
    return header(headers, part.name) if part.is_header else way(part.name)(body)


def holds(conditions: Conditions, body: Any, headers: Mapping[str, str] = MappingProxyType({})) -> bool:
    """Tell whether one of the conditions is met."""
    for source, wanted in conditions:
        told = _told(source, body, headers)
        if told is not None and (word(told) in wanted or "*" in wanted):
            return True
    return False


@lru_cache(maxsize=1024)
def asking(conditions: Conditions) -> Callable[[Any], bool]:
    """Return `holds` for these conditions without headers, quicker where many objects are asked."""
    asked = [
        (way(source[0].name), frozenset(wanted), "*" in wanted) for source, wanted in conditions if len(source) == 1
    ]
    if len(asked) < len(conditions) or any(part.is_header for source, _ in conditions for part in source):
        return lambda body: holds(conditions, body)

    def met(body: Any) -> bool:
        for look, wanted, any_will_do in asked:
            told = look(body)
            if told is MISSING or told is None or told == "":
                continue
            if any_will_do or word(told) in wanted:
                return True
        return False

    return met


def word(value: Any) -> str:
    """Write an id, a type or a mark as text; anything that is none of these is empty."""
    if isinstance(value, str):
        return value.strip()
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value) if isinstance(value, int) else ""
