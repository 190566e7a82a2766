"""A later try of a delivery: one whose pair is another's makes no call in vain."""

from __future__ import annotations

import time

import pytest

from schemas.ledger import Trouble
from services.ledger.contract import LEASE, Arrival, Entry
from tests.examples import HOOKS, KEY

SAVE = "SaveContactRelation"
MAPPED = {
    **HOOKS["example"],
    "relation": {
        "definition": "Partner of",
        "source": {"company": {"name": "{company}"}},
        "destination": {"company": {"id": 4}},
    },
}


@pytest.fixture
def sweep(function):
    """Return a caller of `redeliver`; what fails is due again at once."""
    client = function({"example": MAPPED}, target="redeliver", RETRY_DELAY="0")
    return lambda: client.post("/").json


@pytest.fixture
def waiting(function, sandbox, ledger):
    """Send what is looked up, and not saved since SuperOffice is busy: its pair is known, and it is due."""
    sandbox.fault(path=SAVE, status=503, times=2, headers={"Retry-After": "0"})
    client = function({"example": MAPPED}, RETRY_DELAY="0")
    answer = client.post("/hooks/example", json={"company": "Acme"}, headers={"X-Api-Key": KEY})
    return lambda: ledger.delivery(answer)


@pytest.fixture
def other(ledger):
    """Have another process hold the pair, its save about to go out; return what it does next, by name."""

    def hold(pair):
        store, place, now = ledger.ledger, ledger.environment, time.time()
        [opened] = store.open(place, Arrival("example", b"{}"), [Entry(None, "f")], now)
        claim = store.hold_pair(opened.claim, pair, now, wanted={"how": "created", "definition": 18})
        later = now + LEASE
        return {
            "works on it": lambda: None,
            "is in doubt": lambda: store.postpone(claim, later, Trouble(now, "in-doubt", "")),
            "did nothing": lambda: store.postpone(claim, later, Trouble(now, "busy", ""), not_done=True),
            "is done": lambda: store.settle(claim, "ignored", {}, now),
        }

    return hold


@pytest.mark.parametrize("what", ["works on it", "is in doubt"])
def test_a_busy_pair_costs_no_call(waiting, other, sweep, sandbox, what):
    """Neither a look-up nor a save: it waits its turn, and that is not a try that failed."""
    assert (waiting().tries, waiting().doubt) == (1, None)
    other(waiting().pair)[what]()
    calls = len(sandbox.calls)

    assert sweep()["postponed"] == 1
    assert len(sandbox.calls) == calls
    assert (waiting().status, waiting().tries, len(waiting().troubles)) == ("queued", 1, 1)
    assert 3 < waiting().due_at - time.time() < 10


@pytest.mark.parametrize("what", ["did nothing", "is done"])
def test_a_pair_that_is_free_again_is_taken(waiting, other, sweep, sandbox, what):
    """As soon as the other one has ended."""
    other(waiting().pair)[what]()

    assert sweep()["delivered"] == 1
    assert waiting().status == "created"
