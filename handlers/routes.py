"""The addresses of the `webhook` function, and the methods each takes."""

from __future__ import annotations

from collections.abc import Mapping

from flask import Request

from handlers.answers import Answer, done
from handlers.requests import LONGEST_HEADER, headers_of
from handlers.webhook import receive
from schemas.hooks import Hook
from services import logs
from services.composition import Services
from services.errors import InvalidHook, MethodNotAllowed, UnknownHook

DEFAULT_HOOK = "default"  # the one that `/` stands for
HOOKS = "/hooks/"
PREFLIGHT_SECONDS = "600"


def webhook_route(request: Request, services: Services) -> Answer:
    """Answer any request to the function; raises a LiaisonError for what has no hook to answer it."""
    logs.bind(headers_of(request), services.settings.google_project)
    if request.path != "/" and not request.path.startswith(HOOKS):
        return _own_route(request, services)
    name = DEFAULT_HOOK if request.path == "/" else request.path.removeprefix(HOOKS)
    hook = services.hooks.find(name)
    answer = _hook_route(request, hook, services)
    shared = _cross_origin(request, hook)
    return Answer(answer.status, answer.body, {**answer.headers, **shared}, answer.reason) if shared else answer


def _own_route(request: Request, services: Services) -> Answer:
    """Answer what is no hook; what few instances ever serve is imported when it is asked for."""
    if request.path == "/health":
        return _health(request, services)
    if request.path.startswith("/lookups/"):
        from handlers.lookups import look_up

        return look_up(request, services)
    if request.path.startswith("/deliveries/"):
        from handlers.deliveries import tell

        return tell(request, services)
    if request.path == "/status":
        from handlers.status import report

        return report(request, services)
    if request.path == "/openapi.json":
        from handlers.openapi import describe

        return describe(request, services)
    raise UnknownHook("There is no such address: check the one that was given to you.")


def _hook_route(request: Request, hook: Hook, services: Services) -> Answer:
    match request.method:
        case "POST":
            return receive(request, hook, services)
        case "GET" | "HEAD":
            return done("ready")
        case "OPTIONS":
            return Answer(200, {"status": "ready"}, {"Allow": "POST, GET, HEAD, OPTIONS", **_handshake(request, hook)})
    raise MethodNotAllowed("Send submissions with POST.", headers={"Allow": "POST, GET, HEAD, OPTIONS"})


def _health(request: Request, services: Services) -> Answer:
    """Tell in one word whether settings, hooks and secrets are sound; the log tells what is not."""
    if request.method not in ("GET", "HEAD"):
        raise MethodNotAllowed("Ask for /health with GET.", headers={"Allow": "GET, HEAD"})
    if mistakes := services.unsound():
        raise InvalidHook(" ".join(mistakes))
    return done("ok")


def _cross_origin(request: Request, hook: Hook) -> Mapping[str, str]:
    """Let pages of the hook's origins read the answer (the Fetch standard's CORS protocol)."""
    origin = headers_of(request).get("Origin", "")
    if not origin or not hook.origins:
        return {}
    if origin not in hook.origins and "*" not in hook.origins:
        return {"Vary": "Origin"}
    return {"Access-Control-Allow-Origin": origin[:LONGEST_HEADER], "Vary": "Origin"}


def _handshake(request: Request, hook: Hook) -> Mapping[str, str]:
    """Answer a browser's preflight, or the handshake of CloudEvents ("Web Hooks for Event Delivery", section 4)."""
    headers = {}
    if "Access-Control-Allow-Origin" in _cross_origin(request, hook):
        headers["Access-Control-Allow-Methods"] = "POST"
        headers["Access-Control-Max-Age"] = PREFLIGHT_SECONDS
        if wanted := request.headers.get("Access-Control-Request-Headers"):
            headers["Access-Control-Allow-Headers"] = wanted[:LONGEST_HEADER]
    origin = request.headers.get("WebHook-Request-Origin", "")
    if origin and (origin in hook.origins or "*" in hook.origins):
        headers["WebHook-Allowed-Origin"] = origin[:LONGEST_HEADER]
        if request.headers.get("WebHook-Request-Rate"):
            headers["WebHook-Allowed-Rate"] = "*"
    return headers
