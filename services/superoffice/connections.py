"""Requests' transport for few hosts that are called over and over: connections are kept, httptools reads the answers.

Requests' own goes through urllib3's pool and the standard library's parser: most of the processor time of a webhook.
https://requests.readthedocs.io/en/latest/user/advanced/#transport-adapters
"""

from __future__ import annotations

import select
import socket
import ssl
import time
from contextlib import suppress
from functools import cached_property
from typing import Any, NamedTuple
from urllib.parse import SplitResult, urlsplit

import requests
from requests.adapters import BaseAdapter
from requests.utils import DEFAULT_CA_BUNDLE_PATH

from services.errors import TenantDown
from services.superoffice.incoming import Incoming, NotWhole

CONNECT = 3.0  # seconds to reach the host; a call's whole time limit is its caller's
CHUNK = 65_536
HOSTS = 8  # that are called: the state, the login, and wherever the tenant lives


class NotConnected(TenantDown):
    """The connection was never made, so nothing was done."""


class Answer(requests.Response):
    """What is read of an answer; cookies, history and encodings, which nobody here asks for, are not worked out."""

    def __init__(self, request: requests.PreparedRequest, incoming: Incoming):
        self.request, self.status_code, self.headers = request, incoming.status, incoming.headers
        self._content = incoming.content()


class _Host(NamedTuple):
    """Where requests go, and the connections to it that nobody uses at the moment."""

    address: SplitResult
    idle: list[socket.socket]


class Connections(BaseAdapter):
    """Keeps at most so many idle connections to each host. Never follows a redirect, and no proxy is used.

    `authorities` is the file of those whose certificates are trusted, by default that of requests.
    """

    def __init__(self, most: int, *, authorities: str = DEFAULT_CA_BUNDLE_PATH):
        super().__init__()
        self._most = most
        self._authorities = authorities
        self._hosts: dict[str, _Host] = {}

    def __del__(self) -> None:
        self.close()

    def send(
        self,
        request: requests.PreparedRequest,
        stream: bool = False,  # noqa: ARG002 - requests' own
        timeout: Any = None,
        verify: Any = True,  # noqa: ARG002
        cert: Any = None,  # noqa: ARG002
        proxies: Any = None,  # noqa: ARG002
    ) -> Answer:
        """Send once, head and body in one piece, and read the whole answer within `timeout` seconds.

        Raises NotConnected where nothing was sent, else requests' exceptions.
        """
        ends = time.monotonic() + timeout
        url = str(request.url)
        path = url.find("/", len("https://"))
        host = self._hosts.get(url[:path]) or self._met(url[:path])
        outgoing = _written(request, host.address.netloc, url[path:])
        line = self._take(host, timeout)
        try:
            incoming = _exchange(line, outgoing, ends)
            answer = Answer(request, incoming)
        except TimeoutError as error:
            line.close()
            raise requests.ReadTimeout(request=request) from error
        except (NotWhole, OSError) as error:
            line.close()
            raise requests.ConnectionError(request=request) from error
        if incoming.is_last or len(host.idle) >= self._most:
            line.close()
        else:
            host.idle.append(line)
        return answer

    def close(self) -> None:
        """Close what is idle."""
        for host in self._hosts.values():
            while host.idle:
                host.idle.pop().close()

    def _met(self, origin: str) -> _Host:
        """Return a host that was not called before."""
        if len(self._hosts) >= HOSTS:
            self.close()
            self._hosts = {}
        return self._hosts.setdefault(origin, _Host(urlsplit(origin), []))

    def _take(self, host: _Host, time_limit: float) -> socket.socket:
        """Return an idle connection, the one that was used last, or a new one."""
        with suppress(IndexError):
            while host.idle:
                line = host.idle.pop()
                if not _is_dropped(line):
                    return line
                line.close()
        return self._connect(host.address, min(CONNECT, time_limit))

    def _connect(self, address: SplitResult, time_limit: float) -> socket.socket:
        """Return a new connection; raise NotConnected, and say why there is none."""
        is_tls = address.scheme == "https"
        name = str(address.hostname)
        try:
            line = socket.create_connection((name, address.port or (443 if is_tls else 80)), time_limit)
            try:
                line.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                return self._tls.wrap_socket(line, server_hostname=name) if is_tls else line
            except BaseException:
                line.close()
                raise
        except OSError as error:
            raise NotConnected(f"SuperOffice cannot be reached: {_why(error)}.") from error

    @cached_property
    def _tls(self) -> ssl.SSLContext:
        """What is asked of the other side; no variable of the environment has a say in it."""
        context = ssl.create_default_context(cafile=self._authorities)
        context.set_alpn_protocols(["http/1.1"])
        return context


def _written(request: requests.PreparedRequest, host: str, target: str) -> bytes:
    """Return the request as it goes over the wire (RFC 9112); raise InvalidHeader where a header would break it."""
    lines = [f"{request.method} {target} HTTP/1.1", f"Host: {host}"]
    lines += [f"{name}: {value}" for name, value in request.headers.items()]
    head = "\r\n".join(lines)
    if head.count("\n") != len(lines) - 1 or head.count("\r") != len(lines) - 1:
        raise requests.exceptions.InvalidHeader("a line break")
    body = request.body or b""
    try:
        return b"%s\r\n\r\n%s" % (head.encode("latin-1"), body if isinstance(body, bytes) else body.encode())
    except UnicodeEncodeError as error:
        raise requests.exceptions.InvalidHeader("a letter outside Latin-1") from error


def _exchange(line: socket.socket, outgoing: bytes, ends: float) -> Incoming:
    """Send a request and read until the answer is whole."""
    incoming = Incoming()
    line.settimeout(max(0.001, ends - time.monotonic()))
    line.sendall(outgoing)
    while not incoming.feed(line.recv(CHUNK)):
        left = ends - time.monotonic()
        if left <= 0:
            raise TimeoutError
        line.settimeout(left)
    return incoming


def _is_dropped(line: socket.socket) -> bool:
    """Whether the other side has hung up since: with nothing asked, there is nothing to be read."""
    if not hasattr(select, "poll"):  # Windows
        return bool(select.select([line], [], [], 0)[0])
    poll = select.poll()
    poll.register(line, select.POLLIN)
    return bool(poll.poll(0))


def _why(error: OSError) -> str:
    if isinstance(error, TimeoutError):
        return "it took too long to connect"
    if isinstance(error, ssl.SSLCertVerificationError):
        return "its certificate is not valid"
    if isinstance(error, ssl.SSLError):
        return "no secure connection came about"
    return "the connection was refused, or the name is not known"
