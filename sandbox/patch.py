"""Partial updates of one flat entity, as far as the WebAPI takes them: JSON Patch (RFC 6902), Merge Patch (RFC 7396).

Add, replace, remove and test; paths in any case, the leading slash optional.
"""

from __future__ import annotations

from typing import Any


class InvalidPatch(ValueError):
    """Not a patch of this entity; the message says why."""


class Mismatch(Exception):
    """A `test` operation found another value."""


def apply(entity: dict[str, Any], patch: Any) -> dict[str, Any]:
    """Give the patched copy; a removed member is missing from it."""
    patched, names = dict(entity), {name.lower(): name for name in entity}
    for operation in _operations(patch):
        path = str(operation.get("path"))
        name = names.get(path.removeprefix("/").lower())
        if name is None:
            raise InvalidPatch(f"Path '{path}' does not exist")
        _apply_one(patched, name, operation)
    return patched


def _operations(patch: Any) -> list[dict[str, Any]]:
    """Read either kind: a merge patch says the same as one operation for each member."""
    if isinstance(patch, list):
        if not all(isinstance(operation, dict) for operation in patch):
            raise InvalidPatch("Each operation of a JSON patch must be an object")
        return patch
    if isinstance(patch, dict):
        return [
            {"op": "remove", "path": name} if value is None else {"op": "replace", "path": name, "value": value}
            for name, value in patch.items()
        ]
    raise InvalidPatch("A patch is an array of operations or an object")


def _apply_one(entity: dict[str, Any], name: str, operation: dict[str, Any]) -> None:
    verb = operation.get("op")
    if verb == "remove":
        entity.pop(name, None)
    elif "value" not in operation:
        raise InvalidPatch(f"Operation '{verb}' on {name} lacks a value")
    elif verb in ("add", "replace"):
        entity[name] = operation["value"]
    elif verb != "test":
        raise InvalidPatch(f"Operation '{verb}' is not supported")
    elif entity.get(name) != operation["value"]:
        raise Mismatch(f"Test of {name} failed")
