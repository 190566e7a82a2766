"""Tasks in Cloud Tasks: what goes in by Google's own client, and what its operator is told."""

from __future__ import annotations

import json
import os
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

from services.errors import QueueDown
from services.google_tasks import LEFT_ALONE, PATIENCE, TaskQueue, task_name
from services.task_queue import open_queue
from tests import google_platform
from tests.cloud_tasks import CALLER, QUEUE, FakeCloudTasks, start
from tests.google_platform import ACCOUNT, TOKEN

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
    assert "does not answer (UNAVAILABLE)" in why(queue)
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
        (lambda _: google_platform.refuse_tokens(), "gives no access token"),
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


def run(script: str, **environment: str) -> str:
    """Run the script in a process of its own, and return what it says on stderr."""
    environment = {**os.environ, **environment}
    command = [sys.executable, "-c", script]
    return subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False).stderr


@pytest.mark.check
def test_says_that_there_are_no_credentials() -> None:
    """On a machine that Google does not know, the operator is told how to log in."""
    script = f"""
from services.task_queue import open_queue
try:
    open_queue({GOOD!r}).enqueue({HERE!r}, {ID!r}, 1)
except Exception as error:
    raise SystemExit(f"{{type(error).__name__}}: {{error.why}}")
"""
    told = run(script, **{**google_platform.environment(), "NO_GCE_CHECK": "true"})
    assert told.startswith("QueueDown: There are no Google credentials here to reach cloud-tasks://my-project/")


def test_opening_is_free() -> None:
    """Neither the import nor the opening brings in gRPC: before the fork there is none of it."""
    script = f"import sys; from services.task_queue import open_queue; open_queue({GOOD!r})"
    check = "assert not {'grpc', 'google.auth', 'google.cloud.tasks_v2'} & set(sys.modules)"

    assert run(f"{script}; {check}") == ""
