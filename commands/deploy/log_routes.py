"""What is left out of the project's log, and the alert for what waits for an operator."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from commands.deploy.gcloud import Gcloud
from commands.deploy.resource import FILLED, Resource, line
from schemas.serverless import Deployment

EXCLUSION, METRIC, CHANNEL, POLICY = "log exclusion", "log metric", "alert channel", "alert policy"
_SINK = ("logging", "sinks", "update", "_Default")
_LANE = "alert"
_ALERT_STAGE = 6


def exclusion(deployment: Deployment) -> Resource:
    """Return what keeps the addresses that were called out of Cloud Run's request log."""
    name, what = deployment.exclusion
    words = f"name={name},filter={what}"
    return Resource(
        EXCLUSION,
        name,
        stage=3,
        lane=EXCLUSION,
        make=(line(*_SINK, f"--add-exclusion={words}"),),
        change=(line(*_SINK, f"--update-exclusion={words}"),),
        undo=(line(*_SINK, f"--remove-exclusions={name}"),),
        look=("logging", "sinks", "list", f"--filter=name=_Default AND exclusions.name={name}", "--format=value(name)"),
        wanted={"filter": what},
    )


def look_for_exclusions(gcloud: Gcloud) -> dict[tuple[str, str], Mapping[str, Any]]:
    """Return what is left out of the project's usual log already."""
    sink = gcloud.read("logging", "sinks", "describe", "_Default")
    return {(EXCLUSION, told["name"]): {"filter": told.get("filter")} for told in sink.get("exclusions", ())}


def alert(deployment: Deployment, email: str) -> list[Resource]:
    """Return a metric of the log lines that mean work for an operator, and a policy that writes to `email`."""
    name, what = deployment.alert
    channel = f"displayName={name} AND type=email AND labels.email_address={email}"
    find = ("beta", "monitoring", "channels", "list", f"--filter={channel}", "--format=value(name)")
    return [
        _metric(name, what),
        Resource(
            CHANNEL,
            f"{name} to {email}",
            stage=_ALERT_STAGE,
            lane=_LANE,
            make=(
                line(
                    *("beta", "monitoring", "channels", "create", "--type=email"),
                    f"--display-name={name}",
                    f"--channel-labels=email_address={email}",
                ),
            ),
            undo=(line("beta", "monitoring", "channels", "delete", FILLED, "--force", fill=find),),
            look=find,
        ),
        _policy(name, f"{name} to {email}", find),
    ]


def _metric(name: str, what: str) -> Resource:
    flags = ("--description=What waits for an operator of Liaison", f"--log-filter={what}")
    return Resource(
        METRIC,
        name,
        stage=_ALERT_STAGE,
        lane=_LANE,
        make=(line("logging", "metrics", "create", name, *flags, once=True),),
        change=(line("logging", "metrics", "update", name, *flags),),
        undo=(line("logging", "metrics", "delete", name),),
        wanted={"filter": what},
    )


def _policy(metric: str, name: str, channel: tuple[str, ...]) -> Resource:
    condition = {
        "displayName": "at least one in five minutes",
        "conditionThreshold": {
            "filter": f'metric.type="logging.googleapis.com/user/{metric}" AND resource.type="cloud_run_revision"',
            "comparison": "COMPARISON_GT",
            "thresholdValue": 0,
            "duration": "0s",
            "aggregations": [
                {
                    "alignmentPeriod": "300s",
                    "perSeriesAligner": "ALIGN_SUM",
                    "crossSeriesReducer": "REDUCE_SUM",
                }
            ],
        },
    }
    advice = "Something waits for an operator; the command ./liaison deliveries shows what, and why."
    policy = {
        "displayName": name,
        "combiner": "OR",
        "conditions": [condition],
        "documentation": {"content": advice, "mimeType": "text/markdown"},
    }
    find = ("alpha", "monitoring", "policies", "list", f'--filter=displayName="{name}"', "--format=value(name)")
    return Resource(
        POLICY,
        name,
        stage=_ALERT_STAGE,
        lane=_LANE,
        make=(
            line(
                *("alpha", "monitoring", "policies", "create", f"--policy={json.dumps(policy)}"),
                f"--notification-channels={FILLED}",
                fill=channel,
            ),
        ),
        undo=(line("alpha", "monitoring", "policies", "delete", FILLED, fill=find),),
        look=find,
    )


def look_for_alerts(gcloud: Gcloud, name: str) -> dict[tuple[str, str], Mapping[str, Any]]:
    """Return the log metric of that name, and whom the project writes to about what. The metric is made first."""
    metrics = [told for told in gcloud.read("logging", "metrics", "list") if told["name"] == name]
    if not metrics:
        return {}
    channels = gcloud.read("beta", "monitoring", "channels", "list")
    policies = gcloud.read("alpha", "monitoring", "policies", "list")
    emails = [(told.get("displayName"), told.get("labels", {}).get("email_address")) for told in channels]
    return {
        **{(METRIC, told["name"]): {"filter": told.get("filter")} for told in metrics},
        **{(CHANNEL, f"{name} to {email}"): {} for name, email in emails},
        **{(POLICY, told.get("displayName", "")): {} for told in policies},
    }
