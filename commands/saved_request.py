"""A submission out of a file, as the request that the function would have got: a body, or all that came with it."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from urllib.parse import urlsplit

import click
from flask import Request
from werkzeug.datastructures import Headers
from werkzeug.test import EnvironBuilder

_REQUEST_LINE = re.compile(rb"(?:\xef\xbb\xbf)?\s*([A-Z]{1,20}) (\S+) HTTP/\d(?:\.\d)?\r?\n")
_BLANK_LINE = re.compile(rb"\r?\n\r?\n")
# Of the connection on which it came, not of the submission: here the body is whole.
_OF_THE_CONNECTION = ("Content-Length", "Transfer-Encoding", "Connection", "Expect")


def make_request(
    content: bytes, url: str, usual: str, given: Sequence[tuple[str, str]]
) -> tuple[Request, tuple[str, ...]]:
    """Return the request, and what is odd about the file, in words.

    It was sent to `url`, else where the file says, else to the `usual` address; the `given` headers replace those
    of the file. Raises click.BadParameter for what is not HTTP.
    """
    method, target, saved, body = _take_apart(content)
    headers = Headers(saved)
    body, remarks = _cut_to_length(body, headers.get("Content-Length"))
    for name in (*_OF_THE_CONNECTION, *(name for name, _ in given)):
        headers.remove(name)
    for name, value in given:
        headers.add(name, value.encode().decode("latin-1"))  # as WSGI hands bytes over (PEP 3333)
    if "Content-Type" not in headers and (guess := guess_type(body)):
        headers["Content-Type"] = guess
    parts = urlsplit(url or target or usual)
    raw = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    builder = EnvironBuilder(
        path=parts.path or "/", query_string=parts.query, method=method, headers=headers, data=body
    )
    return Request({**builder.get_environ(), "RAW_URI": raw}), remarks


def read_header(line: str) -> tuple[str, str]:
    """Split `Name: value`; raise ValueError."""
    name, colon, value = line.partition(":")
    if not colon or not re.fullmatch(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+", name.strip()):
        raise ValueError(line)
    return name.strip(), value.strip()


def guess_type(body: bytes) -> str:
    """Return the content type that a bare body most likely came with."""
    start = body[:512].lstrip(b"\xef\xbb\xbf \t\r\n")
    if start.startswith((b"{", b"[", b'"')):
        return "application/json"
    if start.startswith(b"--") and b"form-data" in start.lower():
        boundary = start.splitlines()[0][2:].strip().decode("latin-1")
        return f'multipart/form-data; boundary="{boundary}"'
    first_line = start.splitlines()[0] if start else b""
    return "application/x-www-form-urlencoded" if b"=" in first_line and b" " not in first_line else ""


def _take_apart(content: bytes) -> tuple[str, str, Sequence[tuple[str, str]], bytes]:
    """Return method, target, headers and body; a file without a request line is a body alone."""
    line = _REQUEST_LINE.match(content)
    if line is None:
        return "POST", "", (), content
    end = _BLANK_LINE.search(content, line.end() - 2)
    head = content[line.end() : end.start() if end else len(content)]
    return line[1].decode(), line[2].decode("latin-1"), tuple(_headers(head)), content[end.end() :] if end else b""


def _headers(head: bytes) -> Iterator[tuple[str, str]]:
    for number, line in enumerate(head.decode("latin-1").splitlines(), 2):
        try:
            yield read_header(line)
        except ValueError as error:
            raise click.BadParameter(f"Line {number} is not a header, such as Content-Type: text/plain.") from error


def _cut_to_length(body: bytes, length: str | None) -> tuple[bytes, tuple[str, ...]]:
    """Take off what an editor added at the end: a server would not read it, and no signature covers it."""
    if length is None or not length.isdecimal() or len(length) > 9 or len(body) == int(length):
        return body, ()
    if len(body) > int(length):
        return body[: int(length)], ()
    remark = (
        f"The body has {len(body)} bytes, and its Content-Length says {length}: the file is not as it came (an editor "
        "may have changed its line ends), so a signature cannot fit."
    )
    return body, (remark,)


def headers_given(lines: Sequence[str]) -> tuple[tuple[str, str], ...]:
    """Read what `--header` was given; raise click.BadParameter."""
    try:
        return tuple(read_header(line) for line in lines)
    except ValueError as error:
        raise click.BadParameter("Write a header like 'X-Api-Key: value'.", param_hint="--header") from error
