"""Cloud Tasks: queues, not the tasks in them.

https://cloud.google.com/tasks/docs/reference/rest/v2/projects.locations.queues
"""

from __future__ import annotations

import re
from typing import Any

from tests.google_cloud import policies
from tests.google_cloud.state import State
from tests.google_cloud.wire import Call, Refusal, Route, already_there, invalid, masked, not_found

HOST = "cloudtasks.googleapis.com"
# What the API fills in where a queue says nothing.
RATE_LIMITS = {"maxDispatchesPerSecond": 500, "maxBurstSize": 100, "maxConcurrentDispatches": 1000}
RETRIES = {"maxAttempts": 100, "minBackoff": "0.100s", "maxBackoff": "3600s", "maxDoublings": 16}


def list_(state: State, call: Call) -> dict[str, Any]:
    """Answer with a location's queues."""
    return {"queues": [queue for name, queue in state.queues.items() if name.startswith(f"{call.location}/")]}


def create(state: State, call: Call) -> dict[str, Any]:
    """Make a queue. A name cannot be used again for some days after its queue was deleted."""
    name = call.body["name"]
    short = name.rpartition("/")[2]
    if not re.fullmatch(r"[A-Za-z0-9-]{1,100}", short):
        raise invalid(f"Queue ID '{short}' may hold letters, digits and hyphens only, and 100 at most.")
    if name in state.queues:
        raise already_there("Queue already exists")
    if name in state.buried:
        message = f"The queue cannot be created because a queue with this name existed too recently: {name}"
        raise Refusal(400, message, "FAILED_PRECONDITION")
    state.queues[name] = _fill(call.body) | {"state": "RUNNING"}
    return state.queues[name]


def get(state: State, call: Call) -> dict[str, Any]:
    """Answer with a queue."""
    if _name(call) not in state.queues:
        raise not_found(
            "Queue does not exist. If you just created the queue, wait at least a minute for the queue to initialize."
        )
    return state.queues[_name(call)]


def change(state: State, call: Call) -> dict[str, Any]:
    """Change a queue, or make it if it is not there."""
    queue = state.queues.get(_name(call), {"name": _name(call), "state": "RUNNING"})
    state.queues[_name(call)] = _fill(masked(queue, call.body, call.asked("updateMask")))
    return state.queues[_name(call)]


def delete(state: State, call: Call) -> dict[str, Any]:
    """Delete a queue with its tasks."""
    get(state, call)
    del state.queues[_name(call)]
    state.policies.pop(_name(call), None)
    if state.names_stay_taken:
        state.buried.add(_name(call))
    return {}


def set_running(state: State, call: Call) -> dict[str, Any]:
    """Pause a queue or let it go on."""
    get(state, call)["state"] = "PAUSED" if call.path.endswith(":pause") else "RUNNING"
    return get(state, call)


def get_policy(state: State, call: Call) -> dict[str, Any]:
    """Answer with who may do what with a queue."""
    return policies.read(state, get(state, call)["name"])


def set_policy(state: State, call: Call) -> dict[str, Any]:
    """Replace who may do what with a queue."""
    return policies.write(state, get(state, call)["name"], call)


def _name(call: Call) -> str:
    return f"{call.location}/queues/{call.ids['queue']}"


def _fill(queue: dict[str, Any]) -> dict[str, Any]:
    limits = {**RATE_LIMITS, **queue.get("rateLimits", {})}
    rate = limits["maxDispatchesPerSecond"]
    if not 0 < rate <= 500:
        raise invalid("Queue.rate_limits.max_dispatches_per_second must be positive and at most 500.")
    limits["maxBurstSize"] = max(1, min(100, round(rate / 5)))
    return queue | {"rateLimits": limits, "retryConfig": {**RETRIES, **queue.get("retryConfig", {})}}


ALL = "/v2/projects/{project}/locations/{location}/queues"
ONE = f"{ALL}/{{queue}}"
ROUTES = [
    Route("GET", ALL, "cloudtasks.queues.list", list_),
    Route("POST", ALL, "cloudtasks.queues.create", create),
    Route("GET", ONE, "cloudtasks.queues.get", get),
    Route("PATCH", ONE, "cloudtasks.queues.update", change),
    Route("DELETE", ONE, "cloudtasks.queues.delete", delete),
    Route("POST", f"{ONE}:pause", "cloudtasks.queues.pause", set_running),
    Route("POST", f"{ONE}:resume", "cloudtasks.queues.resume", set_running),
    Route("POST", f"{ONE}:getIamPolicy", "cloudtasks.queues.getIamPolicy", get_policy),
    Route("POST", f"{ONE}:setIamPolicy", "cloudtasks.queues.setIamPolicy", set_policy),
    Route("POST", f"{ONE}:testIamPermissions", None, policies.held),
]
