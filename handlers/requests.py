"""What is taken from a request before anything is believed: its body, to a bound, and the hook it is for."""

from __future__ import annotations

import socket
import struct
import time
from collections.abc import Iterator, Mapping
from contextlib import suppress
from functools import lru_cache
from types import MappingProxyType
from typing import Any
from weakref import WeakSet

from flask import Request

from services.errors import BodyTooLarge, UnreadableBody, UnsupportedContentType

CHUNK = 65_536
DRAINED = 8 * 1024 * 1024  # bytes still read and thrown away, so that the sender gets to see its 413
DRAIN_TIME = 2.0  # seconds
PAUSE = struct.pack("ll", 10, 0)  # seconds without a byte of the body; a sender that stops would hold its thread
LONGEST_HEADER = 300  # characters of a header that is given back
NOTHING: Mapping[str, str] = MappingProxyType({})
LONGEST = 60.0  # seconds for the whole of it; nor may one that drips
_PAUSING: WeakSet[socket.socket] = WeakSet()  # connections that know PAUSE; many requests come over one


def read_body(request: Request, limit: int) -> bytes:
    """Return the raw bytes; raise BodyTooLarge as soon as there are more than `limit` of them."""
    if headers_of(request).get("Content-Encoding", "identity").lower() != "identity":
        raise UnsupportedContentType("Compressed bodies are not read: send it without Content-Encoding.")
    line = request.environ.get("gunicorn.socket")
    if line and line not in _PAUSING:
        line.setsockopt(socket.SOL_SOCKET, socket.SO_RCVTIMEO, PAUSE)  # a timeout of Python's own would poll each time
        _PAUSING.add(line)
    length = _length(request)
    chunks: list[bytes] = []
    size, ends = 0, time.monotonic() + LONGEST
    while size <= limit and (length is None or length <= limit):
        chunk = _receive(request, min(CHUNK, limit + 1 - size))
        chunks.append(chunk)
        size += len(chunk)
        if not chunk and size < (length or 0):
            raise _broken()
        if not chunk or size == length:
            return b"".join(chunks)
        if time.monotonic() > ends:
            raise _broken()
    _drain(request)
    raise BodyTooLarge(f"The body is larger than this address takes, which is {limit} bytes.")


def _length(request: Request) -> int | None:
    """Return the Content-Length; None where the body has no length of its own (RFC 9112, section 6.1)."""
    told = request.environ.get("CONTENT_LENGTH", "")
    has_length = told.isascii() and told.isdigit() and "HTTP_TRANSFER_ENCODING" not in request.environ
    return int(told[:16]) if has_length else None  # no more digits than are too many in any case


def _drain(request: Request) -> None:
    left, ends = DRAINED, time.monotonic() + DRAIN_TIME
    while left > 0 and time.monotonic() < ends and (chunk := _receive(request, CHUNK)):
        left -= len(chunk)


def _receive(request: Request, size: int) -> bytes:
    """Read what comes next; UnreadableBody where the server finds it malformed, or the sender has gone."""
    try:
        is_bounded = request.environ.get("wsgi.input_terminated")  # else werkzeug counts for the server
        chunk: bytes = (request.environ["wsgi.input"] if is_bounded else request.stream).read(size)
    except Exception as error:
        if not (isinstance(error, OSError) or type(error).__module__.startswith("gunicorn.")):
            raise
        with suppress(OSError, KeyError):  # the framework would read on before it answers, and wait again
            request.environ["gunicorn.socket"].shutdown(socket.SHUT_RD)
        raise _broken() from error
    return chunk


def _broken() -> UnreadableBody:
    return UnreadableBody("The body broke off before its end, or its chunks are malformed: send it again.")


class Headers(Mapping[str, str]):
    """A request's headers, found in any case; werkzeug's own take four times as long to look for one."""

    def __init__(self, request: Request):
        self._request = request

    def __getitem__(self, name: str) -> str:
        return str(self._request.environ[_variable(name)])

    def get(self, name: str, default: Any = None) -> Any:
        """Return a header, or the default."""
        return self._request.environ.get(_variable(name), default)

    def __iter__(self) -> Iterator[str]:
        return (name for name, _ in self._request.headers)

    def __len__(self) -> int:
        return len(self._request.headers)


@lru_cache(maxsize=1024)  # the names that are looked for come from presets and hooks.yaml, never from a request
def _variable(name: str) -> str:
    """Return the name of the variable in which WSGI has a header (PEP 3333)."""
    written = name.upper().replace("-", "_")
    return written if written in ("CONTENT_TYPE", "CONTENT_LENGTH") else f"HTTP_{written}"


def headers_of(request: Request) -> Mapping[str, str]:
    """Return the headers, found in any case."""
    return Headers(request)


def public_url(request: Request, base: str) -> str:
    """Return the address the sender called: PUBLIC_URL with the path and query as sent; empty without PUBLIC_URL."""
    if not base:
        return ""
    return base + str(request.environ.get("RAW_URI") or request.full_path.rstrip("?"))


def query_of(request: Request) -> Mapping[str, str]:
    """Return what stands in the address after `?`; raise UnreadableBody where that is not UTF-8."""
    if not request.environ.get("QUERY_STRING"):
        return NOTHING
    try:
        return request.args
    except UnicodeDecodeError as error:
        raise UnreadableBody("The address is not UTF-8 after its `?`: send it percent-encoded.") from error
