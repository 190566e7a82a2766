"""`./liaison redeliver`: everything that is due is tried now, as the function `redeliver` does it every minute."""

from __future__ import annotations

import click

from commands import printing
from commands.opening import open_services_of
from commands.where import find_settings, say_where
from services.redelivery import BUDGET, sweep


@click.command()
@click.option(
    "--budget",
    default=BUDGET,
    show_default=True,
    type=click.FloatRange(3, 3600),
    metavar="SECONDS",
    help="How long it may take; what is left stays due.",
)
@click.option("--json", "as_json", is_flag=True, help="Print JSON, for a script.")
def redeliver(budget: float, as_json: bool) -> None:
    """Try everything that is due, and say what became of it."""
    where = find_settings()
    if not as_json:
        say_where(where)
    services = open_services_of(where)
    with printing.log_aside():
        summary = sweep(services, budget=budget)._asdict()
        away = services.outage.is_on
    if as_json:
        printing.as_json({**summary, "outage": away})
        return
    click.echo(", ".join(f"{number} {what}" for what, number in summary.items()))
    if away:
        click.echo("SuperOffice as a whole is away, or refuses the login: what is left goes once that is over.")
