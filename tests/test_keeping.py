"""What is written down of a submission, before anything happens to it: all that came, and never a proof."""

from __future__ import annotations

import json

import pytest

from tests.examples import HOOKS, KEY, PARTNERS

FIELD = {"form": {"verify": {"field": "HandshakeKey", "secret": "example-key"}, "existing": "add"}}


def content_of(ledger, delivery):
    """Return the request as it was kept."""
    return ledger.ledger.store.content(delivery.content)


def test_the_body_is_kept_as_it_came(send, ledger):
    """With its content type, so that it can be read again."""
    answer = send(data=b'{"SourceContactId":686, "DestinationContactId":4,"RelationDefinitionId": 18}')

    kept = content_of(ledger, ledger.delivery(answer))
    assert kept.body == b'{"SourceContactId":686, "DestinationContactId":4,"RelationDefinitionId": 18}'
    assert kept.content_type == "application/json"


@pytest.mark.parametrize("body", [b"", b"  ", b"{", b'"text"', b'{"a": 1}', b"\xff\xfe\x00"])
def test_what_cannot_be_used_is_kept_too(send, ledger, body):
    """After the hook is mended it can be replayed."""
    answer = send(data=body)

    delivery = ledger.delivery(answer)
    assert answer.status_code in (400, 422)
    assert (delivery.status, content_of(ledger, delivery).body) == ("rejected", body)


@pytest.mark.parametrize(
    ("options", "status"),
    [
        ({"headers": {"X-Api-Key": "wrong"}}, 401),
        ({"data": b"x" * 2_000_000}, 413),
        ({"data": b"<xml/>", "content_type": "application/xml"}, 415),
    ],
)
def test_what_is_not_kept_leaves_a_line(send, ledger, options, status):
    """Nothing of what it held: when, which hook, why, and how large."""
    assert send(**options).status_code == status

    (line,) = ledger.ledger.door.refusals(ledger.environment, "example")
    assert (line.status, line.hook) == (status, "example")
    assert ledger.all() == []


def test_no_header_but_those_that_are_needed_is_kept(send, ledger):
    """Neither the secret nor a cookie."""
    answer = send(headers={"Cookie": "a=b", "Idempotency-Key": "k-1", "X-Other": "x"})

    kept = content_of(ledger, ledger.delivery(answer))
    assert kept.headers == {"idempotency-key": "k-1"}
    assert KEY not in repr(kept)


def test_a_secret_in_the_address_is_not_kept(function, ledger):
    """Of the address only what the caller wants to see is kept."""
    client = function({"form": {"verify": {"query": "key", "secret": "example-key"}, "existing": "add"}})
    answer = client.post(f"/hooks/form?key={KEY}&$select=Comment", json=PARTNERS)

    assert content_of(ledger, ledger.delivery(answer)).query == "Comment"


@pytest.mark.parametrize("as_form", [False, True])
def test_a_secret_in_the_body_is_taken_out(function, secrets, ledger, as_form):
    """The rest of the body stays as it came, and can be read again."""
    secrets["example-key"] = 'p&ss w"rd ø'
    fields = {**PARTNERS, "HandshakeKey": secrets["example-key"]}
    answer = function(FIELD).post("/hooks/form", **({"data": fields} if as_form else {"json": fields}))

    kept = content_of(ledger, ledger.delivery(answer))
    assert answer.json["status"] == "created"
    assert b"removed" in kept.body
    assert b"w%22rd" not in kept.body
    assert b"rd \\u00f8" not in kept.body


@pytest.mark.parametrize("place", ['"HandshakeKey": "{}"', '"Comment": "see {}"', '"x": [{"{}": 1}]'])
def test_a_secret_that_cannot_be_taken_out_is_not_kept(function, ledger, place):
    """Wherever it stands in the body in a spelling that is not found, nothing is written down."""
    spelt = "".join(f"\\u{ord(letter):04x}" for letter in KEY)
    body = f'{{{place.replace("{}", spelt)}, "HandshakeKey": "{KEY}"}}'
    answer = function(FIELD).post("/hooks/form", data=body, content_type="application/json")

    assert answer.status_code == 400
    assert ledger.all() == []


def test_a_repeat_of_an_unreadable_body_is_the_same_delivery(function, ledger):
    """A sender that retries what is refused does not fill the ledger."""
    client = function({"example": {**HOOKS["example"], "repeat_within": 15}})
    for _ in range(2):
        client.post("/hooks/example", data=b"{", headers={"X-Api-Key": KEY}, content_type="application/json")

    assert len(ledger.all()) == 1


def test_a_mistake_in_the_mapping_waits_for_an_operator(function, ledger):
    """The submission and what was wrong with it are kept side by side."""
    relation = {
        "definition": 18,
        "source": {"company": {"id": "{company}"}},
        "destination": {"company": {"id": 4}},
    }
    client = function({"form": {**HOOKS["example"], "relation": relation}})
    answer = client.post("/hooks/form", json={"Company": "Acme"}, headers={"X-Api-Key": KEY})

    delivery = ledger.delivery(answer)
    assert (answer.status_code, delivery.status, delivery.reason) == (422, "rejected", "invalid-submission")
    assert json.loads(content_of(ledger, delivery).body) == {"Company": "Acme"}


def test_an_ignored_one_is_kept_as_such(function, ledger):
    """`when` said no, and the operator can see what it said no to."""
    client = function({"form": {**HOOKS["example"], "when": "{Comment == 'x'}"}})
    answer = client.post("/hooks/form", json=PARTNERS, headers={"X-Api-Key": KEY})

    assert (answer.json["status"], ledger.delivery(answer).status) == ("ignored", "ignored")
