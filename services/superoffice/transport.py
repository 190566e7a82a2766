"""The wire to SuperOffice: one pooled session for the process, and every failure of it as one of ours."""

from __future__ import annotations

import json
import time
from collections.abc import Mapping
from ssl import SSLCertVerificationError
from typing import Any

import requests
from requests.adapters import HTTPAdapter
from urllib3.exceptions import HTTPError, NewConnectionError, SSLError

from services.errors import InDoubt, SuperOfficeUnavailable
from services.superoffice.answers import WebApiAnswer

CONNECT = 3.0  # seconds to reach the host; a call's whole time limit is its caller's
LARGEST_ANSWER = 4 * 1024 * 1024  # bytes; a relation is about 3 kB
CHUNK = 65_536


class NotConnected(SuperOfficeUnavailable):
    """The connection was never made, so nothing was done."""


class Transport:
    """Sends one request and reads its whole answer; keeps connections, as many as there are threads."""

    def __init__(self, pool_size: int):
        self._session = requests.Session()
        self._session.trust_env = False  # REQUESTS_CA_BUNDLE, proxies and .netrc are not for credentials like ours
        adapter = HTTPAdapter(pool_connections=4, pool_maxsize=pool_size, max_retries=0)
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
        """Send once; redirects are not followed. `body` goes as JSON, `form` urlencoded.

        Raises NotConnected where nothing was sent, else InDoubt where no whole answer came within `time_limit` seconds.
        """
        ends = time.monotonic() + time_limit
        payload = form if body is None else json.dumps(body, ensure_ascii=False).encode()
        sent_headers = {"Accept": "application/json", **(headers or {})}
        if body is not None:
            sent_headers.setdefault("Content-Type", "application/json")
        request = requests.Request(method, url, headers=sent_headers, params=params, data=payload)
        try:
            response = self._session.send(
                self._session.prepare_request(request),
                stream=True,
                allow_redirects=False,
                timeout=(min(CONNECT, time_limit), time_limit),
            )
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
