"""The half of Cloud Tasks that calls: when a task is tried, and what it brings along.

https://cloud.google.com/tasks/docs/reference/rpc/google.cloud.tasks.v2 (RateLimits, RetryConfig)
https://cloud.google.com/tasks/docs/creating-http-target-tasks#handler (the headers)
"""

from __future__ import annotations

import contextlib
import heapq
import itertools
import math
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import NamedTuple

import requests
from google.auth.crypt import RSASigner
from google.cloud import tasks_v2

from tests.identity_tokens import token

REMOVED = "SIGNATURE_REMOVED_BY_GOOGLE"  # Cloud Run puts it in the signature's place
SLOWEST = 1 / 8  # of its rate: so far 429 and 503 slow a queue down


@dataclass
class Rules:
    """How a queue is set up. Everything it waits for goes by `speed` times as fast as the clock."""

    rate: float = 500.0  # dispatches per second
    burst: int = 500
    concurrent: int = 16
    attempts: int = 100  # -1: no end
    min_backoff: float = 0.1
    max_backoff: float = 3600.0
    doublings: int = 16
    names_kept: float = 86400.0  # seconds for which the name of a task that has gone stays taken
    deadline: float | None = None  # instead of the task's own
    speed: float = 1.0
    signer: RSASigner | None = None  # Google's key; without it no token is sent
    cloud_run: bool = False  # whether the token comes in as Cloud Run lets it through


class Dispatch(NamedTuple):
    """One call of the handler; `status` is none where no answer came in time. Times are monotonic."""

    name: str
    retries: int
    started: float
    ended: float
    status: int | None


@dataclass(order=True)
class Waiting:
    """A task and its turn."""

    due: float
    place: int
    task: tasks_v2.Task = field(compare=False)
    eta: float = field(compare=False)  # Unix time
    retries: int = field(default=0, compare=False)
    executions: int = field(default=0, compare=False)
    previous: int | None = field(default=None, compare=False)

    @property
    def name(self) -> str:
        return self.task.name.rpartition("/")[2]


def backoff(rules: Rules, retries: int) -> float:
    """Return how long after failure number `retries` the next try comes: doubled, then linear, then the same."""
    step = rules.min_backoff * 2 ** min(retries - 1, rules.doublings)
    further = max(0, retries - 1 - rules.doublings) * rules.min_backoff * 2**rules.doublings
    return min(rules.max_backoff, step + further)


class Dispatcher:
    """Tries each task until it succeeds, or was tried often enough and is forgotten: there are no dead letters."""

    def __init__(self, rules: Rules, queue: str) -> None:
        self.rules = rules
        self.dispatches: list[Dispatch] = []
        self.forgotten: list[str] = []
        self.paused = False
        self._queue = queue
        self._waiting: list[Waiting] = []
        self._places = itertools.count()
        self._gone: dict[str, float] = {}  # each name, and since when its task is gone; infinite while it is not
        self._running = self._twice = 0
        self._apart = 0.0
        self._tokens, self._filled, self._share = float(rules.burst), time.monotonic(), 1.0
        self._changed = threading.Condition()
        self._stopped = False
        self._session = requests.Session()
        self._session.trust_env = False
        self._pool = ThreadPoolExecutor(rules.concurrent + 8, "tasks")
        self._thread = threading.Thread(target=self._run, name="queue", daemon=True)
        self._thread.start()

    def add(self, task: tasks_v2.Task, wait: float, *, lost: bool = False) -> bool:
        """Take a task that is due in `wait` seconds; False where its name is taken. A lost one is never tried."""
        now = time.monotonic()
        with self._changed:
            if now - self._gone.get(task.name, -math.inf) < self.rules.names_kept / self.rules.speed:
                return False
            self._gone[task.name] = math.inf
            if not lost:
                due = now + max(wait, 0) / self.rules.speed
                heapq.heappush(self._waiting, Waiting(due, next(self._places), task, time.time() + max(wait, 0)))
            self._changed.notify_all()
            return True

    def twice(self, times: int, apart: float) -> None:
        """Call the handler two times for each of the next tasks, `apart` seconds from begin to begin."""
        self._twice, self._apart = times, apart

    def pause(self, paused: bool) -> None:
        """Stop or go on."""
        with self._changed:
            self.paused = paused
            self._changed.notify_all()

    def wait_idle(self, seconds: float) -> bool:
        """Wait until nothing is left to try, at most so long."""
        with self._changed:
            return self._changed.wait_for(lambda: not self._waiting and not self._running, seconds)

    def waiting(self) -> list[Waiting]:
        """Return the tasks that wait for their turn, the next one first."""
        with self._changed:
            return sorted(self._waiting)

    def close(self) -> None:
        """Stop for good; calls under way end."""
        with self._changed:
            self._stopped = True
            self._changed.notify_all()
        self._thread.join()
        self._pool.shutdown()
        self._session.close()

    def _run(self) -> None:
        with self._changed:
            while not self._stopped:
                wait = self._wait()
                if wait > 0:
                    self._changed.wait(None if wait == math.inf else wait)
                    continue
                self._tokens -= 1
                waiting = heapq.heappop(self._waiting)
                if self._twice > 0:
                    self._twice -= 1
                    self._running += 1
                    self._pool.submit(self._repeat, waiting, self._apart)
                self._running += 1
                self._pool.submit(self._try, waiting)

    def _wait(self) -> float:
        """Return for how long nothing may be dispatched; infinite until something changes."""
        now = time.monotonic()
        rate = self.rules.rate * self.rules.speed * self._share
        self._tokens = min(float(self.rules.burst), self._tokens + (now - self._filled) * rate)
        self._filled = now
        if self.paused or not self._waiting or self._running >= self.rules.concurrent:
            return math.inf
        return max(self._waiting[0].due - now, (1 - self._tokens) / rate, 0.0)

    def _repeat(self, waiting: Waiting, apart: float) -> None:
        time.sleep(apart)
        self._call(waiting)
        self._end()

    def _try(self, waiting: Waiting) -> None:
        answer = self._call(waiting)
        status = answer.status_code if answer is not None else None
        if status is not None and status // 100 == 2:
            self._end(waiting.task.name, share=min(1.0, self._share * 2))
            return
        waiting.retries += 1
        waiting.executions += status is not None and status < 500
        waiting.previous = status
        share = max(SLOWEST, self._share / 2) if status in (429, 503) else self._share
        if waiting.retries == self.rules.attempts:
            self.forgotten.append(waiting.name)
            self._end(waiting.task.name, share=share)
            return
        asked = answer.headers.get("Retry-After", "") if answer is not None else ""
        wait = max(backoff(self.rules, waiting.retries), float(asked) if asked.isdecimal() else 0.0)
        waiting.due, waiting.eta = time.monotonic() + wait / self.rules.speed, time.time() + wait
        self._end(again=waiting, share=share)

    def _end(self, name: str | None = None, *, again: Waiting | None = None, share: float | None = None) -> None:
        with self._changed:
            self._running -= 1
            self._share = share or self._share
            if name:
                self._gone[name] = time.monotonic()
            if again:
                heapq.heappush(self._waiting, again)
            self._changed.notify_all()

    def _call(self, waiting: Waiting) -> requests.Response | None:
        started, answer = time.monotonic(), None
        request = waiting.task.http_request
        deadline = self.rules.deadline or waiting.task.dispatch_deadline.total_seconds() or 600
        name, retries = waiting.name, waiting.retries
        with contextlib.suppress(requests.RequestException):
            answer = self._session.request(
                request.http_method.name,
                request.url,
                data=request.body,
                headers={**request.headers, **self._headers(waiting)},
                timeout=deadline,
                allow_redirects=False,
            )
        status = None if answer is None else answer.status_code
        self.dispatches.append(Dispatch(name, retries, started, time.monotonic(), status))
        return answer

    def _headers(self, waiting: Waiting) -> dict[str, str]:
        headers = {
            "User-Agent": "Google-Cloud-Tasks",
            "X-CloudTasks-QueueName": self._queue,
            "X-CloudTasks-TaskName": waiting.name,
            "X-CloudTasks-TaskRetryCount": str(waiting.retries),
            "X-CloudTasks-TaskExecutionCount": str(waiting.executions),
            "X-CloudTasks-TaskETA": f"{waiting.eta:.6f}",
        }
        if waiting.previous is not None:
            headers["X-CloudTasks-TaskPreviousResponse"] = str(waiting.previous)
        if waiting.retries and waiting.previous is None:
            headers["X-CloudTasks-TaskRetryReason"] = "DEADLINE_EXCEEDED"
        oidc = waiting.task.http_request.oidc_token
        if self.rules.signer and oidc.service_account_email:
            audience = oidc.audience or waiting.task.http_request.url
            sent = token(self.rules.signer, aud=audience, email=oidc.service_account_email)
            head, claims, signature = sent.split(".")
            headers["Authorization"] = f"Bearer {head}.{claims}.{REMOVED if self.rules.cloud_run else signature}"
        return headers
