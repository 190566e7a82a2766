"""What holds for every sender: ids, arrays, probes, warnings and refusals; and mistakes in a packing."""

from __future__ import annotations

import json
from contextlib import suppress

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st
from marshmallow import ValidationError

from schemas.packing import Packing, PackingSchema
from services.errors import InvalidSubmission, UnreadableBody
from services.senders.paths import way
from services.senders.unpack import Decoded, unpack
from tests.packings import PACKINGS, only, packing, pubsub, taken


def test_generic_is_the_body_itself():
    """Without a step the body is the record, names inside it are normalised, and the id stands in a header."""
    body = {"Source Contact ID": 686, "navn": {"For navn": "Ada"}, "list": [1, "2"]}
    submission = only("generic", body, idempotency_key="k-1")

    assert submission.record == body
    assert submission.fields == {
        "raw": body, "source_contact_id": 686, "navn": {"for_navn": "Ada"}, "list": [1, "2"]
    }  # fmt: skip
    assert (submission.id, submission.is_test, submission.warnings) == ("k-1", False, ())


def test_warns_of_repeated_keys():
    """A JSON key written twice is named, at whatever depth."""
    (warning,) = only("generic", b'{"a": [{"Firma": 1, "Firma": 2}]}').warnings

    assert "“Firma” stands more than once" in warning


def test_bounds_the_warnings():
    """A thousand ambiguous names do not make an answer of a thousand sentences."""
    warnings = only("generic", {"a" + " " * n: n for n in range(100)}).warnings
    assert len(warnings) == 21
    assert "79 more" in warnings[-1]


@pytest.mark.parametrize(
    ("body", "headers", "expected"),
    [
        ({"events": [{"type": "ping"}]}, {}, [True]),
        ({"events": [{"type": "order"}, {"type": "test"}]}, {}, [False, True]),
        ({"events": [{"type": "order"}]}, {"X_Probe": "1"}, [True]),
        ({"events": []}, {}, []),
    ],
)
def test_knows_probes_and_arrays_inside(body, headers, expected):
    """A list inside the body is one submission for each item, and probes among them are marked."""
    decoded = taken("nested-events", body, **headers)

    assert decoded.is_array
    assert [item.is_test for item in decoded.submissions] == expected


def test_a_probe_need_not_have_the_shape():
    """A test event is recognised before anything else is asked of it."""
    assert only("typeform", {"event_type": "form_response_test"}).is_test


def test_an_empty_array_has_no_submissions():
    """Nothing came, and it came as an array."""
    assert taken("generic", []) == Decoded((), is_array=True)


@pytest.mark.parametrize(("sender", "path"), [("typeform", "form_response.answers"), ("pubsub", "message.data")])
def test_names_the_place_that_is_missing(sender, path):
    """A body of another shape is refused with the place where this sender puts the answers."""
    with pytest.raises(InvalidSubmission) as refusal:
        only(sender, {"hello": "world"})

    assert refusal.value.errors[0].field == path
    assert "Check `from`" in refusal.value.detail


@pytest.mark.parametrize("body", [[{}] * 1_001, pubsub(json.dumps([{}] * 1_001).encode())])
def test_takes_a_thousand_items(body):
    """A larger array is refused as a whole, before any of it is used."""
    sender = "generic" if isinstance(body, list) else "pubsub"
    with pytest.raises(InvalidSubmission, match="1,001 items; at most 1,000"):
        taken(sender, body)


@pytest.mark.parametrize("body", [[1], [{}, "x"], [[{}]], [None]])
def test_an_item_that_is_no_object_is_refused_alone(body):
    """The other items of the array are none the worse for it."""
    submissions = unpack(body, {}, Packing()).submissions

    assert [submission.refusal is None for submission in submissions] == [isinstance(item, dict) for item in body]


@pytest.mark.parametrize(
    ("written", "words"),
    [
        ("{rooot: data}", "did you mean root?"),
        ("{answers: {at: data, nam: key}}", "did you mean names?"),
        ("{answers: [{names: key}]}", "This is missing: write for instance at: data.fields"),
        ("{labels: {at: data, match: id}}", "names: title"),
        ("{keep: '('}", "not a regular expression"),
        ("{nest: brakets}", "did you mean brackets?"),
        ("{id: {haeder: X-Id}}", "such as header:Webhook-Id"),
        ("{id: a +  + b}", "such as header:Webhook-Id"),
        ("{id: [[a]]}", "such as header:Webhook-Id"),
        ("{test: ping}", "a mapping of a path to its value"),
        ("{test: {type: {a: 1}}}", "a list of values"),
        ("{test: {type: []}}", "a list of values"),
        ("{unwrap_json: [1]}", "a list of names"),
        ("{flat: perhaps}", "Not a valid boolean"),
        ("{answers: 5}", "a mapping of keys and values"),
    ],
)
def test_explains_mistakes_in_a_packing(written, words):
    """A mistake in a preset is told with what was probably meant."""
    with pytest.raises(ValidationError) as refusal:
        PackingSchema().load(yaml.safe_load(written))

    assert words in str(refusal.value.messages)


def test_lists_the_headers_it_reads():
    """What is read again later needs these headers beside the body, in any case."""
    assert packing("cloudevents").headers == {"ce-specversion", "ce-time", "ce-source", "ce-id"}
    assert packing("cloud-tasks").headers == {"x-cloudtasks-taskname"}
    assert packing("nested-events").headers == {"x-probe"}


NAMES = st.sampled_from(
    ["form_response", "answers", "data", "fields", "message", "payload", "submission", "questions", "type", "field",
     "value", "options", "rawRequest", "namedValues", "definition", "id", "data.json", "events", "schema", "attributes"]
)  # fmt: skip
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(st.characters(codec="utf-8"), max_size=9),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(NAMES | st.text(max_size=3), inner, max_size=4),
    max_leaves=12,
)


@given(st.sampled_from(sorted(PACKINGS)), st.dictionaries(NAMES, VALUES, max_size=5) | st.lists(VALUES, max_size=3))
def test_any_body_is_submissions_or_a_refusal(sender, raw):
    """Whatever JSON comes in place of the sender's own, it is unpacked or refused in words."""
    with suppress(UnreadableBody, InvalidSubmission):
        for submission in unpack(raw, {}, packing(sender)).submissions:
            assert submission.fields["raw"] is submission.raw
            assert submission.names.keys() <= submission.fields.keys()
            assert all(submission.warnings)


def test_a_dot_is_the_object_itself():
    """Whatever an object is made of."""
    item = {"": {"": 5}, "name": "n"}

    assert way(".")(item) is item
