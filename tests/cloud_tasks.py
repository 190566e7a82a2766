"""A Cloud Tasks for tests: real gRPC over TLS for the real client, and real calls of the handler."""

from __future__ import annotations

import time

import grpc
from google.cloud import tasks_v2
from google.protobuf import duration_pb2

from tests import google_platform
from tests.task_dispatching import Dispatch, Dispatcher, Rules, Waiting

SERVICE = "google.cloud.tasks.v2.CloudTasks"
QUEUE = "projects/my-project/locations/europe-west1/queues/liaison"
CALLER = "liaison-tasks@my-project.iam.gserviceaccount.com"
LONGEST_AHEAD = 30 * 86400  # seconds


class FakeCloudTasks(google_platform.Api):
    """One queue, and all that can be wrong with it. `address` is its `host:port`; `rules` may change at any time."""

    def __init__(self, rules: Rules | None = None) -> None:
        self.rules = rules or Rules()
        self.created: list[tasks_v2.Task] = []
        self.asked = 0  # how often somebody wanted to create a task
        self._dispatcher = Dispatcher(self.rules, "liaison")
        self._answers_lost = self._tasks_lost = 0
        super().__init__(SERVICE, "Cloud Tasks", self._calls())

    @property
    def dispatches(self) -> list[Dispatch]:
        """The calls of the handler that have ended."""
        return self._dispatcher.dispatches

    @property
    def forgotten(self) -> list[str]:
        """The names of the tasks that were given up after their last attempt."""
        return self._dispatcher.forgotten

    @property
    def waiting(self) -> list[Waiting]:
        """The tasks that wait for their turn, the next one first."""
        return self._dispatcher.waiting()

    def lose_answers(self, times: int = 1) -> None:
        """Create the next tasks, but let the answer be lost."""
        self._answers_lost = times

    def lose_tasks(self, times: int = 1) -> None:
        """Say that the next tasks are created, and never try them."""
        self._tasks_lost = times

    def twice(self, times: int = 1, apart: float = 0.0) -> None:
        """Call the handler two times for each of the next tasks: Cloud Tasks promises at least once."""
        self._dispatcher.twice(times, apart)

    def pause(self) -> None:
        """Dispatch nothing."""
        self._dispatcher.pause(True)

    def resume(self) -> None:
        """Dispatch again."""
        self._dispatcher.pause(False)

    def wait_idle(self, seconds: float = 10.0) -> None:
        """Wait until every task has succeeded or was given up."""
        assert self._dispatcher.wait_idle(seconds), f"Still waiting: {self.waiting}"

    def close(self) -> None:
        """Stop for good; until then what is queued is dispatched, also while the port is closed."""
        self.stop()
        self._dispatcher.close()

    def location(self, url: str, more: str = "") -> str:
        """Return the setting QUEUE for this server; `more` is added, such as `&attempts=3`."""
        options = f"url={url}&service_account={CALLER}&endpoint={self.address}{more}"
        return f"cloud-tasks://my-project/europe-west1/liaison?{options}"

    def _calls(self) -> dict[str, grpc.RpcMethodHandler]:
        queue, methods = tasks_v2.Queue, {}
        for method, request, answer, name in (
            (self._create, tasks_v2.CreateTaskRequest, tasks_v2.Task, "CreateTask"),
            (self._get, tasks_v2.GetQueueRequest, queue, "GetQueue"),
            (self._pause, tasks_v2.PauseQueueRequest, queue, "PauseQueue"),
            (self._resume, tasks_v2.ResumeQueueRequest, queue, "ResumeQueue"),
        ):
            methods[name] = grpc.unary_unary_rpc_method_handler(
                method, request_deserializer=request.deserialize, response_serializer=answer.serialize
            )
        return methods

    def _admit(self, queue: str, context: grpc.ServicerContext) -> None:
        self.note(context)
        self.bear(context)
        if queue != QUEUE:
            context.abort(grpc.StatusCode.NOT_FOUND, "Queue does not exist.")

    def _create(self, request: tasks_v2.CreateTaskRequest, context: grpc.ServicerContext) -> tasks_v2.Task:
        self.asked += 1
        self._admit(request.parent, context)
        task, now = request.task, time.time()
        if wrong := _mistake(task, now):
            context.abort(grpc.StatusCode.INVALID_ARGUMENT, wrong)
        wait = task.schedule_time.timestamp() - now if task.schedule_time else 0.0
        lost = self._tasks_lost > 0
        if not self._dispatcher.add(task, wait, lost=lost):
            context.abort(grpc.StatusCode.ALREADY_EXISTS, "Requested entity already exists")
        self._tasks_lost -= lost
        self.created.append(task)
        if self._answers_lost > 0:
            self._answers_lost -= 1
            context.abort(grpc.StatusCode.UNAVAILABLE, "Socket closed")
        return task

    def _get(self, request: tasks_v2.GetQueueRequest, context: grpc.ServicerContext) -> tasks_v2.Queue:
        self._admit(request.name, context)
        rules = self.rules
        limits = tasks_v2.RateLimits(
            max_dispatches_per_second=rules.rate, max_concurrent_dispatches=rules.concurrent, max_burst_size=rules.burst
        )
        retries = tasks_v2.RetryConfig(
            max_attempts=rules.attempts,
            max_doublings=rules.doublings,
            min_backoff=duration_pb2.Duration(nanos=int(rules.min_backoff % 1 * 1e9), seconds=int(rules.min_backoff)),
            max_backoff=duration_pb2.Duration(seconds=int(rules.max_backoff)),
        )
        state = tasks_v2.Queue.State.PAUSED if self._dispatcher.paused else tasks_v2.Queue.State.RUNNING
        return tasks_v2.Queue(name=request.name, rate_limits=limits, retry_config=retries, state=state)

    def _pause(self, request: tasks_v2.PauseQueueRequest, context: grpc.ServicerContext) -> tasks_v2.Queue:
        self._admit(request.name, context)
        self.pause()
        return self._get(tasks_v2.GetQueueRequest(name=request.name), context)

    def _resume(self, request: tasks_v2.ResumeQueueRequest, context: grpc.ServicerContext) -> tasks_v2.Queue:
        self._admit(request.name, context)
        self.resume()
        return self._get(tasks_v2.GetQueueRequest(name=request.name), context)


def _mistake(task: tasks_v2.Task, now: float) -> str | None:
    """Say what Google would not take."""
    if not task.name.startswith(f"{QUEUE}/tasks/"):
        return "Task name must be in the queue."
    if not task.http_request.url.startswith(("http://", "https://")):
        return "HttpRequest.url must start with http:// or https://."
    if task.schedule_time and task.schedule_time.timestamp() > now + LONGEST_AHEAD:
        return "ScheduleTime must be within 30 days."
    if task.dispatch_deadline and not 15 <= task.dispatch_deadline.total_seconds() <= 1800:
        return "DispatchDeadline must be between 15s and 30m."
    return None


def start(**rules: object) -> FakeCloudTasks:
    """Return a Cloud Tasks of its own that listens on a free port of this machine."""
    google_platform.refuse_tokens(False)
    return FakeCloudTasks(Rules(**rules))
