"""`./liaison show`: one delivery: what came, what was made of it, each try, and who may be meant."""

from __future__ import annotations

import time
from dataclasses import replace
from typing import Any

import click

from commands import printing, rows
from commands.opening import find_delivery, open_ledger_of
from commands.rehearsal import open_rehearsal, rehearse_one
from commands.show_report import Candidates, Shown, report
from commands.try_hook import result_told
from commands.where import Where, find_settings, say_where
from schemas.hooks import Hook
from schemas.ledger import ACCEPTED
from schemas.relation_mapping import RelationMapping
from services.composition import Services
from services.deadline import Deadline
from services.errors import InvalidSubmission, LiaisonError, PartyAmbiguous, Refused
from services.explain import explain
from services.keeping import read_again
from services.ledger.contract import Arrival
from services.reading import map_relation
from services.standing import told_of, when
from services.superoffice.candidates import list_candidates

AMBIGUOUS = (PartyAmbiguous, InvalidSubmission)  # where several fields are to blame it is the latter
LOOKED_UP = 20.0  # seconds to look up who may be meant


@click.command(short_help="Show all that is known of one delivery.")
@click.argument("delivery_id", metavar="ID")
@click.option("--json", "as_json", is_flag=True, help="Print JSON, for a script.")
def show(delivery_id: str, as_json: bool) -> None:
    """Show one delivery: what came, what is made of it by today's hooks.yaml, and each try.

    ID is a delivery's, or the beginning of one. What is not accepted yet is looked up in SuperOffice again, nothing
    sent; where several companies or persons fit, they are listed, for `./liaison replay ID --source-company …`.
    """
    where = find_settings()
    if not as_json:
        say_where(where)
    ledger, settings = open_ledger_of(where)
    delivery = find_delivery(ledger, settings.environment, delivery_id)
    content = ledger.store.content(delivery.content) if delivery.content else None
    answer = told_of(delivery, ledger.sweep(settings.environment), time.time())
    with printing.log_aside():
        shown = _explained(Shown(delivery, answer, content), where)
    if as_json:
        printing.as_json(_told(shown))
    else:
        report(shown)


def _explained(shown: Shown, where: Where) -> Shown:
    """Read what came by today's hooks.yaml, and take it through up to the call that would save it."""
    delivery, content = shown.delivery, shown.content
    if content is None:
        return replace(shown, why_not="What came is no longer kept.")
    try:
        services = open_rehearsal(where.environ, "")
        hook = services.hooks.find_kept(delivery.hook)
        shown = replace(shown, hook=hook)
        arrival = Arrival(delivery.hook, content.body, content.content_type, content.headers, content.query)
        submission = read_again(arrival, hook, delivery.item)
        if delivery.status in ACCEPTED:
            return replace(shown, names=explain(hook.relation or RelationMapping(), submission.fields, hook.when))
        made = rehearse_one(submission, hook, services, delivery.decision or {})
        shown = replace(shown, names=made.explanation, made=made)
        return replace(shown, candidates=_candidates(shown, hook, services))
    except LiaisonError as error:
        return replace(shown, why_not=error.detail)


def _candidates(shown: Shown, hook: Hook, services: Services) -> Candidates:
    """Look up who fits, where that is what it was refused for."""
    if hook.relation is None or not shown.made or not isinstance(shown.made.refusal, AMBIGUOUS):
        return {}
    try:
        mapped = map_relation(shown.made.submission, hook, shown.delivery.decision or {})
    except Refused:  # which is what the refusal says
        return {}
    return list_candidates(mapped, services.directory, Deadline.after(LOOKED_UP))


def _told(shown: Shown) -> dict[str, Any]:
    """Return all of it for a script."""
    delivery, content = shown.delivery, shown.content
    request = content and {
        "content_type": content.content_type,
        "headers": dict(content.headers),
        "query": content.query,
        "body": shown.came,
    }
    made = result_told(shown.made) if shown.made else shown.names and {"names": dict(shown.names.names)}
    return {
        **rows.told(delivery),
        "decision": delivery.decision,
        "saves": delivery.saves,
        "in_doubt_since": when(delivery.doubt.at) if delivery.doubt else None,
        "emptied": when(delivery.emptied_at),
        "request": request,
        "made": made,
        "not_made": shown.why_not or None,
        "troubles": [{**vars(trouble), "at": when(trouble.at)} for trouble in delivery.troubles],
        "candidates": {path: [one._asdict() for one in found] for path, found in shown.candidates.items()},
        "answer": shown.answer,
    }
