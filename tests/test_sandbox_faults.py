"""The sandbox misbehaves when told to, exactly as often as told, and shows what was done to it."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime

import pytest
import requests

from sandbox.server import start
from tests.sandbox_api import Online, login

SAVE = "SaveContactRelation"


@pytest.fixture
def api(sandbox):
    """Open the online tenant's API."""
    with Online(sandbox) as session:
        yield session


def tell(sandbox, method, path, body=None):
    """Speak to the sandbox's own addresses."""
    return requests.request(method, f"{sandbox.url}{path}", json=body, timeout=10)


def test_a_fault_happens_once_and_without_the_work(api, sandbox):
    """By default the next API call is hit, and nothing is stored by it."""
    sandbox.fault(status=503, headers={"Retry-After": "7"})
    first, second = api.save(), api.save()

    assert (first.status_code, first.headers["Retry-After"]) == (503, "7")
    assert (second.status_code, len(sandbox.relations)) == (200, 1)


def test_a_fault_keeps_to_its_path_and_turn(api, sandbox):
    """Other paths are spared, and the first matching calls are too."""
    sandbox.fault(path=SAVE.lower(), after=1, times=2, status=429)

    assert api.get("Relation").status_code == 200
    assert [api.save().status_code for _ in range(5)] == [200, 429, 429, 200, 200]


def test_a_fault_can_last(api, sandbox):
    """With times 0 it goes on until it is cleared."""
    tell(sandbox, "POST", "/sandbox/faults", {"status": 500, "times": 0})
    during = {api.save().status_code for _ in range(5)}
    tell(sandbox, "DELETE", "/sandbox/faults")

    assert (during, api.save().status_code) == ({500}, 200)


def test_faults_come_in_the_order_told(api, sandbox):
    """The first one told is used up first."""
    sandbox.fault(status=500)
    sandbox.fault(status=421)

    assert [api.save().status_code for _ in range(3)] == [500, 421, 200]


def test_the_login_is_hit_only_by_name(sandbox):
    """A fault without a path means the API; with one, any address of SuperOffice's."""
    sandbox.fault(status=500)
    assert login(sandbox).status_code == 200

    sandbox.fault(path="authenticate", status=502)
    assert login(sandbox).status_code == 502


@pytest.mark.parametrize(
    ("body", "text", "kind"),
    [
        (None, "null", "application/json"),
        ({"RelationId": 0}, '{"RelationId": 0}', "application/json"),
        ("{not json", "{not json", "application/json"),
        ("<html>", "<html>", "text/html"),
        ("", "", "application/json"),
    ],
)
def test_any_body_can_be_told(api, sandbox, body, text, kind):
    """A string goes out as it is, everything else as JSON; nothing is stored."""
    sandbox.fault(body=body)
    answer = api.save()

    assert (answer.status_code, answer.text, answer.headers["Content-Type"].split(";")[0]) == (200, text, kind)
    assert sandbox.relations == {}


def test_the_work_can_be_done_and_denied(api, sandbox):
    """With `work` the answer says 500, and the relation is there all the same."""
    sandbox.fault(status=500, work=True)

    assert api.save().status_code == 500
    assert len(sandbox.relations) == sandbox.counts["created"] == 1


@pytest.mark.parametrize(("when", "stored"), [("before", 0), ("after", 1)])
def test_the_line_can_drop(api, sandbox, when, stored):
    """Before the work nothing happened, after it all did; the caller cannot tell."""
    sandbox.fault(drop=when)
    with pytest.raises(requests.ConnectionError):
        api.save()

    assert len(sandbox.relations) == stored
    assert sandbox.calls[-1]["status"] is None


def test_an_answer_can_be_late(api, sandbox):
    """A delay alone changes nothing else."""
    sandbox.fault(delay=0.2, headers={"X-Late": "1"})
    before = time.monotonic()
    answer = api.save()

    assert time.monotonic() - before >= 0.2
    assert (answer.status_code, answer.headers["X-Late"], len(sandbox.relations)) == (200, "1", 1)


def test_a_reset_ends_delays(api, sandbox):
    """A call that still waits when the next test begins does no work in it."""
    sandbox.fault(delay=50)
    with ThreadPoolExecutor(1) as pool:
        waiting = pool.submit(api.save)
        while not sandbox.calls:
            time.sleep(0.01)
        sandbox.reset()

        assert isinstance(waiting.exception(timeout=5), requests.ConnectionError)
    assert sandbox.relations == {}


@pytest.mark.parametrize(
    "told",
    [
        {"statsu": 500},
        {"status": "500"},
        {"status": 99},
        {"drop": "now"},
        {"times": -1},
        {"after": 1.5},
        {"delay": "1"},
        {"path": 1},
        {"headers": "x"},
        [],
        None,
    ],
    ids=str,
)
def test_nonsense_is_told_so(sandbox, told):
    """A typing mistake in a fault must not make a test pass."""
    answer = requests.post(f"{sandbox.url}/sandbox/faults", json=told or [], timeout=10)

    assert answer.status_code == 400
    assert answer.json()["error"]


def test_shows_what_was_done(api, sandbox):
    """`GET /sandbox` has relations, counts and calls, but no header and no body: those hold secrets."""
    api.save()
    shown = tell(sandbox, "GET", "/sandbox").json()

    assert [relation["Comment"] for relation in shown["relations"]] == ["Since 2019"]
    assert shown["counts"] == {"SaveContactRelation": 1, "created": 1}
    assert [set(call) for call in shown["calls"]] == [{"method", "path", "status", "ms"}]


def test_a_test_sees_what_was_sent(api, sandbox):
    """In-process, a call has its headers in any case, its query and its body."""
    api.save(query="?$select=RelationId", headers={"SO-Language": "de"})
    [call] = sandbox.calls

    assert (call["method"], call["operation"], call["status"]) == ("POST", SAVE, 200)
    assert (call["headers"]["so-language"], call["query"]) == ("de", {"$select": "RelationId"})
    assert call["body"]["ContactRelationEntity"]["Comment"] == "Since 2019"


def test_a_fault_can_be_a_matter_of_chance(api, sandbox):
    """So many of the calls are hit, the same ones with the same seed."""

    def statuses():
        sandbox.fault(path=SAVE, times=0, status=503, chance=0.25, seed=7)
        answered = [api.save().status_code for _ in range(80)]
        sandbox.clear_faults()
        return answered

    first = statuses()
    assert 10 <= first.count(503) <= 30
    assert statuses() == first


@pytest.mark.parametrize("told", [{"chance": 2}, {"chance": "often"}, {"seed": "x"}])
def test_a_chance_is_a_number_up_to_one(sandbox, told):
    """What makes no sense is refused, not guessed at."""
    assert tell(sandbox, "POST", "/sandbox/faults", told).status_code == 400


def test_its_clock_can_be_moved(api, sandbox):
    """A relation is dated by the tenant's clock, until a reset."""
    assert tell(sandbox, "PUT", "/sandbox/clock", {"ahead": 3600}).status_code == 204
    ahead, now = datetime.fromisoformat(api.save().json()["CreatedDate"]), datetime.now(UTC)
    ahead = ahead if ahead.tzinfo else ahead.replace(tzinfo=UTC)

    assert 3500 < (ahead - now).total_seconds() < 3700
    assert tell(sandbox, "PUT", "/sandbox/clock", {"ahead": "soon"}).status_code == 400


def test_counts_connections(api, sandbox):
    """Two calls of one session share a connection; a stranger brings another."""
    api.save()
    api.save()
    assert sandbox.connections == 1

    login(sandbox)
    assert sandbox.connections == 2


def test_counts_what_is_not_there(api, sandbox):
    """An address that SuperOffice does not have is an operation named unknown."""
    api.get("Glops")

    assert sandbox.counts == {"unknown": 1}


def test_is_told_by_http_as_in_process(api, sandbox):
    """State, expiry, reset and the app's papers have an address each."""
    assert tell(sandbox, "PUT", "/sandbox/state", {"State": "OfflineMaintenance"}).status_code == 204
    assert api.save().status_code == 503
    assert tell(sandbox, "PUT", "/sandbox/state", {"State": "Asleep"}).status_code == 400
    assert tell(sandbox, "POST", "/sandbox/expire").status_code == 204
    assert tell(sandbox, "POST", "/sandbox/reset").status_code == 204
    assert api.save().status_code == 401
    assert tell(sandbox, "GET", "/sandbox/app").json() == sandbox.app


@pytest.mark.parametrize("path", ["/sandbox/glops", "/sandbox/app/"])
def test_other_addresses_of_its_own_are_named(sandbox, path):
    """Who mistypes one is told which there are."""
    answer = tell(sandbox, "POST", path)

    assert answer.status_code == 404
    assert "POST /sandbox/faults" in answer.json()["error"]


def test_the_app_is_not_for_other_hosts(sandbox):
    """A web page that points a name of its own at this machine does not get the papers."""
    answer = requests.get(f"{sandbox.url}/sandbox/app", headers={"Host": "evil.example"}, timeout=10)

    assert answer.status_code == 421


def test_hangs_up_when_closed(sandbox):
    """A connection that was kept alive does not outlive the sandbox."""
    with start() as other, Online(other) as session:
        session.save()
        other.close()
        with pytest.raises(requests.ConnectionError):
            session.save()
