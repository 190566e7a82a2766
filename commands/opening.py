"""The ledger and the services that a command works with, by the settings that were found."""

from __future__ import annotations

import re
from pathlib import Path

import click

from commands import printing
from commands.where import Where
from schemas.ledger import Delivery
from services.composition import Services, assemble
from services.ledger.contract import Wanted
from services.ledger.ledger import Ledger
from services.ledger.opening import open_ledger
from services.secret_store import open_store
from services.settings import Settings, read_settings
from services.superoffice.client import WebApi

MOST_ALIKE = 1000  # deliveries in which the beginning of an id is looked for
_ID = re.compile(r"[0-9A-Z]{1,26}")


def open_ledger_of(where: Where) -> tuple[Ledger, Settings]:
    """Open the ledger alone: looking into it needs neither hooks.yaml nor secrets. Raises InvalidSettings."""
    settings = read_settings(where.environ)
    _say_if_new(settings.ledger)
    days = {"retain_days": settings.retain_days, "retain_refused_days": settings.retain_refused_days}
    return open_ledger(settings.ledger, **days), settings


def _say_if_new(location: str) -> None:
    """Whoever mistypes LEDGER would see an empty one, and believe that nothing came."""
    scheme, _, path = location.partition(":")
    if scheme == "sqlite" and not Path(path).exists():
        click.echo(f"There is no ledger at {path} yet. If something has come, set LEDGER to where it is.", err=True)


def open_services_of(where: Where) -> Services:
    """Put everything together, as the functions do. Raises InvalidSettings."""
    settings = read_settings(where.environ)
    _say_if_new(settings.ledger)
    secrets = open_store(settings.secrets)
    return assemble(settings, secrets, WebApi(settings, secrets))


def find_delivery(ledger: Ledger, environment: str, text: str) -> Delivery:
    """Return the delivery of this id, or of the only one that begins so; raise click.BadParameter."""
    wanted = text.strip().upper()
    if exact := ledger.get(environment, wanted):
        return exact
    found = []
    if _ID.fullmatch(wanted) and len(wanted) < 26:
        alike = ledger.store.find(environment, Wanted(search=wanted), MOST_ALIKE)
        found = [delivery for delivery in alike if delivery.id.startswith(wanted)]
    if len(found) == 1:
        return found[0]
    shown = printing.printable(text)
    if found:
        raise click.BadParameter(f"{len(found)} deliveries begin with {shown}: write more of the id.")
    raise click.BadParameter(f"This ledger has no delivery {shown} of this tenant; `./liaison deliveries` lists them.")
