"""A request as one readable text, which is what the corpus holds and the fuzzer changes."""

from __future__ import annotations

import io
import re
from typing import Any, NamedTuple
from urllib.parse import unquote_to_bytes

LARGEST = 256 * 1024  # bytes of a stretched body
_TOKEN = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+\Z")  # RFC 9110, section 5.6.2; servers refuse other names
_STRETCH = re.compile(r"\s*(\d{1,4})\s+(\d{1,4})\s+(\d{1,6})")


class Sent(NamedTuple):
    """What a sender sent; header values are Latin-1, as WSGI has them."""

    method: str
    target: str
    headers: dict[str, str]
    body: bytes

    @property
    def path(self) -> str:
        """The path as WSGI has it: unescaped, as Latin-1."""
        return unquote_to_bytes(self.target.partition("?")[0]).decode("latin-1")


def read_request(text: bytes) -> Sent:
    """Read anything at all as a request: a line, headers, an empty line, a body.

    A header `Stretch: 2 5 1000` repeats the bytes from 2 up to 5 of the body a thousand times: what takes longer
    than it should takes much of it to be noticed.
    """
    head, _, body = text.replace(b"\r\n", b"\n").partition(b"\n\n") if b"\r\n\r\n" in text else text.partition(b"\n\n")
    first, *lines = head.decode("latin-1").replace("\r", "").split("\n")
    method, _, target = first.partition(" ")
    headers = {}
    for line in lines:
        name, _, value = line.partition(":")
        if _TOKEN.match(name):
            headers[name.title()] = value.strip().replace("\0", "")
    return Sent(method[:20], target.partition(" ")[0], headers, _stretch(body, headers.pop("Stretch", "")))


def _stretch(body: bytes, wish: str) -> bytes:
    asked = _STRETCH.match(wish)
    if not asked:
        return body
    start, end, times = (int(number) for number in asked.groups())
    piece = body[start:end]
    return body[:start] + piece * min(times, LARGEST // max(len(piece), 1)) + body[end:]


def environ(sent: Sent) -> dict[str, Any]:
    """Return what a server hands the function (PEP 3333)."""
    named = {f"HTTP_{name.upper().replace('-', '_')}": value for name, value in sent.headers.items()}
    named.pop("HTTP_CONTENT_LENGTH", None)
    return {
        **named,
        "REQUEST_METHOD": sent.method if _TOKEN.match(sent.method) else "POST",
        "PATH_INFO": sent.path or "/",
        "RAW_URI": sent.target,
        "QUERY_STRING": sent.target.partition("?")[2],
        "CONTENT_TYPE": named.pop("HTTP_CONTENT_TYPE", ""),
        "CONTENT_LENGTH": str(len(sent.body)),
        "SERVER_NAME": "localhost",
        "SERVER_PORT": "8080",
        "SERVER_PROTOCOL": "HTTP/1.1",
        "SCRIPT_NAME": "",
        "wsgi.version": (1, 0),
        "wsgi.url_scheme": "http",
        "wsgi.input": io.BytesIO(sent.body),
        "wsgi.errors": io.StringIO(),
        "wsgi.multithread": True,
        "wsgi.multiprocess": False,
        "wsgi.run_once": False,
        "wsgi.input_terminated": True,
    }
