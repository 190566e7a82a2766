"""Look-ups for the drop-downs of no-code tools: definitions, companies and persons, to be chosen by name."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

from flask import Request
from marshmallow import Schema, ValidationError

from handlers.answers import Answer
from handlers.proof import prove_owner
from schemas.lookups import (
    CompaniesQuery,
    CompanyChoiceSchema,
    DefinitionChoiceSchema,
    DefinitionsQuery,
    PersonChoiceSchema,
    PersonsQuery,
)
from services.composition import Services
from services.deadline import Deadline
from services.errors import FieldError, LiaisonError, MethodNotAllowed, Misconfigured, UnknownHook
from services.logs import log
from services.mapping import refusal
from services.superoffice.listing import list_companies, list_definition_choices, list_persons

ANSWER_WITHIN = 10.0  # seconds; somebody waits for a list to open


class Lookup(NamedTuple):
    """One of the look-ups: what can be asked for, what each choice is made of, and who lists them."""

    query: Schema
    choices: Schema
    list_choices: Callable[..., Sequence[Any]]


LOOKUPS = {
    "/lookups/definitions": Lookup(DefinitionsQuery(), DefinitionChoiceSchema(many=True), list_definition_choices),
    "/lookups/companies": Lookup(CompaniesQuery(), CompanyChoiceSchema(many=True), list_companies),
    "/lookups/persons": Lookup(PersonsQuery(), PersonChoiceSchema(many=True), list_persons),
}


def look_up(request: Request, services: Services) -> Answer:
    """Answer a page of choices as a JSON array, which is what drop-downs take; one beyond the end is empty."""
    lookup = LOOKUPS.get(request.path)
    if lookup is None:
        raise UnknownHook("There is no such address: check the one that was given to you.")
    if request.method not in ("GET", "HEAD"):
        raise MethodNotAllowed("Look things up with GET.", headers={"Allow": "GET, HEAD"})
    started = time.monotonic()
    try:
        prove_owner(request, services)
        query = _read(lookup.query, request.args)
        deadline = Deadline.after(ANSWER_WITHIN)
        listed = lookup.list_choices(**query, directory=services.directory, deadline=deadline)
    except LiaisonError as error:
        if not isinstance(error, Misconfigured):  # main.py logs that one, with what the operator has to mend
            log("NOTICE", "not-looked-up", route=request.path, reason=error.reason, ms=_since(started))
        raise
    log("INFO", "looked-up", route=request.path, count=len(listed), ms=_since(started))
    return Answer(200, lookup.choices.dump(listed))


def _read(schema: Schema, parameters: Mapping[str, str]) -> Mapping[str, Any]:
    """Return the parameters; InvalidSubmission names every one that is wrong."""
    try:
        query: Mapping[str, Any] = schema.load(dict(parameters))
    except ValidationError as error:
        mistakes = error.messages_dict
        raise refusal([FieldError(str(name), str(messages[0])) for name, messages in mistakes.items()]) from error
    return query


def _since(started: float) -> int:
    return round((time.monotonic() - started) * 1000)
