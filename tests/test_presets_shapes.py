"""The other shapes that some tools send, depending on how they are set up, and what must not be taken for an id."""

from __future__ import annotations

import json
from pathlib import Path
from urllib.parse import urlencode

import pytest

from schemas.packing import PackingSchema
from services.senders.decode import read
from services.senders.presets import Presets
from services.senders.unpack import Submission, unpack
from tests.proofs import in_base64, signed
from tests.senders import BODIES, HOOK, SENDERS, TYPES

EVENT = {"specversion": "1.0", "id": "1", "source": "/nord", "type": "joined", "data": {"company_id": 686}}
BINARY = {"ce-specversion": "1.0", "ce-id": "1", "ce-source": "/nord", "ce-type": "joined"}
TEXT = {"attributes": {"attr1": "attr1-value"}, "data": "dGVzdCBtZXNzYWdlIDM="}
BOXES = {"key": "q1", "label": "Topics", "type": "CHECKBOXES", "value": ["a"], "options": [{"id": "a", "text": "Vind"}]}
GRID = {
    "key": "q2",
    "label": "Roles",
    "type": "MATRIX",
    "value": {"r1": ["c1"]},
    "rows": [{"id": "r1", "text": "Board"}],
    "columns": [{"id": "c1", "text": "Ja"}],
}
TICKED = [
    {"key": f"q1_{place}", "label": f"Topics ({text})", "type": "CHECKBOXES", "value": ticked}
    for place, text, ticked in (("a", "Vind", True), ("b", "Sol", False))
]


def take(preset: str, body: object, headers: dict[str, str] | None = None) -> Submission:
    """Unpack what a tool sends: a file's name, or JSON."""
    packing = PackingSchema().load(dict(Presets(Path("nowhere")).find(preset).unpack))
    sent, kind = json.dumps(body).encode(), "application/json"
    if isinstance(body, str):
        file = BODIES / body
        sent, kind = file.read_bytes(), TYPES[file.suffix]
    return unpack(read(sent, kind), headers or {}, packing).submissions[0]


@pytest.mark.parametrize(
    ("preset", "body", "headers", "fields"),
    [
        ("elementor", "elementor-flat.form", {}, {"kundenummer": "686", "niva": "Gull", "form_id": "7c1f0a2"}),
        ("google-forms", "google-sheet.json", {}, {"kundenummer": "686", "niva": "Gull", "melding": ""}),
        ("google-forms", {"Kundenummer": ["686"], "Tema": ["Vind", "Sol"]}, {}, {"tema": ["Vind", "Sol"]}),
        ("microsoft-forms", "microsoft-forms.json", {}, {"interesser": ["Vind", "Sjøkraft"], "melding": "[sic] hei"}),
        ("hubspot", {"superoffice_id": "686", "partner_level": "Gull"}, {}, {"superoffice_id": "686"}),
        ("wpforms", {"company": "Blåbær & Sønn", "level": "Gull"}, {}, {"company": "Blåbær & Sønn"}),
        ("formspree", {"company": "Acme", "_date": "2026-01-02"}, {}, {"company": "Acme"}),
        ("standard-webhooks", {"company": "Acme", "level": "Gull"}, {}, {"company": "Acme"}),
        ("cloudevents", EVENT, {}, {"company_id": 686}),
        ("cloudevents", [EVENT, {**EVENT, "id": "2"}], {}, {"company_id": 686}),
        (
            "cloudevents",
            {**EVENT, "data": None, "data_base64": "eyJjb21wYW55X2lkIjogNjg2fQ=="},
            {},
            {"company_id": 686},
        ),
        ("cloudevents", {"company_id": 686, "data": {"a": 1}}, BINARY, {"company_id": 686, "data": {"a": 1}}),
        ("eventarc", {"bucket": "uploads", "metadata": {"company_id": "686"}}, BINARY, {"bucket": "uploads"}),
        ("eventarc", {**EVENT, "data": {"message": {"data": "eyJjb21wYW55X2lkIjogNjg2fQ"}}}, {}, {"company_id": 686}),
        ("eventarc", {**EVENT, "data": {"message": TEXT}}, {}, {"data": "test message 3", "attr1": "attr1-value"}),
        ("pubsub", {"message": TEXT}, {}, {"data": "test message 3", "attr1": "attr1-value"}),
        ("pubsub", {"company_id": 686}, {"x-goog-pubsub-message-id": "77"}, {"company_id": 686}),
        ("pubsub", {"message": {"data": "", "attributes": {"company_id": "686"}}}, {}, {"company_id": "686"}),
        ("superoffice", {"Event": "relation.deleted", "Values": {"reldef_id": 19}}, {}, {"reldef_id": 19}),
        ("typeform", "typeform.json", {}, {"events": [], "score": 9, "segment": "Nord", "form_name": "Bli partner"}),
        ("tally", "tally.json", {}, {"events": [], "form_id": "VwbNEw", "submitted_at": "2026-01-02T03:04:05.000Z"}),
        (
            "tally",
            {"data": {"fields": [BOXES, *TICKED, GRID]}},
            {},
            {"topics": ["Vind"], "topics_vind": True, "topics_sol": False, "roles": {"board": ["Ja"]}},
        ),
        ("fillout", "fillout.json", {}, {"events": [], "price": "12.5"}),
        ("gravity-forms", "gravity-forms.json", {}, {"_7": ["Oslo", "Bodø"], "submitted_at": "2026-01-02 03:04:05"}),
        ("cf7", "cf7.json", {}, {"level": "Gull", "cv": {"filename": "cv.pdf"}}),
        ("jotform", "jotform.multipart", {}, {"telefon": {"full": "+47 22 00 00 00"}, "form_name": "Påmelding"}),
        ("elementor", "elementor.form", {}, {"interesser": ["Vind", "Sjøkraft"], "form_name": "Bli partner"}),
        ("mailchimp", "mailchimp.form", {}, {"email": "aase@blabar.example", "type": "subscribe"}),
        ("webflow", "webflow.json", {}, {"phone": 4722000000, "form_name": "Bli partner"}),
        ("unbounce", "unbounce.form", {}, {"melding": "", "form_name": "Partnerkampanje", "variant": "a"}),
        ("calendly", "calendly.json", {}, {"timezone": "Europe/Oslo", "form_name": "Partnermøte"}),
    ],
)
def test_every_shape_gives_the_same_fields(preset, body, headers, fields):
    """However the tool is set up, a template asks for the same names, and none of them is ambiguous."""
    submission = take(preset, body, headers)

    assert {name: submission.fields.get(name) for name in fields} == fields
    assert submission.warnings == ()


@pytest.mark.parametrize(
    ("preset", "body", "headers", "expected"),
    [
        ("generic", {"company": 686}, {"webhook-id": "msg_1"}, "msg_1"),
        ("cloudevents", {"company_id": 686}, BINARY, "/nord/1"),
        ("cloudevents", [EVENT], {}, "/nord/1"),
        ("eventarc", EVENT, {}, "/nord/1"),
        ("pubsub", {"company_id": 686}, {"x-goog-pubsub-message-id": "77"}, "77"),
        (
            "superoffice",
            {"EventId": "of-the-body", "Event": "a"},
            {"X-SuperOffice-EventId": "of-the-header"},
            "of-the-body",
        ),
        ("gravity-forms", {"id": "686", "company": "Acme"}, {}, None),
        ("elementor", {"id": "686", "fields": {}}, {}, None),
        ("formspree", {"submission": {"id": "686"}}, {}, None),
        ("wpforms", {"id": "686"}, {}, None),
        ("microsoft-forms", {"response_id": "1"}, {}, None),
        ("power-automate", {"id": "686"}, {"x-ms-workflow-run-id": "0858"}, None),
        ("wufoo", {"EntryId": "17", "DateCreated": "2026-01-02 03:04:05"}, {}, "17/2026-01-02 03:04:05"),
    ],
)
def test_only_what_is_unique_is_an_id(preset, body, headers, expected):
    """A field called id that people fill in would make two submissions one."""
    assert take(preset, body, headers).id == expected


def test_a_cleaned_address_has_an_id_of_its_own():
    """Mailchimp's events about an address that bounced have no id of a contact."""
    cleaned = {
        "type": "cleaned",
        "fired_at": "2026-01-02 03:04:05",
        "data[email]": "a@b.example",
        "data[reason]": "hard",
    }
    packing = PackingSchema().load(dict(Presets(Path("nowhere")).find("mailchimp").unpack))

    decoded = unpack(read(urlencode(cleaned).encode(), TYPES[".form"]), {}, packing)

    assert decoded.submissions[0].id == "a@b.example/cleaned/2026-01-02 03:04:05"


@pytest.mark.parametrize(
    ("event", "headers"), [({"Event": "test", "PrimaryKey": 0}, {}), ({"Event": "a"}, {"X-Hook-Test": "true"})]
)
def test_a_test_of_superoffice_does_nothing(event, headers):
    """Saving a webhook in SuperOffice sends a test, which must not become a relation."""
    assert take("superoffice", event, headers).is_test


def test_superoffice_hears_that_its_test_came(function, secrets, sandbox):
    """It counts 200 alone, whatever the hook makes of real events; and the test has to be signed as they are."""
    secrets["sender"] = "s3cret"
    sender = next(sender for sender in SENDERS if sender.preset == "superoffice")
    client = function({HOOK: sender.hook})
    body = json.dumps({"EventId": "e", "Event": "test", "Entity": "", "PrimaryKey": 0, "FieldValues": None}).encode()
    signature = signed("X-SuperOffice-Signature", in_base64)(body, "s3cret", "")["headers"]
    headers = {"Content-Type": "application/json", "X-Hook-Test": "true"}

    answer = client.post(f"/hooks/{HOOK}", data=body, headers={**headers, **signature})

    assert (answer.status_code, answer.json["status"]) == (200, "ignored")
    assert client.post(f"/hooks/{HOOK}", data=body, headers=headers).status_code == 401
    assert not sandbox.calls


def test_calendly_never_hears_a_refusal(function, secrets, sandbox):
    """Calendly switches a webhook off for good that refuses for a day."""
    sender = next(sender for sender in SENDERS if sender.preset == "calendly")
    secrets["sender"] = sender.secret
    rules = {**sender.hook, "relation": {**sender.hook["relation"], "source": {"company": {"id": "{timezone}"}}}}

    answer = sender.post(function({HOOK: rules}))

    assert (answer.status_code, answer.json["status"]) == (200, "rejected")
    assert not sandbox.relations
