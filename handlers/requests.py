"""What is taken from a request before anything is believed: its body, to a bound, and the hook it is for."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import cast

from flask import Request

from services.errors import BodyTooLarge, UnsupportedContentType

CHUNK = 65_536
DRAINED = 8 * 1024 * 1024  # bytes still read and thrown away, so that the sender gets to see its 413
DRAIN_TIME = 2.0  # seconds


def read_body(request: Request, limit: int) -> bytes:
    """Return the raw bytes; raise BodyTooLarge as soon as there are more than `limit` of them."""
    if request.headers.get("Content-Encoding", "identity").lower() != "identity":
        raise UnsupportedContentType("Compressed bodies are not read: send it without Content-Encoding.")
    length = request.content_length
    chunks: list[bytes] = []
    size = 0
    while size <= limit and (length is None or length <= limit):
        chunk = request.stream.read(min(CHUNK, limit + 1 - size))
        if not chunk:
            return b"".join(chunks)
        chunks.append(chunk)
        size += len(chunk)
    _drain(request)
    raise BodyTooLarge(f"The body is larger than this address takes, which is {limit} bytes.")


def _drain(request: Request) -> None:
    left, ends = DRAINED, time.monotonic() + DRAIN_TIME
    while left > 0 and time.monotonic() < ends and (chunk := request.stream.read(CHUNK)):
        left -= len(chunk)


def headers_of(request: Request) -> Mapping[str, str]:
    """Return the headers, found in any case; werkzeug's are one in all but the type."""
    return cast("Mapping[str, str]", request.headers)


def public_url(request: Request, base: str) -> str:
    """Return the address the sender called: PUBLIC_URL with the path and query as sent; empty without PUBLIC_URL."""
    sent = str(request.environ.get("RAW_URI") or request.full_path.rstrip("?"))
    return f"{base}{sent}" if base else ""
