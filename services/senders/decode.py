"""Reads a request's body, JSON or form, into plain values; whatever it holds costs bounded time and memory.

What cannot be read is refused by a sentence that says where it fails and what to do; no other error leaves.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterator
from functools import lru_cache
from itertools import accumulate
from typing import Any, NoReturn

import orjson
from werkzeug.http import parse_options_header

from services.errors import BodyTooLarge, UnreadableBody, UnsupportedContentType
from services.senders.forms import read_multipart, read_urlencoded
from services.senders.text import DEEPEST, MOST, decode, find_encoding, quote, strip_marks

LARGEST = 8 * 1024 * 1024  # bytes; no hook may allow more
STACKED = 500  # brackets that a parser may meet before they are known to nest less deeply: Python's stack has 1,000
LONGEST_NUMBER = 100  # digits; a longer one stays the text it is, and whoever needs a number there refuses it

_FORM = "application/x-www-form-urlencoded"
_SNIFFED = (_FORM, "text/plain", "application/octet-stream", "")
_SPACE = b" \t\r\n"
_READ = f"JSON (application/json), {_FORM} and multipart/form-data"

# A text in JSON; one without an end reaches to the end. Possessive, so that no body makes it go back and forth.
_TEXT = re.compile(r'"(?:[^"\\]++|\\.)*+"?', re.DOTALL)
_DEEPER = {ord("["): 1, ord("{"): 1, ord("]"): -1, ord("}"): -1}
_NOT_BRACKETS = bytes(set(range(256)) - _DEEPER.keys())
_TOO_FAR_IN = b"\n" + b"  " * DEEPEST
_SURROGATE = re.compile(r"\\u[dD][89a-fA-F]")
_HINTS = {
    "Invalid control character": "a line break or tab inside a text must be written \\n or \\t",
    "Expecting ',' delimiter": 'a comma is missing, or a quotation mark in a text must be written \\"',
    "Expecting ':' delimiter": "a colon is expected here",
    "Expecting property name": "a name in double quotation marks is expected here",
    "Expecting value": "a value is expected here",
    "Extra data": "the JSON ends before this",
    "Unterminated string": "a text begins here that does not end",
    "Invalid \\": "a backslash in a text must be written \\\\",
    "Illegal trailing comma": "a comma too many",
}


class Suspect(dict[str, Any]):
    """A JSON object of a body in which names may stand more than once; in a plain dict, and all it holds, none do."""


class Repeating(Suspect):
    """A JSON object in which `names` stood more than once; the last value of each counts (RFC 8259, section 4)."""

    names: tuple[str, ...] = ()


def read(body: bytes, content_type: str | None) -> Any:
    """Return what a body holds: a dict or a list from JSON, a `forms.Form` from a form.

    JSON is recognised by its first sign under labels that senders put on it by mistake. Raises UnreadableBody,
    UnsupportedContentType or BodyTooLarge.
    """
    if len(body) > LARGEST:
        raise BodyTooLarge(f"The body is larger than {LARGEST // 1024 // 1024} MiB. Send less in one request.")
    kind, encoding, boundary = _read_type(content_type or "")
    if kind == "multipart/form-data" and body.strip(_SPACE):
        return read_multipart(body, boundary)
    body, encoding = strip_marks(body, encoding)
    start = body[:256].lstrip(_SPACE) or body.lstrip(_SPACE)
    if not start:
        raise UnreadableBody("The body is empty. Let the sending tool send the fields as JSON or as a form.")
    if _is_json(kind) or (kind in _SNIFFED and start.startswith((b"{", b"[", b'"{', b'"['))):
        return read_json(decode(body, encoding, "The body"), "The body")
    if kind == _FORM:
        return read_urlencoded(body.strip(b"\r\n"), encoding)
    raise UnsupportedContentType(f"{quote(kind) if kind else 'A body of no type'} is not read. Send {_READ}.")


@lru_cache(maxsize=128)
def _read_type(content_type: str) -> tuple[str, str, str]:
    """Split a Content-Type into type, encoding and boundary; some senders write the header twice."""
    kind, parameters = parse_options_header(content_type)
    encoding = find_encoding(parameters.get("charset", "").partition(",")[0] or "utf-8")
    return kind.partition(",")[0].strip().lower(), encoding, parameters.get("boundary", "")


def _is_json(kind: str) -> bool:
    return kind in ("application/json", "text/json") or kind.endswith("+json")


def read_json(text: str, what: str) -> Any:
    """Return the object or array that a JSON text holds; `what` is the text's place, to begin a sentence with.

    A text that is a JSON string of such a text, as senders make it by encoding twice, is read once more.
    """
    value = _parse(text.lstrip("\ufeff"), what)
    if isinstance(value, str):
        value = _parse(value, f"{what}, JSON in a JSON text,") if value.lstrip()[:1] in ("{", "[") else None
    if not isinstance(value, dict | list):
        raise UnreadableBody(f"{what} is neither a JSON object nor an array of them. Send the fields as an object.")
    return value


def _parse(text: str, what: str) -> Any:
    written = text.encode("utf-8", "surrogatepass")
    brackets = written.translate(None, _NOT_BRACKETS)
    opened = brackets.count(b"[") + brackets.count(b"{")
    _check_size(text, opened, what)
    try:
        value = _decode(text, written, opened, what)
    except json.JSONDecodeError as error:
        hint = next((words for start, words in _HINTS.items() if error.msg.startswith(start)), error.msg)
        raise UnreadableBody(
            f"{what} is not valid JSON at line {error.lineno}, column {error.colno}: {hint}. Mend it at the sender."
        ) from error
    except _NotANumber as error:
        raise UnreadableBody(
            f"{what} has {error} {_locate(text, str(error))}, which is not JSON. Send a number, or null."
        ) from error
    if "\\" in text and _SURROGATE.search(text):
        _check_surrogates(value, what)
    return value


def _check_size(text: str, opened: int, what: str) -> None:
    """Refuse what may nest too deeply or holds too much, before a parser spends time, or its stack, on it.

    The cheap counts, of which `opened` is that of opening brackets, are upper bounds, since signs in texts count too;
    only past them the texts are taken out.
    """
    if opened <= STACKED and (len(text) <= MOST or text.count(",") + opened <= MOST):
        return
    structure = "".join(_without_escapes(text).split('"')[::2])
    brackets = structure.encode("ascii", "ignore").translate(None, _NOT_BRACKETS)
    # With more of them than these it has too many values, which the counts below tell faster.
    if max(accumulate(map(_DEEPER.__getitem__, brackets[: 2 * MOST])), default=0) > DEEPEST:
        raise _too_deep(what)
    if structure.count(",") + structure.count("[") + structure.count("{") > MOST:
        raise UnreadableBody(f"{what} has more than {MOST:,} values. Send only the fields that are needed.")


def _without_escapes(text: str) -> str:
    """Leave no quotation mark but those that begin and end texts."""
    return text.replace("\\\\", "").replace('\\"', "") if "\\" in text else text


def _too_deep(what: str) -> UnreadableBody:
    return UnreadableBody(f"{what} is nested more than {DEEPEST} levels deep. Send it flatter.")


def _decode(text: str, written: bytes, opened: int, what: str) -> Any:
    """Decode as fast as can be, and with care where that tells too little, or would lose a name or a digit."""
    try:
        value = orjson.loads(written)
    except orjson.JSONDecodeError:  # whose words are not for people
        is_whole, depth = False, 0
    else:
        if _is_plain(value, written) and (opened <= DEEPEST or _is_shallow(value)):
            return value
        texts, depth, is_exact = _survey(value)
        is_whole = is_exact and texts == _without_escapes(text).count('"') // 2  # else names repeat
    if not is_whole:
        value = _CAREFUL.decode(text)
        _, depth, _ = _survey(value)
    if depth > DEEPEST:
        raise _too_deep(what)
    return value


def _is_plain(value: Any, written: bytes) -> bool:
    """Tell whether a value written again is the text that it came from, white space aside: nothing was lost."""
    try:
        again = orjson.dumps(value)
    except orjson.JSONEncodeError:  # it nests more deeply than orjson writes
        return False
    return again == written or again.translate(None, _SPACE) == written.translate(None, _SPACE)


def _is_shallow(value: Any) -> bool:
    """Tell whether a value, which orjson can write, has no line that is indented too far."""
    return _TOO_FAR_IN not in orjson.dumps(value, option=orjson.OPT_INDENT_2)


def _survey(value: Any) -> tuple[int, int, bool]:
    """Count the texts of a value, names being some, and the levels of its nesting; tell whether it has no fraction.

    What orjson makes of a number of 20 digits is one too.
    """
    texts, depth, level, is_exact = 0, -1, list[Any]([[value]]), True
    while level:
        depth += 1
        inner = list[Any]()
        for group in level:
            if isinstance(group, dict):
                texts += len(group)
            for item in group.values() if isinstance(group, dict) else group:
                kind = type(item)  # isinstance takes half as long again
                if kind is str:
                    texts += 1
                elif kind is dict or kind is list or kind is Suspect or kind is Repeating:
                    inner.append(item)
                elif kind is float:
                    is_exact = False
        level = inner
    return texts, depth, is_exact


class _NotANumber(Exception):
    """NaN, Infinity or -Infinity, which Python's parser would take."""


def _refuse_constant(constant: str) -> NoReturn:
    raise _NotANumber(constant)


def _integer(digits: str) -> int | str:
    return int(digits) if len(digits) <= LONGEST_NUMBER else digits


def _fraction(digits: str) -> float | str:
    """Read a number with a point or an exponent; one that no float can hold (`1e999`) stays text."""
    number = float(digits) if len(digits) <= LONGEST_NUMBER else float("inf")
    return digits if abs(number) == float("inf") else number


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    values = Suspect(pairs)
    if len(values) == len(pairs):
        return values
    repeating = Repeating(values)
    repeating.names = tuple(name for name, times in Counter(name for name, _ in pairs).items() if times > 1)
    return repeating


_CAREFUL = json.JSONDecoder(
    object_pairs_hook=_object, parse_int=_integer, parse_float=_fraction, parse_constant=_refuse_constant
)


def _locate(text: str, constant: str) -> str:
    """Say where a constant stands, looking past all texts."""
    place = _TEXT.sub(lambda found: " " * len(found[0]), text).find(constant)
    return f"at line {text.count(chr(10), 0, place) + 1}, column {place - text.rfind(chr(10), 0, place)}"


def _check_surrogates(value: Any, what: str) -> None:
    """Refuse half an emoji (a lone surrogate): it is not text, and nothing could store it or send it on."""
    for name, text in _texts(value, ""):
        if not text.isascii():
            try:
                text.encode("utf-8")
            except UnicodeEncodeError as error:
                place = f" in {quote(name)}" if name else ""
                raise UnreadableBody(
                    f"{what} has half a character{place} (\\u{ord(text[error.start]):04x} without its other half). "
                    "Remove it, or send the text whole."
                ) from error


def _texts(value: Any, name: str) -> Iterator[tuple[str, str]]:
    """Give every text, names too, with the name it stands under."""
    if isinstance(value, str):
        yield name, value
    elif isinstance(value, dict):
        for key, inner in value.items():
            yield key, key
            yield from _texts(inner, key)
    elif isinstance(value, list):
        for item in value:
            yield from _texts(item, name)
