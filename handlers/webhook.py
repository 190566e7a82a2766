"""A webhook: prove who sent it, write it down, deliver it, answer."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from flask import Request

from handlers.answers import Answer, acknowledged, done, for_strangers, problem, several, stored
from handlers.proof import prove
from handlers.requests import LONGEST_HEADER, headers_of, query_of, read_body
from schemas.hooks import Hook
from schemas.ledger import HELD, WAITING, Delivery
from schemas.signature import Hmac
from schemas.verification import HeaderSecret
from services.composition import Services
from services.deadline import Deadline
from services.delivering import Job, deliver, log_refusal
from services.errors import (
    GivenUp,
    InvalidSubmission,
    LedgerDown,
    LiaisonError,
    Misconfigured,
    Refused,
    Unavailable,
)
from services.ids import new_id
from services.keeping import Body, Read, arrival_of, read_arrival
from services.ledger.contract import Arrival, Claim, Opened, Refusal
from services.logs import log
from services.queueing import enqueue
from services.work import Work

GREETING = "X-Hook-Secret"
MARGIN = 0.25  # seconds of `answer_within` that are left for writing down what came of it
LEAST = 0.25  # seconds; with less than this left no further item of an array is taken up


class Visit(NamedTuple):
    """One request, from its proof to its answer."""

    hook: Hook
    arrival: Arrival
    body: Body
    services: Services
    deadline: Deadline


def receive(request: Request, hook: Hook, services: Services) -> Answer:
    """Answer one submission, or an array of them, in the order in which they came."""
    deadline = Deadline.after(hook.answer_within - MARGIN)
    try:
        body = read_body(request, hook.limit)
        if greeting := _greeting(request, body, hook):
            return Answer(200, {"status": "ready"}, {GREETING: greeting})
        arrival, signed_id = _accept(request, body, hook, services)
        visit = Visit(hook, arrival, read_arrival(arrival, hook, signed_id, services.clock()), services, deadline)
    except LiaisonError as error:
        return _turn_away(error, request, hook, services)
    try:
        kept = _keep(visit)
    except LedgerDown as error:
        log("ERROR", "not-kept", error.why, hook=hook.name, reason=error.reason)
        return problem(error, new_id())
    answers = [_answer(opened, read, visit) for opened, read in zip(kept, visit.body.reads, strict=True)]
    return several(answers) if visit.body.is_array else answers[0]


def _greeting(request: Request, body: bytes, hook: Hook) -> str:
    """Return what a REST hook wants back when it subscribes; with a content, or as a proof, it is no greeting."""
    verify = hook.verify
    is_proof = isinstance(verify, HeaderSecret | Hmac) and verify.header.lower() == GREETING.lower()
    is_empty = body.strip() in (b"", b"{}")
    return request.headers.get(GREETING, "")[:LONGEST_HEADER] if is_empty and not is_proof else ""


def _accept(request: Request, body: bytes, hook: Hook, services: Services) -> tuple[Arrival, str | None]:
    """Prove the sender on the raw bytes, and return what is to be kept, with the sender's id where it was signed."""
    services.fetch_secrets(hook)
    signed_id = prove(request, body, hook, services)
    arrival = arrival_of(hook, body, request.content_type or "", headers_of(request), query_of(request))
    return arrival, signed_id


def _keep(visit: Visit) -> Sequence[Opened]:
    """Write it down. What is not delivered in this request is due for whoever comes next.

    An array's items are taken up one by one; those that are not reached in time stay due.
    """
    hook, services = visit.hook, visit.services
    now = services.clock()
    is_now = hook.deliver == "now" and not services.outage.is_fresh()
    return services.ledger.open(
        services.settings.environment,
        visit.arrival,
        [read.entry for read in visit.body.reads],
        now,
        status="held" if hook.deliver == "held" else "queued",
        claim=is_now and not visit.body.is_array,
        due_at=now + (hook.answer_within if is_now else 0.0) + services.sweep_lead,
    )


def _answer(opened: Opened, read: Read, visit: Visit) -> Answer:
    """Deliver one submission, unless that is done already, or others will do it."""
    delivery, hook, services = opened.delivery, visit.hook, visit.services
    if opened.how == "known":
        return _known(opened, visit)
    if read.error is not None:
        log_refusal(delivery, read.error, "rejected")
        return _refused(read.error, delivery, hook)
    if read.wanted is None or read.submission is None:
        log("INFO", "ignored", delivery=delivery.id, hook=hook.name, status="ignored")
        return done("ignored", delivery.id)
    claim = opened.claim or _claim(delivery, visit)
    if claim is None:
        if hook.deliver != "held":
            enqueue(delivery, services)
        return done("queued", delivery.id)
    is_new = opened.how == "new" and opened.claim is not None  # an item of an array may have been tried meanwhile
    work = Work(claim, services.ledger, services.clock, is_new=is_new)
    ended = deliver(work, Job(hook, visit.arrival, read.submission, read.wanted), services, visit.deadline)
    if ended.error is not None and ended.status != "queued":
        return _refused(ended.error, ended.delivery, hook)
    if ended.status == "queued":  # a temporary failure is not the sender's: it is kept
        enqueue(ended.delivery, services)
    return _accepted(ended.answer, delivery.id, hook)


def _claim(delivery: Delivery, visit: Visit) -> Claim | None:
    """Take up one item of an array while there is time."""
    services = visit.services
    if visit.hook.deliver != "now" or not visit.body.is_array or visit.deadline.remaining() < LEAST:
        return None
    try:
        return services.ledger.claim(delivery.environment, delivery.id, services.clock(), early=True)
    except LedgerDown:
        return None


def _known(opened: Opened, visit: Visit) -> Answer:
    """Answer what came before with its outcome, if it has one in time."""
    hook = visit.hook
    if opened.other_content and visit.body.is_keyed:
        error = InvalidSubmission(
            "This Idempotency-Key came before, with another content: send a new key with what is new."
        )
        log_refusal(opened.delivery, error, opened.delivery.status)
        return _refused(error, opened.delivery, hook)
    delivery = _await_end(opened.delivery, visit)
    if delivery.status in (*WAITING, *HELD):
        return done("queued", delivery.id)
    if delivery.status in ("rejected", "dead"):
        answer = stored(delivery, to_strangers=hook.answers_strangers)
        return acknowledged(answer) if hook.acknowledge == "always" else answer
    log("INFO", "duplicate", delivery=delivery.id, hook=hook.name, status=delivery.status)
    return _accepted({**(delivery.answer or {}), "status": "duplicate"}, delivery.id, hook)


def _await_end(delivery: Delivery, visit: Visit) -> Delivery:
    """Wait while somebody is at work on it, for as long as there is time."""
    services = visit.services

    def ended() -> Delivery | None:
        now = services.ledger.get(delivery.environment, delivery.id) or delivery
        return None if now.is_leased(services.clock()) else now

    if not delivery.is_leased(services.clock()):
        return delivery
    try:
        return visit.deadline.until(ended) or delivery
    except LedgerDown:
        return delivery


def _accepted(told: Mapping[str, Any], delivery: str, hook: Hook) -> Answer:
    """Answer an outcome; a stranger hears nothing out of SuperOffice."""
    more = {} if hook.answers_strangers else {name: value for name, value in told.items() if name != "status"}
    return done(str(told["status"]), delivery, **more)


def _refused(error: LiaisonError, delivery: Delivery, hook: Hook) -> Answer:
    """Answer a refusal in words; a stranger hears which of his own fields are to blame."""
    answer = problem(error, delivery.id)
    if delivery.status == "dead" and isinstance(error, Unavailable):
        answer = problem(GivenUp(), delivery.id)
    if hook.answers_strangers and error.tells_of_superoffice:
        answer = for_strangers(answer)
    return acknowledged(answer) if hook.acknowledge == "always" else answer


def _turn_away(error: LiaisonError, request: Request, hook: Hook, services: Services) -> Answer:
    """Answer what is not kept, so it is never acknowledged: a line without content stays of it."""
    delivery = new_id()
    ours = isinstance(error, Misconfigured | Unavailable)
    severity = "ERROR" if isinstance(error, Misconfigured) else "WARNING" if ours else "NOTICE"
    words = error.detail if ours else ""
    log(severity, "not-accepted", words, delivery=delivery, hook=hook.name, reason=error.reason)
    if isinstance(error, Refused):
        line = Refusal(services.clock(), hook.name, error.status, error.reason, request.content_length or 0)
        services.ledger.door.refuse(services.settings.environment, line)
    return problem(error, delivery)
