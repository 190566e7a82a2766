"""Packings as a user would write them, and the way from a body to what a template sees."""

from __future__ import annotations

import base64
import json
from typing import Any

import yaml

from schemas.packing import Packing, PackingSchema
from services.senders.decode import read
from services.senders.unpack import Decoded, Submission, unpack

JSON = "application/json"
FORM = "application/x-www-form-urlencoded"
MULTIPART = "multipart/form-data; boundary=frontier"

PACKINGS = yaml.safe_load(r"""
generic: {id: ["header:Idempotency-Key", "header:webhook-id"]}
typeform:
  answers:
    - {at: form_response.answers, names: [field.ref, field.id], value: <type>, text: [labels, label, other],
       several: {type: choices}}
    - {at: form_response.variables, names: key, value: <type>}
  labels: {at: form_response.definition.fields, match: id, names: [ref, title],
           several: {allow_multiple_selections: true}}
  merge: [form_response.hidden, form_response.calculated]
  submitted_at: form_response.submitted_at
  form_id: form_response.form_id
  form_name: form_response.definition.title
  id: event_id
  test: {event_type: form_response_test}
tally:
  answers: {at: data.fields, names: [key, label], options: options, one: {type: DROPDOWN},
            several: {type: [CHECKBOXES, MULTI_SELECT]}}
  submitted_at: data.createdAt
  form_id: data.formId
  form_name: data.formName
  id: eventId
jotform:
  unwrap_json: rawRequest
  root: rawRequest
  keep: '^q\d+_'
  prefix: '^q\d+_'
  form_id: formID
  form_name: formTitle
  id: submissionID
google-forms: {root: namedValues, flat: true, unwrap_single: true, submitted_at: namedValues.Timestamp.0}
microsoft-forms: {unwrap_json: "*"}
hubspot-app: {id: eventId + subscriptionId + occurredAt}
webflow:
  root: payload.data
  labels: {at: payload.schema, match: fieldName, names: fieldElementId}
  submitted_at: payload.submittedAt
  form_name: payload.name
  id: payload.id
gravity-forms: {submitted_at: date_created, form_id: form_id, id: id}
elementor:
  answers: {at: fields, names: title, list_value: raw_value, several: {type: checkbox}}
  flat: true
  form_id: [form.id, form_id]
  form_name: [form.name, form_name]
cf7: {unwrap_single: true, omit: content}
wpforms: {answers: {at: fields, names: name}, form_id: form.id, submitted_at: entry.createdAt, id: entry.id}
fillout:
  answers:
    - {at: submission.questions, names: [id, name], several: {type: Checkboxes}}
    - {at: submission.calculations, names: [id, name]}
    - {at: submission.urlParameters, names: [id, name]}
  id: submission.submissionId
paperform: {answers: {at: data, names: [custom_key, key, title]}, submitted_at: created_at, id: submission_id}
unbounce: {unwrap_json: data.json, root: data.json, unwrap_single: true, form_id: page_id}
calendly:
  answers: {at: payload.questions_and_answers, names: question, value: answer}
  root: payload
  merge: payload.tracking
  id: payload.uri + event
mailchimp: {root: data, merge: data.merges, submitted_at: fired_at, id: data.id + type + fired_at}
wufoo:
  unwrap_json: [FieldStructure, FormStructure]
  root: .
  ignore: [HandshakeKey, FieldStructure, FormStructure]
  labels: {at: FieldStructure.Fields, match: ID, names: Title}
  form_name: FormStructure.Name
  id: EntryId
pubsub:
  base64: message.data
  root: message.data
  merge: message.attributes
  submitted_at: message.publishTime
  id: [message.messageId, message.message_id]
cloudevents:
  base64: data_base64
  bare_with_header: ce-specversion
  root: [data, data_base64]
  submitted_at: ["header:ce-time", time]
  id: ["header:ce-source + header:ce-id", source + id]
cloud-tasks: {id: [{header: X-CloudTasks-TaskName}]}
nested-events: {each: events, id: id, test: {type: [ping, test], "header:X-Probe": "*"}}
""")


def packing(sender: str) -> Packing:
    """Load one of the packings above."""
    loaded: Packing = PackingSchema().load(PACKINGS[sender])
    return loaded


def taken(sender: str, body: Any, content_type: str = JSON, **headers: str) -> Decoded:
    """Decode and unpack a body; what is not bytes is sent as JSON."""
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return unpack(read(content, content_type), named, packing(sender))


def only(sender: str, body: Any, content_type: str = JSON, **headers: str) -> Submission:
    """Return the single submission of a body that is no array."""
    decoded = taken(sender, body, content_type, **headers)
    assert not decoded.is_array
    (submission,) = decoded.submissions
    return submission


def shown(submission: Submission, *names: str) -> list[Any]:
    """Return these fields as a template sees them."""
    return [submission.fields[name] for name in names]


def pubsub(data: bytes, **message: Any) -> dict[str, Any]:
    """Wrap a message as a push subscription does."""
    encoded = base64.b64encode(data).decode()
    return {"message": {"data": encoded, "messageId": "m1", "message_id": "m1", **message}, "subscription": "s"}


def multipart(*parts: tuple[str, bytes]) -> bytes:
    """Write parts, each with its headers after `form-data`, the way a browser does."""
    written = b"".join(
        b"--frontier\r\nContent-Disposition: form-data; %s\r\n\r\n%s\r\n" % (head.encode(), content)
        for head, content in parts
    )
    return written + b"--frontier--\r\n"
