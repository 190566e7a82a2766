"""`redeliver`: called by Cloud Scheduler every minute; tries everything that is due, and says what became of it."""

from __future__ import annotations

from flask import Request

from handlers.answers import Answer
from handlers.invoker import admit
from handlers.requests import headers_of
from services import logs
from services.composition import Services
from services.errors import MethodNotAllowed
from services.logs import log
from services.redelivery import sweep


def redeliver_route(request: Request, services: Services) -> Answer:
    """Answer a summary, such as `{"due": 12, "delivered": 10, "postponed": 1, "rejected": 0, "dead": 1, "left": 0}`."""
    logs.bind(headers_of(request), services.settings.google_project)
    if request.method != "POST":
        raise MethodNotAllowed("Sweeps are asked for with POST.", headers={"Allow": "POST"})
    admit(request, services)
    summary = sweep(services)._asdict()
    log("INFO", "swept", **summary)
    return Answer(200, summary)
