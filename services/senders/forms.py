"""Reads form bodies, urlencoded and multipart, and nests names such as `a[b][c]`."""

from __future__ import annotations

import re
from binascii import a2b_qp
from collections.abc import Iterator
from typing import Any

from werkzeug.exceptions import RequestEntityTooLarge
from werkzeug.http import parse_options_header
from werkzeug.sansio.multipart import Data, Epilogue, Field, File, MultipartDecoder, NeedData

from services.errors import BodyTooLarge, UnreadableBody
from services.senders.text import DEEPEST, MOST, decode, find_encoding, quote

MOST_PARTS = 1000
_CHUNK = 16 * 1024
_LONGEST_HEAD = 8 * 1024  # the headers of one part
_LONGEST_HEADS = 128 * 1024  # of all: reading them is the slow part of werkzeug's parser
_LONGEST_BOUNDARY = 70  # RFC 2046, section 5.1.1

_NO_ESCAPE = re.compile(rb"%(?![0-9A-Fa-f]{2})")
_BRACKETED = re.compile(r"([^\[\]]*[^\[\]\s])((?:\[[^\[\]]*\])+)")  # a label like `Size [cm]` is no nesting


class Form(dict[str, Any]):
    """A form as it came: each name with its text, a list of them where it was repeated, or a file's metadata."""


def read_urlencoded(body: bytes, encoding: str) -> Form:
    """Read `a=1&b=2` (WHATWG URL, section 5.1). Bytes that are not of the encoding are refused, not guessed at.

    A replacement character, or `%C5` left as it is, would stand in the CRM for good; a refusal is kept and can be
    sent again once the sender names its charset.
    """
    if body.count(b"&") >= MOST:
        raise UnreadableBody(f"The form has more than {MOST:,} fields. Send only the fields that are needed.")
    form = Form()
    for pair in body.replace(b"+", b" ").split(b"&"):
        if pair:
            name, _, value = pair.partition(b"=")
            if b"%" in pair:
                name, value = _unescape(name), _unescape(value)
            try:
                _put(form, name.decode(encoding).lstrip("\ufeff"), value.decode(encoding))
            except UnicodeDecodeError:
                decode(value, encoding, quote(decode(name, encoding, "A field's name")))
    return form


def _unescape(text: bytes) -> bytes:
    """Undo `%C3%A5`; a `%` without two hexadecimal digits stays as typed.

    Written with `=` this is quoted-printable, whose decoder takes a tenth of the time of any loop of ours. Twice
    `%%`: what is left of `%%%` has one more.
    """
    for _ in range(2):
        text = text.replace(b"%%", b"%25%")
    text = b"%25".join(_NO_ESCAPE.split(text))
    return a2b_qp(text.replace(b"=", b"%3D").replace(b"%", b"="))


def read_multipart(body: bytes, boundary: str) -> Form:
    """Read multipart/form-data (RFC 7578): text parts as fields, of a file only what it is called and its size."""
    if not boundary.isascii() or not 1 <= len(boundary) <= _LONGEST_BOUNDARY:
        raise UnreadableBody(
            "The Content-Type has no usable boundary. Let the sending tool set the header itself, with the boundary."
        )
    form = Form()
    try:
        for part, content in _parts(body, boundary.encode("ascii")):
            if not part.name:
                raise UnreadableBody("A part of the form has no name. Name each part in Content-Disposition.")
            _put(form, part.name.lstrip("\ufeff"), _value(part, content))
    except RequestEntityTooLarge as error:
        raise BodyTooLarge(
            f"The form has more than {MOST_PARTS:,} parts. Send only the fields that are needed."
        ) from error
    except ValueError as error:  # werkzeug's for all that is malformed
        raise UnreadableBody(
            "The multipart form is cut off or malformed. Check that it ends with the boundary and `--`."
        ) from error
    return form


def _parts(body: bytes, boundary: bytes) -> Iterator[tuple[Field | File, bytes]]:
    """Give each part with its content, feeding the parser little by little: no part's head may fill the memory."""
    parser = MultipartDecoder(boundary, max_form_memory_size=len(body), max_parts=MOST_PARTS)
    part: Field | File | None = None
    content, heads, position = bytearray(), 0, 0
    while True:
        before = len(parser.buffer)
        event = parser.next_event()
        if isinstance(event, Epilogue):
            return
        if isinstance(event, NeedData):
            if part is None and before > _LONGEST_HEAD + _CHUNK:
                raise ValueError("no part begins here, or its head has no end")
            parser.receive_data(body[position : position + _CHUNK] if position < len(body) else None)
            position += _CHUNK
        elif isinstance(event, Field | File):
            part, content = event, bytearray()
            heads += before - len(parser.buffer)
            if heads > _LONGEST_HEADS:
                raise RequestEntityTooLarge
        elif isinstance(event, Data):
            content.extend(event.data)
            if not event.more_data and part is not None:
                yield part, bytes(content)
                part = None


def _value(part: Field | File, content: bytes) -> Any:
    """Return a part's text, or a file's metadata; a file field that was left empty is an empty text."""
    kind = part.headers.get("content-type", "")
    if isinstance(part, File):
        if not part.filename and not content:
            return ""
        return {"filename": part.filename, "content_type": kind, "size": len(content)}
    charset = parse_options_header(kind)[1].get("charset", "utf-8")
    return decode(content, find_encoding(charset), quote(part.name))


def _put(form: Form, name: str, value: Any) -> None:
    if name not in form:
        form[name] = value
    elif isinstance(form[name], list):
        form[name].append(value)
    else:
        form[name] = [form[name], value]


class _Node(dict[str, Any]):
    """A value under construction: keys as written in the brackets, and the number that `[]` takes next."""

    next = 0


def nest(form: Form, ways: tuple[str, ...]) -> dict[str, Any]:
    """Nest `a[b]=x`, `a[]=x`, `a[0]=x` (as PHP does) and, where `ways` has `dots`, `a.b=x`.

    A number is a place only where all of 0, 1, 2 … are there, in whatever order; else it is a name: `a[999999]=x`
    makes one entry. A name that does not fit another (`a=1&a[b]=2`) stays as it is written; plain names come first.
    """
    root, left = _Node(), MOST
    for name, path in sorted(((name, _path(name, ways)) for name in form), key=lambda named: len(named[1]) > 1):
        value = form[name]
        repeats = value if isinstance(value, list) and "" in path[1:] else [value]
        left -= (len(path) - 1) * len(repeats)
        if len(path) > DEEPEST or left < 0:
            raise UnreadableBody(
                f"The names of the form nest more than {DEEPEST} levels deep or {MOST:,} times in all. Send it flatter."
            )
        if not all(_plant(root, path, each) for each in repeats):  # plain names went first: no other has this one
            root[name] = value
    return {name: _settle(value) for name, value in root.items()}


def _path(name: str, ways: tuple[str, ...]) -> list[str]:
    bracketed = _BRACKETED.fullmatch(name) if "brackets" in ways and name.endswith("]") else None
    if bracketed:
        return [bracketed[1], *bracketed[2][1:-1].split("][")]
    if "dots" not in ways:
        return [name]
    names = name.split(".")
    return names if all(names) else [name]


def _plant(root: _Node, path: list[str], value: Any) -> bool:
    """Put a value where its path leads; False where another value stands in the way."""
    node, key = root, path[0]
    for name in path[1:]:
        inner = node.setdefault(key, _Node())
        if not isinstance(inner, _Node):
            return False
        node, key = inner, _key(inner, name)
    if key in node:
        return False
    node[key] = value
    return True


def _key(node: _Node, name: str) -> str:
    """Return the key for what stands in brackets; `[]` is the number after the largest."""
    key = name or str(node.next)
    if key.isascii() and key.isdecimal() and len(key) < 10:
        node.next = max(node.next, int(key) + 1)
    return key


def _settle(value: Any) -> Any:
    """Make a list of what is numbered 0, 1, 2 … without a gap."""
    if not isinstance(value, _Node):
        return value
    settled = {name: _settle(inner) for name, inner in value.items()}
    if value.next == len(value) and all(str(place) in settled for place in range(len(settled))):
        return [settled[str(place)] for place in range(len(settled))]
    return settled
