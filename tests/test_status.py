"""`GET /status`: what is wrong, in words, what waits, and when it is 503."""

from __future__ import annotations

import json
import time

import pytest

from services import condition
from services.condition import OVERDUE
from services.ledger.contract import Arrival, Entry
from tests.examples import HOOKS, KEY, PARTNERS

OWNER = {"Authorization": "Bearer an-api-key"}


@pytest.fixture
def status(client):
    """Return an asker that knows the key."""
    return lambda **options: client.open("/status", headers=OWNER, **options)


def came(ledger, ago, **options):
    """Write down a submission that came so many seconds ago and was left for a sweep."""
    arrival = Arrival("example", json.dumps(PARTNERS).encode(), "application/json")
    entries = [Entry(None, "f")]
    return ledger.ledger.open(ledger.environment, arrival, entries, time.time() - ago, claim=False, **options)


def test_all_is_well(status):
    """Every part has been looked at, and SuperOffice was really asked."""
    answer = status()

    assert (answer.status_code, answer.content_type, answer.json["problems"]) == (200, "application/json", [])
    parts = ("settings", "hooks", "secrets", "ledger", "redeliver", "tenant", "login")
    assert answer.json["ok"] is True
    assert all(answer.json[part]["ok"] for part in parts)
    assert answer.json["deliveries"] == {"counts": {}, "waiting_since": None, "due_since": None}


def test_what_waits_is_counted(status, send, ledger, sandbox):
    """By status, with the time since which the oldest waits."""
    send({"SourceContactId": "Acme"})
    came(ledger, 60, status="held")
    came(ledger, 120)

    told = status().json["deliveries"]
    assert told["counts"] == {"rejected": 1, "held": 1, "queued": 1}
    assert told["due_since"] == told["waiting_since"] is not None


@pytest.mark.parametrize(
    ("due", "swept", "code"),
    [
        (OVERDUE - 10, None, 200),
        (OVERDUE + 10, None, 503),
        (OVERDUE + 10, OVERDUE + 5, 503),
        (OVERDUE + 10, OVERDUE - 5, 200),
    ],
)
def test_what_is_due_for_long_without_a_sweep_is_503(status, ledger, due, swept, code):
    """Whoever watches learns that nobody calls `redeliver`; the report is in the problem."""
    came(ledger, due)
    if swept:
        ledger.ledger.swept(ledger.environment, time.time() - swept)
    answer = status()

    assert answer.status_code == code
    assert answer.json["redeliver"]["ok"] is answer.json["ok"] is (code == 200)
    if code == 503:
        assert answer.content_type == "application/problem+json"
        assert answer.json["type"] == "urn:liaison:problem:no-sweep"
        assert "see that redeliver is called" in answer.json["problems"][0]


def test_a_ledger_that_is_down_is_503(status, tmp_path):
    """Nothing can be kept, and the report says why."""
    (tmp_path / "ledger.db").write_bytes(b"no database at all" * 100)
    answer = status()

    assert (answer.status_code, answer.headers["Retry-After"].isdigit()) == (503, True)
    assert answer.json["ledger"]["ok"] is False
    assert "ledger.db" in answer.json["problems"][0]


def test_maintenance_is_a_problem_of_superoffices(status, send, sandbox, ledger):
    """Deliveries wait by themselves, so it is 200; the outage is noted with its begin."""
    sandbox.set_state("OfflineMaintenance")
    assert send().json["status"] == "queued"
    answer = status()

    assert (answer.status_code, answer.json["ok"]) == (200, False)
    assert "not running" in answer.json["problems"][0]
    assert answer.json["tenant"]["outage_since"]
    assert answer.json["tenant"]["outage_reason"] == "tenant-down"


def test_a_login_that_is_refused_is_said(function):
    """The tenant runs, and does not know us."""
    client = function(SUPEROFFICE_LOGIN="ticket", hold_back=["superoffice-ticket"])
    answer = client.get("/status", headers=OWNER)

    assert answer.json["tenant"]["ok"]
    assert not answer.json["login"]["ok"]
    assert not answer.json["secrets"]["ok"]
    assert "superoffice-ticket" in answer.text


def test_a_mistake_in_a_hook_is_named(function):
    """By its path, as the log has it."""
    answer = function({**HOOKS, "wrong": {"verify": {"heder": "x"}}}).get("/status", headers=OWNER)

    assert (answer.status_code, answer.json["hooks"]["ok"]) == (200, False)
    assert "wrong.verify" in answer.json["problems"][0]


def test_a_hook_that_has_gone_is_named_while_deliveries_wait_for_it(status, keep):
    """Nobody comes to them until somebody puts it back, or dismisses them; what is done needs no hook."""
    for options in ({"due_at": 1e10}, {"due_at": 1e10}, {"status": "held"}):
        keep(11, hook="gone", **options)
    keep(11)
    answer = status()

    assert (answer.status_code, answer.json["ok"], answer.json["hooks"]["ok"]) == (200, False, False)
    assert answer.json["problems"] == answer.json["hooks"]["problems"]
    [problem] = answer.json["problems"]
    assert problem.startswith("gone is not in hooks.yaml any more, and 3 deliveries wait for it: put it back, or")
    assert "`./liaison deliveries --hook gone`" in problem


def test_a_hook_that_has_gone_is_no_matter_once_nothing_waits(status, keep, ledger):
    """What was dismissed, or done, needs no hook."""
    gone = keep(11, hook="gone")
    assert "1 delivery waits for it" in status().json["hooks"]["problems"][0]
    ledger.ledger.dismiss(ledger.environment, gone, "A test of ours.", time.time())

    assert status().json["ok"] is True


def test_it_waits_for_nobody_for_long(status, sandbox, monkeypatch):
    """An answer comes also where SuperOffice has none; four seconds are allowed, less here."""
    monkeypatch.setattr(condition, "ASKED", 0.5)
    sandbox.fault(delay=20, times=0, path="/User/currentPrincipal")
    started = time.monotonic()

    assert not status().json["login"]["ok"]
    assert time.monotonic() - started < 2


@pytest.mark.parametrize("headers", [{}, {"Authorization": "Bearer wrong"}, {"X-Api-Key": KEY}])
def test_a_stranger_learns_nothing(client, headers):
    """Not even whether all is well."""
    assert client.get("/status", headers=headers).status_code == 401


def test_it_is_asked_for_with_get(status):
    """HEAD does too; any other method is told which."""
    assert status(method="HEAD").data == b""
    assert status(method="HEAD").status_code == 200
    assert (status(method="POST").status_code, status(method="POST").headers["Allow"]) == (405, "GET, HEAD")


def test_it_holds_no_secret_and_nobody(status, send, secrets):
    """What is watched may be seen by many."""
    send({**PARTNERS, "Comment": "Ada Lovelace", "SourceContactId": "Acme"})
    told = status().text

    assert "Ada" not in told
    assert not any(secret in told for secret in secrets.values())
