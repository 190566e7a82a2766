"""An outage of the whole tenant: what counts as one, who notices it, what it costs, and how it ends."""

from __future__ import annotations

import json
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from services import outage
from services.errors import TenantDown
from services.ledger.opening import open_ledger
from services.outage import IN_A_ROW
from services.redelivery import WORKERS
from tests.examples import HOOKS, KEY, PARTNERS

SAVE = "SaveContactRelation"
DAY = 86400
MANY = [{**PARTNERS, "Comment": f"Number {number}"} for number in range(20)]


@pytest.fixture
def sweep(function):
    """Return a caller of `redeliver`; what fails is due again at once, and dead after a day."""
    client = function(HOOKS, target="redeliver", RETRY_DAYS="1", RETRY_DELAY="0")
    return lambda: client.post("/").json


@pytest.fixture
def wait(keep):
    """Have as many submissions as that wait for a sweep; `ago` is how long they have been retried, in seconds."""
    return lambda number, ago=60.0: [keep(company, ago) for company in range(11, 11 + number)]


@pytest.fixture
def known(ledger):
    """Return what the ledger has noted about outages."""
    return lambda: ledger.ledger.sweep(ledger.environment)


def events(capfd):
    """Return what was logged, by name."""
    return [json.loads(line)["event"] for line in capfd.readouterr().out.splitlines() if line.startswith("{")]


@pytest.mark.parametrize("status", [429, 503])
def test_five_busy_answers_in_a_row_are_an_outage(sweep, wait, known, sandbox, ledger, status):
    """Onsite no state can be asked for: that everybody hears the same says it, and the sweep stops."""
    wait(30)
    sandbox.fault(path=SAVE, status=status, times=0)
    summary = sweep()

    assert IN_A_ROW <= sandbox.counts[SAVE] < IN_A_ROW + WORKERS
    assert summary["postponed"] == sandbox.counts[SAVE]
    assert known().outage_reason == "superoffice-unavailable"
    assert sum(1 for row in ledger.all() if not row.tries) == 30 - IN_A_ROW + 1  # four tries were their own


def test_four_busy_answers_are_none(send, known, sandbox):
    """Whoever gets through in between shows that the tenant is there."""
    for _ in range(2):
        sandbox.fault(path=SAVE, status=503, times=IN_A_ROW - 1)
        statuses = [send(payload).json["status"] for payload in MANY[:IN_A_ROW]]
        assert statuses == ["queued"] * (IN_A_ROW - 1) + ["created"]

    assert known().outage_since is None


def test_a_refused_login_is_an_outage(sweep, wait, known, sandbox, ledger):
    """Everybody waits for the operator, who hears of it; nobody's tries are counted."""
    wait(30)
    sandbox.fault(path=SAVE, status=401, times=0)
    summary = sweep()

    assert 1 <= summary["postponed"] <= WORKERS
    assert known().outage_reason == "login-refused"
    assert {row.status for row in ledger.all() if row.leased_until is None} <= {"queued", "misconfigured"}
    assert {row.tries for row in ledger.all()} == {0}


def test_our_own_rate_is_no_outage(function, known, ledger, sandbox):
    """Who finds no room within the rate has not been tried, and SuperOffice has not been asked."""
    hooks = {"example": {**HOOKS["example"], "answer_within": 1}}
    client = function(hooks, SUPEROFFICE_CALLS_PER_SECOND="1")
    with ThreadPoolExecutor(8) as threads:
        posted = lambda payload: client.post("/hooks/example", json=payload, headers={"X-Api-Key": KEY}).json  # noqa: E731
        statuses = [told["status"] for told in threads.map(posted, MANY[:8])]

    assert statuses.count("queued") > IN_A_ROW
    assert known().outage_since is None
    assert {(row.tries, row.reason) for row in ledger.all()} == {(0, None)}


def test_it_is_noticed_once(sweep, send, wait, sandbox, capfd):
    """Of all that come and all that wait, one tries; it is logged when it begins and when it ends."""
    wait(10)
    sandbox.set_state("OfflineMaintenance")
    summaries = [sweep() for _ in range(3)]
    calls = len(sandbox.calls)
    assert {send(payload).json["status"] for payload in MANY} == {"queued"}
    assert len(sandbox.calls) - calls <= 1
    sandbox.set_state("Running")
    sweep()

    assert [summary["postponed"] for summary in summaries[1:]] == [1, 1]
    assert summaries[0]["postponed"] <= WORKERS
    assert [event for event in events(capfd) if event.startswith("outage")] == ["outage-begins", "outage-ends"]


@pytest.mark.parametrize(("down", "status"), [(0.0, "dead"), (1.5 * DAY, "queued")])
def test_its_time_is_not_counted(sweep, wait, ledger, sandbox, down, status):
    """Two days of tries, of which the tenant was away for one and a half, are half a day: one is allowed."""
    [waiting] = wait(1, ago=2 * DAY)
    now = time.time()
    ledger.ledger.outage_begins(ledger.environment, now - down - 60, "tenant-down")
    ledger.ledger.outage_ends(ledger.environment, now - 60)
    sandbox.fault(path=SAVE, status=500)
    sweep()

    assert ledger.ledger.get(ledger.environment, waiting).status == status


def test_one_that_begins_again_is_noted_again(tmp_path):
    """Whoever saw the first one and nothing since does not take the second one for known."""
    now = [1000.0]
    ledger = open_ledger(f"sqlite:{tmp_path}/ledger.db")
    one, other = (outage.Outage(ledger, "here", lambda: now[0]) for _ in range(2))
    one.failed(TenantDown("It is away."))
    other.learn()
    other.worked()
    assert ledger.sweep("here").outage_since is None

    now[0] += outage.NOTED
    one.failed(TenantDown("It is away."))
    assert ledger.sweep("here").outage_since == now[0]


def test_it_ends_with_the_first_that_gets_through(send, known, sandbox, monkeypatch):
    """Whoever comes tries now and then, every five seconds and here each time; the next ones go as always."""
    monkeypatch.setattr(outage, "PAUSE", 0.0)
    sandbox.set_state("OfflineMaintenance")
    send()
    assert known().outage_since is not None
    sandbox.set_state("Running")

    assert [send(payload).json["status"] for payload in MANY[:2]] == ["created", "created"]
    assert (known().outage_since, len(known().outages)) == (None, 1)


def test_it_ends_where_nothing_waits(sweep, known, ledger, sandbox):
    """What was tried in vain may have been dismissed: the sweep asks SuperOffice itself."""
    ledger.ledger.outage_begins(ledger.environment, time.time() - 60, "tenant-down")
    sandbox.set_state("OfflineMaintenance")
    sweep()
    assert known().outage_since is not None

    sandbox.set_state("Running")
    sweep()
    assert (known().outage_since, len(known().outages)) == (None, 1)
