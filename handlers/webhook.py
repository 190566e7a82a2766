"""A webhook: prove who sent it, read it, carry it out, answer."""

from __future__ import annotations

import time

from flask import Request

from handlers.answers import Answer, acknowledged, done, problem, several
from handlers.proof import prove
from handlers.requests import headers_of, query_of, read_body
from schemas.hooks import Hook, entity_field
from services.composition import Services
from services.deadline import Deadline
from services.errors import FieldError, LiaisonError, Misconfigured, Unavailable
from services.ids import new_id
from services.logs import log
from services.reading import Wish, is_ignored, is_our_own, read_wish
from services.saving import save
from services.senders.decode import read
from services.senders.unpack import Submission, unpack
from services.superoffice.relations import Outcome
from services.superoffice.relations import Request as RelationRequest

PASSED_ON = ("Accept-Language", "SO-Language", "SO-Culture", "SO-TimeZone")
LONGEST_HEADER = 100  # characters of a header that is passed on
LONGEST_NAME, MOST_NAMES = 100, 20  # of the fields to blame, in the log


def receive(request: Request, hook: Hook, services: Services) -> Answer:
    """Answer one submission, or an array of them, in the order in which they came."""
    started = time.monotonic()
    try:
        submissions, is_array = _accept(request, hook, services)
    except LiaisonError as error:
        return _refuse(error, new_id(), hook, started)
    answers = [_deliver(submission, request, hook, services) for submission in submissions]
    if not answers:
        return done("ignored")
    return several(answers) if is_array else answers[0]


def _accept(request: Request, hook: Hook, services: Services) -> tuple[tuple[Submission, ...], bool]:
    """Prove the sender on the raw bytes, and only then read them."""
    body = read_body(request, hook.limit)
    services.fetch_secrets(hook)
    prove(request, body, hook, services)
    decoded = unpack(read(body, request.content_type), headers_of(request), hook.packing)
    return decoded.submissions, decoded.is_array


def _deliver(submission: Submission, request: Request, hook: Hook, services: Services) -> Answer:
    """Carry out one submission; whatever goes wrong is its own answer."""
    started = time.monotonic()
    delivery = new_id()
    deadline = Deadline.after(hook.answer_within)
    try:
        if is_ignored(submission, hook) or is_our_own(submission, services.directory, deadline):
            return _log_done(done("ignored", delivery), hook, started)
        wish = read_wish(submission, hook, services.directory, deadline)
        outcome = save(wish.relation, hook.existing, services.directory, _relation_request(request, hook, deadline))
    except LiaisonError as error:
        return _refuse(error, delivery, hook, started)
    return _log_done(_tell(outcome, wish, delivery, hook), hook, started, outcome.relation.get("RelationId"))


def _relation_request(request: Request, hook: Hook, deadline: Deadline) -> RelationRequest:
    """Say which fields come back, and in whose language: the caller's wishes as far as the hook lets them."""
    wished = [entity_field(name) for name in query_of(request).get("$select", "").split(",") if name.strip()]
    select = hook.select
    if names := [name for name in wished if name and (not select or name in select)]:
        select = tuple(dict.fromkeys(("RelationId", *names)))
    headers = {}
    if hook.pass_headers:
        sent = {name: request.headers.get(name, "") for name in PASSED_ON}
        headers = {name: value for name, value in sent.items() if value.isascii() and 0 < len(value) < LONGEST_HEADER}
    return RelationRequest(deadline, select, headers)


def _tell(outcome: Outcome, wish: Wish, delivery: str, hook: Hook) -> Answer:
    """Tell what became of it; a stranger hears nothing out of SuperOffice."""
    if hook.answers_strangers:
        return done(outcome.status, delivery)
    made = dict.fromkeys(wish.created, True)
    return done(
        outcome.status,
        delivery,
        relation=outcome.relation,
        matched=dict(wish.matched),
        **made,
        warnings=list(wish.warnings),
    )


def _refuse(error: LiaisonError, delivery: str, hook: Hook, started: float) -> Answer:
    """Log a refusal by its reason and the fields to blame, and answer it in words."""
    ours = isinstance(error, Misconfigured | Unavailable)
    log(
        "ERROR" if isinstance(error, Misconfigured) else "WARNING" if ours else "NOTICE",
        "not-delivered",
        error.detail if ours else "",
        delivery=delivery,
        hook=hook.name,
        reason=error.reason,
        fields=", ".join(mistake.field[:LONGEST_NAME] for mistake in error.errors[:MOST_NAMES]) or None,
        ms=_since(started),
    )
    if hook.answers_strangers and error.tells_of_superoffice:
        error = _without_words(error)
    answer = problem(error, delivery)
    return acknowledged(answer) if hook.acknowledge == "always" else answer


def _without_words(error: LiaisonError) -> LiaisonError:
    """Leave of a refusal what a stranger may hear: which of his own fields are to blame."""
    errors = [FieldError(mistake.field, "This could not be used.") for mistake in error.errors]
    return type(error)("SuperOffice did not accept it: ask whom this address belongs to.", errors=errors)


def _log_done(answer: Answer, hook: Hook, started: float, relation: int | None = None) -> Answer:
    told = {"delivery": answer.body["delivery"], "hook": hook.name, "status": answer.body["status"]}
    log("INFO", "delivered" if relation else "ignored", **told, relation=relation, ms=_since(started))
    return answer


def _since(started: float) -> int:
    return round((time.monotonic() - started) * 1000)
