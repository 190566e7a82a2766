"""Bodies of all kinds to plain values, and what cannot be read to a sentence that says where."""

from __future__ import annotations

import json
import time
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.errors import BodyTooLarge, Refused, UnreadableBody, UnsupportedContentType
from services.senders.decode import LARGEST, Repeating, read
from services.senders.forms import Form, nest
from tests.packings import FORM, JSON, MULTIPART, multipart

MEGABYTE = 1024 * 1024


@pytest.mark.parametrize(
    "content_type",
    [JSON, "application/vnd.surveymonkey.response.v1+json", "text/plain", "application/octet-stream", FORM, "", None,
     "Application/JSON; Charset=UTF-8", "application/json; charset=utf-8, application/json; charset=utf-8"],
)  # fmt: skip
def test_reads_json_whatever_its_label(content_type):
    """JSON is read under its own labels, and recognised under those that senders put on it by mistake."""
    assert read(b' \r\n{"navn": "\xc3\x85se"}', content_type) == {"navn": "Åse"}


@pytest.mark.parametrize("marks", [1, 2])
@pytest.mark.parametrize("content_type", [JSON, "text/plain", FORM])
def test_strips_byte_order_marks(marks, content_type):
    """A UTF-8 mark at the front is no part of the body, nor is a second one."""
    assert read(b"\xef\xbb\xbf" * marks + b'{"a": 1}', content_type) == {"a": 1}


@pytest.mark.parametrize("body", [b"\xef\xbb\xbfname=Ada", b"%EF%BB%BFname=Ada"])
def test_strips_a_mark_from_the_first_key(body):
    """A mark glued to the first name of a form, even an escaped one, is no part of the name."""
    assert read(body, FORM) == {"name": "Ada"}


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-be", "utf-16-le", "utf-32", "utf-32-be", "utf-32-le"])
def test_reads_wide_unicode_by_its_mark(encoding):
    """UTF-16 and UTF-32 are known by their marks, whatever the charset parameter says."""
    mark = "" if encoding in ("utf-16", "utf-32") else "\ufeff"

    assert read(f'{mark}{{"a": "å😀"}}'.encode(encoding), "application/json; charset=utf-8") == {"a": "å😀"}


@pytest.mark.parametrize(
    ("body", "content_type"),
    [
        (b'{"navn": "\xc5se"}', "application/json; charset=iso-8859-1"),
        ('{"navn": "Åse"}'.encode("utf-16-le"), "application/json; charset=utf-16le"),
        (b"navn=%C5se", FORM + "; charset=windows-1252"),
        (b"navn=\xc5se", FORM + '; charset="latin1"'),
        (b"navn=%C3%85se", FORM),
        (b"navn=\xc3\x85se", FORM + "; charset=ascii"),
        (multipart(('name="navn"\r\nContent-Type: text/plain; charset=iso-8859-1', b"\xc5se")), MULTIPART),
    ],
)
def test_honours_the_charset(body, content_type):
    """The charset of the type decodes the body, the escapes of a form, and the part that names it."""
    assert read(body, content_type) == {"navn": "Åse"}


def test_reads_json_that_was_encoded_twice():
    """A JSON text that is a string of JSON is read once more."""
    assert read(json.dumps(json.dumps({"a": [1]})).encode(), JSON) == {"a": [1]}


def test_keeps_the_last_of_repeated_keys():
    """Of a key written twice the last value counts, and it is remembered which key that was."""
    value = read(b'{"a": {"b": 1, "c": 2, "b": 3}}', JSON)

    assert value == {"a": {"b": 3, "c": 2}}
    assert isinstance(value["a"], Repeating)
    assert value["a"].names == ("b",)


JSON_TEXTS = st.text('"\\:{,', max_size=3).map(json.dumps) | st.sampled_from(["1", "1e999", "[]", '{"a": ""}'])


@given(st.lists(st.tuples(st.text('ab"\\:', max_size=2), JSON_TEXTS)))
def test_misses_no_repeated_key(pairs):
    """Whatever signs keys and values are made of, it is known whether a key stood there twice."""
    value = read(f"{{{','.join(f'{json.dumps(key)}: {text}' for key, text in pairs)}}}".encode(), JSON)

    assert value.keys() == dict(pairs).keys()
    assert isinstance(value, Repeating) == (len(value) < len(pairs))


@pytest.mark.parametrize("number", ["9" * 5_000, "1e999", "-1E400", "0." + "3" * 500])
def test_keeps_numbers_that_nothing_can_hold_as_text(number):
    """A number of absurd length is refused by whoever needs one there, naming the field; its digits are not lost."""
    assert read(b'{"SourceContactId": %s}' % number.encode(), JSON) == {"SourceContactId": number}


@pytest.mark.parametrize(
    ("body", "content_type", "words"),
    [
        (b"", JSON, "is empty"),
        (b" \r\n\t", FORM, "is empty"),
        (b"\xef\xbb\xbf\xef\xbb\xbf ", None, "is empty"),
        (b" ", MULTIPART, "is empty"),
        (b"\xff\xfe", JSON, "is empty"),
        (b'{"a": 1,\n "b" 2}', JSON, "line 2, column 6: a colon"),
        (b'{"a": "one\ntwo"}', "text/plain", "line 1, column 11: a line break"),
        (b'{"a": "say "hi""}', JSON, r"written \""),
        (b'{"a": 1', FORM, "line 1, column 8"),
        (b'{"a": 1} x', JSON, "the JSON ends before this"),
        (b"name=Ada", JSON, "line 1, column 1"),
        (b'{"a": "NaN",\n "b": [NaN]}', JSON, "NaN at line 2, column 8"),
        (b'{"a": -Infinity}', JSON, "-Infinity at line 1, column 7"),
        (b'{"name": ["\\ud83d!"]}', JSON, r"in “name” (\ud83d without"),
        (b'{"\\udc00": 1}', JSON, "half a character"),
        (b'"{\\"a\\": \\"\\\\ud800\\"}"', JSON, "half a character in “a”"),
        (b"[" * 65 + b"]" * 65, JSON, "64 levels"),
        (b"[" * 500 + b"]" * 500, JSON, "64 levels"),
        (b"[" * 200_000, JSON, "64 levels"),
        (b'{"a":' * 100_000, JSON, "64 levels"),
        (b'[{"a":' * 33 + b"1" + b"}]" * 33, JSON, "64 levels"),
        (b"[" + b'"]",[' * 240 + b'"x"' + b',"["]' * 240 + b"]", JSON, "64 levels"),
        (b'[ "]", ' * 70 + b'"x"' + b', "[" ]' * 70, JSON, "64 levels"),
        (b"[" + b"1," * 20_000 + b"1]", JSON, "20,000 values"),
        (b"a=1&" * 20_001, FORM, "20,000 fields"),
        (b"42", JSON, "neither a JSON object nor an array"),
        (b"null", JSON, "neither a JSON object nor an array"),
        (b'"text"', JSON, "neither a JSON object nor an array"),
        (json.dumps(json.dumps(json.dumps({}))).encode(), JSON, "neither a JSON object nor an array"),
        (b'{"navn": "\xc5se"}', JSON, "byte 11 is 0xC5"),
        (b"navn=%C5se", FORM, "“navn” is not UTF-8: byte 1 is 0xC5"),
        (b"nav%FF=1", FORM, "field's name is not UTF-8"),
        (b"\xff\xfea", JSON, "not UTF-16"),
        (multipart(('name="navn"', b"\xc5se")), MULTIPART, "“navn” is not UTF-8"),
        (multipart(("", b"x")), MULTIPART, "has no name"),
        (multipart(('name="a"', b"x"))[:-10], MULTIPART, "cut off"),
        (b"name=Ada", MULTIPART, "cut off"),
        (b"--frontier\r\n\r\nno headers\r\n--frontier--", MULTIPART, "malformed"),
        (multipart(('name="a"', b"x")).replace(b'"a"', b'"\xff"'), MULTIPART, "malformed"),
        (b"--\r\n", "multipart/form-data", "no usable boundary"),
        (b"--\r\n", "multipart/form-data; boundary=" + "-" * 71, "no usable boundary"),
    ],
)  # fmt: skip
def test_says_where_a_body_cannot_be_read(body, content_type, words):
    """Whatever is malformed is a 400 with a sentence that says where, and never another error."""
    with pytest.raises(UnreadableBody) as refusal:
        read(body, content_type)

    assert words in refusal.value.detail
    assert len(refusal.value.detail) < 250


@pytest.mark.parametrize(
    ("content_type", "words"),
    [
        ("application/xml", "multipart/form-data"),
        ("text/html; charset=utf-8", "application/json"),
        ("", "A body of no type"),
        ("application/json; charset=klingon", "“klingon”"),
        ("application/json; charset=zlib", "“zlib”"),
        ("application/json; charset=punycode", "Send UTF-8"),
        ("application/json; charset=idna", "Send UTF-8"),
    ],
)
def test_says_what_is_read_instead(content_type, words):
    """A type or charset that is not read is a 415 that lists what is."""
    with pytest.raises(UnsupportedContentType) as refusal:
        read(b"<a/>", content_type)

    assert words in refusal.value.detail


@pytest.mark.parametrize(
    ("body", "content_type"),
    [(b" " * (LARGEST + 1), JSON), (multipart(*[('name="a"', b"")] * 1_001), MULTIPART)],
)
def test_refuses_what_is_too_large(body, content_type):
    """Size and the number of parts have a limit whatever the hook says."""
    with pytest.raises(BodyTooLarge):
        read(body, content_type)


@pytest.mark.parametrize(
    ("body", "content_type"),
    [
        (b"[" * MEGABYTE, JSON),
        (b"[" + b"[]," * (MEGABYTE // 3), JSON),
        (b'"' + b'\\"[,' * (MEGABYTE // 4), JSON),
        (b'{"a": ' + b"1" * MEGABYTE + b"}", JSON),
        (b"[" + b'"",' * (MEGABYTE // 3) + b"1]", JSON),
        (b"\xef\xbb\xbf" * (MEGABYTE // 3) + b"{}", JSON),
        (b"a=" + b"%" * MEGABYTE, FORM),
        (b"a=" + b"%41" * (MEGABYTE // 3), FORM),
        (b"a" + b"[" * MEGABYTE + b"]=x", FORM),
        (b"--frontier\r\nContent-Disposition: form-data; " + b"a=b;" * (MEGABYTE // 4) + b"\r\n\r\n", MULTIPART),
        (b"--frontier\r\n" + b"\r\n--frontier x" * (MEGABYTE // 14), MULTIPART),
        (b"\n" * MEGABYTE + b"-", MULTIPART),
    ],
)
def test_takes_no_longer_for_hostile_bodies(body, content_type):
    """A megabyte of anything is answered in a fraction of a second of computing time."""
    began = time.process_time()
    with suppress(Refused):
        read(body, content_type)

    assert time.process_time() - began < 1.0  # some 0.05 at rest; quadratic work would take minutes


TYPES = st.sampled_from(
    [JSON, FORM, MULTIPART, "text/plain", "", None, "application/json; charset=utf-16", FORM + "; charset=cp1252"]
)
PIECES = st.sampled_from(
    [b"{", b"}", b"[", b"]", b'"', b"\\", b"\\ud800", b":", b",", b"a", b"=", b"&", b"%", b"41", b"NaN", b"1e999",
     b"--frontier", b"--", b"\r\n", b"\n", b" ", b'Content-Disposition: form-data; name="a"', b"\xef\xbb\xbf",
     b"\xff\xfe", b"\x00", b"\xc3", b"\xa5", b"[]", b"\r\n\r\n", b"; filename=x", b"{}", b'"a":']
)  # fmt: skip


@given(st.binary() | st.lists(PIECES, max_size=30).map(b"".join), TYPES | st.text(max_size=30))
def test_knows_nothing_but_values_and_refusals(body, content_type):
    """Any bytes under any label are an object, an array or one of our refusals, and names nest without an error."""
    with suppress(UnreadableBody, BodyTooLarge, UnsupportedContentType):
        value = read(body, content_type)
        json.dumps(value, ensure_ascii=False, allow_nan=False).encode()
        nest(Form(value if isinstance(value, dict) else {}), ("brackets", "dots"))
