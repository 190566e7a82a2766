"""A tool that nobody has heard of: a few lines of hooks.yaml, or a preset of one's own, and it is served."""

from __future__ import annotations

import hmac
import json
import time

import pytest

from services.hooks import read_hooks
from tests.senders import COMMENT

SECRET = "s3cret-of-the-guestbook"
GUESTBOOK = {
    "delivery": {"uuid": "0b6a5f2c", "at": "2026-01-02T03:04:05Z"},
    "entry": {
        "book": {"no": 7, "title": "Gjestebok"},
        "replies": [
            {"slug": "kunde", "question": "What is your customer number?", "reply": {"kind": "number", "number": 686}},
            {"slug": "name", "question": "Your name", "reply": {"kind": "text", "text": "Åse Bjørnstad"}},
            {
                "slug": "level",
                "question": "Nivå",
                "reply": {"kind": "pick", "pick": "l2"},
                "picks": [{"id": "l2", "text": "Gull"}],
            },
            {
                "slug": "topics",
                "question": "Interesser",
                "reply": {"kind": "picks", "picks": ["t1", "t3"]},
                "picks": [{"id": "t1", "text": "Vind"}, {"id": "t3", "text": "Sjøkraft"}],
            },
        ],
    },
}
VERIFY = """
    hmac: {header: X-Guestbook-Signature, algorithm: sha512, prefix: "v2:", template: "v2:{timestamp}:{body}",
           timestamp: {header: X-Guestbook-Time, unit: ms, tolerance: 120}}"""
UNPACK = """
    answers:
      {at: entry.replies, names: [slug, question], value: [reply.number, reply.text, reply.pick, reply.picks],
       options: picks, several: {reply.kind: picks}}
    submitted_at: delivery.at
    form_id: entry.book.no
    form_name: entry.book.title
    id: delivery.uuid"""
RELATION = """
  relation:
    definition: 18
    source: {company: {id: "{what_is_your_customer_number}"}}
    destination: {company: {id: 4}}
    comment: "{niva}: {name}, {topics}"
"""
IN_THE_HOOK = f"guestbook:\n  verify:{VERIFY}\n    secret: guestbook-secret\n  unpack:{UNPACK}{RELATION}"
WITH_A_PRESET = f"guestbook:\n  from: guestbook\n  verify: {{secret: guestbook-secret}}{RELATION}"
PRESET = f"guestbook:\n  title: The guestbook\n  verify:{VERIFY}\n  unpack:{UNPACK}\n"


@pytest.fixture
def start(function, secrets, tmp_path):
    """Return a maker of clients: the function with these hooks.yaml and senders.yaml."""
    secrets["guestbook-secret"] = SECRET

    def make(hooks: str, senders: str = ""):
        if senders:
            (tmp_path / "senders.yaml").write_text(senders)
        return function(hooks)

    return make


def send(client, *, secret: str = SECRET, now: int | None = None):
    """Send the entry as the guestbook does."""
    body, stamp = json.dumps(GUESTBOOK).encode(), str(now or int(time.time() * 1000))
    signature = hmac.new(secret.encode(), f"v2:{stamp}:".encode() + body, "sha512").hexdigest()
    headers = {"X-Guestbook-Time": stamp, "X-Guestbook-Signature": f"v2:{signature}"}
    return client.post("/hooks/guestbook", data=body, content_type="application/json", headers=headers)


@pytest.mark.parametrize("files", [(IN_THE_HOOK,), (WITH_A_PRESET, PRESET)], ids=["in the hook", "a preset"])
def test_a_tool_of_no_list_is_served(start, sandbox, files):
    """Its envelope, its questions, its options and its signature are described, not programmed."""
    answer = send(start(*files))

    assert (answer.json["status"], answer.json.get("warnings")) == ("created", None)
    saved = sandbox.relations[answer.json["relation"]["RelationId"]]
    assert (saved["SourceContactId"], saved["Comment"]) == (686, COMMENT)


@pytest.mark.parametrize("files", [(IN_THE_HOOK,), (WITH_A_PRESET, PRESET)], ids=["in the hook", "a preset"])
@pytest.mark.parametrize("wrong", [{"secret": "another"}, {"now": 1_700_000_000_000}])
def test_its_signature_is_checked(start, sandbox, files, wrong):
    """Another secret, or an old time, proves nothing."""
    assert send(start(*files), **wrong).status_code == 401
    assert not sandbox.calls


def test_one_line_of_a_hook_changes_a_preset(start, sandbox):
    """What a hook says under `unpack` wins, key by key."""
    hooks = WITH_A_PRESET.replace("  relation:", "  unpack: {test: {delivery.uuid: 0b6a5f2c}}\n  relation:")

    assert send(start(hooks, PRESET)).json["status"] == "ignored"


def test_ones_own_preset_replaces_ours(start, sandbox):
    """An entry of senders.yaml counts instead of ours of the same name."""
    hooks, preset = (text.replace("from: guestbook", "from: typeform") for text in (WITH_A_PRESET, PRESET))

    answer = send(start(hooks, preset.replace("guestbook:\n", "typeform:\n", 1)))

    assert answer.json["status"] == "created"


def test_a_mistake_in_ones_own_preset_is_named(start, tmp_path):
    """The path leads to the line, and to what was probably meant."""
    start(WITH_A_PRESET, PRESET.replace("submitted_at", "submited_at"))

    (mistake,) = read_hooks(str(tmp_path / "hooks.yaml")).mistakes
    assert "senders.yaml.guestbook.unpack.submited_at" in mistake
    assert "did you mean submitted_at?" in mistake
