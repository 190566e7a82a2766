"""`deliver`: what Cloud Tasks calls with one delivery, from the webhook through the queue to SuperOffice."""

from __future__ import annotations

import json
import threading

import pytest
from werkzeug.serving import make_server

from services.ledger.contract import Arrival, Entry
from tests.cloud_tasks import CALLER, FakeCloudTasks, start
from tests.command_line import Operator
from tests.examples import HOOKS, KEY, PARTNERS

RULES = {
    **HOOKS,
    "queued": {**HOOKS["example"], "deliver": "queued"},
    "held": {**HOOKS["example"], "deliver": "held"},
    "again": {**HOOKS["example"], "deliver": "queued", "existing": "update"},
}
UNKNOWN = "01J9ZQ3V5K8N2R4T6W8Y0A1B2C"


@pytest.fixture
def tasks():
    """Run Cloud Tasks."""
    server = start()
    yield server
    server.close()


@pytest.fixture
def deployed(tasks, function):
    """Deploy `webhook` and `deliver`, the latter where the queue calls it; return the client of each."""
    apps = {}

    def called(environ, begin):
        return apps["deliver"](environ, begin)

    server = make_server("127.0.0.1", 0, called, threaded=True)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    queue = tasks.location(f"http://127.0.0.1:{server.server_port}/deliver")
    clients = {name: function(RULES, target=name, QUEUE=queue) for name in ("deliver", "webhook", "redeliver")}
    apps["deliver"] = clients["deliver"].application
    yield clients
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def post(deployed):
    """Return a sender to one of the hooks."""
    headers = {"X-Api-Key": KEY}
    return lambda hook, payload=PARTNERS: deployed["webhook"].post(f"/hooks/{hook}", json=payload, headers=headers)


@pytest.fixture
def call(function):
    """Return a caller of `deliver` on this machine."""
    client = function(RULES, target="deliver")

    def carry(delivery, environment, **options):
        body = json.dumps({"delivery": delivery, "environment": environment})
        return client.post("/", data=body, **options)

    return carry


def kept(ledger, **options):
    """Write a submission down for others to deliver; return its id."""
    arrival = Arrival("example", json.dumps(PARTNERS).encode(), "application/json")
    [opened] = ledger.ledger.open(ledger.environment, arrival, [Entry(None, "f")], 1.0, claim=False, **options)
    return opened.delivery.id


def test_a_queued_submission_is_saved_by_its_task(post, tasks, sandbox, ledger):
    """The sender has its answer as soon as ledger and queue have it, and the task does the rest."""
    answer = post("queued")
    tasks.wait_idle()

    assert (answer.status_code, answer.json["status"]) == (200, "queued")
    assert ledger.delivery(answer).status == "created"
    assert [dispatch.status for dispatch in tasks.dispatches] == [200]
    assert len(sandbox.relations) == 1


def test_a_task_that_comes_twice_saves_once(post, tasks, sandbox):
    """Cloud Tasks promises at least once."""
    tasks.twice()
    post("queued")
    tasks.wait_idle()

    assert len(tasks.dispatches) == 2
    assert len(sandbox.relations) == 1


@pytest.mark.parametrize("trouble", [FakeCloudTasks.lose_tasks, FakeCloudTasks.switch_off])
def test_what_the_queue_loses_the_sweep_comes_to(post, deployed, tasks, ledger, trouble):
    """A task that is lost, or a queue that takes none: the delivery is due all the same, a little later."""
    trouble(tasks)
    answer = post("queued")
    delivery = ledger.delivery(answer)

    assert answer.json["status"] == "queued"
    assert delivery.due_at - delivery.received_at == pytest.approx(120, abs=1)
    ledger.ledger.replay(ledger.environment, delivery.id, 1.0)  # as when that time has passed
    assert deployed["redeliver"].post("/").json["delivered"] == 1
    assert ledger.delivery(answer).status == "created"


def test_a_held_submission_waits_for_a_replay(post, tasks, deployed, sandbox, ledger):
    """No task and no sweep takes it; a replay is a task of its own."""
    answer = post("held")
    assert deployed["redeliver"].post("/").json["due"] == 0
    assert (answer.json["status"], tasks.created, len(sandbox.relations)) == ("queued", [], 0)

    Operator()("replay", answer.json["delivery"], "--later")
    tasks.wait_idle()
    assert ledger.delivery(answer).status == "created"


def test_a_try_that_fails_is_a_task_of_its_own_later(post, tasks, sandbox, ledger):
    """The queue hears 200, for the ledger knows what is next."""
    sandbox.fault(status=500, times=1, path="SaveContactRelation")
    answer = post("queued")
    while len(tasks.created) < 2 or not tasks.dispatches:
        threading.Event().wait(0.01)

    assert [dispatch.status for dispatch in tasks.dispatches] == [200]
    assert ledger.delivery(answer).status == "queued"
    assert tasks.created[0].name != tasks.created[1].name
    assert tasks.waiting[0].eta > tasks.created[1].schedule_time.timestamp() - 1


def test_a_replay_is_a_task_of_another_name(post, tasks, sandbox, ledger):
    """The name of one that was done stays taken for a day."""
    saved = post("again").json["delivery"]
    tasks.wait_idle()
    Operator()("replay", saved, "--later")
    tasks.wait_idle()

    assert len({task.name for task in tasks.created}) == len(tasks.dispatches) == 2
    assert ledger.ledger.get(ledger.environment, saved).saves == 2


def test_the_last_try_leaves_it_to_an_operator(post, tasks, sandbox, ledger, deployed):
    """Cloud Tasks has no place for what it gives up: the delivery itself is put there, and no task is made."""
    sandbox.fault(status=500, path="SaveContactRelation")
    delivery = kept(ledger)  # in 1970, so the days of its tries are over
    body = {"delivery": delivery, "environment": ledger.environment}

    assert deployed["deliver"].post("/", json=body).json["status"] == "dead"
    assert tasks.created == []
    assert ledger.ledger.get(ledger.environment, delivery).due_at is None


def test_an_item_of_an_array_is_delivered_by_itself(post, tasks, sandbox, ledger):
    """Each has a task, and is read out of what came."""
    post("queued", [PARTNERS, {**PARTNERS, "SourceContactId": 11}, {**PARTNERS, "SourceContactId": "Acme"}])
    tasks.wait_idle()

    assert [delivery.status for delivery in ledger.all()] == ["created", "created", "rejected"]
    assert len(tasks.created) == 2


def test_a_delivery_is_told_by_its_status(call, ledger, sandbox):
    """And the second time as it stands then, with nothing done."""
    delivery = kept(ledger)
    first, second = call(delivery, ledger.environment), call(delivery, ledger.environment)

    assert first.json == second.json == {"status": "created", "delivery": delivery}
    assert len(sandbox.relations) == 1


def test_what_is_held_is_left_alone(call, ledger, sandbox):
    """Also by a task that somebody makes."""
    delivery = kept(ledger, status="held")

    assert call(delivery, ledger.environment).json["status"] == "held"
    assert len(sandbox.relations) == 0


@pytest.mark.parametrize("environment", [None, "https://other.example Cust1"])
def test_what_is_not_ours_is_ignored(call, ledger, sandbox, environment):
    """An id that is not there, or another tenant's: a task about it would only come again and again."""
    delivery = UNKNOWN if environment is None else kept(ledger)
    answer = call(delivery, environment or ledger.environment)

    assert (answer.status_code, answer.json["status"]) == (200, "ignored")
    assert len(sandbox.relations) == 0


@pytest.mark.parametrize(
    ("options", "status"),
    [
        ({"environ_base": {"REMOTE_ADDR": "203.0.113.7"}}, 401),
        ({"headers": {"X-Forwarded-For": "203.0.113.7"}}, 401),
    ],
)
def test_a_stranger_is_not_let_in(call, ledger, sandbox, options, status):
    """Only this machine may call, where no service account is named."""
    assert call(kept(ledger), ledger.environment, **options).status_code == status
    assert len(sandbox.relations) == 0


def test_a_service_account_proves_itself(function, ledger):
    """Where one is named, nobody comes in without its token, not even from here."""
    client = function(RULES, target="deliver", INVOKER=CALLER, PUBLIC_URL="https://deliver.example")

    assert client.post("/", json={"delivery": UNKNOWN, "environment": ledger.environment}).status_code == 401


@pytest.mark.parametrize(
    ("method", "body", "status"),
    [("GET", None, 405), ("PUT", b"{}", 405), ("POST", b"", 400), ("POST", b"{}", 422), ("POST", b"x" * 20_000, 413)],
)
def test_what_is_no_task_is_refused(function, method, body, status):
    """With a problem that says so."""
    answer = function(RULES, target="deliver").open("/", method=method, data=body)

    assert (answer.status_code, answer.content_type) == (status, "application/problem+json")


def test_a_ledger_that_is_down_is_told_to_the_queue(call, ledger, tmp_path, capfd):
    """503 has the queue come again, and the log says what its operator can do."""
    (tmp_path / "ledger.db").write_bytes(b"no database at all" * 100)
    answer = call(UNKNOWN, ledger.environment)

    assert (answer.status_code, answer.headers["Retry-After"].isdigit()) == (503, True)
    assert "ledger.db" in capfd.readouterr().out
