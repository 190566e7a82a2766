"""The wire to SuperOffice: one request, its whole answer, and every failure of it as one of ours."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import Any, cast
from urllib.parse import urlencode

import requests

from schemas.encoding import to_json
from services.errors import InDoubt, Misconfigured, NoTime, SuperOfficeUnavailable
from services.superoffice.answers import WebApiAnswer
from services.superoffice.connections import Connections

LEAST = 0.2  # seconds; with less than this left a call is not begun
UNSENDABLE = (
    "A secret, or a setting of SUPEROFFICE_…, has a line break or an odd letter in it and cannot be sent as a header."
    " Store the app token, and the ticket or password, once more."
)
HEADERS = {"Accept": "application/json", "Accept-Encoding": "gzip", "User-Agent": "Liaison"}


class Transport:
    """Sends one request and reads its whole answer; keeps connections, as many as there are threads."""

    def __init__(self, pool_size: int):
        self._connections = Connections(pool_size)

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
        and NoTime where those are too few to begin.
        """
        if time_limit < LEAST:
            raise NoTime("There was not enough time left to call SuperOffice.")
        request = _prepare(method, url, params or {}, headers or {}, body, form)
        try:
            answer = self._connections.send(request, timeout=time_limit)
        except requests.exceptions.InvalidHeader as error:
            raise Misconfigured(UNSENDABLE) from error
        except requests.RequestException as error:
            raise InDoubt(f"SuperOffice gave no answer, or none that is whole ({type(error).__name__}).") from error
        return WebApiAnswer(answer.status_code, answer.headers, answer.content)

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
        request.body = to_json(body)
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
