"""The proof of a sender: what its hook demands, held against the secrets as they are now."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flask import Request

from handlers.requests import headers_of, public_url
from schemas.hooks import Hook
from schemas.verification import secret_names
from services.composition import Services
from services.errors import NotProven
from services.senders.decode import read
from services.senders.verify import Received, verify


def prove(request: Request, body: bytes, hook: Hook, services: Services) -> str | None:
    """Return the sender's id where that was signed; raise NotProven.

    A proof that fails is tried once more with the secrets fetched anew: they may have been rotated a moment ago.
    """
    received = Received(
        method=request.method,
        url=public_url(request, services.settings.public_url),
        headers=headers_of(request),
        query=request.args,
        body=body,
        fields=lambda: _fields(body, request),
    )
    names = secret_names(hook.verify)
    try:
        return _verify(received, names, hook, services)
    except NotProven:
        if not services.secrets.renew(names):
            raise
    return _verify(received, names, hook, services)


def _fields(body: bytes, request: Request) -> Mapping[str, Any]:
    """Decode the body for the one proof that stands in it."""
    raw = read(body, request.content_type)
    return raw if isinstance(raw, Mapping) else {}


def _verify(received: Received, names: tuple[str, ...], hook: Hook, services: Services) -> str | None:
    secrets = {name: services.secrets.proofs(name) for name in names}
    return verify(hook.verify, received, secrets, services.clock(), google_keys=services.google_keys)
