"""`./liaison redeliver`: everything that is due, tried now."""

from __future__ import annotations

import time

import pytest

from tests.examples import PARTNERS


@pytest.fixture
def left(send, sandbox):
    """Leave three submissions due, as an outage does."""
    sandbox.set_state("OfflineMaintenance")
    sent = [send({**PARTNERS, "SourceContactId": company}).json for company in (11, 23, 57)]
    assert {answer["status"] for answer in sent} == {"queued"}
    return sent


def due_now(ledger):
    """Make all that waits due, as time would."""
    for delivery in ledger.all():
        ledger.ledger.replay(ledger.environment, delivery.id, time.time())


def test_what_is_due_is_delivered(operator, left, sandbox, ledger):
    """After the outage one sweep comes to all of it, also to what it did not try first."""
    sandbox.set_state("Running")
    due_now(ledger)
    outcome = operator("redeliver")

    assert outcome.exit_code == 0
    assert "3 due, 3 delivered, 0 postponed, 0 rejected, 0 dead, 0 left" in outcome.stdout
    assert len(sandbox.relations) == 3


def test_an_outage_ends_the_sweep_and_is_said(operator, left, ledger):
    """One is tried, the others wait, and none of that is a mistake."""
    due_now(ledger)
    outcome = operator("redeliver")

    assert outcome.exit_code == 0
    assert "1 due, 0 delivered, 1 postponed" in outcome.stdout
    assert "SuperOffice as a whole is away" in outcome.stdout


def test_a_script_hears_the_summary(operator, client):
    """And nothing else on stdout, whatever is logged."""
    summary = {"due": 0, "delivered": 0, "postponed": 0, "rejected": 0, "dead": 0, "left": 0}

    assert operator.json("redeliver", "--budget", "5") == {**summary, "outage": False}


@pytest.mark.parametrize("budget", ["0", "x", "-5", "1e9"])
def test_a_mistake_in_the_call_is_exit_code_2(operator, client, budget):
    """A budget is some seconds."""
    assert operator("redeliver", "--budget", budget).exit_code == 2


def test_a_ledger_that_is_down_is_exit_code_1(operator, client, tmp_path):
    """There is nothing to be known about what is due."""
    (tmp_path / "ledger.db").write_bytes(b"no database at all" * 100)
    outcome = operator("redeliver")

    assert outcome.exit_code == 1
    assert "ledger.db" in outcome.stderr
