"""`./liaison dismiss`: a delivery is closed for good, without SuperOffice."""

from __future__ import annotations

import time

import click

from commands import printing, rows
from commands.opening import find_delivery, open_ledger_of
from commands.printing import verdict
from commands.where import find_settings, say_where


@click.command()
@click.argument("delivery_id", metavar="ID")
@click.option("--reason", required=True, metavar="TEXT", help="Why; it is kept with the delivery.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON, for a script.")
@click.pass_context
def dismiss(ctx: click.Context, delivery_id: str, reason: str, as_json: bool) -> None:
    """Close a delivery that is not to be saved. What was accepted stays what it is."""
    where = find_settings()
    if not reason.strip():
        raise click.BadParameter("Say why, for whoever looks later.", param_hint="--reason")
    if not as_json:
        say_where(where)
    ledger, settings = open_ledger_of(where)
    delivery = find_delivery(ledger, settings.environment, delivery_id)
    delivery = ledger.dismiss(settings.environment, delivery.id, reason.strip(), time.time()) or delivery
    is_dismissed = delivery.status == "dismissed"
    if as_json:
        printing.as_json(rows.told(delivery))
    else:
        accepted = f"was accepted ({delivery.status}): there is nothing to dismiss."
        why = "is dismissed." if is_dismissed else accepted
        click.echo(verdict(is_dismissed, f"{delivery.id} {why}"))
    ctx.exit(0 if is_dismissed else 1)
