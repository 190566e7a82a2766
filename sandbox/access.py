"""Who is let in to the API: the right address, a tenant that is up, and a proof."""

from __future__ import annotations

import base64
import binascii

from sandbox import seed
from sandbox.call import Call, Refusal, html_answer, json_answer, refusal
from sandbox.records import Associate
from sandbox.world import World

ONSITE = "superoffice"
LOOPBACK = ("127.0.0.1", "localhost")
MAINTENANCE = (
    "<!DOCTYPE html><html><head><title>SuperOffice CRM Online</title></head>"
    "<body><h1>Down for maintenance</h1><p>Please come back in a while.</p></body></html>"
)


def admit(world: World, call: Call, root: str) -> Associate:
    """Let a call to `/<root>/api/…` in. Refuses with 421 (wrong address), 503 (not running), 401."""
    online = root.lower() == seed.TENANT_ID.lower()
    if not (online or root.lower() == ONSITE) or not is_ours(call):
        raise refusal(421, "MisdirectedRequest", "Wrong subdomain used to access tenant")
    if not world.is_running:
        raise Refusal(html_answer(MAINTENANCE, 503))
    user = _online_user(world, call) if online else _onsite_user(world, call)
    if user is None:
        raise Refusal(json_answer({"Message": "Authorization has been denied for this request."}, 401))
    return user


def is_ours(call: Call) -> bool:
    """Whether the Host header means this machine."""
    return call.headers.get("Host", "").partition(":")[0] in LOOPBACK


def _online_user(world: World, call: Call) -> Associate | None:
    """Take a ticket with the app's secret beside it; a bearer token goes without, but not with a wrong one."""
    secret, token = world.sessions.registration.client_secret, call.headers.get("SO-AppToken")
    scheme, proof = _credential(call)
    if scheme == "soticket" and token == secret and world.sessions.holds_ticket(proof):
        return seed.SYSTEM_USER
    if scheme == "bearer" and token in (None, secret) and world.sessions.holds_access_token(proof):
        return seed.DEMO_USER
    return None


def _onsite_user(world: World, call: Call) -> Associate | None:
    app = world.sessions.registration
    scheme, proof = _credential(call)
    if scheme == "soticket" and world.sessions.holds_ticket(proof):
        return seed.SYSTEM_USER
    if scheme == "basic" and _decode(proof) == f"{app.username}:{app.password}":
        return seed.DEMO_USER
    return None


def _credential(call: Call) -> tuple[str, str]:
    scheme, _, proof = call.headers.get("Authorization", "").partition(" ")
    return scheme.lower(), proof.strip()


def _decode(proof: str) -> str | None:
    try:
        return base64.b64decode(proof, validate=True).decode()
    except (binascii.Error, ValueError):
        return None
