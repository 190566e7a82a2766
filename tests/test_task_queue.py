"""The queue in front of `deliver`: what the setting QUEUE may say, and what comes back out of the queue."""

from __future__ import annotations

import json
import re

import pytest

from services.errors import InvalidSettings, InvalidSubmission, UnreadableBody
from services.task_queue import open_queue, read_task
from tests.cloud_tasks import CALLER, QUEUE

HERE = "https://online.superoffice.com Cust26759"
ID = "01J9ZQ3V5K8N2R4T6W8Y0A1B2C"
URL = "https://deliver-abc123-ew.a.run.app"
GOOD = f"cloud-tasks://my-project/europe-west1/liaison?url={URL}&service_account={CALLER}"
BODY = json.dumps({"delivery": ID, "environment": HERE}).encode()


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
