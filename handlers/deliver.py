"""`deliver`: called by Cloud Tasks with one delivery that is to be tried now.

A try that fails for now is a task of its own later, so the queue's own repeats are for calls that never came to an
end. Cloud Tasks has no place for what it gives up: the ledger has, and `redeliver` comes to what a lost task leaves.
"""

from __future__ import annotations

from flask import Request

from handlers.answers import Answer, done
from handlers.invoker import admit
from handlers.requests import headers_of, read_body
from services import logs
from services.composition import Services
from services.deadline import Deadline
from services.delivering import deliver_again
from services.errors import MethodNotAllowed
from services.logs import log
from services.queueing import enqueue
from services.task_queue import read_task

ANSWER_WITHIN = 50.0  # seconds; the function's own limit is 60
LARGEST = 10_000  # bytes of a task's body


def deliver_route(request: Request, services: Services) -> Answer:
    """Answer the delivery's status: 200 whatever it is, for the ledger knows what is to be done next."""
    logs.bind(headers_of(request), services.settings.google_project)
    if request.method != "POST":
        raise MethodNotAllowed("Tasks come with POST.", headers={"Allow": "POST"})
    admit(request, services)
    task = read_task(read_body(request, LARGEST), headers_of(request))
    own = services.settings.environment
    if task.environment != own:
        log("WARNING", "not-ours", "It belongs to another tenant, and stays with it.", delivery=task.delivery)
        return done("ignored", task.delivery)
    claim = services.ledger.claim(own, task.delivery, services.clock(), early=True)
    if claim is None:
        known = services.ledger.get(own, task.delivery)
        return done(known.status if known else "ignored", task.delivery)
    ended = deliver_again(claim, services, Deadline.after(ANSWER_WITHIN))
    if ended.status == "queued":
        enqueue(ended.delivery, services)
    return done(ended.status, task.delivery)
