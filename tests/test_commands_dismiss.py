"""`./liaison dismiss`: closed for good, without SuperOffice."""

from __future__ import annotations

import time

import pytest

from tests.examples import PARTNERS

NOBODY = {**PARTNERS, "SourceContactId": "Acme"}


def test_what_was_refused_is_closed_with_the_reason(operator, send, ledger):
    """It waits for nobody any more, and whoever looks later sees why."""
    sent = send(NOBODY).json["delivery"]
    outcome = operator("dismiss", sent[:24], "--reason", "A test of ours")

    assert (outcome.exit_code, outcome.stdout.splitlines()[-1]) == (0, f"✓ {sent} is dismissed.")
    assert operator.json("show", sent)["answer"]["detail"] == "A test of ours"
    assert operator.json("redeliver")["due"] == 0


def test_what_was_accepted_stays(operator, send):
    """It is in SuperOffice, and the ledger goes on saying so."""
    outcome = operator("dismiss", send().json["delivery"], "--reason", "x")

    assert outcome.exit_code == 1
    assert "was accepted (created): there is nothing to dismiss." in outcome.stdout


def test_a_script_hears_how_it_stands(operator, send):
    """As `deliveries` tells it."""
    assert operator.json("dismiss", send(NOBODY).json["delivery"], "--reason", "x")["status"] == "dismissed"


def test_what_is_under_way_is_said(operator, send, ledger):
    """Else its worker would settle it afterwards."""
    sent = send(NOBODY).json["delivery"]
    ledger.ledger.replay(ledger.environment, sent, 0.0)
    ledger.ledger.claim(ledger.environment, sent, time.time())
    outcome = operator("dismiss", sent, "--reason", "x")

    assert outcome.exit_code == 1
    assert "is being delivered at this moment" in outcome.stderr


@pytest.mark.parametrize("arguments", [("01J",), ("01J", "--reason", " "), ("01J", "--reason", "x"), ("--reason", "x")])
def test_a_mistake_in_the_call_is_exit_code_2(operator, client, arguments):
    """A reason belongs to it, and an id that is there."""
    assert operator("dismiss", *arguments).exit_code == 2
