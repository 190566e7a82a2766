"""The wire to SuperOffice: one pooled session for the process, and every failure of it as one of ours."""

from __future__ import annotations

import http.client
import json
import time
from collections.abc import Mapping
from functools import lru_cache
from ssl import SSLCertVerificationError
from typing import Any, cast
from urllib.parse import urlencode

import requests
from requests.adapters import HTTPAdapter
from urllib3 import Timeout
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.exceptions import HTTPError, NewConnectionError, SSLError

from services.errors import InDoubt, NoTime, SuperOfficeUnavailable, TenantDown
from services.superoffice.answers import WebApiAnswer

LEAST = 0.2  # seconds; with less than this left a call is not begun
CONNECT = 3.0  # seconds to reach the host; a call's whole time limit is its caller's
LARGEST_ANSWER = 4 * 1024 * 1024  # bytes; a relation is about 3 kB
CHUNK = 65_536
HOSTS = 8  # that are called: the state, the login, and wherever the tenant lives
_encode = json.JSONEncoder(ensure_ascii=False).encode
HEADERS = {"Accept": "application/json", "Accept-Encoding": "gzip, deflate", "User-Agent": "Liaison"}


class NotConnected(TenantDown):
    """The connection was never made, so nothing was done."""


class _Response(requests.Response):
    """What is read of an answer; cookies, history and encodings, which nobody here asks for, are not worked out."""

    def __init__(self, request: requests.PreparedRequest, raw: Any):
        self.request, self.raw = request, raw
        self.status_code, self.headers = raw.status, raw.headers
        self._content: Any = False
        self._content_consumed = False


class _InOnePiece(HTTPConnection):
    """Sends a request's head and body together: one packet, or TLS record, where urllib3 makes two."""

    _pieces: list[Any] | None = None

    def request(self, *args: Any, **options: Any) -> None:
        """Send a request, as urllib3 words it."""
        self._pieces = pieces = list[Any]()
        try:
            super().request(*args, **options)
        finally:
            self._pieces = None
        super().send(b"".join(pieces))

    def putheader(self, header: Any, *values: Any) -> None:
        """Add a header without looking whether it is one that urllib3 is told to leave out: none is."""
        http.client.HTTPConnection.putheader(self, header, *values)

    def send(self, data: Any) -> None:
        """Send, or keep until the request is whole."""
        if self._pieces is None:
            super().send(data)
        else:
            self._pieces.append(data)


class _InOnePieceByTls(_InOnePiece, HTTPSConnection):
    """The same over TLS."""


class _Adapter(HTTPAdapter):
    """Requests' adapter for few hosts that are called over and over: each one's pool is looked up once."""

    def __init__(self, pool_size: int):
        super().__init__(pool_connections=HOSTS, pool_maxsize=pool_size, max_retries=0)
        self._pools: dict[str, Any] = {}

    def get_connection_with_tls_context(
        self, request: requests.PreparedRequest, verify: Any, proxies: Any = None, cert: Any = None
    ) -> Any:
        """Return the connections of the request's host; `verify`, `proxies` and `cert` are never given here."""
        url = str(request.url)
        origin = url[: url.find("/", len("https://"))]
        pool = self._pools.get(origin)
        if pool is None:
            if len(self._pools) >= HOSTS:  # the manager has closed the oldest ones
                self._pools.clear()
            pool = self._pools[origin] = super().get_connection_with_tls_context(request, verify, proxies, cert)
            cast("Any", pool).ConnectionCls = _InOnePieceByTls if pool.scheme == "https" else _InOnePiece
        return pool

    def request_url(self, request: requests.PreparedRequest, proxies: Any) -> str:  # noqa: ARG002 - requests' own
        """Return path and query: no proxy is ever used here."""
        url = str(request.url)
        return url[url.find("/", len("https://")) :]

    def build_response(self, req: requests.PreparedRequest, resp: Any) -> requests.Response:
        """Wrap the answer, whose body is still to be read."""
        return _Response(req, resp)


class Transport:
    """Sends one request and reads its whole answer; keeps connections, as many as there are threads."""

    def __init__(self, pool_size: int):
        self._session = requests.Session()
        self._session.trust_env = False  # REQUESTS_CA_BUNDLE, proxies and .netrc are not for credentials like ours
        adapter = _Adapter(pool_size)
        self._session.mount("https://", adapter)
        self._session.mount("http://", adapter)

    def send(
        self,
        method: str,
        url: str,
        *,
        time_limit: float,
        headers: Mapping[str, str] | None = None,
        params: Mapping[str, str] | None = None,
        body: Any = None,
        form: Mapping[str, str] | None = None,
    ) -> WebApiAnswer:
        """Send once, without following redirects. `body` goes as JSON, `form` urlencoded.

        Raises NotConnected where nothing was sent, else InDoubt where no whole answer came within `time_limit` seconds,
        and SuperOfficeUnavailable where those are too few to begin.
        """
        if time_limit < LEAST:
            raise NoTime("There was not enough time left to call SuperOffice.")
        ends = time.monotonic() + time_limit
        request = _prepare(method, url, params or {}, headers or {}, body, form)
        timeout: Any = Timeout(connect=min(CONNECT, time_limit), total=time_limit)
        try:
            response = self._session.get_adapter(url).send(request, stream=True, timeout=timeout)
            return WebApiAnswer(response.status_code, response.headers, _read(response, ends))
        except requests.RequestException as error:
            if cause := _never_connected(error):
                raise NotConnected(f"SuperOffice cannot be reached: {cause}.") from error
            raise InDoubt(f"SuperOffice gave no answer ({type(error).__name__}).") from error
        except (HTTPError, OSError) as error:
            raise InDoubt(f"SuperOffice's answer broke off ({type(error).__name__}).") from error

    def ask(self, method: str, url: str, **options: Any) -> WebApiAnswer:
        """Send what changes nothing: a lost answer leaves no doubt behind, only a call to be made again."""
        try:
            return self.send(method, url, **options)
        except InDoubt as error:
            raise SuperOfficeUnavailable(error.detail) from error


def _prepare(
    method: str,
    url: str,
    params: Mapping[str, str],
    headers: Mapping[str, str],
    body: Any,
    form: Mapping[str, str] | None,
) -> requests.PreparedRequest:
    """Make the request as a session would, but for the cookies, of which there are none, and the URL's parsing."""
    request = requests.PreparedRequest()
    request.method, request.url = method, _full_url(url, tuple(params.items()))
    sent = {**HEADERS, **headers}  # all spelt as they are here: nobody has to find them in another case
    if body is not None:
        request.body = _encode(body).encode()
        sent.setdefault("Content-Type", "application/json")
    elif form is not None:
        request.body = urlencode(form).encode()
        sent["Content-Type"] = "application/x-www-form-urlencoded"
    sent["Content-Length"] = str(len(request.body or b""))
    request.headers = cast("Any", sent)
    return request


@lru_cache(maxsize=256)
def _full_url(url: str, params: tuple[tuple[str, str], ...]) -> str:
    """Parse and quote as requests does; the few addresses there are come again with each webhook."""
    return requests.Request("GET", url, params=params).prepare().url or url


def _read(response: requests.Response, ends: float) -> bytes:
    """Read the body to its end, to a bound, and within the time; a closed connection is not reused."""
    chunks: list[bytes] = []
    size = 0
    try:
        while chunk := response.raw.read1(CHUNK, decode_content=True):
            chunks.append(chunk)
            size += len(chunk)
            if size > LARGEST_ANSWER or time.monotonic() > ends:
                response.close()
                raise InDoubt("SuperOffice's answer is too large or too slow to be read.")
    except (HTTPError, OSError):
        response.close()
        raise
    response.raw.release_conn()
    return b"".join(chunks)


def _never_connected(error: requests.RequestException) -> str:
    """Say why no connection was made; empty where one was, and the request may have gone out on it."""
    if isinstance(error, requests.ConnectTimeout):
        return "it took too long to connect"
    reason = getattr(error.args[0] if error.args else None, "reason", None)
    if isinstance(reason, NewConnectionError):
        return "the connection was refused, or the name is not known"
    if isinstance(reason, SSLError) and isinstance(reason.args[0], SSLCertVerificationError):
        return "its certificate is not valid"
    return ""
