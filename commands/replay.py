"""`./liaison replay`: deliveries are sent again from what came, with an operator's decision where there is one."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import click

from commands import printing
from commands.opening import find_delivery, open_services_of
from commands.printing import printable, verdict, warn
from commands.where import find_settings, say_where
from schemas.decision import FIELDS
from schemas.fields import LARGEST_ID
from schemas.ledger import ACCEPTED, Delivery
from services.composition import Services
from services.errors import LedgerDown, LiaisonError
from services.ledger.contract import Wanted
from services.queueing import enqueue
from services.replaying import release, replay

STATUSES = ("rejected", "dead", "held", "queued", "misconfigured")
MOST = 10_000  # of one replay by status
AWAY = "SuperOffice as a whole is away, or refuses the login. Not replayed: {}. Do it again once that is over."
ID = click.IntRange(1, LARGEST_ID)
ID.name = "id"  # as a mistake in it is told

Result = dict[str, Any]
Command = Callable[..., None]


def _decisions(command: Command) -> Command:
    """Add an option for each part of a decision."""
    for name in reversed(FIELDS):
        words = f"The id of the {name.replace('_', ' ')}, instead of what was sent."
        option = click.option(f"--{name.replace('_', '-')}", name, type=ID, help=words)
        command = option(command)
    return command


@click.command("replay", short_help="Send deliveries again, by today's hooks.yaml.")
@click.argument("ids", metavar="[ID]...", nargs=-1)
@click.option("--status", type=click.Choice(STATUSES), help="All of this status, instead of ids.")
@click.option("--hook", help="With --status: those of one hook.")
@click.option("--yes", is_flag=True, help="With --status: do not ask.")
@_decisions
@click.option("--as-sent", is_flag=True, help="Forget what was decided before.")
@click.option("--later", is_flag=True, help="Leave it to the queue, or to the next redeliver.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON, for a script.")
def replay_command(
    ids: tuple[str, ...],
    status: str | None,
    hook: str | None,
    yes: bool,
    as_sent: bool,
    later: bool,
    as_json: bool,
    **decided: int | None,
) -> None:
    """Send deliveries again, from what came, by today's hooks.yaml; still never twice.

    An ID may be the beginning of one. What you decide with --source-company and the like is kept with the delivery.
    """
    decision = {name: value for name, value in decided.items() if value is not None}
    if as_sent and decision:
        raise click.UsageError("--as-sent forgets a decision: give it, or decide anew.")
    _check_call(ids, status, hook, decision, asks_in_json=as_json and not yes)
    where = find_settings()
    if not as_json:
        say_where(where)
    services = open_services_of(where)
    deliveries = _chosen(ids, status, hook, services)
    if status and not yes and deliveries:
        click.confirm(f"Replay {len(deliveries)} deliveries that are {status}?", abort=True)
    results = []
    for result in _replay(deliveries, decision if decision or as_sent else None, services, later=later):
        results.append(result)
        if not as_json:
            _report(result)
    left = len(deliveries) - len(results)
    if as_json:
        printing.as_json(results)
    elif left:
        click.echo(AWAY.format(left))
    elif not results:
        click.echo("There is nothing to replay.")
    click.get_current_context().exit(0 if not left and all(result["ok"] for result in results) else 1)


def _check_call(
    ids: Sequence[str], status: str | None, hook: str | None, decision: Mapping[str, int], *, asks_in_json: bool
) -> None:
    if bool(ids) == bool(status):
        raise click.UsageError("Name deliveries by their ids, or all of one --status.")
    if hook and not status:
        raise click.UsageError("--hook goes with --status.")
    if decision and len(ids) != 1:
        raise click.UsageError("A decision is about one delivery: name its id alone.")
    if status and asks_in_json:
        raise click.UsageError("A script says --yes with --status: there is nobody to be asked.")


def _chosen(ids: Sequence[str], status: str | None, hook: str | None, services: Services) -> list[Delivery]:
    """Return the deliveries in the order in which they came, as the newest about a pair wins."""
    ledger, environment = services.ledger, services.settings.environment
    if status:
        chosen = ledger.store.find(environment, Wanted((status,), hook), MOST)
    else:
        chosen = list({one.id: one for one in (find_delivery(ledger, environment, text) for text in ids)}.values())
    return sorted(chosen, key=lambda delivery: delivery.arrival)


def _replay(
    deliveries: Sequence[Delivery], decision: Mapping[str, int] | None, services: Services, *, later: bool
) -> Iterator[Result]:
    """Replay one after the other, until SuperOffice as a whole is away: the rest is left as it is."""
    for delivery in deliveries:
        try:
            with printing.log_aside():
                result, is_all = _replay_one(delivery, decision, services, later=later)
        except LedgerDown:
            raise
        except LiaisonError as error:
            result, is_all = {"delivery": delivery.id, "ok": False, "status": "", "detail": error.detail}, False
        yield result
        if is_all:
            return


def _replay_one(
    delivery: Delivery, decision: Mapping[str, int] | None, services: Services, *, later: bool
) -> tuple[Result, bool]:
    if later:
        released = release(delivery, services, decision)
        enqueue(released, services)
        return {"delivery": delivery.id, "ok": True, "status": released.status}, False
    ended = replay(delivery, services, decision)
    words = ended.error.detail if ended.error else ""
    result = {"delivery": delivery.id, "ok": ended.status in (*ACCEPTED, "queued"), "status": ended.status}
    result["relation"] = (ended.answer.get("relation") or {}).get("RelationId")
    result |= {"detail": words, "warnings": list(ended.answer.get("warnings", []))}
    result["errors"] = list(ended.answer.get("errors", []))
    return {name: value for name, value in result.items() if value not in ("", None, [])}, ended.is_all


def _report(result: Result) -> None:
    told = [result["status"], f"relation {result['relation']}" if result.get("relation") else ""]
    told.append(printable(result.get("detail", "")))
    click.echo(verdict(result["ok"], f"{result['delivery']}  {'  '.join(filter(None, told))}"))
    mistakes = [f"{each['field']}: {each['message']}" for each in result.get("errors", [])]
    for line in (*(mistakes if len(mistakes) > 1 else []), *result.get("warnings", [])):
        warn(line)
