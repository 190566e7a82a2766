"""Form bodies, and names such as `a[b][c]`."""

from __future__ import annotations

import pytest

from services.errors import UnreadableBody
from services.senders.decode import read
from services.senders.forms import Form, nest
from tests.packings import FORM, MULTIPART, multipart


def test_reads_a_form():
    """A form keeps its order, blanks, line ends and repeats; a stray percent sign is only that."""
    form = read(b"b=x+y%26z&a=&pick=1&pick=2&text=one%0D%0Atwo&rate=100%&\xc3\xa5", FORM)

    assert isinstance(form, Form)
    assert list(form.items()) == [
        ("b", "x y&z"), ("a", ""), ("pick", ["1", "2"]), ("text", "one\r\ntwo"), ("rate", "100%"), ("å", "")
    ]  # fmt: skip


def test_reads_multipart():
    """Text parts are fields; of a file only its name, type and size are told."""
    body = multipart(
        ('name="navn"', "Åse".encode()),
        ('name="cv"; filename="cv.pdf"\r\nContent-Type: application/pdf', b"%PDF" * 30_000),
        ('name="photo"; filename=""\r\nContent-Type: application/octet-stream', b""),
        ('name="navn"', b"line\r\nend"),
    )

    assert read(body, MULTIPART) == {
        "navn": ["Åse", "line\r\nend"],
        "cv": {"filename": "cv.pdf", "content_type": "application/pdf", "size": 120_000},
        "photo": "",
    }


@pytest.mark.parametrize(
    ("body", "nested"),
    [
        (b"data[merges][FNAME]=Ada&data[id]=7", {"data": {"merges": {"FNAME": "Ada"}, "id": "7"}}),
        (b"a[]=1&a[]=2", {"a": ["1", "2"]}),
        (b"a[1]=y&a[0]=x", {"a": ["x", "y"]}),
        (b"a[][x]=1&a[][x]=2", {"a": [{"x": "1"}, {"x": "2"}]}),
        (b"a[5]=x&a[]=y", {"a": {"5": "x", "6": "y"}}),
        (b"a[999999999]=x", {"a": {"999999999": "x"}}),
        (b"a[9999999999999]=x&a[]=y", {"a": {"9999999999999": "x", "0": "y"}}),
        (b"a=1&a[b]=2", {"a": "1", "a[b]": "2"}),
        (b"a[b]=1&a[]=2&a[]=3&a=4", {"a": "4", "a[b]": "1", "a[]": ["2", "3"]}),
        (b"Size [cm]=4&1.3=Ada&[x]=1", {"Size [cm]": "4", "1.3": "Ada", "[x]": "1"}),
        (b"a[b=2&a]b=3", {"a[b": "2", "a]b": "3"}),
        (b"=x&&[]=y", {"": "x", "[]": "y"}),
    ],
)  # fmt: skip
def test_nests_brackets(body, nested):
    """Names nest as PHP nests them, and what is no such name stays as it is written."""
    assert nest(read(body, FORM), ("brackets",)) == nested


def test_nests_dots_where_asked():
    """Dots part names only where the sender is known to mean that."""
    form = read(b"person.name=Ada&person.mail[]=a&.x=1", FORM)

    assert nest(form, ("dots",)) == {"person": {"name": "Ada", "mail[]": "a"}, ".x": "1"}
    assert nest(form, ()) == form


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (b"a" + b"[b]" * 10_000 + b"=x", "64 levels"),
        (b"&".join([b"a" + b"[]" * 60 + b"=x"] * 400), "20,000 times"),
    ],
)
def test_refuses_names_that_nest_without_end(body, words):
    """Brackets cannot make a form deeper or larger than JSON may be."""
    with pytest.raises(UnreadableBody, match=words):
        nest(read(body, FORM), ("brackets",))


def test_takes_the_largest_form_of_a_browser():
    """Many text parts, and one of more than werkzeug's usual 500 kB, are read."""
    form = read(
        multipart(*[(f'name="f{place}"', b"x") for place in range(999)], ('name="long"', b"y" * 700_000)), MULTIPART
    )

    assert len(form) == 1_000
    assert len(form["long"]) == 700_000
