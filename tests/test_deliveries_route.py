"""`GET /deliveries/<id>`: the answer of a delivery as it stands now, whatever became of it."""

from __future__ import annotations

import pytest

from services.ledger.contract import Arrival, Entry
from tests.examples import HOOKS, KEY, PARTNERS

OWNER = {"Authorization": "Bearer an-api-key"}
RULES = {**HOOKS, "held": {**HOOKS["example"], "deliver": "held"}}


@pytest.fixture
def client(function):
    """Start the function with a hook that waits for an operator, too."""
    return function(RULES)


@pytest.fixture
def ask(client):
    """Return an asker that knows the key, for the delivery of an answer or of an id."""
    return lambda of, **options: client.open(
        f"/deliveries/{of if isinstance(of, str) else of.json['delivery']}", headers=OWNER, **options
    )


def test_what_was_saved_is_told_as_the_sender_heard_it(ask, send):
    """The stored answer, relation and all."""
    told = send()

    assert (ask(told).status_code, ask(told).json) == (200, told.json)


def test_a_refusal_is_told_with_its_status_beside_it(ask, send):
    """The question is answered, so it is 200; the problem's own status stands in it."""
    told = send({**PARTNERS, "SourceContactId": "Acme"})
    answer = ask(told)

    assert (answer.status_code, answer.content_type) == (200, "application/json")
    assert answer.json == {**told.json, "status": "rejected", "http_status": 422}


def test_what_waits_says_why(ask, send, sandbox, ledger):
    """SuperOffice's answer, and that it goes by itself."""
    sandbox.fault(status=500, times=0, path="SaveContactRelation")
    told = send()
    answer = ask(told)

    assert (told.json["status"], answer.json["status"]) == ("queued", "queued")
    assert "SuperOffice answered 500" in answer.json["detail"]
    assert "looked into before it is sent again" in answer.json["detail"]


def test_an_outage_is_said(ask, send, sandbox):
    """It is nobody's fault, and everybody waits."""
    sandbox.set_state("OfflineMaintenance")

    assert "SuperOffice as a whole has been away since" in ask(send()).json["detail"]


def test_what_is_held_says_for_whom_it_waits(ask, send):
    """An operator has to release it."""
    assert "./liaison replay" in ask(send(hook="held")).json["detail"]


def test_what_was_dismissed_has_the_operators_words(ask, send, ledger):
    """In the place of the refusal's."""
    told = send({**PARTNERS, "SourceContactId": "Acme"})
    ledger.ledger.dismiss(ledger.environment, told.json["delivery"], "A test of ours.", 1e10)

    assert (ask(told).json["status"], ask(told).json["detail"]) == ("dismissed", "A test of ours.")


def test_an_emptied_one_keeps_its_outcome(ask, send, ledger):
    """Words go when their time is over; that it was refused does not."""
    told = send({**PARTNERS, "SourceContactId": "Acme"})
    ledger.ledger.purge(1e10)

    assert (ask(told).json["status"], ask(told).json["http_status"]) == ("rejected", 422)
    assert "emptied" in ask(told).json["detail"]
    assert "errors" not in ask(told).json


@pytest.mark.parametrize("of", ["", "x", "01J9ZQ3V5K8N2R4T6W8Y0A1B2C", "01J9ZQ3V5K8N2R4T6W8Y0A1B2C/x", "å" * 300])
def test_an_unknown_one_is_no_404(ask, of):
    """It is 400, as any unknown address is."""
    answer = ask(of)

    assert (answer.status_code, answer.json["type"]) == (400, "urn:liaison:problem:unknown-delivery")


def test_another_tenants_is_unknown(ask, ledger):
    """One ledger may serve several."""
    [opened] = ledger.ledger.open("https://other.example Cust1", Arrival("example", b"{}"), [Entry(None, "f")], 1.0)

    assert ask(opened.delivery.id).status_code == 400


@pytest.mark.parametrize("headers", [{}, {"Authorization": "Bearer wrong"}, {"X-Api-Key": KEY}])
def test_a_stranger_learns_nothing(client, send, headers):
    """Not even which ids there are."""
    assert client.get(f"/deliveries/{send().json['delivery']}", headers=headers).status_code == 401


def test_it_is_asked_for_with_get(ask, send):
    """HEAD does too; any other method is told which."""
    told = send()

    assert (ask(told, method="HEAD").status_code, ask(told, method="HEAD").data) == (200, b"")
    assert (ask(told, method="DELETE").status_code, ask(told, method="DELETE").headers["Allow"]) == (405, "GET, HEAD")
