"""Tasks in Google Cloud Tasks, made with Google's own client over gRPC.

https://cloud.google.com/tasks/docs/reference/rpc/google.cloud.tasks.v2
"""

from __future__ import annotations

import hashlib
import json
import threading
import time
from collections.abc import Callable
from typing import TYPE_CHECKING

from schemas.tasks import Queue
from services.errors import QueueDown
from services.google_calls import SCOPE, call, is_outage, is_without_token, status_of

if TYPE_CHECKING:
    from google.api_core.exceptions import GoogleAPICallError
    from google.auth.credentials import Credentials
    from google.cloud.tasks_v2 import CloudTasksClient
    from google.cloud.tasks_v2 import Task as GoogleTask

# Seconds for one task, all repeats included. Importing and making the client (0.4 s, once) come on top.
PATIENCE = 3.0

LEFT_ALONE = 5.0  # seconds after an outage in which nobody waits for the queue again
# Seconds that Cloud Tasks waits for `deliver`: a little more than the function's own timeout (serverless.yaml).
DISPATCH_DEADLINE = 70


def task_name(environment: str, delivery: str, attempt: str | int) -> str:
    """Return the name of one attempt's task: the same for the same attempt, and spread evenly as Google asks."""
    return hashlib.sha256(json.dumps([environment, delivery, str(attempt)]).encode()).hexdigest()


class TaskQueue:
    """One queue. The client is made at first use, so in the worker, after the fork. Threads may share it."""

    def __init__(self, queue: Queue, *, clock: Callable[[], float] = time.time, patience: float = PATIENCE) -> None:
        self.queue = queue
        self._clock = clock
        self._patience = patience
        self._lock = threading.Lock()
        self._client: CloudTasksClient | None = None
        self._credentials: Credentials | None = None
        self._outage = (0.0, "")  # until when the queue is left alone, and why

    def __repr__(self) -> str:
        return f"cloud-tasks://{self.queue.project}/{self.queue.location}/{self.queue.name}"

    def enqueue(self, environment: str, delivery: str, attempt: str | int, due_at: float | None = None) -> bool:
        """Have `deliver` called for a delivery, not before `due_at` (Unix seconds); raise QueueDown within 3 s.

        `attempt` tells the delivery's tries apart: for each there is one task, however often it is asked for, and
        False says that it was there. Its name stays taken for a day after it is done: a replay is another attempt.
        After a QueueDown the task may be there all the same, because the answer may have been what was lost.
        """
        from google.api_core.exceptions import AlreadyExists, GoogleAPICallError

        until, why = self._outage
        if 0 < until - self._clock() <= LEFT_ALONE:  # a clock that is set back counts as time gone by
            raise QueueDown(why)
        task = self._task(environment, delivery, attempt, due_at)
        client = self._connect()

        def create(timeout: float) -> object:
            return client.create_task(parent=self.queue.path, task=task, retry=None, timeout=timeout)

        try:
            call(create, time.monotonic() + self._patience)
        except AlreadyExists:
            return False
        except GoogleAPICallError as error:
            raise self._down(error) from error
        return True

    def _task(self, environment: str, delivery: str, attempt: str | int, due_at: float | None) -> GoogleTask:
        from google.cloud import tasks_v2
        from google.protobuf.duration_pb2 import Duration
        from google.protobuf.timestamp_pb2 import Timestamp

        token = tasks_v2.OidcToken(service_account_email=self.queue.service_account, audience=self.queue.url)
        request = tasks_v2.HttpRequest(
            http_method=tasks_v2.HttpMethod.POST,
            url=self.queue.url,
            headers={"Content-Type": "application/json"},
            body=json.dumps({"delivery": delivery, "environment": environment}).encode(),
            oidc_token=token,
        )
        name = f"{self.queue.path}/tasks/{task_name(environment, delivery, attempt)}"
        task = tasks_v2.Task(name=name, http_request=request, dispatch_deadline=Duration(seconds=DISPATCH_DEADLINE))
        if due_at is not None and due_at > self._clock():
            seconds = int(due_at)
            task.schedule_time = Timestamp(seconds=seconds, nanos=int((due_at - seconds) * 1e9))
        return task

    def _connect(self) -> CloudTasksClient:
        """Return the one client of this process."""
        import google.auth
        from google.auth.exceptions import GoogleAuthError
        from google.cloud.tasks_v2 import CloudTasksClient

        with self._lock:
            if self._client is None:
                try:
                    if self._credentials is None:
                        self._credentials, _ = google.auth.default(scopes=[SCOPE])
                    options = {"api_endpoint": self.queue.endpoint} if self.queue.endpoint else {}
                    self._client = CloudTasksClient(credentials=self._credentials, client_options=options)
                except GoogleAuthError as error:
                    raise self._leave_alone(
                        f"There are no Google credentials here to reach {self!r} with."
                        " On your own machine run: gcloud auth application-default login"
                    ) from error
            return self._client

    def _down(self, error: GoogleAPICallError) -> QueueDown:
        """Return what the operator has to know. After an outage the next call connects anew.

        A channel that failed tries again only after a pause that grows to two minutes, and one whose
        connection was cut off silently does not notice.
        """
        if not is_outage(error):
            return QueueDown(self._why(error))
        self._client = None
        return self._leave_alone(self._why(error))

    def _leave_alone(self, why: str) -> QueueDown:
        """Have the next callers not wait for what has just cost one of them its time."""
        self._outage = (self._clock() + LEFT_ALONE, why)
        return QueueDown(why)

    def _why(self, error: GoogleAPICallError) -> str:
        """Say what an operator can do about it, with the command that does it."""
        from google.api_core import exceptions

        flags = f"--location={self.queue.location} --project={self.queue.project}"
        if is_without_token(error):
            return (
                f"Google gives no access token to reach {self!r} with. If it stays so, check the function's service"
                " account, or run: gcloud auth application-default login"
            )
        if is_outage(error):
            return (
                f"Cloud Tasks does not answer ({status_of(error)}) for {self!r}. If it stays so, look at"
                " https://status.cloud.google.com and check QUEUE."
            )
        if error.reason == "SERVICE_DISABLED":
            return (
                f"Cloud Tasks is not switched on in the project {self.queue.project}."
                f" Run: gcloud services enable cloudtasks.googleapis.com --project={self.queue.project}"
            )
        if isinstance(error, exceptions.NotFound | exceptions.FailedPrecondition):
            return f"There is no queue {self!r}. Run: gcloud tasks queues create {self.queue.name} {flags}"
        if isinstance(error, exceptions.PermissionDenied | exceptions.Unauthenticated):
            return self._forbidden(flags)
        return f"Cloud Tasks refuses the task ({status_of(error)}): {error.message} Check QUEUE."

    def _forbidden(self, flags: str) -> str:
        who = getattr(self._credentials, "service_account_email", "") or ""
        member = f"--member=serviceAccount:{who if '@' in who else '…'}"
        return (
            f"Cloud Tasks does not let us add to {self!r}, or send {self.queue.service_account} with it. Run:"
            f" gcloud tasks queues add-iam-policy-binding {self.queue.name} --role=roles/cloudtasks.enqueuer"
            f" {member} {flags}; and: gcloud iam service-accounts add-iam-policy-binding"
            f" {self.queue.service_account} --role=roles/iam.serviceAccountUser {member} --project={self.queue.project}"
        )
