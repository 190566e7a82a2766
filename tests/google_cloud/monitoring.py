"""Cloud Monitoring: alerting policies, and the channels by which they tell somebody.

https://cloud.google.com/monitoring/api/ref_v3/rest/v3/projects.alertPolicies
"""

from __future__ import annotations

import json
import re
from typing import Any

from tests.google_cloud.state import Resources, State
from tests.google_cloud.wire import Call, Refusal, Route, invalid, masked, not_found

HOST = "monitoring.googleapis.com"
COUNTED = re.compile(r"logging\.googleapis\.com/user/([\w.-]+)")


def _kind(state: State, call: Call) -> Resources:
    return state.alerts if "/alertPolicies" in call.path else state.channels


def list_(state: State, call: Call) -> dict[str, Any]:
    """Answer with a project's policies, or with its channels."""
    key = "alertPolicies" if "/alertPolicies" in call.path else "notificationChannels"
    inside = f"projects/{call.project}/"
    shown = [one for name, one in _kind(state, call).items() if name.startswith(inside)]
    return {key: [one for one in shown if _matches(one, call.asked("filter"))]}


def create(state: State, call: Call) -> dict[str, Any]:
    """Make a policy or a channel; Monitoring gives it its name. Two may look the same."""
    name = f"{call.path.removeprefix('/v3/')}/{state.number():019d}"
    _check(state, call, call.body)
    made = {"enabled": True, **call.body, "name": name}
    if "conditions" in made:
        made["conditions"] = [
            one | {"name": f"{name}/conditions/{number}"} for number, one in enumerate(made["conditions"])
        ]
    _kind(state, call)[name] = made
    return made


def get(state: State, call: Call) -> dict[str, Any]:
    """Answer with a policy or a channel."""
    name = call.path.removeprefix("/v3/")
    if name not in _kind(state, call):
        raise not_found(f"Could not find {name}.")
    return _kind(state, call)[name]


def change(state: State, call: Call) -> dict[str, Any]:
    """Change a policy or a channel; without a mask all of it is replaced."""
    mask = call.asked("updateMask")
    kept = get(state, call)
    changed = masked(kept, call.body, mask) if mask else call.body | {"name": kept["name"]}
    _check(state, call, changed)
    _kind(state, call)[kept["name"]] = changed
    return changed


def delete(state: State, call: Call) -> dict[str, Any]:
    """Delete a policy or a channel; a channel that a policy names stays unless that is forced."""
    name = get(state, call)["name"]
    used = any(name in one.get("notificationChannels", []) for one in state.alerts.values())
    if used and call.asked("force") != "true":
        raise Refusal(400, f"The channel {name} is used by an alerting policy.", "FAILED_PRECONDITION")
    del _kind(state, call)[name]
    return {}


def _check(state: State, call: Call, resource: dict[str, Any]) -> None:
    """Refuse a policy about a metric, or with a channel, that is not there."""
    for short in COUNTED.findall(json.dumps(resource.get("conditions", []))):
        if f"projects/{call.project}/metrics/{short}" not in state.metrics:
            raise not_found(
                f'Cannot find metric that matches type = "logging.googleapis.com/user/{short}". If a metric was created'
                " recently, it could take up to 10 minutes to become available. Please try again soon."
            )
    for channel in resource.get("notificationChannels", []):
        if channel not in state.channels:
            raise invalid(f"Field alert_policy.notification_channels had an invalid value: {channel} does not exist.")


def _matches(resource: dict[str, Any], wanted: str) -> bool:
    """Tell whether every `key="value"` of the filter is so; a key may be below another (userLabels.installation)."""
    for path, value in re.findall(r'([\w.]+)\s*=\s*"([^"]*)"', wanted):
        first, _, below = path.partition(".")
        found = resource.get(re.sub(r"_(\w)", lambda letter: letter[1].upper(), first), "")
        if (found.get(below) if below else found) != value:
            return False
    return True


def _routes(kind: str, noun: str) -> list[Route]:
    everything = f"/v3/projects/{{project}}/{kind}"
    one = f"{everything}/{{id}}"
    return [
        Route("GET", everything, f"monitoring.{noun}.list", list_),
        Route("POST", everything, f"monitoring.{noun}.create", create),
        Route("GET", one, f"monitoring.{noun}.get", get),
        Route("PATCH", one, f"monitoring.{noun}.update", change),
        Route("DELETE", one, f"monitoring.{noun}.delete", delete),
    ]


ROUTES = _routes("alertPolicies", "alertPolicies") + _routes("notificationChannels", "notificationChannels")
