"""Cloud Functions of the 2nd generation: the upload, the build, and the function with its Cloud Run service.

https://cloud.google.com/functions/docs/reference/rest/v2/projects.locations.functions
"""

from __future__ import annotations

from typing import Any

from tests.google_cloud import operations, run
from tests.google_cloud.state import REGIONS, Function, State
from tests.google_cloud.wire import Call, Refusal, Route, already_there, invalid, masked, not_found

HOST, STORAGE, BUILDS = "cloudfunctions.googleapis.com", "storage.googleapis.com", "cloudbuild.googleapis.com"
RUNTIMES = ("python310", "python311", "python312", "python313", "nodejs22")
TIME = "2026-01-01T00:00:00Z"
TYPE = "type.googleapis.com/google.cloud.functions.v2."
STAGES = ("BUILD", "SERVICE")
# What the API fills in where a function says nothing.
DEFAULTS = {
    "timeoutSeconds": 60,
    "availableMemory": "256M",
    "availableCpu": "0.1666",
    "maxInstanceCount": 100,
    "maxInstanceRequestConcurrency": 1,
    "ingressSettings": "ALLOW_ALL",
    "allTrafficOnLatestRevision": True,
}


def list_locations(state: State, call: Call) -> dict[str, Any]:
    """Answer with where functions can be."""
    regions = [region for region in REGIONS if region not in state.absent.get(HOST, ())]
    return {"locations": [{"name": f"projects/{call.project}/locations/{one}", "locationId": one} for one in regions]}


def list_runtimes(state: State, call: Call) -> dict[str, Any]:
    """Answer with what functions can be written in."""
    runtimes = [{"name": name, "displayName": name, "stage": "GA", "environment": "GEN_2"} for name in RUNTIMES]
    return {"runtimes": runtimes}


def make_upload(state: State, call: Call) -> dict[str, Any]:
    """Answer with an address that takes one zip."""
    bucket = f"gcf-v2-uploads-{state.projects[call.project].number}.{call.ids['location']}.cloudfunctions.appspot.com"
    name = f"{state.number():08d}-0000-4000-8000-000000000000.zip"
    state.uploads[f"{bucket}/{name}"] = b""
    url = f"http://{STORAGE}/{bucket}/{name}?GoogleAccessId=service&Expires=1&Signature=signed"
    return {"uploadUrl": url, "storageSource": {"bucket": bucket, "object": name}}


def upload(state: State, call: Call) -> dict[str, Any]:
    """Take the zip."""
    name = f"{call.ids['bucket']}/{call.ids['object']}"
    if name not in state.uploads:
        raise Refusal(403, "The address is not one that was given out.")
    state.uploads[name] = call.raw
    return {}


def list_first_generation(state: State, call: Call) -> dict[str, Any]:
    """Answer with the functions of the 1st generation: there are none."""
    return {"functions": []}


def list_(state: State, call: Call) -> dict[str, Any]:
    """Answer with the functions of a location, or of all of them where it is `-`."""
    shown = [_show(state, name) for name in state.functions if run.inside(name, call)]
    return {"functions": shown}


def get(state: State, call: Call) -> dict[str, Any]:
    """Answer with a function."""
    name = _name(call)
    if name not in state.functions:
        raise not_found(f"Resource '{name}' was not found")
    return _show(state, name)


def create(state: State, call: Call) -> dict[str, Any]:
    """Begin to make a function."""
    name = f"{call.location}/functions/{call.asked('functionId')}"
    if name in state.functions:
        raise already_there(f"Could not create Cloud Run function {name}. A function with this name already exists.")
    resource = {"createTime": TIME, "environment": "GEN_2", **call.body, "name": name}
    return _build(state, call, resource, "create")


def change(state: State, call: Call) -> dict[str, Any]:
    """Begin to change a function."""
    resource = masked(get(state, call), call.body, call.asked("updateMask"))
    if _pending(state, _name(call)):
        raise Refusal(409, "unable to queue the operation", "ABORTED")
    return _build(state, call, resource, "update")


def delete(state: State, call: Call) -> dict[str, Any]:
    """Begin to delete a function with its Cloud Run service."""
    get(state, call)
    name = _name(call)
    run.remove(state, state.functions.pop(name).resource["serviceConfig"].get("service", ""))
    metadata = {"@type": f"{TYPE}OperationMetadata", "target": name, "verb": "delete", "stages": []}
    return operations.begin(state, _operation(state, call), metadata)


def _name(call: Call) -> str:
    return f"{call.location}/functions/{call.ids['function']}"


def _operation(state: State, call: Call) -> str:
    return f"{call.location}/operations/operation-{state.number():013d}"


def _pending(state: State, name: str) -> bool:
    begun = (one for one in state.operations.values() if one.metadata.get("target") == name)
    return any(not one.done for one in begun)


def _show(state: State, name: str) -> dict[str, Any]:
    resource = state.functions[name].resource
    return resource | {"state": "DEPLOYING"} if _pending(state, name) else resource


def _build(state: State, call: Call, resource: dict[str, Any], verb: str) -> dict[str, Any]:
    """Build and start what was uploaded. Where that fails a new function is there as FAILED, an old one as it was."""
    name = resource["name"]
    _check(state, resource)
    project = state.projects[call.project]
    config = DEFAULTS | {"serviceAccountEmail": f"{project.number}-compute@developer.gserviceaccount.com"}
    resource["serviceConfig"] = config | resource.get("serviceConfig", {})
    stored = resource["buildConfig"]["source"]["storageSource"]
    source = state.uploads.get(f"{stored['bucket']}/{stored['object']}", b"")
    error = _trouble(state, resource, source)
    if not error:
        run.put(state, call, resource)
        resource["url"] = f"https://{call.ids['location']}-{project.id}.cloudfunctions.net/{name.rpartition('/')[2]}"
        resource |= {"state": "ACTIVE", "updateTime": TIME, "stateMessages": []}
        state.functions[name] = Function(resource, source)
    elif name not in state.functions:
        messages = [{"severity": "ERROR", "type": "BuildFailed", "message": error}]
        state.functions[name] = Function(resource | {"state": "FAILED", "stateMessages": messages}, source)
    stages = [{"name": stage, "message": "", "state": "COMPLETE", "resource": stage.lower()} for stage in STAGES]
    metadata = {"@type": f"{TYPE}OperationMetadata", "target": name, "verb": verb, "apiVersion": "v2", "stages": stages}
    if error:
        outcome: dict[str, Any] = {"error": {"code": 3, "message": error}}
    else:
        outcome = {"response": {"@type": f"{TYPE}Function", **resource}}
    return operations.begin(state, _operation(state, call), metadata, **outcome)


def _check(state: State, resource: dict[str, Any]) -> None:
    build, service = resource.get("buildConfig", {}), resource.get("serviceConfig", {})
    if "iam.serviceAccounts.actAs" in state.denied:
        email = service.get("serviceAccountEmail", "the default one")
        raise Refusal(
            403,
            f"Caller is missing permission 'iam.serviceaccounts.actAs' on service account {email}. Grant the role"
            " 'roles/iam.serviceAccountUser' to the caller on the service account.",
        )
    if build.get("runtime") not in RUNTIMES:
        raise invalid(f"Runtime '{build.get('runtime')}' is not supported.")
    if service.get("maxInstanceRequestConcurrency", 1) > 1 and float(service.get("availableCpu", "0.1666")) < 1:
        raise invalid("Could not create Cloud Run service. Total cpu < 1 is not supported with concurrency > 1.")
    if service.get("minInstanceCount", 0) > service.get("maxInstanceCount", 100):
        raise invalid("Could not create Cloud Run service. min_instances must not be above max_instances.")


def _trouble(state: State, resource: dict[str, Any], source: bytes) -> str:
    """Return what the operation fails with, or nothing."""
    short = resource["name"].rpartition("/")[2]
    email = resource["serviceConfig"]["serviceAccountEmail"]
    if short in state.broken_builds:
        return f"Build failed with status: FAILURE and message: {state.broken_builds[short]}"
    if not source.startswith(b"PK"):
        return "Build failed with status: FAILURE and message: failed to extract the source: it is no zip."
    if email.endswith(".iam.gserviceaccount.com") and email not in state.accounts:
        return f"Could not create Cloud Run service {short}. Service account {email} does not exist."
    return ""


def default_account(state: State, call: Call) -> dict[str, Any]:
    """Answer with the account that builds run as."""
    project = state.projects[call.project]
    email = f"{project.number}-compute@developer.gserviceaccount.com"
    name = f"{call.location}/defaultServiceAccount"
    return {"name": name, "serviceAccountEmail": f"projects/{project.id}/serviceAccounts/{email}"}


PLACE = "/v2/projects/{project}/locations/{location}"
ALL, ONE = f"{PLACE}/functions", f"{PLACE}/functions/{{function}}"
ROUTES = [
    Route("GET", "/v1/projects/{project}/locations", "cloudfunctions.locations.list", list_locations),
    Route("GET", ALL.replace("/v2/", "/v1/"), "cloudfunctions.functions.list", list_first_generation),
    Route("GET", f"{PLACE}/runtimes", "cloudfunctions.runtimes.list", list_runtimes),
    Route("POST", f"{ALL}:generateUploadUrl", "cloudfunctions.functions.sourceCodeSet", make_upload),
    Route("GET", ALL, "cloudfunctions.functions.list", list_),
    Route("POST", ALL, "cloudfunctions.functions.create", create),
    Route("GET", ONE, "cloudfunctions.functions.get", get),
    Route("PATCH", ONE, "cloudfunctions.functions.update", change),
    Route("DELETE", ONE, "cloudfunctions.functions.delete", delete),
    Route("GET", f"{PLACE}/operations/{{operation}}", "cloudfunctions.operations.get", operations.get),
]
STORAGE_ROUTES = [Route("PUT", "/{bucket}/{object}", None, upload)]
BUILD_PLACE = "/v1/projects/{project}/locations/{location}"
BUILD_ROUTES = [Route("GET", f"{BUILD_PLACE}/defaultServiceAccount", "cloudbuild.builds.get", default_account)]
