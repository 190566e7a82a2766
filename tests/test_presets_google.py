"""The presets of Google Cloud: each body as Google sends it, with an identity token that Google signed."""

from __future__ import annotations

import threading
from functools import partial

import pytest

from services.senders.oidc import GoogleKeys
from tests.identity_tokens import AUDIENCE, EMAIL, Google, make_key, token
from tests.proofs import token as bearer
from tests.senders import COMMENT, HOOK, Sender
from tests.test_presets_shapes import take

OIDC = {"oidc": {"audience": AUDIENCE, "email": EMAIL}}
ROLE = {"company": "{company_id}", "comment": "{level}: {your_name}, {topics}", "verify": OIDC}
SCHEDULED = {
    "X-CloudScheduler": "true",
    "X-CloudScheduler-JobName": "nightly",
    "X-CloudScheduler-ScheduleTime": "2026-01-02T03:04:05Z",
    "User-Agent": "Google-Cloud-Scheduler",
}
TASK = {"X-CloudTasks-QueueName": "partners", "X-CloudTasks-TaskName": "4711", "X-CloudTasks-TaskRetryCount": "0"}
EVENT = {
    "ce-specversion": "1.0",
    "ce-id": "13457938291846",
    "ce-source": "//pubsub.googleapis.com/projects/crm/topics/partners",
    "ce-type": "google.cloud.pubsub.topic.v1.messagePublished",
}
SENDERS = [
    Sender("pubsub", id="13457938291846", **ROLE),
    Sender(
        "cloud-scheduler",
        content_type="application/octet-stream",
        headers=SCHEDULED,
        id="nightly/2026-01-02T03:04:05Z",
        **ROLE,
    ),
    Sender("cloud-tasks", content_type="", headers=TASK, id="4711", **ROLE),
    Sender("eventarc", headers=EVENT, id=f"{EVENT['ce-source']}/13457938291846", **ROLE),
]
each_sender = pytest.mark.parametrize("sender", SENDERS, ids=lambda sender: sender.preset)


@pytest.fixture(scope="module")
def signer_and_certificate():
    """The key that Google signs with, made once: it takes a moment."""
    return make_key()


@pytest.fixture
def send(function, monkeypatch, signer_and_certificate):
    """Return a sender: Google, whose keys are on loopback, calls a function with a hook for this tool."""
    signer, certificate = signer_and_certificate
    with Google() as google:
        google.keys = {"current": certificate}
        monkeypatch.setattr("services.composition.GoogleKeys", partial(GoogleKeys, google.url))
        thread = threading.Thread(target=google.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()

        def post(sender, hook=None, **claims):
            client = function({HOOK: hook or sender.hook})
            return sender.post(client, secret=token(signer, **claims), proof=bearer)

        yield post
        google.shutdown()
        thread.join()


@each_sender
def test_what_google_sends_is_saved(send, sandbox, sender):
    """The message arrives whole, from whatever envelope it came in."""
    answer = send(sender)

    assert (answer.status_code, answer.json["status"], answer.json.get("warnings")) == (200, "created", None)
    saved = sandbox.relations[answer.json["relation"]["RelationId"]]
    assert (saved["SourceContactId"], saved["Comment"]) == (686, COMMENT)


@each_sender
@pytest.mark.parametrize("claims", [{"aud": "https://other.example"}, {"email": "mallory@example.com"}])
def test_another_accounts_token_proves_nothing(send, sandbox, sender, claims):
    """Anybody has some token of Google's, and anybody can send the X-Cloud headers."""
    assert send(sender, **claims).status_code == 401
    assert not sandbox.calls


@each_sender
def test_the_delivery_has_googles_id(sender):
    """A repeat is recognised by the id of the message, the task, the event or the run."""
    assert take(sender.preset, sender.file.name, sender.headers).id == sender.id


@each_sender
def test_who_repeats_for_ever_hears_no_refusal(send, sender):
    """Pub/Sub and Cloud Tasks are answered 200 where nothing can be done; the others are told."""
    relation = {**sender.hook["relation"], "source": {"company": {"id": "{level}"}}}

    answer = send(sender, {**sender.hook, "relation": relation})

    assert answer.status_code == (200 if sender.preset in ("pubsub", "cloud-tasks") else 422)
