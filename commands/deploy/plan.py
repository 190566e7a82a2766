"""What there must be in the project, in the order in which it is made: all of it from serverless.yaml."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import NamedTuple

from commands.deploy import access, functions, ledger, log_routes, queues
from commands.deploy.resource import Resource, line
from commands.deploy.secrets import Need, secrets
from schemas.serverless import Deployment

API = "APIs"
_USE_LEDGER = "roles/datastore.user"
_ENQUEUE = "roles/cloudtasks.enqueuer"
_ACT_AS = "roles/iam.serviceAccountUser"
# What `./liaison --project` needs besides the ledger and the secrets: to see what was deployed, and who may do what in
# the project; and to use the APIs.
OF_OPERATORS = ("roles/cloudfunctions.viewer", "roles/browser", "roles/serviceusage.serviceUsageConsumer")


class Wishes(NamedTuple):
    """What is not in serverless.yaml: the secrets by need, the source's fingerprint, who operates, whom to alert."""

    needs: tuple[Need, ...] = ()
    source: str = ""
    operators: tuple[str, ...] = ()
    alert: str = ""


def plan(deployment: Deployment, wishes: Wishes) -> list[Resource]:
    """Return all that there must be."""
    members = tuple(map(member, wishes.operators))
    return [
        _apis(deployment, wishes),
        *_accounts(deployment),
        *ledger.database(deployment),
        *secrets(deployment, wishes.needs, members),
        queues.queue(deployment),
        *_rights(deployment, members),
        log_routes.exclusion(deployment),
        *functions.functions(deployment, wishes.source, members),
        queues.job(deployment),
        *(log_routes.alert(deployment, wishes.alert) if wishes.alert else ()),
    ]


def member(operator: str) -> str:
    """Write an operator as IAM does: an e-mail address alone is a person's."""
    return operator if ":" in operator else f"user:{operator}"


def names_of_services(deployment: Deployment, alert: str) -> tuple[str, ...]:
    """Return the APIs that are needed."""
    return (*deployment.services, *(("monitoring.googleapis.com",) if alert else ()))


def _apis(deployment: Deployment, wishes: Wishes) -> Resource:
    names = names_of_services(deployment, wishes.alert)
    enable = (line("services", "enable", *names),)
    return Resource(
        API, "of the project", stage=1, lane=API, make=enable, change=enable, wanted=dict.fromkeys(names, True)
    )


def _accounts(deployment: Deployment) -> Iterator[Resource]:
    for name, function in deployment.functions.items():
        yield access.account(function.service_account, f"Liaison, the function {name}")
    yield access.account(deployment.invoker, "Liaison, who calls deliver and redeliver")
    yield access.account(deployment.build.service_account, "Liaison, who builds the functions")


def _rights(deployment: Deployment, operators: Iterable[str]) -> Iterator[Resource]:
    """Return who may use the ledger and the queue, and who builds."""
    project = access.on_project(deployment.project)
    functions_of = deployment.functions.values()
    accounts = [f"serviceAccount:{function.service_account}" for function in functions_of]
    enqueue = [f"serviceAccount:{each.service_account}" for each in functions_of if each.environment.get("QUEUE")]
    only = f'resource.name=="projects/{deployment.project}/databases/{deployment.database.name}"'
    for who in [*accounts, *operators]:
        yield access.right(project, _USE_LEDGER, who, stage=3, lane="project", condition=only)
    for role in deployment.build.roles:
        yield access.right(project, role, f"serviceAccount:{deployment.build.service_account}", stage=3, lane="project")
    for who in operators:
        for role in OF_OPERATORS:
            yield access.right(project, role, who, stage=3, lane="project")
    queue = access.on_queue(deployment.queue.name, deployment.region)
    for who in [*enqueue, *operators]:
        yield access.right(queue, _ENQUEUE, who, stage=3, lane=queues.QUEUE)
        yield access.right(access.on_account(deployment.invoker), _ACT_AS, who, stage=3, lane="invoker")
