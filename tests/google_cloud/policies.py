"""IAM policies, the same for every kind of resource: read, and written whole with the etag that was read.

https://cloud.google.com/iam/docs/reference/rest/v1/Policy
"""

from __future__ import annotations

import re
from typing import Any

from tests.google_cloud.state import State
from tests.google_cloud.wire import Call, Refusal, invalid

NEVER_SET = "ACAB"  # the etag of a policy that nobody has written
ANYBODY = {"allUsers", "allAuthenticatedUsers"}
KINDS = ("user:", "serviceAccount:", "group:", "domain:", "projectOwner:", "projectEditor:", "projectViewer:")
KINDS += ("principal:", "principalSet:", "deleted:")


def read(state: State, name: str) -> dict[str, Any]:
    """Return the policy of a resource."""
    return state.policies.get(name, {"etag": NEVER_SET})


def write(state: State, name: str, call: Call) -> dict[str, Any]:
    """Put a policy in place of the one whose etag it bears."""
    policy = dict(call.body["policy"])
    if policy.get("etag", "") not in ("", read(state, name)["etag"]):
        message = (
            "There were concurrent policy changes. Please retry the whole read-modify-write with exponential backoff."
        )
        raise Refusal(409, message, "ABORTED")
    bindings = [binding for binding in policy.get("bindings", []) if binding.get("members")]
    if any("condition" in binding for binding in bindings) and policy.get("version") != 3:
        raise invalid("Requested policy version must be 3 to use conditions in a policy.")
    for member in (member for binding in bindings for member in binding["members"]):
        _check(state, member)
    kept = {"version": policy.get("version", 1), "etag": state.etag(), "bindings": _merge(bindings)}
    state.policies[name] = kept
    return kept


def roles(state: State, name: str, member: str) -> set[str]:
    """Return what a member may be on a resource, for asserts."""
    bindings = read(state, name).get("bindings", [])
    return {binding["role"] for binding in bindings if member in binding["members"]}


def held(state: State, call: Call) -> dict[str, Any]:
    """Answer which of the permissions in question the caller has."""
    asked = (call.body or {}).get("permissions", []) or call.query.get("permissions", [])
    return {"permissions": [name for name in asked if name not in state.denied]}


def _merge(bindings: list[dict[str, Any]]) -> list[dict[str, Any]]:
    merged: dict[str, dict[str, Any]] = {}
    for binding in bindings:
        kept = merged.setdefault(f"{binding['role']} {binding.get('condition')}", binding | {"members": []})
        kept["members"] = sorted({*kept["members"], *binding["members"]})
    return list(merged.values())


def _check(state: State, member: str) -> None:
    """Refuse a member that IAM would not know: a service account must be there before it gets a role."""
    if member in ANYBODY:
        if state.own_domain_only:
            message = "One or more users named in the policy do not belong to a permitted customer."
            raise Refusal(400, message, "FAILED_PRECONDITION")
        return
    if not member.startswith(KINDS):
        raise invalid(f"Invalid member: {member}")
    email = member.removeprefix("serviceAccount:")
    own = re.fullmatch(r"[^@]+@([^.]+)\.iam\.gserviceaccount\.com", email)
    if member.startswith("serviceAccount:") and own and own[1] in state.projects and email not in state.accounts:
        raise invalid(f"Service account {email} does not exist.")
