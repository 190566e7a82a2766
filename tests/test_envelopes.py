"""What Google and CloudEvents put around a submission, and the records inside."""

from __future__ import annotations

import pytest

from services.errors import InvalidSubmission, UnreadableBody
from tests.packings import JSON, only, pubsub, shown, taken


def test_pubsub_opens_the_message():
    """The message is base64 of JSON; its attributes are fields too, and raw stays as it came."""
    submission = only("pubsub", pubsub(b'{"company": "Acme"}', attributes={"source": "shop"}))

    assert shown(submission, "company", "source") == ["Acme", "shop"]
    assert submission.id == "m1"
    assert submission.raw == pubsub(b'{"company": "Acme"}', attributes={"source": "shop"})


def test_pubsub_may_carry_attributes_alone():
    """A message without data is what its attributes say."""
    assert only("pubsub", pubsub(b"", attributes={"company": "Acme"})).fields["company"] == "Acme"


@pytest.mark.parametrize("attributes", [{}, {"company": "Acme"}])
def test_pubsub_may_carry_plain_text(attributes):
    """A message that is no JSON is a field of its own, beside its attributes."""
    fields = only("pubsub", pubsub("prøve".encode(), attributes=attributes)).fields

    assert {name: value for name, value in fields.items() if name != "raw"} == {"data": "prøve", **attributes}


def test_pubsub_may_carry_an_array():
    """A message that holds an array is one submission for each item."""
    decoded = taken("pubsub", pubsub(b'[{"n": 1}, {"n": 2}]'))

    assert decoded.is_array
    assert [item.record for item in decoded.submissions] == [{"n": 1}, {"n": 2}]


@pytest.mark.parametrize("data", ["nøt", "abcde", "////", 5])
def test_pubsub_refuses_what_is_not_its_shape(data):
    """Damaged base64, bytes that are no text, and no text at all are refused by name."""
    with pytest.raises((UnreadableBody, InvalidSubmission), match=r"“message\.data”"):
        only("pubsub", {"message": {"data": data}})


@pytest.mark.parametrize(
    ("body", "content_type", "headers"),
    [
        ({"id": "7", "source": "/s", "data": {"a": 1}}, "application/cloudevents+json", {}),
        ({"id": "7", "source": "/s", "data_base64": "eyJhIjogMX0="}, "application/cloudevents+json; charset=utf-8", {}),
        ({"a": 1}, JSON, {"Ce_Id": "7", "CE_SOURCE": "/s", "ce_specversion": "1.0"}),
    ],
)  # fmt: skip
def test_cloudevents_structured_and_binary(body, content_type, headers):
    """An event is the same submission in either mode."""
    submission = only("cloudevents", body, content_type, **headers)

    assert (submission.record, submission.id) == ({"a": 1}, "/s/7")


def test_cloudevents_binary_data_is_not_an_envelope():
    """In binary mode a field of the event's own that is called data leads nowhere."""
    submission = only("cloudevents", {"data": {"b": 2}, "id": 9}, ce_specversion="1.0", ce_id="7", ce_source="/s")

    assert (submission.record, submission.id) == ({"data": {"b": 2}, "id": 9}, "/s/7")


def test_cloudevents_batch():
    """A batch is an array of structured events."""
    events = [{"id": str(n), "source": "/s", "data": {"n": n}} for n in range(3)]
    decoded = taken("cloudevents", events, "application/cloudevents-batch+json")

    assert [(item.id, item.record) for item in decoded.submissions] == [(f"/s/{n}", {"n": n}) for n in range(3)]
