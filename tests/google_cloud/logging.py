"""Cloud Logging: what is kept, and metrics that are counted from the log.

https://cloud.google.com/logging/docs/reference/v2/rest/v2/projects.sinks
"""

from __future__ import annotations

from typing import Any

from tests.google_cloud.state import State
from tests.google_cloud.wire import Call, Route, already_there, invalid, masked, not_found

HOST = "logging.googleapis.com"
TIME = "2026-01-01T00:00:00Z"
NOT_AUDIT = " AND ".join(
    f'NOT LOG_ID("{name}.googleapis.com/{kind}")'
    for name in ("cloudaudit", "externalaudit")
    for kind in ("activity", "system_event", "access_transparency")
)
BUILT_IN = {"_Default": NOT_AUDIT, "_Required": NOT_AUDIT.replace("NOT ", "").replace(" AND ", " OR ")}


def list_sinks(state: State, call: Call) -> dict[str, Any]:
    """Answer with a project's sinks."""
    inside = f"projects/{call.project}/sinks/"
    own = [name for name in state.sinks if name.startswith(inside)]
    return {
        "sinks": [
            _sink(state, call.project, name) for name in dict.fromkeys([*(inside + one for one in BUILT_IN), *own])
        ]
    }


def get_sink(state: State, call: Call) -> dict[str, Any]:
    """Answer with a sink."""
    return _sink(state, call.project, f"projects/{call.project}/sinks/{call.ids['sink']}")


def change_sink(state: State, call: Call) -> dict[str, Any]:
    """Change a sink, for instance what it leaves out."""
    sink = masked(get_sink(state, call), call.body, call.asked("updateMask")) | {"updateTime": TIME}
    exclusions = sink.get("exclusions", [])
    if len({one["name"] for one in exclusions}) < len(exclusions):
        raise invalid("Exclusion names must be unique within a sink.")
    if not all(one.get("filter") for one in exclusions):
        raise invalid("An exclusion's filter must not be empty.")
    if call.ids["sink"] == "_Required":
        raise invalid("Sink _Required cannot be changed.")
    sink["exclusions"] = [{"createTime": TIME, **one, "updateTime": TIME} for one in exclusions]
    state.sinks[f"projects/{call.project}/sinks/{call.ids['sink']}"] = sink
    return sink


def _sink(state: State, project: str, name: str) -> dict[str, Any]:
    short = name.rpartition("/")[2]
    if name in state.sinks:
        return state.sinks[name]
    if short not in BUILT_IN:
        raise not_found(f"Sink {short} does not exist")
    bucket = f"{HOST}/projects/{project}/locations/global/buckets/{short}"
    return {"name": short, "resourceName": name, "destination": bucket, "filter": BUILT_IN[short]}


def list_metrics(state: State, call: Call) -> dict[str, Any]:
    """Answer with a project's metrics."""
    inside = f"projects/{call.project}/metrics/"
    return {"metrics": [one for name, one in state.metrics.items() if name.startswith(inside)]}


def create_metric(state: State, call: Call) -> dict[str, Any]:
    """Make a metric."""
    name = f"projects/{call.project}/metrics/{call.body['name']}"
    if name in state.metrics:
        raise already_there(f"Metric {call.body['name']} already exists")
    state.metrics[name] = _metric(name, call.body)
    return state.metrics[name]


def get_metric(state: State, call: Call) -> dict[str, Any]:
    """Answer with a metric."""
    name = f"projects/{call.project}/metrics/{call.ids['metric']}"
    if name not in state.metrics:
        raise not_found(f"Metric {call.ids['metric']} does not exist")
    return state.metrics[name]


def replace_metric(state: State, call: Call) -> dict[str, Any]:
    """Replace a metric, or make it."""
    name = f"projects/{call.project}/metrics/{call.ids['metric']}"
    state.metrics[name] = _metric(name, call.body)
    return state.metrics[name]


def delete_metric(state: State, call: Call) -> dict[str, Any]:
    """Delete a metric."""
    get_metric(state, call)
    del state.metrics[f"projects/{call.project}/metrics/{call.ids['metric']}"]
    return {}


def _metric(name: str, body: dict[str, Any]) -> dict[str, Any]:
    if not body.get("filter"):
        raise invalid("Metric filter must not be empty.")
    type_ = f"{HOST}/user/{body['name']}"
    descriptor = {"metricKind": "DELTA", "valueType": "INT64", "unit": "1", **body.get("metricDescriptor", {})}
    descriptor |= {"type": type_, "name": f"{'/'.join(name.split('/')[:2])}/metricDescriptors/{type_}"}
    return body | {"resourceName": name, "metricDescriptor": descriptor, "createTime": TIME, "updateTime": TIME}


SINKS, METRICS = "/v2/projects/{project}/sinks", "/v2/projects/{project}/metrics"
ROUTES = [
    Route("GET", SINKS, "logging.sinks.list", list_sinks),
    Route("GET", f"{SINKS}/{{sink}}", "logging.sinks.get", get_sink),
    Route("PATCH", f"{SINKS}/{{sink}}", "logging.sinks.update", change_sink),
    Route("GET", METRICS, "logging.logMetrics.list", list_metrics),
    Route("POST", METRICS, "logging.logMetrics.create", create_metric),
    Route("GET", f"{METRICS}/{{metric}}", "logging.logMetrics.get", get_metric),
    Route("PUT", f"{METRICS}/{{metric}}", "logging.logMetrics.update", replace_metric),
    Route("DELETE", f"{METRICS}/{{metric}}", "logging.logMetrics.delete", delete_metric),
]
