"""Requests' transport over the standard library's connections, for few hosts that are called over and over.

Requests' own goes through urllib3's pool, which takes twice the processor time for one short call.
https://requests.readthedocs.io/en/latest/user/advanced/#transport-adapters
"""

from __future__ import annotations

import http.client
import select
import ssl
import time
import zlib
from contextlib import suppress
from functools import cached_property
from typing import Any, cast
from urllib.parse import urlsplit

import requests
from requests.adapters import BaseAdapter
from requests.utils import DEFAULT_CA_BUNDLE_PATH

from services.errors import TenantDown

CONNECT = 3.0  # seconds to reach the host; a call's whole time limit is its caller's
LARGEST_ANSWER = 4 * 1024 * 1024  # bytes; a relation is about 3 kB
CHUNK = 65_536
HOSTS = 8  # that are called: the state, the login, and wherever the tenant lives


class NotConnected(TenantDown):
    """The connection was never made, so nothing was done."""


class _Connection(http.client.HTTPConnection):
    """Sends a request's head and body together: one packet, or TLS record, where the library makes two."""

    _body = b""

    def send_whole(self, request: requests.PreparedRequest, target: str) -> None:
        """Send a request; nothing goes out before it is whole."""
        self.putrequest(request.method or "GET", target, skip_accept_encoding=True)
        for name, value in request.headers.items():
            self.putheader(name, value)
        body = request.body or b""
        self._body = body if isinstance(body, bytes) else body.encode()
        try:
            self.endheaders()
        finally:
            self._body = b""

    def send(self, data: Any) -> None:
        """Send the head, which the library does once, with the body behind it."""
        super().send(data + self._body)

    @property
    def is_dropped(self) -> bool:
        """Whether the other side has hung up since: with nothing asked, there is nothing to be read."""
        poll = select.poll() if hasattr(select, "poll") else None
        if poll is None:
            return bool(select.select([self.sock], [], [], 0)[0])
        poll.register(self.sock, select.POLLIN)
        return bool(poll.poll(0))


class _TlsConnection(_Connection, http.client.HTTPSConnection):
    """The same over TLS."""


class Answer(requests.Response):
    """What is read of an answer; cookies, history and encodings, which nobody here asks for, are not worked out."""

    def __init__(self, request: requests.PreparedRequest, raw: http.client.HTTPResponse, ends: float):
        self.request, self.raw, self._answer, self._ends = request, cast("Any", raw), raw, ends
        self.status_code, self.headers = raw.status, cast("Any", raw.headers)
        self._content: Any = False
        self._content_consumed = False

    def read(self) -> bytes:
        """Read the body to its end, to a bound, and within the time. Raises requests.ConnectionError."""
        body = self._received()
        encoding = (self.headers.get("Content-Encoding") or "identity").lower()
        if encoding == "identity":
            return body
        if encoding != "gzip":
            raise requests.exceptions.ContentDecodingError(encoding)
        unpacking = zlib.decompressobj(zlib.MAX_WBITS | 16)
        try:
            unpacked = unpacking.decompress(body, LARGEST_ANSWER)
        except zlib.error as error:
            raise requests.exceptions.ContentDecodingError(encoding) from error
        if not unpacking.eof:
            raise requests.exceptions.ContentDecodingError("cut off, or too large")
        return unpacked

    def _received(self) -> bytes:
        chunks: list[bytes] = []
        left = LARGEST_ANSWER
        while chunk := self._answer.read1(CHUNK):
            chunks.append(chunk)
            left -= len(chunk)
            if left < 0 or time.monotonic() > self._ends:
                raise requests.ConnectionError("too large, or too slow")
        if self._answer.length:
            raise requests.ConnectionError("broken off")
        return b"".join(chunks)


class Connections(BaseAdapter):
    """Keeps at most so many idle connections to each host. Never follows a redirect, and no proxy is used."""

    def __init__(self, most: int):
        super().__init__()
        self._most = most
        self._idle: dict[str, list[_Connection]] = {}

    def send(
        self,
        request: requests.PreparedRequest,
        stream: bool = False,  # noqa: ARG002 - requests' own
        timeout: Any = None,
        verify: Any = True,  # noqa: ARG002
        cert: Any = None,  # noqa: ARG002
        proxies: Any = None,  # noqa: ARG002
    ) -> Answer:
        """Send once, and read the whole answer within `timeout` seconds.

        Raises NotConnected where nothing was sent, else requests' exceptions.
        """
        url = str(request.url)
        path = url.find("/", len("https://"))
        ends = time.monotonic() + timeout
        connection = self._take(url[:path], timeout)
        try:
            connection.sock.settimeout(max(0.001, ends - time.monotonic()))
            connection.send_whole(request, url[path:])
            answer = Answer(request, connection.getresponse(), ends)
            answer._content = answer.read()
        except TimeoutError as error:
            connection.close()
            raise requests.ReadTimeout(request=request) from error
        except (http.client.HTTPException, OSError) as error:
            connection.close()
            raise requests.ConnectionError(request=request) from error
        answer.raw.close()
        self._give_back(url[:path], connection)
        return answer

    def __del__(self) -> None:
        self.close()

    def close(self) -> None:
        """Close what is idle."""
        idle, self._idle = self._idle, {}
        for connection in (each for connections in idle.values() for each in connections):
            connection.close()

    def _take(self, origin: str, time_limit: float) -> _Connection:
        """Return an idle connection, the one that was used last, or a new one."""
        idle = self._idle.get(origin, ())
        with suppress(IndexError):
            while idle:
                connection = idle.pop()
                if not connection.is_dropped:
                    return connection
                connection.close()
        return self._connect(origin, min(CONNECT, time_limit))

    def _give_back(self, origin: str, connection: _Connection) -> None:
        """Keep it, unless its side or the other one closes it, or there are enough."""
        if origin not in self._idle and len(self._idle) >= HOSTS:
            self.close()
        idle = self._idle.setdefault(origin, [])
        if connection.sock is None or len(idle) >= self._most:
            connection.close()
        else:
            idle.append(connection)

    def _connect(self, origin: str, time_limit: float) -> _Connection:
        """Return a new connection; raise NotConnected, and say why there is none."""
        parts = urlsplit(origin)
        host, port = str(parts.hostname), parts.port
        if parts.scheme == "https":
            connection: _Connection = _TlsConnection(host, port, timeout=time_limit, context=self._tls)
        else:
            connection = _Connection(host, port, timeout=time_limit)
        try:
            connection.connect()
        except OSError as error:
            connection.close()
            raise NotConnected(f"SuperOffice cannot be reached: {_why(error)}.") from error
        return connection

    @cached_property
    def _tls(self) -> ssl.SSLContext:
        """The certificates that requests trusts; none that a variable of the environment names."""
        context = ssl.create_default_context(cafile=DEFAULT_CA_BUNDLE_PATH)
        context.set_alpn_protocols(["http/1.1"])
        return context


def _why(error: OSError) -> str:
    if isinstance(error, TimeoutError):
        return "it took too long to connect"
    if isinstance(error, ssl.SSLCertVerificationError):
        return "its certificate is not valid"
    if isinstance(error, ssl.SSLError):
        return "no secure connection came about"
    return "the connection was refused, or the name is not known"
