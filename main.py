"""The deployed functions. Nothing is read, called or started at import: gunicorn loads this file, and then forks."""

from __future__ import annotations

import gc

gc.disable()  # nothing of what is imported now is ever garbage; looking for some costs a cold start 20 ms

import threading
import traceback

import functions_framework
from flask import Request, Response
from werkzeug.exceptions import HTTPException, NotFound

from handlers.answers import problem, render
from handlers.routes import webhook_route
from services.composition import Services, open_services
from services.errors import LedgerDown, LiaisonError, Misconfigured, UnknownHook, UnreadableBody
from services.ids import new_id
from services.logs import log

gc.enable()
gc.set_threshold(10_000)  # webhooks leave next to nothing in cycles, and many at a time set it off each 700 objects
gc.freeze()  # and the worker, forked from here, shares it all

_OPENING = threading.Lock()
_OPENED: list[Services] = []


@functions_framework.http
def webhook(request: Request) -> Response:
    """Take submissions from the internet: `POST /hooks/<hook>`; each hook proves its sender."""
    return render(webhook_route(request, services()))


@functions_framework.http
def deliver(request: Request) -> Response:
    """Try one delivery: called by Cloud Tasks, as the deployment's own service account."""
    from handlers.deliver import deliver_route

    return render(deliver_route(request, services()))


@functions_framework.http
def redeliver(request: Request) -> Response:
    """Try everything that is due: called by Cloud Scheduler, as the deployment's own service account."""
    from handlers.redeliver import redeliver_route

    return render(redeliver_route(request, services()))


def services() -> Services:
    """Return the parts, made at the first request of the process; mistakes are told again until they are mended."""
    if not _OPENED:
        with _OPENING:
            if not _OPENED:
                _OPENED.append(open_services())
    return _OPENED[0]


@functions_framework.errorhandler(Exception)  # type: ignore[untyped-decorator]
def refuse(error: Exception) -> Response:
    """Answer whatever was raised as a problem; what nobody foresaw is logged with its place, without values."""
    delivery = new_id()
    if isinstance(error, Misconfigured):
        log("ERROR", "misconfigured", error.detail, delivery=delivery, reason=error.reason)
    elif isinstance(error, LedgerDown):
        log("ERROR", error.reason, error.why, delivery=delivery, reason=error.reason)
    elif isinstance(error, NotFound):
        error = UnknownHook("There is no such address: check the one that was given to you.")
    elif isinstance(error, HTTPException):
        error = UnreadableBody("The body broke off before its end: send it again.")
    elif not isinstance(error, LiaisonError):
        place = "".join(traceback.format_tb(error.__traceback__)).replace("\n", " ")
        log("ERROR", "unforeseen", f"{type(error).__name__} {place}", delivery=delivery)
        error = LiaisonError("Something went wrong here. The operator finds it in the log under this delivery.")
    return render(problem(error, delivery))
