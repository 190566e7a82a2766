"""`./liaison deploy`: from this folder to a closed-down production in a Google Cloud project, as often as one likes."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

import click

from commands import asking, printing
from commands.deploy import outcome, secrets
from commands.deploy.doors import refuse_open_doors
from commands.deploy.functions import ELSEWHERE, FUNCTION, fingerprint, look_for_functions
from commands.deploy.gcloud import Gcloud
from commands.deploy.installation import Installation, read_file
from commands.deploy.looking import look
from commands.deploy.making import Step, carry_out, progress, steps
from commands.deploy.plan import Wishes, plan
from commands.deploy.resource import Found, Resource
from commands.deploy.script import script
from commands.local_files import CONNECT_ENV, read_settings_file
from commands.run import ROOT
from commands.where import chosen_installation
from schemas.hooks import Hook
from schemas.serverless import Deployment
from services.errors import InvalidSettings
from services.hooks import read_hooks
from services.settings import read_settings


def _default(what: str, otherwise: str | None) -> Callable[[], str | None]:
    return lambda: getattr(chosen_installation(), what, otherwise)


def where_it_is(command: click.Command) -> click.Command:
    """Add the options that name an installation; `./liaison --project ID …` gives them too."""
    for option in (
        click.option(
            "--name", default=_default("name", "liaison"), help="Stands before all that it is made of; liaison."
        ),
        click.option("--region", default=_default("region", ""), help="Google's; that of serverless.yaml if left out."),
        click.option(
            "--project",
            default=_default("project", None),
            required=True,
            metavar="ID",
            help="Google's ID of the project.",
        ),
    ):
        command = option(command)
    return command


@click.command(short_help="Deploy to a Google Cloud project.")
@click.option("--yes", is_flag=True, help="Do not ask: for pipelines.")
@click.option("--dry-run", is_flag=True, help="Print a shell script that does it; needs no login.")
@click.option("--operator", "operators", multiple=True, metavar="EMAIL", help="Who may use ./liaison --project.")
@click.option("--alert", default="", metavar="EMAIL", help="Write there when something waits for an operator.")
@click.option(
    "--secrets-file",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="A YAML file of names and values, for the secrets that have no value yet.",
)
def deploy(
    project: str,
    region: str,
    name: str,
    yes: bool,
    dry_run: bool,
    operators: tuple[str, ...],
    alert: str,
    secrets_file: Path | None,
) -> None:
    """Deploy Liaison to a Google Cloud project, or bring it up to date there.

    Shows what is there, what will be made and what will change, and asks. Settings come from the environment
    (SUPEROFFICE_URL, SUPEROFFICE_TENANT, …), else they stay as they were deployed. Run it again whenever you like.
    """
    values: Mapping[str, str] = (
        secrets.read_values(secrets_file) if secrets_file else {}
    )  # before the current folder changes
    os.chdir(ROOT)
    installation = Installation(project, region, name)
    asked = _Asked(installation, _sound_hooks(), operators, alert)
    if dry_run:
        deployment = read_file(installation, _given())
        click.echo(script(deployment, _wanted(deployment, asked)), nl=False)
        return
    click.get_current_context().exit(0 if _bring_up(asked, values, yes=yes) else 1)


class _Asked(NamedTuple):
    """What is to be deployed where, and for whom."""

    installation: Installation
    hooks: Sequence[Hook]
    operators: tuple[str, ...]
    alert: str


def _bring_up(asked: _Asked, values: Mapping[str, str], *, yes: bool) -> bool:
    """Look, show the plan, ask, make what is missing, and look whether it is well; tell whether it is."""
    installation = asked.installation
    gcloud = Gcloud(installation.project)
    click.secho(f"Looking at what is in the project {installation.project} …", dim=True, err=True)
    found = look(gcloud, read_file(installation, _given()), alerts=bool(asked.alert))
    _refuse_another_region(installation, found)
    deployment = read_file(installation, {**_deployed(installation, found), **_given()})
    refuse_open_doors(deployment, found)
    wanted = _wanted(deployment, asked)
    needed = steps(wanted, found)
    _show(deployment, wanted, needed)
    if needed:
        if not yes:
            asking.go_ahead("Go ahead?")
        values = _values(wanted, found, values, yes=yes)
        printing.section("Making it")
        carry_out(gcloud, needed, values, progress(len(needed), slow=FUNCTION))
        found = {**found, **look_for_functions(gcloud, deployment.region)}
    address = outcome.address_of(deployment, found)
    return outcome.report(deployment, gcloud, address, asked.hooks, is_new=bool(needed))


def _sound_hooks() -> Sequence[Hook]:
    """Return the hooks; raise InvalidSettings where hooks.yaml, or one hook in it, is wrong."""
    hooks = read_hooks("hooks.yaml")
    if hooks.mistakes:
        raise InvalidSettings("hooks.yaml is not sound, so nothing was deployed. " + " ".join(hooks.mistakes))
    return hooks.sound


def _given() -> Mapping[str, str]:
    """Return the settings of the environment, and before them those that `./liaison connect` left."""
    connected = read_settings_file(CONNECT_ENV)
    url = connected.get("SUPEROFFICE_URL", "")
    if not url.startswith("https://"):  # the sandbox's are for this machine
        connected = {}
    return {**{name: value for name, value in connected.items() if name.startswith("SUPEROFFICE_")}, **os.environ}


def _refuse_another_region(installation: Installation, found: Found) -> None:
    """Raise InvalidSettings where the installation is in another region: there would be two of that name."""
    name = f"{installation.name}-webhook"
    region = found.get((ELSEWHERE, name), {}).get("region")
    if region and (FUNCTION, name) not in found:
        raise InvalidSettings(
            f"{installation.name} is in the region {region} already. Give --region {region}, or another --name."
        )


def _deployed(installation: Installation, found: Found) -> Mapping[str, str]:
    """Return the settings of the functions that were deployed before."""
    settings: Mapping[str, str] = found.get((FUNCTION, f"{installation.name}-webhook"), {}).get("settings", {})
    return settings


def _wanted(deployment: Deployment, asked: _Asked) -> list[Resource]:
    """Return all that there must be; raise InvalidSettings where a setting is missing or wrong."""
    try:
        settings = read_settings(deployment.functions["webhook"].environment)
    except InvalidSettings as error:
        raise InvalidSettings(
            f"{error.detail} Set it in the environment, for instance:"
            " SUPEROFFICE_URL=https://online.superoffice.com SUPEROFFICE_TENANT=Cust12345 ./liaison deploy …"
        ) from error
    source = fingerprint(ROOT, deployment.uploads)
    needs = tuple(secrets.needs(deployment, settings, asked.hooks))
    return plan(deployment, Wishes(needs, source, asked.operators, asked.alert))


def _show(deployment: Deployment, wanted: Sequence[Resource], needed: Sequence[Step]) -> None:
    """Print the plan."""
    printing.section(f"{deployment.service} in the project {deployment.project}, {deployment.region}")
    there = Counter(resource.kind for resource in wanted) - Counter(step.resource.kind for step in needed)
    if there:
        counted = ", ".join(f"{number} × {kind}" for kind, number in there.items())
        click.echo(printing.verdict(True, f"as it must be: {counted}"))
    for step in needed:
        click.echo(_in_words(step))
    if not needed:
        click.echo("Nothing to make and nothing to change.")


def _in_words(step: Step) -> str:
    thing = f"{click.style(step.resource.kind, bold=True)} {step.resource.name}"
    if step.changes:
        return f"{click.style('~', fg='yellow')} change {thing}: {printing.printable('; '.join(step.changes))}"
    return f"{click.style('+', fg='green')} make {thing}"


def _values(wanted: Sequence[Resource], found: Found, given: Mapping[str, str], *, yes: bool) -> Mapping[str, str]:
    """Return the values of the secrets that have none yet: from the file, else they are asked for."""
    names = [name for name in secrets.missing(wanted, found) if not given.get(name)]
    if names and yes:
        raise InvalidSettings(
            f"These secrets have no value yet: {', '.join(names)}. Give them with --secrets-file FILE."
        )
    return {**given, **secrets.ask(names)}


deploy = where_it_is(deploy)
