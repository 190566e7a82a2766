"""The queue of deliveries, and the job that calls `redeliver` every minute."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from commands.deploy.gcloud import Gcloud
from commands.deploy.resource import Resource, line
from schemas.serverless import Deployment

QUEUE, JOB = "queue", "scheduler job"


def queue(deployment: Deployment) -> Resource:
    """Return the queue, with its rate."""
    wanted = deployment.queue
    flags = (
        f"--location={deployment.region}",
        f"--max-dispatches-per-second={wanted.rate:g}",
        f"--max-concurrent-dispatches={wanted.concurrent}",
        *(f"--{name.replace('_', '-')}={value}" for name, value in wanted.retry.items()),
    )
    return Resource(
        QUEUE,
        wanted.name,
        stage=3,
        lane=QUEUE,
        make=(line("tasks", "queues", "create", wanted.name, *flags, once=True),),
        change=(line("tasks", "queues", "update", wanted.name, *flags),),
        undo=(line("tasks", "queues", "delete", wanted.name, f"--location={deployment.region}"),),
        wanted={
            "dispatches a second": wanted.rate,
            "dispatches at a time": wanted.concurrent,
            **{name.replace("_", " "): value for name, value in wanted.retry.items()},
        },
    )


def job(deployment: Deployment) -> Resource:
    """Return the job, with who calls and for whom that proof is."""
    wanted = deployment.schedule
    where = f"--location={deployment.region}"
    flags = (
        where,
        f"--schedule={wanted.schedule}",
        f"--time-zone={wanted.time_zone}",
        f"--attempt-deadline={wanted.attempt_deadline}",
        f"--uri={wanted.uri}",
        f"--http-method={wanted.method.lower()}",
        f"--oidc-service-account-email={wanted.service_account}",
        f"--oidc-token-audience={wanted.audience}",
    )
    return Resource(
        JOB,
        wanted.name,
        stage=6,
        lane=JOB,
        make=(line("scheduler", "jobs", "create", "http", wanted.name, *flags, once=True),),
        change=(line("scheduler", "jobs", "update", "http", wanted.name, *flags),),
        undo=(line("scheduler", "jobs", "delete", wanted.name, where),),
        wanted={
            "schedule": wanted.schedule,
            "time zone": wanted.time_zone,
            "attempt deadline": wanted.attempt_deadline,
            "address": wanted.uri,
            "method": wanted.method,
            "caller": wanted.service_account,
            "audience": wanted.audience,
        },
    )


def look_for_queues(gcloud: Gcloud, region: str) -> dict[tuple[str, str], Mapping[str, Any]]:
    """Return the queues of a region."""
    listed = gcloud.read("tasks", "queues", "list", f"--location={region}")
    return {(QUEUE, told["name"].rpartition("/")[2]): _queue_state(told) for told in listed}


def _queue_state(told: Mapping[str, Any]) -> Mapping[str, Any]:
    limits, retry = told.get("rateLimits", {}), told.get("retryConfig", {})
    return {
        "dispatches a second": limits.get("maxDispatchesPerSecond"),
        "dispatches at a time": limits.get("maxConcurrentDispatches"),
        "max attempts": retry.get("maxAttempts"),
        "max retry duration": retry.get("maxRetryDuration"),
        "min backoff": retry.get("minBackoff"),
        "max backoff": retry.get("maxBackoff"),
        "max doublings": retry.get("maxDoublings"),
    }


def look_for_jobs(gcloud: Gcloud, region: str) -> dict[tuple[str, str], Mapping[str, Any]]:
    """Return the scheduler's jobs of a region."""
    listed = gcloud.read("scheduler", "jobs", "list", f"--location={region}")
    return {(JOB, told["name"].rpartition("/")[2]): _job_state(told) for told in listed}


def _job_state(told: Mapping[str, Any]) -> Mapping[str, Any]:
    target = told.get("httpTarget", {})
    token = target.get("oidcToken", {})
    return {
        "schedule": told.get("schedule"),
        "time zone": told.get("timeZone"),
        "attempt deadline": told.get("attemptDeadline"),
        "address": target.get("uri"),
        "method": target.get("httpMethod"),
        "caller": token.get("serviceAccountEmail"),
        "audience": token.get("audience"),
    }
