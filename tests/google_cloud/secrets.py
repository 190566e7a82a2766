"""Secret Manager: secrets, their versions, and who may read each.

https://cloud.google.com/secret-manager/docs/reference/rest/v1/projects.secrets
"""

from __future__ import annotations

import base64
import re
from typing import Any

import google_crc32c

from tests.google_cloud import policies
from tests.google_cloud.state import Secret, State, Version
from tests.google_cloud.wire import Call, Refusal, Route, already_there, invalid, masked, not_found

HOST = "secretmanager.googleapis.com"
MADE = "2026-01-01T00:00:00Z"


def list_(state: State, call: Call) -> dict[str, Any]:
    """Answer with a project's secrets."""
    inside = f"projects/{call.project}/secrets/"
    return {"secrets": [one.resource for name, one in state.secrets.items() if name.startswith(inside)]}


def create(state: State, call: Call) -> dict[str, Any]:
    """Make a secret that has no version yet."""
    short = call.asked("secretId")
    if not re.fullmatch(r"[A-Za-z0-9_-]{1,255}", short):
        raise invalid(f"The provided Secret ID [{short}] does not match the expected format [[a-zA-Z_0-9]+].")
    if "replication" not in call.body:
        raise invalid("The replication field is required.")
    shown = f"projects/{state.projects[call.project].number}/secrets/{short}"
    name = f"projects/{call.project}/secrets/{short}"
    if name in state.secrets:
        raise already_there(f"Secret [{shown}] already exists.")
    state.secrets[name] = Secret(call.body | {"name": shown, "createTime": MADE, "etag": f'"{state.etag()}"'})
    return state.secrets[name].resource


def find(state: State, call: Call) -> Secret:
    """Return the secret that the call is about."""
    name = f"projects/{call.project}/secrets/{call.ids['secret']}"
    if name not in state.secrets:
        shown = name.replace(call.project, state.projects[call.project].number, 1)
        raise not_found(f"Secret [{shown}] not found.")
    return state.secrets[name]


def get(state: State, call: Call) -> dict[str, Any]:
    """Answer with a secret, not with its value."""
    return find(state, call).resource


def change(state: State, call: Call) -> dict[str, Any]:
    """Change labels and the like."""
    secret = find(state, call)
    _check_etag(secret, (call.body or {}).get("etag", ""))
    secret.resource = masked(secret.resource, call.body, call.asked("updateMask")) | {"etag": f'"{state.etag()}"'}
    return secret.resource


def delete(state: State, call: Call) -> dict[str, Any]:
    """Delete a secret with all its versions."""
    _check_etag(find(state, call), call.asked("etag"))
    name = f"projects/{call.project}/secrets/{call.ids['secret']}"
    del state.secrets[name]
    state.policies.pop(name, None)
    return {}


def add_version(state: State, call: Call) -> dict[str, Any]:
    """Add a version; a value that was damaged on its way is refused."""
    secret = find(state, call)
    payload = call.body["payload"]
    value = base64.b64decode(payload["data"])
    if int(payload.get("dataCrc32c", google_crc32c.value(value))) != google_crc32c.value(value):
        raise invalid("The checksum of the payload does not match the checksum that was sent.")
    if len(value) > 65536:
        raise invalid("The payload is larger than 65536 bytes.")
    secret.versions.append(Version(value, etag=f'"{state.etag()}"'))
    # gcloud takes a version without this word for one whose value was not checked.
    return _show(secret, len(secret.versions)) | {"clientSpecifiedPayloadChecksum": "dataCrc32c" in payload}


def list_versions(state: State, call: Call) -> dict[str, Any]:
    """Answer with the versions, the newest first."""
    secret = find(state, call)
    return {"versions": [_show(secret, number) for number in range(len(secret.versions), 0, -1)]}


def _number(state: State, call: Call) -> int:
    secret, named = find(state, call), call.ids["version"]
    number = len(secret.versions) if named == "latest" else int(named)
    if not secret.versions and named == "latest":
        raise not_found(f"Secret [{secret.resource['name']}] not found or has no versions.")
    if not 1 <= number <= len(secret.versions):
        raise not_found(f"Secret Version [{secret.resource['name']}/versions/{named}] not found.")
    return number


def get_version(state: State, call: Call) -> dict[str, Any]:
    """Answer with what is known of a version, not with its value."""
    return _show(find(state, call), _number(state, call))


def access(state: State, call: Call) -> dict[str, Any]:
    """Answer with a version's value."""
    secret, number = find(state, call), _number(state, call)
    version, name = secret.versions[number - 1], f"{secret.resource['name']}/versions/{number}"
    if version.state != "ENABLED":
        raise Refusal(400, f"Secret Version [{name}] is in {version.state} state.", "FAILED_PRECONDITION")
    checksum = str(google_crc32c.value(version.value))
    return {"name": name, "payload": {"data": base64.b64encode(version.value).decode(), "dataCrc32c": checksum}}


def set_state(state: State, call: Call) -> dict[str, Any]:
    """Disable, enable or destroy a version."""
    secret, number = find(state, call), _number(state, call)
    version = secret.versions[number - 1]
    if version.state == "DESTROYED":
        name = f"{secret.resource['name']}/versions/{number}"
        raise Refusal(400, f"Secret Version [{name}] is in DESTROYED state.", "FAILED_PRECONDITION")
    version.state = {"disable": "DISABLED", "enable": "ENABLED", "destroy": "DESTROYED"}[call.path.rpartition(":")[2]]
    if version.state == "DESTROYED":
        version.value = b""
    return _show(secret, number)


def get_policy(state: State, call: Call) -> dict[str, Any]:
    """Answer with who may do what with a secret."""
    find(state, call)
    return policies.read(state, f"projects/{call.project}/secrets/{call.ids['secret']}")


def set_policy(state: State, call: Call) -> dict[str, Any]:
    """Replace who may do what with a secret."""
    find(state, call)
    return policies.write(state, f"projects/{call.project}/secrets/{call.ids['secret']}", call)


def _check_etag(secret: Secret, etag: str) -> None:
    if etag not in ("", secret.resource["etag"]):
        message = f"The etag provided [{etag}] does not match the etag of the secret [{secret.resource['etag']}]."
        raise Refusal(400, message, "FAILED_PRECONDITION")


def _show(secret: Secret, number: int) -> dict[str, Any]:
    version = secret.versions[number - 1]
    return {
        "name": f"{secret.resource['name']}/versions/{number}",
        "createTime": MADE,
        "state": version.state,
        "replicationStatus": {"automatic": {}},
        "etag": version.etag,
    }


ALL, ONE = "/v1/projects/{project}/secrets", "/v1/projects/{project}/secrets/{secret}"
VERSION = f"{ONE}/versions/{{version}}"
ROUTES = [
    Route("GET", ALL, "secretmanager.secrets.list", list_),
    Route("POST", ALL, "secretmanager.secrets.create", create),
    Route("GET", ONE, "secretmanager.secrets.get", get),
    Route("PATCH", ONE, "secretmanager.secrets.update", change),
    Route("DELETE", ONE, "secretmanager.secrets.delete", delete),
    Route("POST", f"{ONE}:addVersion", "secretmanager.versions.add", add_version),
    Route("GET", f"{ONE}:getIamPolicy", "secretmanager.secrets.getIamPolicy", get_policy),
    Route("POST", f"{ONE}:setIamPolicy", "secretmanager.secrets.setIamPolicy", set_policy),
    Route("POST", f"{ONE}:testIamPermissions", None, policies.held),
    Route("GET", f"{ONE}/versions", "secretmanager.versions.list", list_versions),
    Route("GET", VERSION, "secretmanager.versions.get", get_version),
    Route("GET", f"{VERSION}:access", "secretmanager.versions.access", access),
    Route("POST", f"{VERSION}:disable", "secretmanager.versions.disable", set_state),
    Route("POST", f"{VERSION}:enable", "secretmanager.versions.enable", set_state),
    Route("POST", f"{VERSION}:destroy", "secretmanager.versions.destroy", set_state),
]
