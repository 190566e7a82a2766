"""What is taken from a request before anything is believed: its body, to a bound, and the hook it is for."""

from __future__ import annotations

import socket
import struct
import time
from collections.abc import Mapping
from contextlib import suppress
from typing import cast

from flask import Request

from services.errors import BodyTooLarge, UnreadableBody, UnsupportedContentType

CHUNK = 65_536
DRAINED = 8 * 1024 * 1024  # bytes still read and thrown away, so that the sender gets to see its 413
DRAIN_TIME = 2.0  # seconds
PAUSE = struct.pack("ll", 10, 0)  # seconds without a byte of the body; a sender that stops would hold its thread
LONGEST = 60.0  # seconds for the whole of it; nor may one that drips


def read_body(request: Request, limit: int) -> bytes:
    """Return the raw bytes; raise BodyTooLarge as soon as there are more than `limit` of them."""
    if request.headers.get("Content-Encoding", "identity").lower() != "identity":
        raise UnsupportedContentType("Compressed bodies are not read: send it without Content-Encoding.")
    if line := request.environ.get("gunicorn.socket"):
        line.setsockopt(socket.SOL_SOCKET, socket.SO_RCVTIMEO, PAUSE)  # a timeout of Python's own would poll each time
    length = request.content_length
    chunks: list[bytes] = []
    size, ends = 0, time.monotonic() + LONGEST
    while size <= limit and (length is None or length <= limit):
        chunk = _receive(request, min(CHUNK, limit + 1 - size))
        if not chunk:
            if size < (length or 0):
                raise _broken()
            return b"".join(chunks)
        chunks.append(chunk)
        size += len(chunk)
        if time.monotonic() > ends:
            raise _broken()
    _drain(request)
    raise BodyTooLarge(f"The body is larger than this address takes, which is {limit} bytes.")


def _drain(request: Request) -> None:
    left, ends = DRAINED, time.monotonic() + DRAIN_TIME
    while left > 0 and time.monotonic() < ends and (chunk := _receive(request, CHUNK)):
        left -= len(chunk)


def _receive(request: Request, size: int) -> bytes:
    """Read what comes next; UnreadableBody where the server finds it malformed, or the sender has gone."""
    try:
        chunk: bytes = request.stream.read(size)
    except Exception as error:
        if not (isinstance(error, OSError) or type(error).__module__.startswith("gunicorn.")):
            raise
        with suppress(OSError, KeyError):  # the framework would read on before it answers, and wait again
            request.environ["gunicorn.socket"].shutdown(socket.SHUT_RD)
        raise _broken() from error
    return chunk


def _broken() -> UnreadableBody:
    return UnreadableBody("The body broke off before its end, or its chunks are malformed: send it again.")


def headers_of(request: Request) -> Mapping[str, str]:
    """Return the headers, found in any case; werkzeug's are one in all but the type."""
    return cast("Mapping[str, str]", request.headers)


def public_url(request: Request, base: str) -> str:
    """Return the address the sender called: PUBLIC_URL with the path and query as sent; empty without PUBLIC_URL."""
    sent = str(request.environ.get("RAW_URI") or request.full_path.rstrip("?"))
    return f"{base}{sent}" if base else ""


def query_of(request: Request) -> Mapping[str, str]:
    """Return what stands in the address after `?`; raise UnreadableBody where that is not UTF-8."""
    try:
        return request.args
    except UnicodeDecodeError as error:
        raise UnreadableBody("The address is not UTF-8 after its `?`: send it percent-encoded.") from error
