"""The inputs that were found to take longest, each as near to a megabyte as its limit lets it be."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import NamedTuple

MEGABYTE = 1024 * 1024
JSON = "application/json"
FORM = "application/x-www-form-urlencoded"
MULTIPART = "multipart/form-data; boundary=x"
IDS = {"SourceContactId": 686, "DestinationContactId": 4, "RelationDefinitionId": 18}
MARK = "\u0301"  # an accent that stands alone


class Worst(NamedTuple):
    """A body, and the preset that unpacks it."""

    name: str
    body: bytes
    content_type: str = JSON
    sender: str = "generic"


def bodies() -> Iterator[Worst]:
    """Give them all."""
    yield from _json()
    yield from _names()
    yield from _forms()
    yield from _multipart()
    yield from _senders()


def filled(piece: bytes, start: bytes = b"", end: bytes = b"", size: int = MEGABYTE) -> bytes:
    """Repeat a piece until the size is reached."""
    return start + piece * ((size - len(start) - len(end)) // len(piece)) + end


def fields(count: int, name: Callable[[int], str], value: str = "1") -> bytes:
    """Write an object with that many fields."""
    return json.dumps({name(number): value for number in range(count)}, ensure_ascii=False).encode()[:MEGABYTE]


def _json() -> Iterator[Worst]:
    yield Worst("one text", filled(b"x", b'{"a":"', b'"}'))
    yield Worst("one text of escapes", filled(b"\\u00e9", b'{"a":"', b'"}'))
    yield Worst("escaped brackets", filled(b'\\"[,', b'{"a":"', b'"}'))
    yield Worst("texts of brackets", filled(b'"[",', b"[", b"1]"))
    yield Worst("empty texts", filled(b'"",', b'{"a":[', b"1]}"))
    yield Worst("brackets", filled(b"[]", b"[", b"]"))
    yield Worst("open brackets", filled(b"["))
    yield Worst("chinese in GB 18030", filled(b"\x81\x30\x81\x30", b'{"a":"', b'"}'), f"{JSON}; charset=gb18030")
    yield Worst("UTF-32", b"\xff\xfe\0\0" + json.dumps({"a": "x" * 260_000}).encode("utf-32-le"))
    yield Worst("digits", filled(b"1", b'{"a":', b"}"))
    yield Worst("fractions", filled(b"1.%s," % (b"1" * 48), b'{"a":[', b"1]}", 20_000 * 51))
    yield Worst("exponents", filled(b"%se-300," % (b"1" * 45), b'{"topics":[', b"1]}", 20_000 * 51))
    yield Worst("deep objects", b'{"a":[%s]}' % b",".join([b'{"aB":' * 60 + b"1" + b"}" * 60] * 300))
    yield Worst("numbers by thousands", b'{"topics":[%s]}' % b",".join([b"1" * 99] * 9_000))


def _names() -> Iterator[Worst]:
    yield Worst("5,000 fields", fields(4_990, "field_{:04d}_name".format))
    yield Worst("20,000 fields", fields(19_990, "f{}".format))
    yield Worst("camels", fields(4_990, lambda number: f"{number:04d}{'aA' * 8}"))
    yield Worst("100,000 signs of phrases", fields(1_400, lambda number: f"{number:05d}{chr(0xFDFA) * 65}"))
    yield Worst("100,000 signs of marks", fields(900, lambda number: f"{number:05d}{MARK * 105}"))
    yield Worst("100,000 signs of accents", fields(520, lambda number: f"{number:05d}{'éÉ' * 92}"))
    yield Worst("100,000 signs of Hangul", fields(1_400, lambda number: f"{number:05d}{chr(0xAC01) * 66}"))
    yield Worst("a megabyte of marks", fields(4_500, lambda number: f"{number:05d}{MARK * 105}"))
    yield Worst("a megabyte of one name", json.dumps({"aB" * 500_000: 1}).encode())
    yield Worst("one name in all cases", fields(4_990, lambda number: _cases("abcdefghijklm", number)))
    yield Worst("names inside values", b'{"a":[%s]}' % b",".join(b'{"aB %d":1}' % number for number in range(9_990)))
    unknown = {**IDS, **{f"relation_identifier_{number}": 1 for number in range(4_990)}}
    yield Worst("unknown fields", json.dumps(unknown).encode())
    yield Worst("one unknown field", json.dumps({**IDS, "RelationId" * 100_000: 1}).encode())


def _cases(name: str, number: int) -> str:
    return "".join(sign.upper() if number >> place & 1 else sign for place, sign in enumerate(name))


def _forms() -> Iterator[Worst]:
    yield Worst("escapes and letters", filled(b"%41b", b"a="), FORM)
    yield Worst("percent signs", filled(b"%", b"a="), FORM)
    yield Worst("percent signs and letters", filled(b"%x", b"a="), FORM)
    yield Worst("20,000 form fields", b"&".join(b"field_%05d=%d" % (number, number) for number in range(20_000)), FORM)
    yield Worst("nested form fields", b"&".join(b"a[%d][b]=x" % number for number in range(9_990)), FORM)
    yield Worst("deep form fields", filled(b"a" + b"[b]" * 60 + b"=x&"), FORM)
    yield Worst("brackets in a name", filled(b"[]", b"a", b"=x"), FORM)
    yield Worst("repeats", b"&".join([b"a[]=x"] * 20_000), FORM)


def _multipart() -> Iterator[Worst]:
    yield Worst("1,000 parts", _parts(999, b"", b"\r\n" * 450), MULTIPART)
    yield Worst("1,000 files", _parts(999, b"; filename=x", b"x\0" * 450), MULTIPART)
    yield Worst("one part of line breaks", _parts(1, b"", b"\r\n" * 520_000), MULTIPART)
    yield Worst("one part of boundaries", _parts(1, b"", b"\r\n--y" * 200_000), MULTIPART)
    yield Worst("no part at all", filled(b"\r\n--x y"), MULTIPART)
    yield Worst("parameters", _parts(15, b"; a=b" * 1_300, b""), MULTIPART)
    yield Worst("wide charsets", _parts(999, b"\r\nContent-Type: text/plain; charset=utf-16", b"x\0" * 450), MULTIPART)


def _parts(count: int, head: bytes, content: bytes) -> bytes:
    parts = (
        b'--x\r\nContent-Disposition: form-data; name="f%d"%s\r\n\r\n%s\r\n' % (number, head, content)
        for number in range(count)
    )
    return b"".join(parts) + b"--x--\r\n"


def _senders() -> Iterator[Worst]:
    lists = {f"f{number}": "[" + "0," * 150 + "0]" for number in range(3_300)}
    yield Worst("lists in texts", json.dumps(lists).encode(), sender="microsoft-forms")
    broken = {f"f{number}": "[\n\n\n\nx" for number in range(4_990)}
    yield Worst("broken lists in texts", json.dumps(broken).encode(), sender="gravity-forms")
    answers = [
        {"type": "text", "text": "x", "field": {"id": f"f{number}", "ref": f"r{number}"}} for number in range(1_600)
    ]
    asked = [{"id": f"f{number}", "ref": f"r{number}", "title": f"Title {number}"} for number in range(1_600)]
    typeform = {"form_response": {"definition": {"fields": asked}, "answers": answers}}
    yield Worst("1,600 questions", json.dumps(typeform).encode(), sender="typeform")
    options = [{"id": str(number), "text": "x"} for number in range(4_000)]
    tally = {
        "data": {
            "fields": [{"key": "a", "type": "CHECKBOXES", "value": [str(n) for n in range(4_000)], "options": options}]
        }
    }
    yield Worst("4,000 options", json.dumps(tally).encode(), sender="tally")
    jotform = json.dumps({f"q{number}_name{number}": "x" for number in range(4_990)})
    yield Worst("5,000 answers in a text", f"rawRequest={jotform}".encode(), FORM, "jotform")
