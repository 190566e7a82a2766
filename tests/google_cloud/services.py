"""Which APIs a project has enabled.

https://cloud.google.com/service-usage/docs/reference/rest/v1/services
"""

from __future__ import annotations

from typing import Any

from tests.google_cloud import operations
from tests.google_cloud.state import Project, State
from tests.google_cloud.wire import Call, Refusal, Route, info

HOST = "serviceusage.googleapis.com"
BILLED = {  # what cannot be had without a billing account
    "artifactregistry.googleapis.com",
    "cloudbuild.googleapis.com",
    "cloudscheduler.googleapis.com",
    "cloudtasks.googleapis.com",
    "compute.googleapis.com",
    "run.googleapis.com",
    "secretmanager.googleapis.com",
}
FREE = {
    "cloudbilling.googleapis.com",
    "cloudfunctions.googleapis.com",
    "cloudresourcemanager.googleapis.com",
    "eventarc.googleapis.com",
    "firestore.googleapis.com",
    "firebaserules.googleapis.com",
    "iam.googleapis.com",
    "iamcredentials.googleapis.com",
    "logging.googleapis.com",
    "monitoring.googleapis.com",
    "pubsub.googleapis.com",
    "storage.googleapis.com",
    "serviceusage.googleapis.com",
}


def list_(state: State, call: Call) -> dict[str, Any]:
    """Answer with the APIs that are enabled."""
    project = state.projects[call.project]
    known = BILLED | FREE | project.services
    shown = project.services if call.asked("filter") == "state:ENABLED" else known
    return {"services": [_show(project, name) for name in sorted(shown)]}


def get(state: State, call: Call) -> dict[str, Any]:
    """Answer whether one API is enabled."""
    return _show(state.projects[call.project], call.ids["service"])


def enable_one(state: State, call: Call) -> dict[str, Any]:
    """Enable an API."""
    return _enable(state, state.projects[call.project], [call.ids["service"]])


def enable_many(state: State, call: Call) -> dict[str, Any]:
    """Enable up to twenty APIs."""
    return _enable(state, state.projects[call.project], call.body["serviceIds"])


def _enable(state: State, project: Project, names: list[str]) -> dict[str, Any]:
    unknown = [name for name in names if name not in BILLED | FREE]
    if unknown:
        message = f"Not found or permission denied for service(s): {','.join(unknown)}."
        detail = info("SERVICE_CONFIG_NOT_FOUND_OR_PERMISSION_DENIED", HOST, services=",".join(unknown))
        raise Refusal(403, message, details=[detail])
    billed = [name for name in names if name in BILLED]
    if billed and not project.billing:
        raise _not_paid(project, billed)
    if project.services >= set(names):
        return {"name": "operations/noop.DONE_OPERATION", "done": True, "response": {}}
    project.services |= set(names)
    shown = [_show(project, name) for name in names]
    name = f"operations/acf.p2-{project.number}-{state.number()}"
    return operations.begin(
        state, name, {"resourceNames": [one["name"] for one in shown]}, response={"services": shown}
    )


def _not_paid(project: Project, names: list[str]) -> Refusal:
    listed = ",".join(names)
    message = (
        f"Billing account for project '{project.number}' is not found. Billing must be enabled for activation of"
        f" service(s) '{listed}' to proceed."
    )
    subject = f"?error_code=390001&project={project.number}" + "".join(f"&services={name}" for name in names)
    violations = [{"type": "googleapis.com/billing-enabled", "subject": subject}]
    failure = {"@type": "type.googleapis.com/google.rpc.PreconditionFailure", "violations": violations}
    metadata = {"project": project.number, "services": listed}
    reason = info("UREQ_PROJECT_BILLING_NOT_FOUND", f"{HOST}/billing-enabled", **metadata)
    return Refusal(400, message, "FAILED_PRECONDITION", [failure, reason])


def _show(project: Project, name: str) -> dict[str, Any]:
    return {
        "name": f"projects/{project.number}/services/{name}",
        "parent": f"projects/{project.number}",
        "config": {"name": name, "title": name},
        "state": "ENABLED" if name in project.services else "DISABLED",
    }


ROUTES = [
    Route("GET", "/v1/projects/{project}/services", "serviceusage.services.list", list_),
    Route("GET", "/v1/projects/{project}/services/{service}", "serviceusage.services.get", get),
    Route("POST", "/v1/projects/{project}/services/{service}:enable", "serviceusage.services.enable", enable_one),
    Route("POST", "/v1/projects/{project}/services:batchEnable", "serviceusage.services.enable", enable_many),
    Route("GET", "/v1/operations/{operation}", None, operations.get),
]
