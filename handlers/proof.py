"""The proof of a sender: what its hook demands, held against the secrets as they are now."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flask import Request

from handlers.requests import headers_of, public_url, query_of
from schemas.hooks import Hook
from schemas.verification import BearerSecret, Verification, secret_names
from services.composition import Services
from services.errors import NotProven
from services.senders.decode import read
from services.senders.oidc import BEARER_CHALLENGE
from services.senders.verify import Received, verify

OWNER = BearerSecret(("liaison-api-key",))  # for what is the owner's to see, and no sender's


def prove(request: Request, body: bytes, hook: Hook, services: Services) -> str | None:
    """Return the sender's id where that was signed; raise NotProven."""
    received = Received(
        method=request.method,
        url=public_url(request, services.settings.public_url),
        headers=headers_of(request),
        query=query_of(request),
        body=body,
        fields=lambda: _fields(body, request),
    )
    return _verify_twice(hook.verify, received, services)


def prove_owner(request: Request, services: Services) -> None:
    """Let pass who knows the secret `liaison-api-key`, sent as a bearer token; raise NotProven."""
    received = Received(request.method, "", headers_of(request), request.args, b"", fields=dict)
    refused = NotProven(
        "This is for the owner's own tools: send Authorization: Bearer and the secret liaison-api-key.",
        headers=BEARER_CHALLENGE,
    )
    if received.header("Authorization") is None:
        raise refused  # who does not even try costs no look at the secrets
    try:
        _verify_twice(OWNER, received, services)
    except NotProven as error:
        raise refused from error


def _fields(body: bytes, request: Request) -> Mapping[str, Any]:
    """Decode the body for the one proof that stands in it."""
    raw = read(body, request.content_type)
    return raw if isinstance(raw, Mapping) else {}


def _verify_twice(verification: Verification, received: Received, services: Services) -> str | None:
    """Try a proof that fails once more with the secrets fetched anew: they may have been rotated a moment ago."""
    names = secret_names(verification)
    try:
        return _verify(verification, received, services)
    except NotProven:
        if not services.secrets.renew(names):
            raise
    return _verify(verification, received, services)


def _verify(verification: Verification, received: Received, services: Services) -> str | None:
    secrets = {name: services.secrets.proofs(name) for name in secret_names(verification)}
    return verify(verification, received, secrets, services.clock(), google_keys=services.google_keys)
