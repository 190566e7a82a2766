"""Service accounts.

https://cloud.google.com/iam/docs/reference/rest/v1/projects.serviceAccounts
"""

from __future__ import annotations

import re
from typing import Any

from tests.google_cloud import policies
from tests.google_cloud.state import State
from tests.google_cloud.wire import Call, Route, already_there, invalid, not_found

HOST = "iam.googleapis.com"
ACCOUNT_ID = re.compile(r"[a-z][-a-z0-9]{4,28}[a-z0-9]")


def list_(state: State, call: Call) -> dict[str, Any]:
    """Answer with a project's accounts."""
    return {"accounts": [account for account in state.accounts.values() if account["projectId"] == call.project]}


def create(state: State, call: Call) -> dict[str, Any]:
    """Make an account; its id is what stands before the @."""
    name = call.body["accountId"]
    if not ACCOUNT_ID.fullmatch(name):
        raise invalid(f'The account ID "{name}" does not have a length between 6 and 30 or holds a wrong character.')
    email = f"{name}@{call.project}.iam.gserviceaccount.com"
    if email in state.accounts:
        raise already_there(f"Service account {name} already exists within project projects/{call.project}.")
    number = f"1{state.number():020d}"
    state.accounts[email] = (call.body.get("serviceAccount") or {}) | {
        "name": f"projects/{call.project}/serviceAccounts/{email}",
        "projectId": call.project,
        "uniqueId": number,
        "oauth2ClientId": number,
        "email": email,
        "etag": state.etag(),
    }
    return state.accounts[email]


def get(state: State, call: Call) -> dict[str, Any]:
    """Answer with an account."""
    account = state.accounts.get(call.ids["email"])
    if account is None or call.project not in ("-", account["projectId"]):
        raise not_found("Unknown service account")
    return account


def delete(state: State, call: Call) -> dict[str, Any]:
    """Delete an account. Where it had a role, its name remains, marked as deleted."""
    account = get(state, call)
    del state.accounts[account["email"]]
    state.policies.pop(account["name"], None)
    member = f"serviceAccount:{account['email']}"
    for binding in (binding for policy in state.policies.values() for binding in policy.get("bindings", [])):
        gone = f"deleted:{member}?uid={account['uniqueId']}"
        binding["members"] = [gone if one == member else one for one in binding["members"]]
    return {}


def get_policy(state: State, call: Call) -> dict[str, Any]:
    """Answer with who may do what with an account."""
    return policies.read(state, get(state, call)["name"])


def set_policy(state: State, call: Call) -> dict[str, Any]:
    """Replace who may do what with an account."""
    return policies.write(state, get(state, call)["name"], call)


ALL, ONE = "/v1/projects/{project}/serviceAccounts", "/v1/projects/{project}/serviceAccounts/{email}"
ROUTES = [
    Route("GET", ALL, "iam.serviceAccounts.list", list_),
    Route("POST", ALL, "iam.serviceAccounts.create", create),
    Route("GET", ONE, "iam.serviceAccounts.get", get),
    Route("DELETE", ONE, "iam.serviceAccounts.delete", delete),
    Route("POST", f"{ONE}:getIamPolicy", "iam.serviceAccounts.getIamPolicy", get_policy),
    Route("POST", f"{ONE}:setIamPolicy", "iam.serviceAccounts.setIamPolicy", set_policy),
    Route("POST", f"{ONE}:testIamPermissions", None, policies.held),
]
