"""After deploying: does it answer, is all as it must be, and which addresses go into the form tools."""

from __future__ import annotations

import time
from collections.abc import Sequence

import click
import requests

from commands import printing
from commands.check import examine
from commands.deploy.deployed_secrets import deployed_secrets
from commands.deploy.functions import FUNCTION
from commands.deploy.gcloud import Gcloud
from commands.deploy.resource import Found
from commands.proofs import proof_in_words
from commands.where import Where
from schemas.hooks import Hook
from schemas.serverless import Deployment

PATIENCE = 150.0  # seconds: a right that was granted is known everywhere after two minutes at most
PAUSE = 5.0
ONE_LOOK = 30.0  # seconds for one answer: a cold start


def address_of(deployment: Deployment, found: Found) -> str:
    """Return where the webhook answers."""
    return str(found[FUNCTION, deployment.functions["webhook"].name]["address"])


def report(
    deployment: Deployment, gcloud: Gcloud, address: str, hooks: Sequence[Hook], *, is_new: bool = False
) -> bool:
    """Print whether it is well, and the hooks' addresses; tell whether all is. What is new has time to become so."""
    printing.section("Is it well?")
    health = _health(address, PATIENCE if is_new else 0.0)
    click.echo(printing.verdict(health == 200, _health_in_words(address, health, deployment)))
    environment = {name: value for name, value in deployment.functions["webhook"].environment.items() if value}
    all_is_well = health == 200
    where = Where(environment, f"the project {deployment.project}")
    for finding in examine(where, deployed_secrets(gcloud, deployment.service)):
        all_is_well &= finding.ok
        click.echo(printing.verdict(finding.ok, f"{click.style(finding.check, bold=True)}: {finding.detail}"))
    printing.section("Paste into the form tool")
    public = environment.get("PUBLIC_URL", address).rstrip("/")
    for hook in hooks:
        click.echo(f"{printing.INDENT}{public}/hooks/{hook.name}   {proof_in_words(hook.verify)}")
    return all_is_well


def _health(address: str, patience: float) -> int:
    """Return the status of GET /health, 0 for no answer; one that is not well is asked again for so many seconds."""
    end = time.monotonic() + patience
    while True:
        status = _ask(f"{address.rstrip('/')}/health")
        if status == 200 or time.monotonic() > end:
            return status
        time.sleep(PAUSE)


def _ask(url: str) -> int:
    try:
        return requests.get(url, timeout=ONE_LOOK, allow_redirects=False).status_code
    except requests.RequestException:
        return 0


def _health_in_words(address: str, status: int, deployment: Deployment) -> str:
    if status == 200:
        return f"{address} answers"
    name = deployment.functions["webhook"].name
    logs = f"gcloud functions logs read {name} --gen2 --region={deployment.region} --project={deployment.project}"
    told = f"{address}/health answers {status}" if status else f"{address} does not answer"
    return f"{told}; the log tells why: {logs}"
