"""One try of a delivery: look up, save once, and write down what came of it. The sender, a queue or a sweep waits."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from schemas.hooks import PASSED_ON, Hook, entity_field
from schemas.ledger import Delivery
from services.composition import Services
from services.deadline import Deadline
from services.errors import (
    GivenUp,
    LedgerDown,
    LiaisonError,
    Misconfigured,
    NoTime,
    PairBusy,
    Refused,
    Unavailable,
)
from services.keeping import read_again
from services.ledger.contract import Arrival, Claim, LeaseLost
from services.ledger.transitions import EARLIER, earlier_of
from services.logs import log
from services.problems import problem_of
from services.reading import Wanted, Wish, is_ignored, is_our_own, look_up, read_wanted
from services.retries import is_over, next_try
from services.saving import save
from services.senders.unpack import Submission
from services.superoffice.relations import Request
from services.work import Work

LONGEST_HEADER = 100  # characters of a header that is passed on
LONGEST_NAME, MOST_NAMES = 100, 20  # of the fields to blame, in the log
LEFT = (
    "Relation {}, which this was saved as before, is still in SuperOffice. If it is wrong, delete it there, on the "
    "company's Relations tab."
)


class Job(NamedTuple):
    """A submission to be delivered: its hook, the request it came in, and what it wants."""

    hook: Hook
    arrival: Arrival
    submission: Submission
    wanted: Wanted


class Ended(NamedTuple):
    """What came of a try.

    `status` is the delivery's, as it now is; `answer` is what is told of it, a problem where there is an `error`.
    `is_all`: the whole tenant is down.
    """

    status: str
    answer: Mapping[str, Any]
    delivery: Delivery
    error: LiaisonError | None = None
    is_all: bool = False


def deliver(work: Work, job: Job, services: Services, deadline: Deadline) -> Ended:
    """Deliver, and end the try in the ledger, whatever comes; nothing but a mistake of ours is raised."""
    try:
        told = _carry_out(work, job, services, deadline)
    except LeaseLost:
        return Ended("queued", {"status": "queued"}, work.delivery)
    except Refused as error:
        services.outage.worked()  # whatever was refused, SuperOffice has answered
        return failed(work, error, services)
    except LiaisonError as error:
        return failed(work, error, services)
    except Exception:
        failed(work, LiaisonError("A mistake in Liaison itself: see the log."), services)
        raise
    services.outage.worked()
    return _settle(work, told, job.hook)


def deliver_again(claim: Claim, services: Services, deadline: Deadline) -> Ended:
    """Deliver what was kept, from the request as it came, by today's hooks.yaml."""
    work = Work(claim, services.ledger, services.clock)
    delivery = claim.delivery
    content = services.ledger.store.content(delivery.content) if delivery.content else None
    try:
        if services.ledger.is_pair_busy(delivery, services.clock()):  # no look-up is made in vain
            raise PairBusy("Another submission about the same two is still under way.", retry_after=5)
        hook = services.hooks.find_kept(delivery.hook)
        if content is None:
            raise Refused("What came is no longer kept. Ask the sender to send it again.")
        arrival = Arrival(delivery.hook, content.body, content.content_type, content.headers, content.query)
        submission = read_again(arrival, hook, delivery.item)
        if not delivery.decision and is_ignored(submission, hook):
            return _settle(work, {"status": "ignored"}, hook)
        job = Job(hook, arrival, submission, read_wanted(submission, hook, delivery.decision or {}))
    except LiaisonError as error:
        return failed(work, error, services)
    return deliver(work, job, services, deadline)


def failed(work: Work, error: LiaisonError, services: Services) -> Ended:
    """Write down a try that came to nothing: refused for good, later, or dead."""
    now = services.clock()
    is_all = services.outage.failed(error)
    answer = problem_of(error)
    ended = work.delivery
    try:
        if isinstance(error, Refused):
            ended = work.park("rejected", error, answer)
        elif not is_all and is_over(work.delivery, now, services.settings, services.ledger):
            answer = problem_of(GivenUp()) if isinstance(error, Unavailable) else answer
            ended = work.park("dead", error, answer)
        else:
            waiting = "misconfigured" if isinstance(error, Misconfigured) else "queued"
            due_at = next_try(work.delivery, error, now, services.settings) + services.sweep_lead
            counts = not is_all and not isinstance(error, PairBusy | NoTime)
            ended = work.postpone(due_at, error, status=waiting, counts=counts)
    except (LeaseLost, LedgerDown):
        pass  # it is due again when its lease ends
    log_refusal(ended, error, ended.status)
    told = {"status": "queued"} if ended.status == "queued" else answer
    return Ended(ended.status, told, ended, error, is_all)


def _carry_out(work: Work, job: Job, services: Services, deadline: Deadline) -> dict[str, Any]:
    """Return what there is to tell, once it is done."""
    if is_our_own(job.submission, services.directory, deadline):
        return {"status": "ignored"}
    wish = look_up(job.wanted, job.submission, job.hook, services.directory, deadline)
    request = _request(job, deadline)
    outcome = save(wish.relation, _existing(job.hook), work, services.directory, request)
    return _told(outcome.status, outcome.relation, wish)


def _existing(hook: Hook) -> str:
    """Return what happens to a relation that is there: who may not update leaves it as it is."""
    return "keep" if hook.existing == "update" and "update" not in hook.allow else hook.existing


def _told(status: str, relation: Mapping[str, Any], wish: Wish) -> dict[str, Any]:
    told = {
        "status": status,
        "relation": relation,
        "matched": dict(wish.matched),
        **dict.fromkeys(wish.created, True),
        "warnings": list(wish.warnings),
    }
    return {name: value for name, value in told.items() if value}


def _settle(work: Work, told: Mapping[str, Any], hook: Hook) -> Ended:
    status = str(told["status"])
    told = _with_earlier(told, work.delivery)
    try:
        work.settle(status, told)
    except (LeaseLost, LedgerDown) as error:  # it is done, and whoever comes next finds that out
        log("WARNING", "not-noted", getattr(error, "why", error.detail), delivery=work.delivery.id)
    relation = (told.get("relation") or {}).get("RelationId")
    log("INFO", "delivered", delivery=work.delivery.id, hook=hook.name, status=status, relation=relation)
    return Ended(status, told, work.delivery)


def _with_earlier(told: Mapping[str, Any], delivery: Delivery) -> Mapping[str, Any]:
    """Say which relations it was saved as before, where others are meant by now: nobody else would remove them."""
    if not (earlier := earlier_of(delivery)):
        return told
    now = (told.get("relation") or {}).get("RelationId")
    left = [LEFT.format(relation) for relation in earlier if relation != now]
    warnings = [*told.get("warnings", []), *left]
    return {**told, EARLIER: earlier, **({"warnings": warnings} if warnings else {})}


def _request(job: Job, deadline: Deadline) -> Request:
    """Say which fields come back, and in whose language: the caller's wishes as far as the hook lets them."""
    hook = job.hook
    wished = [entity_field(name) for name in job.arrival.query.split(",") if name.strip()]
    select = hook.select
    if names := [name for name in wished if name and (not select or name in select)]:
        select = tuple(dict.fromkeys(("RelationId", *names)))
    headers = {}
    if hook.pass_headers:
        sent = {name: job.arrival.headers.get(name.lower(), "") for name in PASSED_ON}
        headers = {name: value for name, value in sent.items() if value.isascii() and 0 < len(value) < LONGEST_HEADER}
    return Request(deadline, select, headers)


def log_refusal(delivery: Delivery, error: LiaisonError, status: str) -> None:
    """Log it by its reason and the fields to blame; the words of a refusal are the sender's, and not logged."""
    ours = not isinstance(error, Refused)
    log(
        "NOTICE" if not ours else "ERROR" if isinstance(error, Misconfigured) else "WARNING",
        "not-delivered",
        str(getattr(error, "why", error.detail)) if ours else "",
        delivery=delivery.id,
        hook=delivery.hook,
        status=status,
        reason=error.reason,
        fields=", ".join(mistake.field[:LONGEST_NAME] for mistake in error.errors[:MOST_NAMES]) or None,
    )
