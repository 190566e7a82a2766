"""`./liaison destroy`: takes down what `./liaison deploy` made; the secrets and the ledger only if told so."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace

import click

from commands import asking, printing
from commands.deploy import log_routes
from commands.deploy.access import RIGHT, right
from commands.deploy.deploy import where_it_is
from commands.deploy.functions import FUNCTION
from commands.deploy.gcloud import Gcloud
from commands.deploy.installation import Installation, read_file
from commands.deploy.ledger import DATABASE
from commands.deploy.looking import look
from commands.deploy.making import Step, carry_out, progress
from commands.deploy.plan import API, OF_OPERATORS, Wishes, member, plan
from commands.deploy.resource import Found, Resource
from commands.deploy.secrets import SECRET, secret_alone
from schemas.serverless import Deployment


@click.command()
@click.option("--yes", is_flag=True, help="Do not ask: for pipelines.")
@click.option("--with-secrets", is_flag=True, help="Delete the secrets too.")
@click.option("--with-ledger", is_flag=True, help="Delete the ledger too, and with it every submission in it.")
@click.option(
    "--operator", "operators", multiple=True, metavar="EMAIL", help="Only take away what deploy gave to that operator."
)
def destroy(
    project: str, region: str, name: str, yes: bool, with_secrets: bool, with_ledger: bool, operators: tuple[str, ...]
) -> None:
    """Take down what `./liaison deploy` made in a project.

    Secrets and ledger stay, so that deploying again goes on where it ended. APIs stay switched on.
    """
    gcloud = Gcloud(project)
    deployment = read_file(Installation(project, region, name), {})
    click.secho(f"Looking at what is in the project {project} …", dim=True, err=True)
    found = look(gcloud, deployment, alerts=True)
    kept = {API, *(() if with_secrets else (SECRET,)), *(() if with_ledger else (DATABASE,))}
    doomed = [each for each in made(deployment, found) if each.kind not in kept and each.undo]
    if operators:
        doomed = list(_rights(deployment, found, operators))
    printing.section(f"{name} in the project {project}, {deployment.region}")
    for resource in doomed:
        click.echo(f"{click.style('-', fg='red')} remove {click.style(resource.kind, bold=True)} {resource.name}")
    if not doomed:
        click.echo("There is nothing to remove.")
        return
    if not yes:
        asking.go_ahead("Remove all this?")
    backwards = [Step(replace(each, stage=-each.stage, make=each.undo), ()) for each in doomed]
    carry_out(gcloud, backwards, {}, progress(len(doomed)))
    if not operators:
        _say_what_stays(found, deployment, kept)


def made(deployment: Deployment, found: Found) -> list[Resource]:
    """Return what is there of all that deploying makes, what was made last first."""
    wanted = plan(deployment, Wishes())
    wanted += [secret_alone(name) for kind, name in found if kind == SECRET]
    wanted += _alerts(deployment, found)
    there = [resource for resource in wanted if resource.key in found and resource.kind != RIGHT]
    return sorted([*there, *_rights(deployment, found)], key=lambda resource: -resource.stage)


def _rights(deployment: Deployment, found: Found, operators: Iterable[str] = ()) -> Iterator[Resource]:
    """Return what our accounts and the operators may do in the project and with the secrets.

    Of operators that are named, all that they may do, and nothing else. Who operates another installation goes on
    seeing the project.
    """
    rights = [state for (kind, _), state in found.items() if kind == RIGHT]
    ledger = f'/databases/{deployment.database.name}"'
    elsewhere = {state["member"] for state in rights if state["condition"] and ledger not in state["condition"]}
    members = set(map(member, operators)) or {each["member"] for each in rights if ledger in each["condition"]}
    accounts = set() if operators else _accounts(deployment)
    for state in rights:
        place, who, role, condition = state["on"], state["member"], state["role"], state["condition"]
        ends = who in accounts | members
        if place.label == "the project":
            seeing = role in OF_OPERATORS and who not in elsewhere
            ends = who in accounts or (ends and (ledger in condition or seeing))
        elif place.group != ("secrets",):
            ends &= bool(operators)  # else it goes with what it is on
        if ends:  # a secret's rights go before the secret
            yield right(place, role, who, stage=4, lane=place.target, condition=condition)


def _accounts(deployment: Deployment) -> set[str]:
    emails = [function.service_account for function in deployment.functions.values()]
    return {f"serviceAccount:{email}" for email in (*emails, deployment.invoker, deployment.build.service_account)}


def _alerts(deployment: Deployment, found: Found) -> list[Resource]:
    """Return the alerts, to whomever they go: a policy before its channel."""
    start = f"{deployment.alert.name} to "
    emails = {name.removeprefix(start) for kind, name in found if kind == log_routes.POLICY and name.startswith(start)}
    emails |= {
        name.removeprefix(start) for kind, name in found if kind == log_routes.CHANNEL and name.startswith(start)
    }
    made = {each.key: each for email in sorted(emails) for each in reversed(log_routes.alert(deployment, email))}
    return list(made.values())


def _say_what_stays(found: Found, deployment: Deployment, kept: set[str]) -> None:
    names = [name for kind, name in found if kind == SECRET and SECRET in kept]
    ledger = [
        name for kind, name in found if kind == DATABASE and DATABASE in kept and name == deployment.database.name
    ]
    if names:
        click.echo(f"Kept: the secrets {', '.join(sorted(names))}; --with-secrets deletes them.")
    if ledger:
        click.echo(f"Kept: the ledger, Firestore's database {ledger[0]}; --with-ledger deletes it.")
    if any(kind == FUNCTION for kind, _ in found):
        click.echo("Google keeps the queue's name back for some days: until then deploy with another --name.")


destroy = where_it_is(destroy)
