"""What every call passes before its API is asked: the route, the token, the project, the API, billing, the permission.

https://cloud.google.com/service-usage/docs/enable-disable and https://cloud.google.com/apis/docs/troubleshooting
"""

from __future__ import annotations

from typing import Any

from tests.google_cloud import (
    firestore,
    functions,
    iam,
    logging,
    monitoring,
    projects,
    run,
    scheduler,
    secrets,
    services,
    tasks,
)
from tests.google_cloud.state import REGIONS, Project, State
from tests.google_cloud.wire import Call, Refusal, Route, denied, info, invalid, lacking

MODULES = (firestore, functions, iam, logging, monitoring, projects, run, scheduler, secrets, services, tasks)
ROUTES = {module.HOST: module.ROUTES for module in MODULES} | {
    projects.BILLING: projects.BILLING_ROUTES,
    functions.STORAGE: functions.STORAGE_ROUTES,
    functions.BUILDS: functions.BUILD_ROUTES,
}
# These work in a project that has not enabled them: gcloud asks them on behalf of its own project.
ALWAYS_ON = {"serviceusage.googleapis.com", "cloudresourcemanager.googleapis.com", "cloudbilling.googleapis.com"}
ALWAYS_ON |= {"storage.googleapis.com"}
TITLES = {
    "artifactregistry": "Artifact Registry",
    "cloudbuild": "Cloud Build",
    "cloudfunctions": "Cloud Functions",
    "cloudscheduler": "Cloud Scheduler",
    "cloudtasks": "Cloud Tasks",
    "firestore": "Cloud Firestore",
    "iam": "Identity and Access Management (IAM)",
    "logging": "Cloud Logging",
    "monitoring": "Cloud Monitoring",
    "run": "Cloud Run Admin",
    "secretmanager": "Secret Manager",
}


def find(call: Call) -> Route | None:
    """Return the call's route, with the project's number in the path made its id, and `call.ids` filled in."""
    for route in ROUTES.get(call.host, []):
        ids = route.ids(call)
        if ids is not None:
            call.ids = ids
            return route
    return None


def check(state: State, call: Call, route: Route, token: str) -> None:
    """Raise Refusal where the call must not pass."""
    if call.headers["Authorization"] != f"Bearer {token}" and call.host != "storage.googleapis.com":
        raise Refusal(
            401,
            "Request had invalid authentication credentials. Expected OAuth 2 access token, login cookie"
            " or other valid authentication credential.",
        )
    project = _project(state, call)
    if project and call.host not in ALWAYS_ON:
        _check_service(project, call.host)
    if route.permission in state.denied:
        raise _denied(str(route.permission), call)
    _check_region(state, call, str(route.permission))


def _project(state: State, call: Call) -> Project | None:
    """Return the project that is named by id or number, and let it be named by id from here on."""
    named = call.project
    for project in state.projects.values():
        if named in (project.id, project.number):
            call.path = call.path.replace(f"/{named}", f"/{project.id}", 1)
            call.ids["project"] = project.id
            return project
    if named in ("", "-"):
        return None
    if call.host == projects.HOST:
        raise Refusal(403, "The caller does not have permission")
    message = f"Permission denied on resource project {named}."
    raise Refusal(403, message, details=[info("CONSUMER_INVALID", consumer=f"projects/{named}", service=call.host)])


def _denied(permission: str, call: Call) -> Refusal:
    """Refuse in the words of the API that is asked."""
    resource = call.path.split("/", 2)[-1].partition(":")[0]
    if call.host in (scheduler.HOST, tasks.HOST):
        return lacking(permission, resource)
    return denied(permission, f"//{call.host}/{resource}")


def _check_region(state: State, call: Call, permission: str) -> None:
    """Refuse a region that is none, or where the API is not to be had, in the words of the API that is asked."""
    region = call.ids.get("location", call.region)
    if region in ("", "-") or (region in REGIONS and region not in state.absent.get(call.host, ())):
        return
    if call.host == tasks.HOST:
        raise invalid(f"Location '{region}' is not a valid location. Use ListLocations to list valid locations.")
    if call.host == scheduler.HOST:
        raise _denied(permission, call)
    raise Refusal(403, f"Permission denied on 'locations/{region}' (or it may not exist).")


def _check_service(project: Project, host: str) -> None:
    consumer = {"service": host, "consumer": f"projects/{project.number}"}
    if host not in project.services:
        url = f"https://console.developers.google.com/apis/api/{host}/overview?project={project.number}"
        title = TITLES[host.partition(".")[0]]
        message = (
            f"{title} API has not been used in project {project.number} before or it is disabled."
            f" Enable it by visiting {url} then retry. If you enabled this API recently, wait a few minutes for the"
            " action to propagate to our systems and retry."
        )
        raise Refusal(403, message, details=[_link("activation", url), info("SERVICE_DISABLED", **consumer)])
    if not project.billing and host in services.BILLED:
        url = f"https://console.developers.google.com/billing/enable?project={project.number}"
        message = (
            f"This API method requires billing to be enabled. Please enable billing on project #{project.number} by"
            f" visiting {url} then retry. If you enabled billing for this project recently, wait a few minutes for the"
            " action to propagate to our systems and retry."
        )
        raise Refusal(403, message, details=[_link("billing", url), info("BILLING_DISABLED", **consumer)])


def _link(what: str, url: str) -> dict[str, Any]:
    links = [{"description": f"Google developers console {what}", "url": url}]
    return {"@type": "type.googleapis.com/google.rpc.Help", "links": links}
