"""`redeliver`: what Cloud Scheduler calls every minute: all that is due, and a summary of it."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from services.composition import open_services
from services.redelivery import LEAST, WORKERS, sweep
from tests.examples import HOOKS, PARTNERS

RULES = {**HOOKS, "held": {**HOOKS["example"], "deliver": "held"}}
NOTHING = {"due": 0, "delivered": 0, "postponed": 0, "rejected": 0, "dead": 0, "left": 0}


@pytest.fixture
def redeliver(function):
    """Return a caller of `redeliver` that is on this machine."""
    client = function(RULES, target="redeliver", RETRY_DAYS="1")
    return lambda **options: client.post("/", **options)


def statuses(ledger):
    """Return the status of each delivery, oldest first."""
    return [delivery.status for delivery in ledger.all()]


def test_all_that_is_due_is_delivered(redeliver, keep, ledger, sandbox):
    """What waits for later, for an operator or for another tenant is left alone."""
    for company in (11, 23, 57):
        keep(company)
    keep(686, due_at=time.time() + 600)
    keep(686, status="held")
    keep(686, environment="https://other.example Cust1")

    assert redeliver().json == {**NOTHING, "due": 3, "delivered": 3}
    assert statuses(ledger) == ["created"] * 3 + ["queued", "held"]
    assert len(sandbox.relations) == 3


def test_the_summary_tells_what_became_of_each(redeliver, keep, ledger, sandbox):
    """Delivered, refused for good, put off, and given up after its days."""
    keep(11)
    keep("Acme")
    keep(23, hook="gone")
    keep(57, ago=2 * 86400, hook="gone")

    assert redeliver().json == {**NOTHING, "due": 4, "delivered": 1, "rejected": 1, "postponed": 1, "dead": 1}
    assert statuses(ledger) == ["created", "rejected", "misconfigured", "dead"]


def test_an_outage_stops_the_sweep(redeliver, keep, ledger, sandbox):
    """One learns of it; the others wait where they are, and no day of theirs is counted."""
    for company in range(11, 31):
        keep(company, ago=2 * 86400)
    ledger.ledger.outage_begins(ledger.environment, time.time() - 2 * 86400, "tenant-down")
    sandbox.set_state("OfflineMaintenance")
    summary = redeliver().json

    assert (summary["postponed"], summary["dead"], summary["left"]) == (1, 0, 19)


def test_the_sweep_after_an_outage_goes_on_with_all_of_it(redeliver, keep, ledger, sandbox):
    """One tries whether the tenant is back; what it did not try yet is not passed over."""
    for company in (11, 23, 57, 686):
        keep(company)
    ledger.ledger.outage_begins(ledger.environment, time.time() - 60, "tenant-down")

    assert redeliver().json == {**NOTHING, "due": 4, "delivered": 4}
    assert ledger.ledger.sweep(ledger.environment).outage_since is None


def test_a_sweep_ends_with_its_budget(function, keep, sandbox):
    """Several are tried at a time; what is left when the time is over is left to the next sweep."""
    function(RULES)
    for company in range(1000, 1030):
        keep(company)
    sandbox.fault(path="SaveContactRelation", status=400, delay=0.2, times=0)
    started = time.monotonic()
    summary = sweep(open_services(), budget=LEAST + 0.3)

    assert time.monotonic() - started < LEAST
    assert WORKERS <= summary.rejected <= 3 * WORKERS
    assert summary.left == 30 - summary.rejected


def test_two_sweeps_at_once_save_once(function, keep, sandbox):
    """A claim keeps them apart."""
    for company in (11, 23, 57, 686, 687, 688, 701, 720):
        keep(company)
    clients = [function(RULES, target="redeliver") for _ in range(2)]
    with ThreadPoolExecutor() as pool:
        summaries = [answer.json for answer in pool.map(lambda client: client.post("/"), clients)]

    assert sum(summary["delivered"] for summary in summaries) == 8
    assert len(sandbox.relations) == 8


@pytest.mark.parametrize("method", ["GET", "HEAD", "PUT"])
def test_other_methods_are_405(function, keep, ledger, method):
    """A probe begins no sweep."""
    keep(11)
    answer = function(RULES, target="redeliver").open("/", method=method)

    assert (answer.status_code, answer.headers["Allow"]) == (405, "POST")
    assert statuses(ledger) == ["queued"]


def test_that_it_ran_is_noted(redeliver, ledger):
    """`/status` tells by that whether anybody calls it."""
    before = time.time()

    assert redeliver().json == NOTHING
    assert ledger.ledger.sweep(ledger.environment).swept_at >= before


def test_what_is_over_is_emptied(redeliver, send, ledger):
    """A sweep forgets what people typed when its time is over; ids and outcomes stay."""
    sent = send({**PARTNERS, "SourceContactId": "Acme"})
    ledger.ledger.store.commit([_older(ledger.delivery(sent))])
    redeliver()

    assert (ledger.delivery(sent).content, ledger.delivery(sent).status) == (None, "rejected")


def _older(delivery):
    return delivery.__class__(**{**vars(delivery), "closed_at": 1.0})


@pytest.mark.parametrize("options", [{"environ_base": {"REMOTE_ADDR": "203.0.113.7"}}, {"headers": {"Via": "1.1 x"}}])
def test_a_stranger_is_not_let_in(redeliver, keep, sandbox, options):
    """Only this machine may call, where no service account is named."""
    keep(11)

    assert redeliver(**options).status_code == 401
    assert len(sandbox.relations) == 0


def test_a_ledger_that_is_down_is_503(redeliver, tmp_path, capfd):
    """Cloud Scheduler shows the failure, and the log says what to do."""
    (tmp_path / "ledger.db").write_bytes(b"no database at all" * 100)

    assert redeliver().status_code == 503
    assert "ledger.db" in capfd.readouterr().out
