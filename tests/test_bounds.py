"""What holds the work for a stranger's request, and for a file, within bounds; `fuzz.slowest` tells it in time."""

from __future__ import annotations

import encodings
import json
import re
import sys
import tracemalloc
from contextlib import suppress

import pytest

from schemas.contact_relation import load_contact_relation
from schemas.relation_mapping import RelationMappingSchema
from services.errors import Refused, UnreadableBody
from services.mapping import map_submission
from services.senders.decode import read
from services.yaml_file import YamlMistake, parse_yaml
from tests.examples import PARTNERS
from tests.packings import FORM, JSON, taken


def calls(work) -> int:
    """Count the functions that are called, Python's own included."""
    count = 0

    def note(_frame, event, _argument):
        nonlocal count
        count += event in ("call", "c_call")

    sys.setprofile(note)
    try:
        with suppress(Refused):
            work()
    finally:
        sys.setprofile(None)
    return count


MAPPING = RelationMappingSchema().load(
    {
        "definition": 18,
        "source": {"company": {"id": 4}, "person": {"email": "{email}", "name": "{g.first} {g.last} {g.middle}"}},
        "destination": {"company": {"id": 4}},
        "comment": "{raw} {items[*].[name, e_post]} {raw.items[?Name=='x'].aB} {missing} {another}",
    }
)
SHAPES = {
    "fields": lambda count: {f"Field {place}": place for place in range(count)},
    "one name": lambda count: {f"A{'-' * place}": 1 for place in range(count)},
    "one numbered name": lambda count: {f"a{'_2' * (place % 2)}{'-' * place}": 1 for place in range(count)},
    "a group": lambda count: {"g": {f"Field {place}": place for place in range(count)}},
    "a list": lambda count: {"items": [{"Name": "x", "E-post": "y", f"n{place}": 1} for place in range(count)]},
    "lists": lambda count: {f"f{place}": json.dumps([place]) for place in range(count)},
    "answers": lambda count: {"form_response": {
        "definition": {"fields": [{"id": f"f{place}", "title": "Same"} for place in range(count)]},
        "answers": [{"type": "text", "text": "x", "field": {"id": f"f{place}"}} for place in range(count)]}},
    "options": lambda count: {"data": {"fields": [{"key": "a", "type": "CHECKBOXES",
        "value": [str(place) for place in range(count)],
        "options": [{"id": str(place), "text": "x"} for place in range(count)]}]}},
}  # fmt: skip
SENDERS = {"lists": "microsoft-forms", "answers": "typeform", "options": "tally"}


@pytest.mark.parametrize("shape", SHAPES)
def test_twice_the_body_is_twice_the_work(shape):
    """No shape of a body makes the work grow faster than the body does."""

    def work(count):
        for submission in taken(SENDERS.get(shape, "generic"), SHAPES[shape](count)).submissions:
            map_submission(MAPPING, submission.fields)
            assert len(submission.warnings) <= 21

    work(400)  # what is imported, compiled and remembered
    assert calls(lambda: work(400)) < 2.3 * calls(lambda: work(200))


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ({f"f{place}": 1 for place in range(5_001)}, "more than 5,000 fields"),
        ({f"{place:04}{'x' * 100}": 1 for place in range(1_000)}, "more than 100,000 signs"),
        ({f"{place:04}{'x' * 9_000}": 1 for place in range(600)}, "more than 100,000 signs"),
        ({"a": [{f"{place:04}{'é' * 100}": 1} for place in range(1_000)]}, "more than 100,000 signs"),
    ],
)
def test_refuses_names_that_would_take_too_long(body, words):
    """There are bounds for the fields of a submission, and for the length of all their names."""
    with pytest.raises(UnreadableBody, match=words):
        len(taken("generic", body).submissions[0].fields)


def test_takes_the_largest_record_that_a_crm_sends():
    """400 properties, each with its history, are 4,400 names, most of them the same."""
    history = [{"value": "x", "sourceType": "FORM", "sourceId": "y", "timestamp": 1, "selected": False}]
    body = {f"custom_property_number_{place}": {"value": "x", "versions": history * 2} for place in range(400)}

    assert taken("generic", body).submissions[0].fields["custom_property_number_399"]["versions"][1]["source_id"] == "y"


def test_refuses_lists_in_texts_that_are_too_many_together():
    """Each alone is small enough."""
    body = {f"f{place}": "[" + "0," * 150 + "0]" for place in range(200)}

    with pytest.raises(UnreadableBody, match="more than 20,000 values"):
        taken("microsoft-forms", body)


def test_nothing_of_a_stranger_stays_in_memory():
    """Neither a name of a megabyte nor a charset that does not exist is remembered."""
    load_contact_relation(PARTNERS)  # what our own code needs
    charsets = len(encodings._cache)
    tracemalloc.start()
    for place in range(30):
        name = f"{place}{'x' * 1_000_000}"
        load_contact_relation({**PARTNERS, name: 1})
        len(taken("generic", {name: 1}).submissions[0].fields)
        with suppress(Refused):
            read(b"{}", f"{JSON}; charset=made-up-{place}")
    kept, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()

    assert kept < 5_000_000
    assert len(encodings._cache) == charsets


def test_bounds_what_is_said_of_unknown_fields():
    """Finding what was meant takes time, and nobody reads thousands of warnings."""
    relation = load_contact_relation({**PARTNERS, **{f"relation_{place}": 1 for place in range(4_000)}})

    assert len(relation.warnings) <= 21


@pytest.mark.parametrize("content", ["a=%41%zz%%4%%%+%", "a=%25%2525", "a=%3D==%3d", "a=%0A%0D=\r\n=%0", "a=_=20=\n"])
def test_undoes_escapes_as_browsers_do(content):
    """A percent sign without two digits stays; nothing of quoted-printable, by which it is done, shows."""
    undone = re.sub(r"%([0-9A-Fa-f]{2})", lambda found: chr(int(found[1], 16)), content.replace("+", " "))

    assert read(content.encode(), FORM) == {"a": undone[2:].rstrip("\r\n") if content.endswith("\n") else undone[2:]}


DIGITS = b"1" * 5_000


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"[" * 1_000_000, "too deeply"),
        (b"- " * 500_000, "too deeply"),
        (b"? " * 500_000, "too deeply"),
        (b"{a: " * 200_000, "too deeply"),
        (b"[" * 900 + b"]" * 900, "too deeply"),
        (b"-\n" * 500_000, "more than 30,000 values"),
        (b"x: [" + b"y," * 40_000 + b"]", "more than 30,000 values"),
        (b"".join(b"a%d: &a%d [%s]\n" % (n, n, b",".join([b"*a%d" % (n - 1)] * 9 if n else [b"x"] * 9))
                  for n in range(9)), "aliases written out"),
        (b"a: &a {" + b",".join(b"k%d: 1" % n for n in range(999)) + b"}\n" + b"b: {<<: [" + b"*a," * 40 + b"]}",
         "aliases written out"),
        (b"a: &a [*a]", "holds itself"),
        (b"a: 1" + b":59" * 300_000, "number is too long"),
        (b"a: " + DIGITS, "number is too long"),
        (b"a: 1." + DIGITS, "number is too long"),
        (b"{" + b",".join(b"%d: x" % (n * (2**61 - 1)) for n in range(99)) + b"}", "number is too long"),
        (b"a: !!int x", "cannot be read"),
        (b"a: !!bool x", "what its tag says"),
        (b"a: !!timestamp x", "what its tag says"),
        (b"a: !!float ''", "what its tag says"),
        (b"a: !!python/object:os.system x", "constructor"),
        (b"a" * 1_048_577, "larger than 1 MiB"),
    ],
)  # fmt: skip
def test_a_file_that_would_take_too_long_is_refused(content, words):
    """Neither depth, aliases nor numbers make a file of a megabyte hold everything up, or end the process."""
    with pytest.raises(YamlMistake, match=words):
        parse_yaml(content)


def test_a_large_file_is_read():
    """Seven hundred hooks, a long text, merged keys and numbers are no abuse."""
    hooks = b"".join(b"h%d: {<<: *usual, relation: {definition: 18, id: [1.5, 2]}}\n" % place for place in range(700))
    read_back = parse_yaml(b"usual: &usual {verify: none, note: " + b"x" * 900_000 + b"}\n" + hooks)

    assert read_back["h699"]["relation"] == {"definition": 18, "id": [1.5, 2]}
    assert read_back["h699"]["verify"] == "none"
