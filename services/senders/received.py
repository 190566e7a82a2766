"""A request as the proof of its sender sees it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple


class Received(NamedTuple):
    """What came in, before anything of it is believed.

    `url` is PUBLIC_URL with the request's path and query, empty where PUBLIC_URL is not set; `headers` may be
    werkzeug's or a plain mapping; `fields` decodes the body and is called only where the secret stands in it.
    """

    method: str
    url: str
    headers: Mapping[str, str]
    query: Mapping[str, str]
    body: bytes
    fields: Callable[[], Mapping[str, Any]]

    def header(self, name: str) -> bytes | None:
        """Return a header's bytes as sent, the first of several; None where it is missing or blank."""
        text = self.headers.get(name)
        if text is None:  # a plain mapping knows only the spelling that was sent
            wanted = name.lower()
            text = next((value for key, value in self.headers.items() if key.lower() == wanted), "")
        # WSGI hands the bytes over as Latin-1 (PEP 3333); what is not never came by HTTP, and must not match.
        return text.encode("latin-1", "backslashreplace").strip() or None
