"""`./liaison deliveries`: what came, and what became of it."""

from __future__ import annotations

import click

from commands import printing
from commands.opening import open_ledger_of
from commands.printing import columns
from commands.rows import row, told
from commands.times import Moment
from commands.where import find_settings, say_where
from schemas.ledger import STATUSES
from services.finding import LOOKED_INTO, find
from services.ledger.contract import Wanted

LIMIT = 50
MOST = 10_000


@click.command(short_help="List what came, and what became of it.")
@click.option("--status", "statuses", multiple=True, type=click.Choice(STATUSES), help="May be given several times.")
@click.option("--hook", help="Those of one hook.")
@click.option("--since", type=Moment(), help="2026-11-25, '2026-11-25 14:30', 2h, 3d …")
@click.option("--until", type=Moment(ends=True), help="Likewise; a date means that day's end.")
@click.option("--search", default="", metavar="TEXT", help="In ids, keys, hooks, reasons, and in what people typed.")
@click.option("--limit", default=LIMIT, show_default=True, type=click.IntRange(1, MOST), help="How many at most.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON, for a script.")
def deliveries(
    statuses: tuple[str, ...],
    hook: str | None,
    since: float | None,
    until: float | None,
    search: str,
    limit: int,
    as_json: bool,
) -> None:
    """List deliveries, the newest first: when each came, for which hook, and what became of it.

    A search looks into the content of the newest thousand that meet the other options.
    """
    where = find_settings()
    if not as_json:
        say_where(where)
    ledger, settings = open_ledger_of(where)
    wanted = Wanted(statuses, hook, since, until, search.strip())
    found = find(ledger, settings.environment, wanted, limit)
    if as_json:
        printing.as_json([told(delivery) for delivery in found.deliveries])
        return
    click.echo()
    columns([row(delivery) for delivery in found.deliveries])
    if not found.deliveries:
        click.echo("None.")
    if found.is_bounded:
        more = "There are more: --limit, --since and --until choose among them."
        looked = f"Older ones than {LOOKED_INTO} were not looked into, and there may be more"
        click.echo(f"\n{f'{looked}: --since and --until choose among them.' if wanted.search else more}")
