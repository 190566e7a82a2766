"""Projects, their IAM policy, and whether somebody pays for them.

https://cloud.google.com/resource-manager/reference/rest/v1/projects
https://cloud.google.com/billing/docs/reference/rest/v1/projects/getBillingInfo
"""

from __future__ import annotations

from typing import Any

from tests.google_cloud import policies
from tests.google_cloud.state import Project, State
from tests.google_cloud.wire import Call, Route

HOST = "cloudresourcemanager.googleapis.com"
BILLING = "cloudbilling.googleapis.com"


def list_(state: State, call: Call) -> dict[str, Any]:
    """Answer with the projects that the caller may see."""
    return {"projects": [_show(project) for project in state.projects.values()]}


def get(state: State, call: Call) -> dict[str, Any]:
    """Answer with a project."""
    return _show(state.projects[call.project])


def _show(project: Project) -> dict[str, Any]:
    return {
        "projectId": project.id,
        "projectNumber": project.number,
        "name": project.id,
        "lifecycleState": "ACTIVE",
        "createTime": "2026-01-01T00:00:00Z",
    }


def show_billing(state: State, call: Call) -> dict[str, Any]:
    """Answer whether a project has a billing account that is open."""
    project = state.projects[call.project]
    return {
        "name": f"projects/{project.id}/billingInfo",
        "projectId": project.id,
        "billingAccountName": "billingAccounts/000000-000000-000000" if project.billing else "",
        "billingEnabled": project.billing,
    }


def get_policy(state: State, call: Call) -> dict[str, Any]:
    """Answer with a project's policy."""
    return policies.read(state, f"projects/{call.project}")


def set_policy(state: State, call: Call) -> dict[str, Any]:
    """Replace a project's policy."""
    return policies.write(state, f"projects/{call.project}", call)


ROUTES = [
    Route("GET", "/v1/projects", None, list_),
    Route("GET", "/v1/projects/{project}", "resourcemanager.projects.get", get),
    Route("POST", "/v1/projects/{project}:getIamPolicy", "resourcemanager.projects.getIamPolicy", get_policy),
    Route("POST", "/v1/projects/{project}:setIamPolicy", "resourcemanager.projects.setIamPolicy", set_policy),
    Route("POST", "/v1/projects/{project}:testIamPermissions", None, policies.held),
]
BILLING_ROUTES = [Route("GET", "/v1/projects/{project}/billingInfo", "resourcemanager.projects.get", show_billing)]
