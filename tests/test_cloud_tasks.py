"""The Cloud Tasks that the tests run against keeps Cloud Tasks' promises, and no more than those."""

from __future__ import annotations

import itertools
import time
from collections.abc import Callable, Iterator

import google.auth
import pytest
from google.cloud import tasks_v2

from schemas.verification import Oidc
from services.errors import NotProven
from services.google_tasks import task_name
from services.senders.oidc import check_identity
from services.task_queue import open_queue, read_task
from tests.cloud_tasks import CALLER, QUEUE, FakeCloudTasks, start
from tests.identity_tokens import make_key
from tests.task_dispatching import REMOVED, Rules, backoff
from tests.task_handler import Handler, listening

HERE = "https://online.superoffice.com Cust26759"
ID = "01J9ZQ3V5K8N2R4T6W8Y0A1B2C"
Starter = Callable[..., FakeCloudTasks]


@pytest.fixture
def handler() -> Iterator[Handler]:
    """What the queue calls."""
    with listening() as server:
        yield server


@pytest.fixture
def make() -> Iterator[Starter]:
    """Return a maker of queues with rules of their own."""
    made = []

    def start_one(**rules: object) -> FakeCloudTasks:
        made.append(start(**rules))
        return made[-1]

    yield start_one
    for server in made:
        server.close()


def put(tasks: FakeCloudTasks, handler: Handler, *attempts: object, due_at: float | None = None) -> list[bool]:
    """Queue one task for each attempt."""
    queue = open_queue(tasks.location(handler.url))
    return [queue.enqueue(HERE, ID, attempt, due_at) for attempt in attempts]


def gaps(handler: Handler) -> list[float]:
    """Return the seconds between the calls."""
    times = [call.at for call in handler.calls]
    return [later - earlier for earlier, later in itertools.pairwise(times)]


def test_a_task_is_called_and_gone(make: Starter, handler: Handler) -> None:
    """A task that is answered 2xx is called once, with the headers that Cloud Tasks adds."""
    tasks = make()
    put(tasks, handler, 1)
    tasks.wait_idle()

    (call,) = handler.calls
    task = read_task(call.body, call.headers, 1)
    assert task == (ID, HERE, task_name(HERE, ID, 1), 0, True)
    assert (call.headers["X-CloudTasks-QueueName"], call.headers["Content-Type"]) == ("liaison", "application/json")
    assert abs(float(call.headers["X-CloudTasks-TaskETA"]) - time.time()) < 5


def test_a_name_stays_taken_for_a_while(make: Starter, handler: Handler) -> None:
    """The name of a task that is done is free only after a day."""
    tasks = make()
    assert put(tasks, handler, 1) == [True]
    tasks.wait_idle()
    assert put(tasks, handler, 1) == [False]
    tasks.rules.speed = 1e9  # a day is over at once
    assert put(tasks, handler, 1) == [True]


def test_a_failure_is_tried_again(make: Starter, handler: Handler) -> None:
    """Each try tells how many there were; those that ended in a 5xx do not count as executed."""
    handler.answers = [(500, {}), (409, {}), (302, {})]
    tasks = make(min_backoff=0.01)
    put(tasks, handler, 1)
    tasks.wait_idle()

    told = [
        (call.headers["X-CloudTasks-TaskRetryCount"], call.headers["X-CloudTasks-TaskExecutionCount"])
        for call in handler.calls
    ]
    assert told == [("0", "0"), ("1", "0"), ("2", "1"), ("3", "2")]
    assert [dispatch.status for dispatch in tasks.dispatches] == [500, 409, 302, 200]
    assert handler.calls[1].headers["X-CloudTasks-TaskPreviousResponse"] == "500"


def test_there_are_no_dead_letters(make: Starter, handler: Handler) -> None:
    """After its last attempt a task is forgotten, and only that attempt could know it."""
    handler.answers = [(500, {})] * 9
    tasks = make(attempts=3, min_backoff=0.01)
    put(tasks, handler, 1)
    tasks.wait_idle()

    lasts = [read_task(call.body, call.headers, 3).is_last for call in handler.calls]
    assert (lasts, tasks.forgotten) == ([False, False, True], [task_name(HERE, ID, 1)])


def test_backs_off_as_documented() -> None:
    """The example of Google's own documentation: doubled three times, then by equal steps, then the same."""
    rules = Rules(min_backoff=10, max_backoff=300, doublings=3)

    assert [backoff(rules, n) for n in range(1, 9)] == [10, 20, 40, 80, 160, 240, 300, 300]


def test_a_try_waits_for_the_backoff_and_for_retry_after(make: Starter, handler: Handler) -> None:
    """The longer one of the queue's back-off and the answer's Retry-After counts."""
    handler.answers = [(500, {}), (500, {"Retry-After": "30"}), (500, {"Retry-After": "1"})]
    tasks = make(min_backoff=10, speed=100.0)
    put(tasks, handler, 1)
    tasks.wait_idle()

    assert all(gap >= least for gap, least in zip(gaps(handler), (0.1, 0.3, 0.4), strict=True))


def test_a_task_waits_for_its_time(make: Starter, handler: Handler) -> None:
    """A task with a time is not called before it; one without goes first."""
    tasks = make()
    tasks.pause()
    due_at = time.time() + 0.4
    put(tasks, handler, 1, due_at=due_at)
    put(tasks, handler, 2)
    tasks.resume()
    tasks.wait_idle()

    assert [dispatch.name for dispatch in tasks.dispatches] == [task_name(HERE, ID, 2), task_name(HERE, ID, 1)]
    assert time.time() >= due_at


def test_an_answer_that_does_not_come_is_a_failure(make: Starter, handler: Handler) -> None:
    """What takes longer than the deadline is tried again, though it may have been done."""
    handler.work = lambda: time.sleep(0.2 if len(handler.calls) == 1 else 0)
    tasks = make(deadline=0.1, min_backoff=0.01)
    put(tasks, handler, 1)
    tasks.wait_idle()

    assert (tasks.dispatches[0].status, tasks.dispatches[-1].status) == (None, 200)
    assert handler.calls[1].headers["X-CloudTasks-TaskRetryReason"] == "DEADLINE_EXCEEDED"


@pytest.mark.parametrize("apart", [0.0, 0.1])
def test_at_least_once_may_be_twice(make: Starter, handler: Handler, apart: float) -> None:
    """A task may be called a second time, beside the first call or after it."""
    tasks = make()
    tasks.twice(1, apart)
    put(tasks, handler, 1, 2)
    tasks.wait_idle()

    names = sorted(call.headers["X-CloudTasks-TaskName"] for call in handler.calls)
    assert names == sorted([task_name(HERE, ID, 1)] * 2 + [task_name(HERE, ID, 2)])


def test_a_task_may_be_lost(make: Starter, handler: Handler) -> None:
    """A task that Cloud Tasks lost was taken, and is never called."""
    tasks = make()
    tasks.lose_tasks()

    assert put(tasks, handler, 1, 2) == [True, True]
    tasks.wait_idle()
    assert [dispatch.name for dispatch in tasks.dispatches] == [task_name(HERE, ID, 2)]


def test_keeps_to_the_rate_and_to_its_concurrency(make: Starter, handler: Handler) -> None:
    """No more than the bucket holds at once, then by the rate; never more calls under way than allowed."""
    handler.work = lambda: time.sleep(0.05)
    tasks = make(rate=20.0, burst=2, concurrent=2)
    tasks.pause()
    put(tasks, handler, *range(8))
    time.sleep(0.1)
    assert handler.calls == []
    tasks.resume()
    tasks.wait_idle()

    assert handler.calls[-1].at - handler.calls[0].at > (8 - 2 - 1) / 20.0
    assert handler.most_at_once == 2


def test_a_busy_handler_slows_the_queue(make: Starter, handler: Handler) -> None:
    """429 and 503 slow down all of the queue, not the one task alone."""
    handler.answers = [(503, {}), (429, {}), (503, {})]
    tasks = make(rate=40.0, burst=1, min_backoff=30.0, attempts=1)
    put(tasks, handler, *range(6))
    tasks.wait_idle()

    assert max(gaps(handler)) > 3 / 40.0


def test_googles_client_pauses_it(make: Starter, handler: Handler) -> None:
    """A queue is paused and shown by Google's own client, as `gcloud tasks queues` does it."""
    tasks = make(rate=4.0)
    credentials, _ = google.auth.default()
    client = tasks_v2.CloudTasksClient(credentials=credentials, client_options={"api_endpoint": tasks.address})

    assert client.pause_queue(name=QUEUE).state.name == "PAUSED"
    put(tasks, handler, 1)
    assert client.get_queue(name=QUEUE).rate_limits.max_dispatches_per_second == 4.0
    assert (len(tasks.waiting), handler.calls) == (1, [])
    assert client.resume_queue(name=QUEUE).state.name == "RUNNING"
    tasks.wait_idle()


def test_a_call_carries_a_token(make: Starter, handler: Handler) -> None:
    """Each call proves the service account; Cloud Run lets the token through without its signature."""
    signer, certificate = make_key()
    for cloud_run in (False, True):
        tasks = make(signer=signer, cloud_run=cloud_run)
        put(tasks, handler, 1)
        tasks.wait_idle()
    whole, removed = (call.headers["Authorization"].removeprefix("Bearer ") for call in handler.calls)
    oidc, keys = Oidc((handler.url,), (CALLER,)), lambda _kid="": {"current": certificate}

    check_identity(oidc, whole.encode(), keys)
    assert (removed.split(".")[2], removed.split(".")[0]) == (REMOVED, whole.split(".")[0])
    with pytest.raises(NotProven):
        check_identity(oidc, removed.encode(), keys)
