"""Who may call `deliver` and `redeliver`: the deployment's own service account, or this machine."""

from __future__ import annotations

import ipaddress

from flask import Request

from handlers.requests import headers_of, public_url
from schemas.verification import Oidc
from services.composition import Services
from services.errors import InvalidSettings, NotProven
from services.senders.oidc import KeySource
from services.senders.verify import Received, verify

# What a proxy adds; behind one on this machine every stranger would seem to call from here.
_FORWARDED = ("Forwarded", "X-Forwarded-For", "X-Forwarded-Host", "X-Forwarded-Proto", "X-Real-IP", "Via")


def admit(request: Request, services: Services) -> None:
    """Let pass who may call, by the settings; raise NotProven or InvalidSettings."""
    settings = services.settings
    prove_invoker(
        request,
        on_cloud_run=settings.is_on_cloud_run,
        invoker=settings.invoker,
        public_url_base=settings.public_url,
        google_keys=services.google_keys,
    )


def prove_invoker(
    request: Request, *, on_cloud_run: bool, invoker: str, public_url_base: str, google_keys: KeySource
) -> None:
    """Let pass who may call; raise NotProven, or InvalidSettings where nobody can be proven.

    `on_cloud_run`: IAM has proven the caller before the request came here, and has removed the token's signature, so
    nothing is left to check. Elsewhere `invoker` (an e-mail) must have sent an identity token of Google's that was
    made for this address; without `invoker` only this machine may call.
    https://cloud.google.com/run/docs/authenticating/service-to-service
    """
    if on_cloud_run:
        return
    if not invoker:
        if not _is_from_here(request):
            raise NotProven("Only this machine may call this address: set INVOKER to let a service account call it.")
        return
    if not public_url_base:
        raise InvalidSettings("PUBLIC_URL: This is required with INVOKER: the identity token is made for that address.")
    oidc = Oidc(_audiences(request, public_url_base), (invoker,))
    received = Received(request.method, "", headers_of(request), {}, b"", fields=dict)
    verify(oidc, received, {}, 0.0, google_keys=google_keys)


def _audiences(request: Request, base: str) -> tuple[str, ...]:
    """Name this address as the jobs may have been given it; never by the `Host` that the caller sent."""
    full = public_url(request, base)
    address = full.partition("?")[0]
    return tuple(dict.fromkeys((full, address, address.rstrip("/"), base, f"{base}/")))


def _is_from_here(request: Request) -> bool:
    try:
        caller = ipaddress.ip_address(request.remote_addr or "")
    except ValueError:
        return False
    if isinstance(caller, ipaddress.IPv6Address) and caller.ipv4_mapped:
        caller = caller.ipv4_mapped
    return caller.is_loopback and not any(name in request.headers for name in _FORWARDED)
