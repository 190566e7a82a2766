"""Cloud Run: the service behind each function, in Knative's form, and who may call it.

https://cloud.google.com/run/docs/reference/rest/v1/namespaces.services
"""

from __future__ import annotations

from typing import Any

from tests.google_cloud import policies
from tests.google_cloud.state import State
from tests.google_cloud.wire import Call, Route, not_found

HOST = "run.googleapis.com"
TIME = "2026-01-01T00:00:00Z"


def inside(name: str, call: Call) -> bool:
    """Tell whether a resource is in the call's location, where `-` is all of them."""
    _, project, _, location = name.split("/")[:4]
    return project == call.project and call.ids["location"] in ("-", location)


def put(state: State, call: Call, function: dict[str, Any]) -> None:
    """Make or change the service of a function, and say in the function where it answers."""
    short = function["name"].rpartition("/")[2]
    service = short.lower().replace("_", "-")
    name = f"{call.location}/services/{service}"
    place = "".join(word[0] for word in call.ids["location"].split("-"))
    url = state.addresses.get(short, f"https://{service}-abcdefghij-{place}.a.run.app")
    generation = state.run.get(name, {"metadata": {"generation": 0}})["metadata"]["generation"] + 1
    config = function["serviceConfig"] | {"service": name, "uri": url, "revision": f"{service}-{generation:05d}-abc"}
    function["serviceConfig"] = config
    state.run[name] = _service(call, service, generation, function)


def remove(state: State, name: str) -> None:
    """Take away a service and who may call it."""
    state.run.pop(name, None)
    state.policies.pop(name, None)


def _service(call: Call, short: str, generation: int, function: dict[str, Any]) -> dict[str, Any]:
    config, project = function["serviceConfig"], call.project
    container = {
        "image": f"{call.ids['location']}-docker.pkg.dev/{project}/gcf-artifacts/{short}:version_{generation}",
        "env": [{"name": key, "value": value} for key, value in config.get("environmentVariables", {}).items()],
        "resources": {"limits": {"cpu": config["availableCpu"], "memory": config["availableMemory"]}},
    }
    scale = {"autoscaling.knative.dev/maxScale": str(config["maxInstanceCount"])}
    if config.get("minInstanceCount"):
        scale["autoscaling.knative.dev/minScale"] = str(config["minInstanceCount"])
    spec = {
        "containerConcurrency": config["maxInstanceRequestConcurrency"],
        "timeoutSeconds": config["timeoutSeconds"],
        "serviceAccountName": config["serviceAccountEmail"],
        "containers": [container],
    }
    template = {"metadata": {"name": config["revision"], "annotations": scale}, "spec": spec}
    return {
        "apiVersion": "serving.knative.dev/v1",
        "kind": "Service",
        "metadata": {
            "name": short,
            "namespace": project,
            "generation": generation,
            "creationTimestamp": TIME,
            "labels": {"goog-managed-by": "cloudfunctions", "cloud.googleapis.com/location": call.ids["location"]},
            "annotations": {"cloudfunctions.googleapis.com/function-id": short, "run.googleapis.com/ingress": "all"},
        },
        "spec": {"template": template, "traffic": [{"latestRevision": True, "percent": 100}]},
        "status": _status(generation, config["revision"], config["uri"]),
    }


def _status(generation: int, revision: str, url: str) -> dict[str, Any]:
    return {
        "observedGeneration": generation,
        "latestReadyRevisionName": revision,
        "latestCreatedRevisionName": revision,
        "conditions": [{"type": "Ready", "status": "True", "lastTransitionTime": TIME}],
        "traffic": [{"revisionName": revision, "latestRevision": True, "percent": 100}],
        "url": url,
        "address": {"url": url},
    }


def list_(state: State, call: Call) -> dict[str, Any]:
    """Answer with the services of a location, or of the region whose host is asked."""
    call.ids.setdefault("location", call.region or "-")
    items = [service for name, service in state.run.items() if inside(name, call)]
    return {"apiVersion": "serving.knative.dev/v1", "kind": "ServiceList", "items": items}


def get(state: State, call: Call) -> dict[str, Any]:
    """Answer with a service."""
    return state.run[_find(state, call)]


def get_policy(state: State, call: Call) -> dict[str, Any]:
    """Answer with who may call a service."""
    return policies.read(state, _find(state, call))


def set_policy(state: State, call: Call) -> dict[str, Any]:
    """Replace who may call a service."""
    return policies.write(state, _find(state, call), call)


def _find(state: State, call: Call) -> str:
    location = call.ids.get("location", call.region)
    name = f"projects/{call.project}/locations/{location}/services/{call.ids['service']}"
    if name not in state.run:
        raise not_found(
            f"Resource '{call.ids['service']}' of kind 'SERVICE' in region '{location}' in project"
            f" '{call.project}' does not exist"
        )
    return name


KNATIVE = "/apis/serving.knative.dev/v1/namespaces/{project}/services"
ALL = "/v1/projects/{project}/locations/{location}/services"
ONE = f"{ALL}/{{service}}"
ROUTES = [
    Route("GET", KNATIVE, "run.services.list", list_),
    Route("GET", f"{KNATIVE}/{{service}}", "run.services.get", get),
    Route("GET", ALL, "run.services.list", list_),
    Route("GET", ONE, "run.services.get", get),
    Route("GET", f"{ONE}:getIamPolicy", "run.services.getIamPolicy", get_policy),
    Route("POST", f"{ONE}:setIamPolicy", "run.services.setIamPolicy", set_policy),
    Route("POST", f"{ONE}:testIamPermissions", None, policies.held),
]
