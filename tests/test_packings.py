"""The bodies of senders, of every shape there is, unpacked by data alone."""

from __future__ import annotations

import json

import pytest

from services.errors import UnreadableBody
from tests.packings import FORM, JSON, MULTIPART, multipart, only, shown, taken

TYPEFORM = {
    "event_id": "01HTYPE",
    "event_type": "form_response",
    "form_response": {
        "form_id": "lT4Z3j",
        "token": "a3a12ec67",
        "submitted_at": "2026-01-02T03:04:05Z",
        "hidden": {"utm_source": "news"},
        "calculated": {"score": 3},
        "variables": [{"key": "level", "type": "text", "text": "gold"}],
        "definition": {
            "title": "Partner signup",
            "fields": [
                {"id": "AbC", "ref": "email-ref", "title": "Your e-mail", "type": "email"},
                {"id": "DeF", "ref": "size", "title": "Size", "type": "multiple_choice"},
                {"id": "GhI", "ref": "topics", "title": "Topics", "allow_multiple_selections": True},
                {"id": "JkL", "ref": "extras", "title": "Extras", "allow_multiple_selections": True},
                {"id": "MnO", "ref": "remark", "title": "Anything else?"},
            ],
        },
        "answers": [
            {"type": "email", "email": "ada@example.com", "field": {"id": "AbC", "ref": "email-ref"}},
            {"type": "choice", "choice": {"id": "x", "label": "Large"}, "field": {"id": "DeF", "ref": "size"}},
            {"type": "choices", "choices": {"ids": ["y"], "labels": ["CRM"], "other": "Tea"}, "field": {"id": "GhI"}},
        ],
    },
}


def test_typeform_answers_under_every_name():
    """An answer is found by ref, id and title, its value under the name of its type."""
    submission = only("typeform", TYPEFORM)

    assert shown(submission, "email_ref", "ab_c", "your_e_mail") == ["ada@example.com"] * 3
    assert shown(submission, "size", "utm_source", "score", "level") == ["Large", "news", 3, "gold"]
    assert submission.id == "01HTYPE"


def test_typeform_several_answers_are_a_list():
    """A question with several answers is a list, with what was typed beside them, and an empty one of none."""
    assert shown(only("typeform", TYPEFORM), "topics", "extras") == [["CRM", "Tea"], []]


def test_typeform_unanswered_questions_have_names():
    """A question that was left out is there without a value, under each of its names."""
    assert shown(only("typeform", TYPEFORM), "remark", "mn_o", "anything_else") == [None] * 3


def test_tells_when_and_where_it_was_submitted():
    """Time and form are seen under the same names whatever the tool calls them, and the body as it came under raw."""
    submission = only("typeform", TYPEFORM)

    assert shown(submission, "submitted_at", "form_id", "form_name", "raw") == [
        "2026-01-02T03:04:05Z", "lT4Z3j", "Partner signup", TYPEFORM
    ]  # fmt: skip


def test_remembers_the_sender_s_names():
    """Every name of a field leads back to the spelling that the sender's people know."""
    names = only("typeform", TYPEFORM).names

    assert (names["email_ref"], names["your_e_mail"]) == ("email-ref", "Your e-mail")


def test_a_type_is_a_key_and_no_path():
    """What a stranger writes for the type of an answer leads nowhere but to that key."""
    answers = [{"type": "." * 200_000, "field": {"ref": "a"}}, {"type": "field.ref", "field": {"ref": "b"}}]
    submission = only("typeform", {"form_response": {"answers": answers}})

    assert shown(submission, "a", "b") == [None, None]


def test_tally_resolves_options():
    """Chosen ids become their texts; a drop-down is its answer, checkboxes are a list also without any."""
    options = [{"id": "id1", "text": "Blue"}, {"id": "id2", "text": "Red"}]
    fields = [
        {"key": "q_a", "label": "E-mail", "type": "INPUT_EMAIL", "value": "ada@example.com"},
        {"key": "q_b", "label": "Colour", "type": "DROPDOWN", "value": ["id2"], "options": options},
        {"key": "q_c", "label": "Colours", "type": "CHECKBOXES", "value": ["id1", "typed"], "options": options},
        {"key": "q_d", "label": None, "type": "CHECKBOXES", "value": None, "options": options},
        {"key": "q_e", "label": "Pick", "type": "MULTIPLE_CHOICE", "value": ["id1"], "options": options},
        {"key": "q_f", "label": "CV", "type": "FILE_UPLOAD", "value": [{"mimeType": "application/pdf"}]},
    ]  # fmt: skip
    submission = only("tally", {"eventId": "e1", "data": {"formName": "Signup", "fields": fields}})

    assert shown(submission, "e_mail", "colour", "q_c", "q_d", "pick") == [
        "ada@example.com", "Red", ["Blue", "typed"], [], ["Blue"]
    ]  # fmt: skip
    assert submission.fields["cv"][0]["mime_type"] == "application/pdf"


def test_jotform_reads_the_json_inside_multipart():
    """The answers stand as JSON in a text part; only questions are kept, with and without their number."""
    answers = {
        "slug": "submit/1",
        "q3_sourceCompany": "Åse AS",
        "q4_name": {"first": "Ada", "last": "L"},
        "event_id": "x",
    }
    parts = {"formID": "42", "submissionID": "5001", "rawRequest": json.dumps(answers)}
    body = multipart(*((f'name="{name}"', text.encode()) for name, text in parts.items()))
    submission = only("jotform", body, MULTIPART)

    assert shown(submission, "source_company", "q3_source_company") == ["Åse AS"] * 2
    assert submission.fields["name"]["first"] == "Ada"
    assert submission.record == {key: answers[key] for key in ("q3_sourceCompany", "q4_name")}
    assert (submission.id, submission.fields["form_id"], "slug" in submission.fields) == ("5001", "42", False)


def test_says_which_field_holds_broken_json():
    """JSON in a field is refused with the field's name and the place in it."""
    with pytest.raises(UnreadableBody, match="“rawRequest” is not valid JSON at line 1, column 6"):
        only("jotform", b"rawRequest={%22a%22 1}", FORM)


@pytest.mark.parametrize("wrapped", [True, False])
def test_google_forms_unwraps_single_values(wrapped):
    """Apps Script posts JSON under a form's label, each value in a list: one is that value, none is nothing."""
    values = {"First Name": ["Jane"], "Topics": ["a", "b"], "Blank": [], "Timestamp": ["6/7/2015 20:54:13"]}
    submission = only("google-forms", {"namedValues": values} if wrapped else values, FORM)

    assert shown(submission, "first_name", "topics", "blank") == ["Jane", ["a", "b"], None]
    assert submission.fields.get("submitted_at") == ("6/7/2015 20:54:13" if wrapped else None)


def test_microsoft_forms_reads_texts_that_are_json():
    """A text that is a JSON list is that list; one that only looks like it stays text."""
    submission = only("microsoft-forms", {"choice": '["Option A","Option C"]', "note": "[sic]", "n": 1})

    assert submission.record == {"choice": ["Option A", "Option C"], "note": "[sic]", "n": 1}


def test_hubspot_app_is_an_array():
    """Each event of an array is a submission of its own, its id put together of three fields."""
    events = [{"eventId": n, "subscriptionId": 7, "occurredAt": 1767323045000, "objectId": 100 + n} for n in (1, 2)]
    decoded = taken("hubspot-app", events)

    assert decoded.is_array
    assert [item.id for item in decoded.submissions] == ["1/7/1767323045000", "2/7/1767323045000"]
    assert [item.fields["object_id"] for item in decoded.submissions] == [101, 102]


def test_webflow_takes_names_from_the_schema():
    """A field is found by its label and by its element; a number stays the number it came as."""
    payload = {"name": "Contact", "id": "w1", "data": {"First Name": "Zoe", "Phone": 15550000000}}
    payload["schema"] = [{"fieldName": "First Name", "fieldElementId": "5f-el"}]
    submission = only("webflow", {"triggerType": "form_submission", "payload": payload})

    assert shown(submission, "first_name", "_5f_el", "phone", "form_name") == ["Zoe", "Zoe", 15550000000, "Contact"]


@pytest.mark.parametrize(
    ("body", "content_type"),
    [({"id": "9", "form_id": "3", "1.3": "Ada", "1.6": "L"}, JSON), (b"id=9&form_id=3&1.3=Ada&1.6=L", FORM)],
)
def test_gravity_forms_names_sub_fields(body, content_type):
    """Numbered sub-fields have a name that a template can write."""
    submission = only("gravity-forms", body, content_type)

    assert shown(submission, "_1_3", "_1_6", "form_id") == ["Ada", "L", "3"]
    assert (submission.id, submission.names["_1_3"]) == ("9", "1.3")


def test_elementor_simple_data():
    """Elementor's simple shape is labels, a bracket in one of them included."""
    submission = only("elementor", b"Your+e-mail=a%40b.no&Size+%5Bcm%5D=4&form_id=f1&form_name=Signup", FORM)

    assert shown(submission, "your_e_mail", "size_cm", "form_id") == ["a@b.no", "4", "f1"]


def test_elementor_advanced_data():
    """Elementor's advanced shape is found by id and title; several choices come out of the raw value."""
    body = (
        b"form[id]=f1&form[name]=Signup&fields[email][id]=email&fields[email][title]=Your+e-mail&fields[email][value]=a"
        b"&fields[c][type]=checkbox&fields[c][title]=Pick&fields[c][value]=A,+B&fields[c][raw_value][0]=A"
        b"&fields[d][type]=checkbox&fields[d][value]=&meta[date][value]=x"
    )
    submission = only("elementor", body, FORM)

    assert shown(submission, "email", "your_e_mail", "pick", "d", "form_name") == ["a", "a", ["A"], [], "Signup"]


def test_cf7_leaves_file_contents_out():
    """A list of one is its value, and a file is told without what it holds."""
    body = {"menu": ["Gold"], "boxes": ["A", "B"], "cv": {"filename": "cv.pdf", "content": "aGVq"}}

    assert only("cf7", body, "text/plain").record == {
        "menu": "Gold", "boxes": ["A", "B"], "cv": {"filename": "cv.pdf"}
    }  # fmt: skip


def test_wpforms_maps_of_objects_or_values():
    """A mapping of answers may hold objects or the bare values."""
    fields = {"1": {"name": "Your name", "value": "Ada"}, "2": "plain"}
    submission = only("wpforms", {"form": {"id": 5}, "entry": {"id": 77}, "fields": fields})

    assert shown(submission, "_1", "your_name", "_2", "form_id") == ["Ada", "Ada", "plain", 5]
    assert submission.id == "77"


def test_fillout_merges_questions_and_parameters():
    """Questions, calculations and parameters of the address are all fields."""
    questions = [
        {"id": "k1", "name": "E-mail", "value": "a@b"},
        {"id": "k2", "name": "Pick", "type": "Checkboxes", "value": "A"},
    ]
    extra = {
        "calculations": [{"id": "c1", "name": "Sum", "value": "12"}],
        "urlParameters": [{"id": "ref", "value": "ad"}],
    }
    submission = only("fillout", {"submission": {"submissionId": "s1", "questions": questions, **extra}})

    assert shown(submission, "k1", "e_mail", "pick", "sum", "ref") == ["a@b", "a@b", ["A"], "12", "ad"]


def test_paperform_uses_the_names_that_are_there():
    """A name that is null is no name; a second field of the same title is numbered, and that is said."""
    item = {"title": "Name", "key": "a1", "custom_key": None, "value": "Ada"}
    submission = only("paperform", {"data": [item, {**item, "key": "b2", "value": "Bob"}], "submission_id": 3})

    assert shown(submission, "a1", "name", "name_2") == ["Ada", "Ada", "Bob"]
    assert submission.warnings == ("There is more than one field like “Name”; templates see the next one as name_2.",)


def test_unbounce_reads_a_name_with_a_dot():
    """`data.json` is a field's name, not a path, and its values are lists of one."""
    body = b"page_id=p1&variant=a&data.json=%7B%22e_mail%22%3A%5B%22a%40b%22%5D%7D&data.xml=%3Cx%2F%3E"

    assert shown(only("unbounce", body, FORM), "e_mail", "form_id") == ["a@b", "p1"]


def test_calendly_joins_answers_and_invitee():
    """Answers by question, the invitee's own fields and the campaign stand side by side."""
    payload = {"uri": "https://x/1", "name": "Ada", "questions_and_answers": [{"question": "Firma?", "answer": "Acme"}]}
    payload["tracking"] = {"utm_source": "ad"}
    submission = only("calendly", {"event": "invitee.created", "payload": payload})

    assert shown(submission, "firma", "name", "utm_source") == ["Acme", "Ada", "ad"]
    assert submission.id == "https://x/1/invitee.created"


def test_mailchimp_nests_brackets():
    """Merge fields nest in a form's names; the id is put together of what tells one event from another."""
    body = b"type=subscribe&fired_at=2026-01-02+03%3A04%3A05&data%5Bid%5D=8a&data%5Bmerges%5D%5BFNAME%5D=Agent"
    submission = only("mailchimp", body, FORM)

    assert shown(submission, "fname", "submitted_at") == ["Agent", "2026-01-02 03:04:05"]
    assert submission.id == "8a/subscribe/2026-01-02 03:04:05"
    assert submission.fields["raw"]["data[merges][FNAME]"] == "Agent"


def test_wufoo_labels_from_json_in_a_field():
    """Field numbers get their titles from the structure sent beside them, and the secret is no field."""
    structure = json.dumps({"Fields": [{"ID": "Field1", "Title": "Your name"}]})
    submission = only("wufoo", b"Field1=Ada&EntryId=3&HandshakeKey=s3cret&FieldStructure=" + structure.encode(), FORM)

    assert shown(submission, "field1", "your_name") == ["Ada", "Ada"]
    assert "handshake_key" not in submission.fields
