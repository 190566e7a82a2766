"""The queue in front of `deliver`: the setting, what goes in by Google's own client, and what comes back."""

from __future__ import annotations

import json
import re
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import grpc
import pytest

from services.errors import InvalidSettings, InvalidSubmission, QueueDown, UnreadableBody
from services.google_tasks import LEFT_ALONE, PATIENCE, TaskQueue, task_name
from services.task_queue import open_queue, read_task
from tests import google_cloud
from tests.cloud_tasks import CALLER, QUEUE, FakeCloudTasks, start
from tests.google_cloud import ACCOUNT, TOKEN

ROOT = Path(__file__).parent.parent
HERE = "https://online.superoffice.com Cust26759"
ID = "01J9ZQ3V5K8N2R4T6W8Y0A1B2C"
URL = "https://deliver-abc123-ew.a.run.app"
GOOD = f"cloud-tasks://my-project/europe-west1/liaison?url={URL}&service_account={CALLER}"
BODY = json.dumps({"delivery": ID, "environment": HERE}).encode()


@pytest.fixture
def tasks() -> Iterator[FakeCloudTasks]:
    """A queue that dispatches nothing."""
    server = start()
    server.pause()
    yield server
    server.close()


@pytest.fixture
def queue(tasks: FakeCloudTasks) -> TaskQueue:
    """The queue as it is deployed."""
    return open_queue(tasks.location(URL))


def hasty(tasks: FakeCloudTasks, clock: Callable[[], float] = time.time) -> TaskQueue:
    """Return a queue whose caller gives up soon."""
    return TaskQueue(open_queue(tasks.location(URL)).queue, clock=clock, patience=0.4)


def why(queue: TaskQueue) -> str:
    """Return what the operator is told."""
    with pytest.raises(QueueDown) as caught:
        queue.enqueue(HERE, ID, 1)
    assert not any(name in caught.value.detail for name in ("my-project", "liaison"))
    return caught.value.why


def test_no_setting_is_no_queue() -> None:
    """Without QUEUE the ledger works alone."""
    assert open_queue(" ") is None


def test_reads_the_setting() -> None:
    """The address is taken apart, and what it holds of the queue's own set-up with it."""
    queue = open_queue(f"{GOOD}&attempts=5").queue

    assert (queue.path, queue.url, queue.service_account) == (QUEUE, URL, CALLER)
    assert (queue.attempts, queue.endpoint, open_queue(GOOD).queue.attempts) == (5, None, None)


@pytest.mark.parametrize(
    ("location", "told"),
    [
        ("cloud-tasks:my-project", "does not name a queue: write cloud-tasks://my-project/europe-west1/liaison?url="),
        ("redis://localhost", "does not name a queue"),
        ("cloud-tasks://my-project/liaison?url=x", "does not name a queue"),
        (f"{GOOD}&url={URL}", "does not name a queue"),
        (f"{GOOD}#a", "does not name a queue"),
        ("cloud-tasks://[my-project/a/b", "cannot be read"),
        (f"{GOOD}&attempts", "cannot be read"),
        (GOOD.replace("my-project", "My_Project"), "QUEUE.project: 'My_Project' is no project"),
        (GOOD.replace("europe-west1", "EU"), "QUEUE.location: 'EU' is no location"),
        (GOOD.replace("liaison?", "my_queue?"), "QUEUE.name: 'my_queue' is no queue"),
        ("cloud-tasks://p/l/q", "QUEUE.url: This is missing: write for instance url=https://"),
        ("cloud-tasks://p/l/q", "QUEUE.service_account: This is missing"),
        (GOOD.replace("https:", "http:"), "QUEUE.url: This is the address of the function deliver"),
        (GOOD.replace(URL, f"{URL}%3Fa=b"), "QUEUE.url: This is the address of the function deliver"),
        (GOOD.replace(CALLER, "me"), "QUEUE.service_account: 'me' is no service account"),
        (f"{GOOD}&attempts=0", "QUEUE.attempts: This is how often"),
        (f"{GOOD}&attempts=often", "QUEUE.attempts: This is a whole number"),
        (f"{GOOD}&endpoint=http://a", "QUEUE.endpoint: 'http://a' is no endpoint"),
        (f"{GOOD}&atempts=5", "QUEUE.atempts: atempts is not known here; did you mean attempts?"),
    ],
)
def test_says_what_is_wrong_with_the_setting(location: str, told: str) -> None:
    """Every mistake in QUEUE is named, with what to write."""
    with pytest.raises(InvalidSettings, match=re.escape(told)):
        open_queue(location)


def test_a_task_calls_deliver(tasks: FakeCloudTasks, queue: TaskQueue) -> None:
    """A task posts the delivery to `deliver` in the name of the service account, and goes in by our own account."""
    assert queue.enqueue(HERE, ID, 1) is True

    (task,) = tasks.created
    request = task.http_request
    assert (request.http_method.name, request.url, json.loads(request.body)) == ("POST", URL, json.loads(BODY))
    assert (request.oidc_token.service_account_email, request.oidc_token.audience) == (CALLER, URL)
    assert (task.dispatch_deadline.total_seconds(), tasks.authorizations) == (70, [f"Bearer {TOKEN}"])


def test_an_attempt_is_queued_once(tasks: FakeCloudTasks, queue: TaskQueue) -> None:
    """The same attempt is one task however often it is asked for; another attempt, delivery or tenant is its own."""
    wanted = [(HERE, ID, 1), (HERE, ID, 1), (HERE, ID, "1"), (HERE, ID, 2), (HERE, f"{ID}1", ""), ("other", ID, 1)]

    assert [queue.enqueue(*one) for one in wanted] == [True, False, False, True, True, True]
    names = [task.name.removeprefix(f"{QUEUE}/tasks/") for task in tasks.created]
    assert names[0] == task_name(HERE, ID, 1)
    assert all(re.fullmatch("[0-9a-f]{64}", name) for name in names)


@pytest.mark.parametrize(("ahead", "scheduled"), [(None, False), (-5, False), (0, False), (90.25, True)])
def test_a_task_waits_until_it_is_due(
    tasks: FakeCloudTasks, queue: TaskQueue, ahead: float | None, scheduled: bool
) -> None:
    """What is due later is dispatched then; what is due goes at once."""
    due_at = None if ahead is None else time.time() + ahead
    queue.enqueue(HERE, ID, 1, due_at)

    told = tasks.created[0].schedule_time
    assert (abs(told.timestamp() - due_at) < 0.001) if scheduled else told is None


def test_a_lost_answer_is_no_second_task(tasks: FakeCloudTasks, queue: TaskQueue) -> None:
    """Where the task was made and the answer got lost, asking again finds it there."""
    tasks.lose_answers()

    assert queue.enqueue(HERE, ID, 1) is False
    assert (tasks.asked, len(tasks.created)) == (2, 1)


@pytest.mark.parametrize("code", ["UNAVAILABLE", "INTERNAL", "UNKNOWN", "RESOURCE_EXHAUSTED", "DEADLINE_EXCEEDED"])
def test_an_outage_is_temporary(tasks: FakeCloudTasks, code: str) -> None:
    """What may pass is tried again in the time there is, and told with the address where outages are announced."""
    tasks.refuse(grpc.StatusCode[code])

    assert f"does not answer ({code}) for cloud-tasks://my-project/europe-west1/liaison" in why(hasty(tasks))
    assert tasks.asked > 1


@pytest.mark.parametrize("later", [LEFT_ALONE, -3600])
def test_an_outage_costs_one_caller_its_time(tasks: FakeCloudTasks, later: float) -> None:
    """After an outage nobody waits for the queue for five seconds, unless the clock is set back; then it is asked."""
    now = [time.time()]
    queue = hasty(tasks, lambda: now[0])
    tasks.refuse(grpc.StatusCode.UNAVAILABLE)
    why(queue)
    asked, begun = tasks.asked, time.monotonic()
    assert "did not answer a moment ago" in why(queue)
    assert (tasks.asked, time.monotonic() - begun < 0.1) == (asked, True)
    tasks.refuse(None)
    now[0] += later
    assert queue.enqueue(HERE, ID, 1) is True


def test_connects_again_after_an_outage(tasks: FakeCloudTasks) -> None:
    """The port was closed and is open again: the next call gets through, on a connection of its own."""
    now = [time.time()]
    queue = hasty(tasks, lambda: now[0])
    queue.enqueue(HERE, ID, 1)
    tasks.stop()
    assert "(UNAVAILABLE)" in why(queue)
    tasks.restart()
    now[0] += LEFT_ALONE
    assert queue.enqueue(HERE, ID, 2) is True


@pytest.mark.parametrize(
    ("harm", "told"),
    [
        (
            lambda t: t.refuse(grpc.StatusCode.NOT_FOUND, "Queue does not exist."),
            "Run: gcloud tasks queues create liaison --location=europe-west1 --project=my-project",
        ),
        (
            lambda t: t.refuse(grpc.StatusCode.FAILED_PRECONDITION, "Queue does not exist."),
            "There is no queue cloud-tasks://my-project/europe-west1/liaison.",
        ),
        (
            lambda t: t.refuse(grpc.StatusCode.PERMISSION_DENIED),
            "gcloud tasks queues add-iam-policy-binding liaison --role=roles/cloudtasks.enqueuer"
            f" --member=serviceAccount:{ACCOUNT} --location=europe-west1 --project=my-project",
        ),
        (
            lambda t: t.refuse(grpc.StatusCode.UNAUTHENTICATED),
            f"gcloud iam service-accounts add-iam-policy-binding {CALLER} --role=roles/iam.serviceAccountUser",
        ),
        (
            lambda t: t.refuse(grpc.StatusCode.INVALID_ARGUMENT, "Not so."),
            "refuses the task (INVALID_ARGUMENT): Not so.",
        ),
        (lambda t: t.switch_off(), "gcloud services enable cloudtasks.googleapis.com --project=my-project"),
        (lambda _: google_cloud.refuse_tokens(), "gives no access token"),
    ],
)
def test_says_what_to_do(tasks: FakeCloudTasks, harm: Callable[[FakeCloudTasks], object], told: str) -> None:
    """Whatever is wrong with the queue has a sentence of its own, with the command that mends it."""
    harm(tasks)

    assert told in why(hasty(tasks))


@pytest.mark.check
def test_gives_up_in_time() -> None:
    """A server that takes the connection and never says a word costs three seconds."""
    with closing(socket.create_server(("localhost", 0))) as silent:
        queue = open_queue(f"{GOOD}&endpoint=localhost:{silent.getsockname()[1]}")
        begun = time.monotonic()
        assert "(DEADLINE_EXCEEDED)" in why(queue)
        assert time.monotonic() - begun < PATIENCE + 1


def test_opening_is_free() -> None:
    """Neither the import nor the opening brings in gRPC: before the fork there is none of it."""
    script = f"import sys; from services.task_queue import open_queue; open_queue({GOOD!r})"
    check = "assert not {'grpc', 'google.auth', 'google.cloud.tasks_v2'} & set(sys.modules)"
    command = [sys.executable, "-c", f"{script}; {check}"]
    assert subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False).stderr == ""


@pytest.mark.parametrize(
    ("headers", "attempts", "told"),
    [
        ({}, 3, (None, 0, False)),
        ({"X-CloudTasks-TaskName": "abc", "X-CloudTasks-TaskRetryCount": "1"}, 3, ("abc", 1, False)),
        ({"X-CloudTasks-TaskRetryCount": "2"}, 3, (None, 2, True)),
        ({"X-CloudTasks-TaskRetryCount": "7"}, 3, (None, 7, True)),
        ({"X-CloudTasks-TaskRetryCount": "2", "X-CloudTasks-TaskExecutionCount": "0"}, 3, (None, 2, True)),
        ({"X-CloudTasks-TaskRetryCount": "1000"}, None, (None, 1000, False)),
        ({}, 1, (None, 0, True)),
    ],
)
def test_reads_a_task(headers: dict[str, str], attempts: int | None, told: tuple[str | None, int, bool]) -> None:
    """A task tells its delivery and how often it was tried; with the queue's own number it knows its last attempt."""
    task = read_task(BODY, headers, attempts)

    assert (task.delivery, task.environment) == (ID, HERE)
    assert (task.name, task.retries, task.is_last) == told


@pytest.mark.parametrize(
    ("body", "field"),
    [
        (b"[]", ""),
        (b"{}", "delivery"),
        (b'{"delivery": 7, "environment": "a"}', "delivery"),
        (b'{"delivery": "01J", "environment": "a"}', "delivery"),
        (f'{{"delivery": "{ID}\\n", "environment": "a"}}'.encode(), "delivery"),
        (f'{{"delivery": "{ID}"}}'.encode(), "environment"),
        (f'{{"delivery": "{ID}", "environment": ""}}'.encode(), "environment"),
        (f'{{"delivery": "{ID}", "environment": null}}'.encode(), "environment"),
    ],
)
def test_refuses_what_is_no_task(body: bytes, field: str) -> None:
    """A body that is not a task is refused with the field to blame."""
    with pytest.raises(InvalidSubmission) as refused:
        read_task(body, {})
    assert field in [error.field for error in refused.value.errors]


@pytest.mark.parametrize("body", [b"", b"7", b"{", b"\xff", b"[" * 100_000, b"a=b"])
def test_refuses_what_cannot_be_read(body: bytes) -> None:
    """A body that is not JSON is refused, and never an error of ours."""
    with pytest.raises(UnreadableBody):
        read_task(body, {})


@pytest.mark.parametrize("count", ["", "x", "-1", "1.5", "9" * 5000, "²"])
def test_refuses_a_count_that_is_none(count: str) -> None:
    """A count of tries that is no number is refused: nobody can tell which attempt this is."""
    with pytest.raises(InvalidSubmission):
        read_task(BODY, {"X-CloudTasks-TaskRetryCount": count})


def test_a_newer_version_may_write_more() -> None:
    """Work that a newer version queued is read by an older one that is still there."""
    assert read_task(BODY[:-1] + b', "hint": 1}', {}).delivery == ID
