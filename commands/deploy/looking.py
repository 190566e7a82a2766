"""What is there in the project: one list for each kind of thing, all of them read side by side."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from commands.deploy import access, functions, ledger, log_routes, queues, secrets
from commands.deploy.gcloud import Gcloud
from commands.deploy.plan import API
from commands.deploy.resource import Found
from schemas.serverless import Deployment

AT_ONCE = 8  # a gcloud waits for its imports first, and then for Google
_State = dict[tuple[str, str], Mapping[str, Any]]
_Look = Callable[[], _State]


def look(gcloud: Gcloud, deployment: Deployment, *, alerts: bool = False) -> Found:
    """Return what is there of what `plan` may ask for. What has its API switched off has nothing to look at."""
    enabled = _enabled(gcloud)
    on = enabled.keys()
    region = deployment.region
    lists: dict[str, _Look] = {
        "cloudfunctions": lambda: functions.look_for_functions(gcloud, region),
        "firestore": lambda: ledger.look_for_databases(gcloud),
        "cloudtasks": lambda: queues.look_for_queues(gcloud, region),
        "iam": lambda: access.look_for_accounts(gcloud),
        "cloudscheduler": lambda: queues.look_for_jobs(gcloud, region),
        "logging": lambda: log_routes.look_for_exclusions(gcloud),
        "secretmanager": lambda: _secrets(gcloud, deployment.service),
    }
    if alerts:
        lists["monitoring"] = lambda: log_routes.look_for_alerts(gcloud, deployment.alert.name)
    asked = [ask for name, ask in lists.items() if f"{name}.googleapis.com" in on]
    project = access.on_project(deployment.project)
    found = _side_by_side([*asked, lambda: access.look_for_rights(gcloud, project)])
    return {(API, "of the project"): enabled, **found, **_side_by_side(_inside(gcloud, deployment, found))}


def _enabled(gcloud: Gcloud) -> Mapping[str, Any]:
    listed = gcloud.read("services", "list", "--enabled")
    return {told["config"]["name"]: True for told in listed}


def _inside(gcloud: Gcloud, deployment: Deployment, found: Found) -> list[_Look]:
    """Return the second round: what is in, or on, things that were found in the first."""
    name, region = deployment.database.name, deployment.region
    asked: list[_Look] = []
    if (ledger.DATABASE, name) in found:
        asked += [
            lambda: ledger.look_for_indexes(gcloud, name),
            lambda: ledger.look_for_fields(gcloud, name),
            lambda: ledger.look_for_expiries(gcloud, name),
        ]
    on = [access.on_function(each.name, region) for each in deployment.functions.values()]
    places = [place for place in on if (functions.FUNCTION, place.target) in found]
    if (queues.QUEUE, deployment.queue.name) in found:
        places.append(access.on_queue(deployment.queue.name, region))
    if (access.ACCOUNT, deployment.invoker.partition("@")[0]) in found:
        places.append(access.on_account(deployment.invoker))
    return [*asked, *(_rights(gcloud, place) for place in places)]


def _rights(gcloud: Gcloud, place: access.On) -> _Look:
    return lambda: access.look_for_rights(gcloud, place)


def _secrets(gcloud: Gcloud, service: str) -> _State:
    names = secrets.look_for_secrets(gcloud, service)
    return _side_by_side([_secret(gcloud, name) for name in names])


def _secret(gcloud: Gcloud, name: str) -> _Look:
    return lambda: secrets.look_for_secret(gcloud, name)


def _side_by_side(asked: Iterable[_Look]) -> _State:
    with ThreadPoolExecutor(AT_ONCE) as pool:
        answers = list(pool.map(lambda ask: ask(), asked))
    return {key: state for answer in answers for key, state in answer.items()}
