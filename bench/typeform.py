"""A delivery of Typeform: fifteen answers with their questions, ids in hidden fields, signed.

Two hooks take it: one for which the hidden fields are SuperOffice's own, as in the flat webhook, and one that maps it.

Shape and signature are those of https://www.typeform.com/developers/webhooks/.
"""

import base64
import hashlib
import hmac
import json

SECRET = "bench-typeform-2f6c"
COMPANY, PERSON, DEFINITION = 686, 12, 18
NUMBER = 1111111111  # stands where each delivery has its own: ten digits, as all of them have
PARTNER, PARTNERS = 7777, 1000  # stands where each has one of a thousand companies, so that pairs differ
# Mapped are five templates and a `when`. The ids are the form's; what is looked up is kept a minute.
HOOK = """
signed:
  from: typeform
  verify: {secret: typeform-key}
  existing: add

mapped:
  from: typeform
  verify: {secret: typeform-key}
  existing: add
  when: "{raw.event_type == 'form_response'}"
  relation:
    definition: "{definition}"
    source: {company: {id: "{company}"}, person: {id: "{person}"}}
    destination: {company: {id: "{partner_number}"}}
    comment: "{your_reference}: {your_name}, {role}, {topics} ({submitted_at})"
"""
QUESTIONS = (
    ("Your name", "short_text", "text", "Åse Bjørnstad"),
    ("Your e-mail", "email", "email", "aase@blabar.example"),
    ("Your phone", "phone_number", "phone_number", "+4741122334"),
    ("Company", "short_text", "text", "Blåbær & Sønn"),
    ("Role", "dropdown", "choice", {"id": "R1", "ref": "role-2", "label": "Head of sales"}),
    ("Topics", "multiple_choice", "choices", {"ids": ["T1", "T2"], "refs": ["a", "b"], "labels": ["CRM", "Events"]}),
    ("Your reference", "number", "number", NUMBER),
    ("Partner number", "number", "number", PARTNER),
    ("Partner since", "date", "date", "2019-05-17"),
    ("Website", "website", "url", "https://www.blabar.example"),
    ("Street", "short_text", "text", "Karl Johans gate 1"),
    ("City", "short_text", "text", "Oslo"),
    ("How did you hear of us?", "long_text", "text", "A colleague told me at the fair in June."),
    ("May we call you?", "yes_no", "boolean", True),
    ("How likely are you to recommend us?", "opinion_scale", "number", 9),
)
HEAD = (
    b"POST /hooks/%s HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\n"
    b"User-Agent: Typeform Webhooks\r\nTypeform-Signature: %s\r\nContent-Length: %d\r\n\r\n"
)


def fields():
    """Give each question's title, its id and reference as long as Typeform's, its two types and its answer."""
    for number, (title, question, kind, value) in enumerate(QUESTIONS):
        named = {"id": f"DlXFaesGB{number:03}", "ref": f"01f1x9qj-2z0y-4v1q-9w3e-4r5t6y7u8{number:03}"}
        yield title, named, question, kind, value


def delivery():
    """Compose the whole body, with NUMBER in it."""
    questions = [{**named, "title": title, "type": kind, "properties": {}} for title, named, kind, _, _ in fields()]
    answers = [
        {"type": kind, kind: value, "field": {**named, "type": question}}
        for _, named, question, kind, value in fields()
    ]
    response = {
        "form_id": "lT4Z3j",
        "token": "a3a12ec67a1365927098a606107fac15",
        "landed_at": "2026-01-02T03:02:33Z",
        "submitted_at": "2026-01-02T03:04:05Z",
        "hidden": {
            "company": str(COMPANY),
            "person": str(PERSON),
            "definition": str(DEFINITION),
            "SourceContactId": str(NUMBER),
            "DestinationContactId": "4",
            "RelationDefinitionId": str(DEFINITION),
        },
        "definition": {"id": "lT4Z3j", "title": "Become a partner", "fields": questions},
        "answers": answers,
    }
    event = {"event_id": f"01JGH2R6Z8N3X4V5{NUMBER}", "event_type": "form_response", "form_response": response}
    return json.dumps(event, ensure_ascii=False, separators=(",", ":")).encode()


DELIVERY = delivery()


def body(number):
    """Return the delivery of this number, which the comment repeats."""
    of_partner = DELIVERY.replace(b"%d" % PARTNER, b"%d" % (1000 + number % PARTNERS))
    return of_partner.replace(b"%d" % NUMBER, b"%010d" % number)


def signature(content):
    """Sign as Typeform does: HMAC-SHA256 over the body, in base64."""
    digest = hmac.digest(SECRET.encode(), content, hashlib.sha256)
    return b"sha256=" + base64.b64encode(digest)


def signed(number):
    """Return one request whose hidden fields are the entity's."""
    content = body(number)
    return HEAD % (b"signed", signature(content), len(content)) + content


def mapped(number):
    """Return the same for the hook that maps it."""
    content = body(number)
    return HEAD % (b"mapped", signature(content), len(content)) + content
