"""What comes back: a JSON object with 200, or a problem (RFC 9457) that says what to do."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Any, NamedTuple

from flask import Response

from schemas.encoding import to_json
from schemas.ledger import Delivery
from services.errors import InvalidSubmission, LiaisonError, Refused
from services.ledger.transitions import EARLIER
from services.problems import problem_of

JSON = "application/json"
PROBLEM = "application/problem+json"
_WORDLESS = "It was not accepted: ask whom this address belongs to."


class Answer(NamedTuple):
    """A status and what goes as JSON, an object nearly always; `reason` is the slug of a refusal, for the log."""

    status: int
    body: Any
    headers: Mapping[str, str] = MappingProxyType({})
    reason: str = ""

    @property
    def content_type(self) -> str:
        """A problem has a media type of its own."""
        return PROBLEM if self.status >= 400 else JSON


def done(status: str, delivery: str | None = None, **more: Any) -> Answer:
    """Answer 200 with what became of the submission; what is empty is left out."""
    told = {"status": status, "delivery": delivery, **more}
    return Answer(200, {name: value for name, value in told.items() if value})


def several(answers: Sequence[Answer]) -> Answer:
    """Answer an array: 200 with each item's own result, or the first one's status where all were refused."""
    results = {"results": [answer.body for answer in answers]}
    if any(answer.status == 200 for answer in answers):
        return Answer(200, results)
    first = answers[0]
    return Answer(first.status, {**first.body, **results}, first.headers, first.reason)


def problem(error: LiaisonError, delivery: str) -> Answer:
    """Answer an error in words; what is the operator's to mend is not told to a stranger."""
    return Answer(error.status, {**problem_of(error), "delivery": delivery}, error.headers, error.reason)


def stored(delivery: Delivery, *, to_strangers: bool = False) -> Answer:
    """Answer what a delivery was refused with before; a stranger hears its fields, and none of its words."""
    told = {**(delivery.answer or {}), "delivery": delivery.id}
    told.pop(EARLIER, None)  # the operator's to know
    status = told.get("status")
    if not isinstance(status, int):  # it was emptied
        told = problem(Refused("It came before, and was refused: ask whom this address belongs to."), delivery.id).body
        status = Refused.status
    answer = Answer(status, told, reason=delivery.reason or "")
    return for_strangers(answer) if to_strangers else answer


def for_strangers(refusal: Answer) -> Answer:
    """Take out what may tell of SuperOffice: the words, and which refusal of it this is; the fields' names stay."""
    told = {**refusal.body, "detail": _WORDLESS, "message": _WORDLESS}
    if refusal.status == InvalidSubmission.status:
        told |= problem_of(InvalidSubmission(_WORDLESS))
    if errors := refusal.body.get("errors"):
        told["errors"] = [{"field": error["field"], "message": "This could not be used."} for error in errors]
    return refusal._replace(body=told)


def acknowledged(refusal: Answer) -> Answer:
    """Answer 200 to a sender that would repeat a refused submission for ever; all but the status stays."""
    if refusal.status not in (400, 422):
        return refusal
    return Answer(200, {**refusal.body, "status": "rejected"}, reason=refusal.reason)


def render(answer: Answer) -> Response:
    """Make it a response. One whose request was not read to its end is streamed, so that nobody else reads on."""
    content = to_json(answer.body) + b"\n"
    body: Any = iter([content]) if answer.status == 413 else content
    response = Response(body, answer.status, content_type=answer.content_type)
    if answer.headers:
        response.headers.update(answer.headers)
    if answer.status == 413:
        response.content_length = len(content)
    return response
