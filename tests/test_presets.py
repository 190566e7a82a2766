"""The presets: for each tool one body as it sends it, proven as it proves it, through the whole function."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import yaml

from schemas.hooks import Hook, load_hooks
from services.senders.decode import read
from services.senders.presets import OURS, Presets
from services.senders.unpack import unpack
from tests.proofs import hubspot_v2, in_address, in_hex, nothing, signed
from tests.senders import HOOK, PUBLIC_URL, SENDERS, Sender

NAMES = list(Presets(Path("nowhere")))
EXAMPLE = re.compile(r"^  # In hooks\.yaml:\n((?:  #   .*\n)+)", re.MULTILINE)
each_sender = pytest.mark.parametrize("sender", SENDERS, ids=lambda sender: sender.preset)
each_name = pytest.mark.parametrize("name", NAMES)


@pytest.fixture
def start(function, secrets):
    """Return a maker of clients: the function with one hook for this tool."""

    def make(sender: Sender, **rules):
        secrets["sender"] = sender.secret
        return function({HOOK: {**sender.hook, **rules}}, PUBLIC_URL=PUBLIC_URL)

    return make


@each_sender
def test_what_the_tool_sends_is_saved(start, sandbox, sender):
    """The company, a choice's text, several answers and Norwegian letters arrive, and nothing is warned about."""
    answer = sender.post(start(sender))

    assert answer.status_code == 200
    first = answer.json.get("results", [answer.json])[0]
    assert (first["status"], first.get("warnings")) == ("created", None)
    saved = sandbox.relations[first["relation"]["RelationId"]]
    assert (saved["SourceContactId"], saved["DestinationContactId"]) == (686, 4)
    assert saved["Comment"] == sender.saved


@each_sender
def test_another_secret_proves_nothing(start, sandbox, sender):
    """A sender that does not know the secret is refused, in words, and nothing is saved."""
    answer = sender.post(start(sender), secret=sender.secret.replace("1", "2"))

    assert answer.status_code == 401
    assert answer.json["detail"]
    assert not sandbox.calls


@each_sender
def test_without_any_proof_nobody_gets_in(start, sandbox, sender):
    """A body alone is refused."""
    answer = sender.post(start(sender), proof=nothing)

    assert answer.status_code == 401
    assert not sandbox.calls


@each_sender
def test_the_delivery_has_the_senders_own_id(sender):
    """Where the tool gives a submission an id, a repeat is recognised by it."""
    hook = load_hooks({HOOK: sender.hook}, Presets(Path("nowhere")).find)[HOOK]
    assert isinstance(hook, Hook)

    decoded = unpack(read(sender.file.read_bytes(), sender.wire_type), sender.headers, hook.packing)

    assert decoded.submissions[0].id == sender.id


def test_every_preset_is_sent_here():
    """No preset goes without a body of its own; Google's are in test_presets_google.py."""
    google = {"pubsub", "cloud-scheduler", "cloud-tasks", "eventarc"}

    assert {sender.preset for sender in SENDERS} | google == set(NAMES)


@each_name
def test_a_preset_reads_like_documentation(name):
    """Somebody who knows only the form tool finds what it sends, how it is proven, and where to click."""
    preset = Presets(Path("nowhere")).find(name)

    assert all((preset.title, preset.sends, preset.proof, preset.setup, preset.refusals))
    assert any("{url}" in step for step in preset.setup)
    assert all(text.endswith((".", ")")) for text in (preset.sends, preset.proof, preset.refusals))


@each_name
def test_the_example_of_a_preset_can_be_copied(name):
    """The hook that stands beside a preset is one that hooks.yaml takes."""
    section = OURS.read_text("utf-8").partition(f"\n{name}:\n")[2]
    example = EXAMPLE.search(section)
    written = yaml.safe_load(example[1].replace("  #   ", ""))

    (hook,) = load_hooks(written, Presets(Path("nowhere")).find).values()
    assert isinstance(hook, Hook), hook
    assert hook.sender == name


def test_who_waits_longer_and_who_hears_no_refusal():
    """No-code tools wait, and senders that would repeat a refusal for ever never hear one."""
    presets = [Presets(Path("nowhere")).find(name) for name in NAMES]

    assert {preset.name for preset in presets if preset.answer_within == 20} == {
        "zapier",
        "make",
        "n8n",
        "power-automate",
    }
    assert {preset.name for preset in presets if preset.acknowledge == "always"} == {
        "pubsub",
        "cloud-tasks",
        "calendly",
    }


def _sender(preset: str) -> Sender:
    return next(sender for sender in SENDERS if sender.preset == preset)


@pytest.mark.parametrize(
    ("preset", "verify", "proof"),
    [
        ("wpforms", {}, signed("X-WPForms-Signature", lambda key, body: f"sha256={in_hex(key, body)}")),
        ("webflow", {"query": "key"}, in_address),
        (
            "hubspot",
            {
                "hmac": {
                    "header": "X-HubSpot-Signature",
                    "digest": "plain",
                    "encoding": "hex",
                    "template": "{secret}{method}{url}{body}",
                    "timestamp": None,
                }
            },
            hubspot_v2,
        ),
    ],
)
def test_a_tool_that_proves_itself_in_another_way(start, preset, verify, proof):
    """The other proofs that a preset's text names work as it says."""
    sender = _sender(preset)

    answer = sender.post(start(sender, verify={**verify, "secret": "sender"}), proof=proof)

    assert answer.json["status"] == "created"
