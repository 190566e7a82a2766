"""One submission taken through everything that the webhook does with it, up to the call that would save it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import urlsplit

from flask import Request

from handlers.proof import prove
from handlers.requests import headers_of, query_of, read_body
from schemas.contact_relation_entity import WRITABLE
from schemas.hooks import Hook
from schemas.relation_mapping import RelationMapping
from services.composition import Services, assemble
from services.deadline import Deadline
from services.errors import LiaisonError, MethodNotAllowed
from services.explain import Explanation, explain
from services.keeping import arrival_of
from services.reading import NOTHING, Wish, is_ignored, look_up, read_wanted
from services.saving import look_and_save
from services.secret_store import open_store
from services.senders.decode import read
from services.senders.unpack import Submission, unpack
from services.settings import read_settings
from services.superoffice.answers import WebApiAnswer
from services.superoffice.client import Call, WebApi
from services.superoffice.relations import Request as RelationRequest

LONGEST = 30.0  # seconds to look everything up


class WouldSend(Exception):
    """The call that would go to SuperOffice now."""

    def __init__(self, call: Call):
        super().__init__(call.path)
        self.call = call


class Rehearsal(WebApi):
    """A WebAPI that is only asked: in the place of the first call that would change something it tells that call."""

    def send(self, call: Call, deadline: Deadline) -> WebApiAnswer:
        """Look up; raise WouldSend in the place of a change."""
        if call.changes:
            raise WouldSend(call)
        return super().send(call, deadline)


@dataclass(frozen=True)
class Rehearsed:
    """What becomes of one submission: `call`, or why there is none; with neither, the relation is there already.

    `wish` is None where it cannot be read, or not be looked up.
    """

    submission: Submission
    explanation: Explanation
    ignored: bool = False
    wish: Wish | None = None
    call: Call | None = None
    refusal: LiaisonError | None = None

    @property
    def warnings(self) -> tuple[str, ...]:
        """What was cut, ambiguous or not recognised, in words."""
        if self.wish:
            return self.wish.warnings
        return self.submission.warnings if self.explanation.names else self.submission.repeated

    @property
    def recognised(self) -> Mapping[str, Any]:
        """SuperOffice's fields that were given, under its names."""
        relation = self.wish.relation if self.wish else None
        values = {theirs: getattr(relation, ours, None) for ours, theirs in WRITABLE.items()}
        return {name: value for name, value in values.items() if value is not None}


@dataclass(frozen=True)
class Tried:
    """What a request comes to: whether its sender is proven, and each submission in it."""

    is_array: bool = False
    items: tuple[Rehearsed, ...] = ()
    not_proven: LiaisonError | None = None
    unreadable: LiaisonError | None = None
    size: int = 0

    @property
    def ok(self) -> bool:
        """Whether all of it would be taken."""
        return not (self.not_proven or self.unreadable or any(item.refusal for item in self.items))


def open_rehearsal(environ: Mapping[str, str], url: str) -> Services:
    """Put the parts together as the function does, but for the WebAPI. Raises Misconfigured.

    PUBLIC_URL, where it is not set, is that of the `url` that the sender called.
    """
    settings = read_settings(environ)
    called = urlsplit(url)
    if called.netloc and not settings.public_url:
        settings = settings._replace(public_url=f"{called.scheme}://{called.netloc}")
    secrets = open_store(settings.secrets)
    return assemble(settings, secrets, Rehearsal(settings, secrets))


def rehearse(request: Request, hook: Hook, services: Services, *, with_proof: bool) -> Tried:
    """Take a request through; what goes wrong on the way is part of what is returned."""
    tried = Tried()
    try:
        if request.method != "POST":
            raise MethodNotAllowed(f"It was sent with {request.method}: let the sending tool use POST.")
        body = read_body(request, hook.limit)
        tried = replace(tried, size=len(body))
        if with_proof:
            tried = _prove(tried, request, body, hook, services)
        arrival = arrival_of(hook, body, request.content_type or "", headers_of(request), query_of(request))
        decoded = unpack(read(arrival.body, arrival.content_type), arrival.headers, hook.packing)
    except LiaisonError as error:
        return replace(tried, unreadable=error)
    items = tuple(rehearse_one(submission, hook, services) for submission in decoded.submissions)
    return replace(tried, is_array=decoded.is_array, items=items)


def _prove(tried: Tried, request: Request, body: bytes, hook: Hook, services: Services) -> Tried:
    try:
        prove(request, body, hook, services)
    except LiaisonError as error:
        return replace(tried, not_proven=error)
    return tried


def rehearse_one(
    submission: Submission, hook: Hook, services: Services, decision: Mapping[str, Any] = NOTHING
) -> Rehearsed:
    """Take one submission through; `decision` is an operator's about it."""
    rehearsed = Rehearsed(submission, Explanation((), ()))
    request = RelationRequest(Deadline.after(LONGEST), hook.select)
    try:
        explanation = explain(hook.relation or RelationMapping(), submission.fields, hook.when)
        rehearsed = replace(rehearsed, explanation=explanation)
        if not decision and is_ignored(submission, hook):
            return replace(rehearsed, ignored=True)
        wish = look_up(read_wanted(submission, hook, decision), submission, hook, services.directory, request.deadline)
        rehearsed = replace(rehearsed, wish=wish)
        look_and_save(wish.relation, hook.existing, services.directory, request, lambda _, same: same)
    except WouldSend as would:
        return replace(rehearsed, call=would.call)
    except LiaisonError as error:
        return replace(rehearsed, refusal=error)
    return rehearsed
