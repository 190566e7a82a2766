"""`./liaison check`: what is as it must be, and what is not, in words."""

from __future__ import annotations

import pytest

from tests.command_line import CommandLine
from tests.examples import HOOKS

SIGNED = {"from": "standard-webhooks", "verify": {"secret": "signing-key"}}
SIGNS_ADDRESS = {
    "verify": {"hmac": {"header": "X-Signature", "template": "{url}{body}"}, "secret": "example-key"},
}


@pytest.fixture
def liaison(tmp_path, settings, secrets):
    """Return a maker of command lines with changed hooks and secrets; None takes a secret away."""

    def make(hooks=HOOKS, **changed):
        known = {**secrets, **{name.replace("_", "-"): value for name, value in changed.items()}}
        return CommandLine(
            tmp_path, settings, {name: value for name, value in known.items() if value is not None}, hooks
        )

    return make


def verdicts(liaison, **environment):
    """Return what was found, by what was looked at."""
    return {found["check"]: (found["ok"], found["detail"]) for found in liaison.json("check", **environment)}


def test_all_is_well(liaison):
    """Each line has a tick: settings, hooks, every secret, the tenant, the login, and a call."""
    outcome = liaison()("check")

    assert outcome.returncode == 0
    assert [line.split(":")[0] for line in outcome.stdout.splitlines()[2:]] == [
        *("✓ settings", "✓ hook example", "✓ ledger", "✓ queue", "✓ invoker"),
        *("✓ secret example-key", "✓ secret superoffice-app-token"),
        *("✓ secret superoffice-system-token", "✓ secret superoffice-private-key", "✓ tenant", "✓ login", "✓ call"),
    ]
    assert "System user: Liaison" in outcome.stdout


@pytest.mark.parametrize("login", ["refresh-token", "ticket"])
def test_every_online_login_is_tried(liaison, login):
    """Whatever the login, the call shows that it works."""
    assert verdicts(liaison(), SUPEROFFICE_LOGIN=login)["call"][0]


def test_an_onsite_installation_has_no_tenants_state(liaison, sandbox):
    """Onsite there is a user and a password, and the call shows whether they are right."""
    onsite = {"SUPEROFFICE_URL": sandbox.onsite_url, "SUPEROFFICE_TENANT": "", "SUPEROFFICE_LOGIN": "basic"}
    found = verdicts(liaison(), **onsite)

    assert "tenant" not in found
    assert found["call"] == (True, "SuperOffice answers, and knows us as Kari Nordmann")


@pytest.mark.parametrize(
    ("changed", "check", "words"),
    [
        ({"example_key": None}, "secret example-key", "Add a line"),
        ({"example_key": ""}, "secret example-key", "is empty"),
        ({"signing_key": None}, "secret signing-key", "Add a line"),
        ({"signing_key": "whsec_%%%"}, "secret signing-key", "The hook signed cannot use it. It cannot be read"),
        ({"superoffice_private_key": "x"}, "login", "not a private key in PEM form"),
        ({"superoffice_system_token": "x"}, "login", "SuperOffice refuses the system user"),
        ({"superoffice_app_token": None}, "secret superoffice-app-token", "Add a line"),
    ],
)
@pytest.mark.check
def test_a_secret_that_will_not_do_is_said_by_name(liaison, changed, check, words):
    """Missing, empty, unusable for its hook or refused by SuperOffice; the other checks go on."""
    secrets = {"signing_key": "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", **changed}
    found = verdicts(liaison({**HOOKS, "signed": SIGNED}, **secrets))

    assert found[check][0] is False
    assert words in found[check][1]
    assert found["tenant"][0]


@pytest.mark.parametrize(
    ("environment", "check", "words"),
    [
        ({"SUPEROFFICE_TENANT": "Cust99999"}, "tenant", "Check SUPEROFFICE_URL and SUPEROFFICE_TENANT"),
        ({"SUPEROFFICE_TENANT": ""}, "settings", "SUPEROFFICE_TENANT: This is required"),
        ({"SUPEROFFICE_LOGIN": "sytem-user"}, "settings", "SUPEROFFICE_LOGIN: This is one of"),
        ({"SUPEROFFICE_URL": "http://127.0.0.1:9"}, "tenant", "cannot be reached"),
        ({"SECRETS": ""}, "settings", "SECRETS: This setting is required"),
        ({"SECRETS": "vault:x"}, "secrets", "SECRETS does not say where"),
        ({"HOOKS": "nowhere.yaml"}, "hooks.yaml", "nowhere.yaml is not there"),
        ({"LEDGER": ""}, "settings", "LEDGER: This setting is required"),
        ({"LEDGER": "redis://here"}, "ledger", "is no ledger. Write sqlite:var/ledger.db"),
        ({"LEDGER": "sqlite:/proc/nowhere/ledger.db"}, "ledger", "/proc/nowhere"),
        ({"QUEUE": "cloud-tasks://my-project/europe-west1"}, "queue", "QUEUE does not name a queue"),
        ({"INVOKER": "me"}, "settings", "INVOKER: This is a service account's e-mail"),
        ({"INVOKER": "me@example.com"}, "settings", "PUBLIC_URL: This is required with INVOKER"),
    ],
)
@pytest.mark.check
def test_a_setting_that_will_not_do_is_said_by_name(liaison, environment, check, words):
    """One mistake does not hide what else there is to say."""
    ok, detail = verdicts(liaison(), **environment)[check]

    assert not ok
    assert words in detail


def test_what_stands_behind_the_webhook_is_told(liaison):
    """The queue's place and whom it calls, and who may call for what is due."""
    queue = "cloud-tasks://my-project/europe-west1/liaison?url=https://deliver.example&service_account=a@b.example"
    given = {"QUEUE": queue, "INVOKER": "a@b.example", "PUBLIC_URL": "https://hooks.example"}
    found = verdicts(liaison(), **given)

    assert found["queue"] == (
        True,
        "projects/my-project/locations/europe-west1/queues/liaison calls https://deliver.example",
    )
    assert found["invoker"] == (True, "a@b.example may call deliver and redeliver")
    assert found["ledger"][1].endswith("ledger.db answers; 0 wait, 0 are refused")


def test_a_mistake_in_one_hook_leaves_the_others(liaison):
    """Its words have the place and the word that was meant."""
    found = verdicts(liaison({**HOOKS, "wrong": {"verify": {"heder": "X-Api-Key"}}}))

    assert found["hook example"][0]
    assert found["hooks.yaml"] == (False, found["hooks.yaml"][1])
    assert "wrong.verify" in found["hooks.yaml"][1]


@pytest.mark.check
def test_a_hooks_yaml_without_hooks_is_said_once(liaison):
    """The file is named by the check alone, not by its words as well."""
    assert "✗ hooks.yaml: It names no hooks" in liaison(hooks="")("check").stdout


def test_a_sender_that_signs_its_address_needs_to_know_it(liaison):
    """Without PUBLIC_URL no such signature can ever fit."""
    signs = liaison({"signs": SIGNS_ADDRESS})

    assert verdicts(signs)["hook signs"][0] is False
    assert verdicts(signs, PUBLIC_URL="https://crm.example")["hook signs"][0] is True


def test_a_tenant_in_maintenance_is_said(liaison, sandbox):
    """It is not a mistake of the settings, and says so; there is no call then."""
    sandbox.set_state("OfflineMaintenance")
    outcome = liaison()("check")

    assert outcome.returncode == 1
    assert "✗ tenant: The SuperOffice tenant is not running at the moment." in outcome.stdout
    assert "call:" not in outcome.stdout


def test_for_a_script_there_is_json_and_nothing_else(liaison, sandbox):
    """What the services log goes to stderr, also where something is wrong."""
    sandbox.set_state("OfflineMaintenance")
    found = liaison().json("check")

    assert {frozenset(entry) for entry in found} == {frozenset({"check", "ok", "detail"})}


@pytest.mark.parametrize("hooks", [HOOKS, {"a": {"verify": {"header": "X-Key", "secret": "Pa$$ word"}}}])
def test_nothing_secret_is_printed(liaison, secrets, hooks):
    """No secret's value, nor what was pasted where its name belongs."""
    outcome = liaison(hooks, superoffice_ticket="7T:secret-ticket")("check", SUPEROFFICE_LOGIN="ticket")
    values = {*secrets.values(), "7T:secret-ticket", "Pa$$ word"}

    assert not [value for value in values if len(value) > 4 and value in outcome.stdout + outcome.stderr]
