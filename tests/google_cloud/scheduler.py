"""Cloud Scheduler: jobs that call a URL.

https://cloud.google.com/scheduler/docs/reference/rest/v1/projects.locations.jobs
"""

from __future__ import annotations

import re
from typing import Any

from tests.google_cloud.state import State
from tests.google_cloud.wire import Call, Route, already_there, invalid, lacking, masked, not_found

HOST = "cloudscheduler.googleapis.com"
CRON = re.compile(r"(\S+ ){4}\S+|(every|first|second|third|fourth|last|\d).*")


def list_(state: State, call: Call) -> dict[str, Any]:
    """Answer with a location's jobs."""
    return {"jobs": [job for name, job in state.jobs.items() if name.startswith(f"{call.location}/")]}


def create(state: State, call: Call) -> dict[str, Any]:
    """Make a job."""
    name = call.body["name"]
    if name in state.jobs:
        raise already_there(f"Job [{name}] already exists.")
    state.jobs[name] = _check(state, _fill(call.body))
    return state.jobs[name]


def get(state: State, call: Call) -> dict[str, Any]:
    """Answer with a job."""
    if _name(call) not in state.jobs:
        raise not_found("Job not found.")
    return state.jobs[_name(call)]


def change(state: State, call: Call) -> dict[str, Any]:
    """Change a job."""
    job = masked(get(state, call), call.body, call.asked("updateMask"))
    state.jobs[_name(call)] = _check(state, _fill(job))
    return state.jobs[_name(call)]


def delete(state: State, call: Call) -> dict[str, Any]:
    """Delete a job."""
    get(state, call)
    del state.jobs[_name(call)]
    return {}


def set_running(state: State, call: Call) -> dict[str, Any]:
    """Pause a job or let it go on."""
    get(state, call)["state"] = "PAUSED" if call.path.endswith(":pause") else "ENABLED"
    return get(state, call)


def run(state: State, call: Call) -> dict[str, Any]:
    """Start a job now; here nothing is called."""
    return get(state, call)


def _name(call: Call) -> str:
    return f"{call.location}/jobs/{call.ids['job']}"


def _fill(job: dict[str, Any]) -> dict[str, Any]:
    """Put in what the API does: the deadline, and the audience that is the whole URL where none is given."""
    filled = {"timeZone": "Etc/UTC", "attemptDeadline": "180s", "state": "ENABLED", **job}
    filled["userUpdateTime"] = "2026-01-01T00:00:00Z"
    target = filled["httpTarget"]
    if token := target.get("oidcToken"):
        filled["httpTarget"] = target | {"oidcToken": {"audience": target["uri"], **token}}
    return filled


def _check(state: State, job: dict[str, Any]) -> dict[str, Any]:
    if not CRON.fullmatch(job["schedule"]):
        raise invalid(f"Schedule or time zone is invalid: {job['schedule']}")
    if not 15 <= float(job["attemptDeadline"].removesuffix("s")) <= 1800:
        raise invalid("AttemptDeadline must be between 15s and 30m.")
    email = job["httpTarget"].get("oidcToken", {}).get("serviceAccountEmail", "")
    if email and "iam.serviceAccounts.actAs" in state.denied:
        raise lacking("iam.serviceAccounts.actAs", f"projects/-/serviceAccounts/{email}")
    if email.endswith(".iam.gserviceaccount.com") and email not in state.accounts:
        raise not_found(f"Service account {email} was not found.")
    return job


ALL = "/v1/projects/{project}/locations/{location}/jobs"
ONE = f"{ALL}/{{job}}"
ROUTES = [
    Route("GET", ALL, "cloudscheduler.jobs.list", list_),
    Route("POST", ALL, "cloudscheduler.jobs.create", create),
    Route("GET", ONE, "cloudscheduler.jobs.get", get),
    Route("PATCH", ONE, "cloudscheduler.jobs.update", change),
    Route("DELETE", ONE, "cloudscheduler.jobs.delete", delete),
    Route("POST", f"{ONE}:pause", "cloudscheduler.jobs.pause", set_running),
    Route("POST", f"{ONE}:resume", "cloudscheduler.jobs.enable", set_running),
    Route("POST", f"{ONE}:run", "cloudscheduler.jobs.run", run),
]
