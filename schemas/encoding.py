"""JSON as it is written everywhere here: compact, UTF-8, by orjson; what that refuses the standard library writes."""

from __future__ import annotations

import json
from typing import Any

import orjson


def to_json(value: Any) -> bytes:
    """Return a value as JSON; a number of 20 digits and half a character are written too, what is unknown as text."""
    try:
        return orjson.dumps(value)
    except TypeError:
        return json.dumps(value, separators=(",", ":"), default=str).encode()
