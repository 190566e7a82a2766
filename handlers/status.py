"""`GET /status`: what is wrong, in words, and how many deliveries wait, for the owner and whoever watches for him."""

from __future__ import annotations

from flask import Request

from handlers.answers import Answer, problem
from handlers.proof import prove_owner
from schemas.answers import VERSION
from services.composition import Services
from services.condition import examine
from services.errors import MethodNotAllowed
from services.ids import new_id
from services.logs import log


def report(request: Request, services: Services) -> Answer:
    """Answer 200, also where something is wrong that others must mend; 503 where nothing is kept or delivered.

    The 503 is a problem with the same report in it.
    """
    if request.method not in ("GET", "HEAD"):
        raise MethodNotAllowed("Ask for /status with GET.", headers={"Allow": "GET, HEAD"})
    prove_owner(request, services)
    found = examine(services)
    told = {"ok": not found.problems, "problems": found.problems, "version": VERSION, **found.parts}
    if found.failure is None:
        return Answer(200, told)
    log("ERROR", "status", " ".join(found.problems), reason=found.failure.reason)
    answer = problem(found.failure, new_id())
    return answer._replace(body={**answer.body, **told})
