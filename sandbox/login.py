"""The login host: tenant state, the system user's signed token for a JWT, and the keys to check with.

https://docs.superoffice.com/en/api/authentication/online/auth-application/get-system-user-ticket
"""

from __future__ import annotations

import base64
import binascii
import re
from datetime import UTC, datetime, timedelta
from typing import Any, cast

from sandbox import seed
from sandbox.call import Answer, Call, json_answer, members
from sandbox.sessions import Registration, generate_key
from sandbox.world import World

CLOCK_SKEW = timedelta(minutes=5)
TOKEN_SECONDS = 600
STATE_SECONDS = 600
KEY_ID = "liaison-sandbox-login"
CLAIM = "http://schemes.superoffice.net/identity/"


class LoginRefused(Exception):
    """Told under HTTP 200; the message begins with SuperOffice's AuthorizeErrorCode."""


def state(world: World, call: Call, tenant: str) -> Answer:
    """Tell where a tenant lives now and whether it is up; a stranger is in state Unknown."""
    tenant = call.path.rstrip("/")[-len(tenant) :]  # as the caller wrote it
    known = tenant.lower() == seed.TENANT_ID.lower()
    valid_until = datetime.now(UTC) + timedelta(seconds=STATE_SECONDS)
    return json_answer(
        {
            "ContextIdentifier": seed.TENANT_ID if known else tenant,
            "Endpoint": f"{world.url}/{seed.TENANT_ID}" if known else None,
            "State": world.state if known else "Unknown",
            "IsRunning": known and world.is_running,
            "ValidUntil": f"{valid_until:%Y-%m-%dT%H:%M:%S.%f}0Z",
            "Api": f"{world.url}/{seed.TENANT_ID}/api" if known else None,
            "Version": seed.VERSION if known else None,
        }
    )


def authenticate(world: World, call: Call) -> Answer:
    """Give a JWT for a correctly signed system token; HTTP 200 in either case."""
    request = members(call.json())
    try:
        _prove(request, world)
    except LoginRefused as refused:
        return json_answer({"IsSuccessful": False, "Token": None, "ErrorMessage": str(refused)})
    world.journal.count("logins")
    return json_answer({"IsSuccessful": True, "Token": _jwt(world), "ErrorMessage": None})


def jwks(world: World, call: Call) -> Answer:
    """Publish the login's own key (RFC 7517)."""
    from jwt.algorithms import RSAAlgorithm

    del world, call
    key = RSAAlgorithm.to_jwk(generate_key("login").public_key(), as_dict=True)
    key.update(kid=KEY_ID, x5t=KEY_ID, use="sig", alg="RS256")
    key.pop("key_ops", None)
    return json_answer({"keys": [key]})


def _prove(request: dict[str, Any], world: World) -> None:
    app = world.sessions.registration
    if str(request.get("contextidentifier")).lower() != seed.TENANT_ID.lower():
        raise LoginRefused("4 Denied: the context identifier is not known")
    if request.get("applicationtoken") != app.client_secret:
        raise LoginRefused("4 Denied: the application token is not the app's client secret")
    if str(request.get("returntokentype")).lower() != "jwt":
        raise LoginRefused("4 Denied: the return token type must be JWT")
    _check_signed(str(request.get("signedsystemtoken")), app, world.now())


def _check_signed(signed: str, app: Registration, now: float) -> None:
    """Check `<system token>.<yyyyMMddHHmm in UTC>.<signature>`: RSA PKCS#1 v1.5, SHA-256, plain base64."""
    text, _, signature = signed.rpartition(".")
    if not _is_signed(text, signature, app.private_key):
        raise LoginRefused("7 InvalidSignature: the signed system token was not signed with the app's key")
    system_token, _, stamp = text.rpartition(".")
    if system_token != app.system_token:
        raise LoginRefused("1 Revoked: the system token is not known")
    if not _is_current(stamp, now):
        raise LoginRefused("6 InvalidTimestamp: the signed time must be now, in UTC, as yyyyMMddHHmm")


def _is_signed(text: str, signature: str, private_key: str) -> bool:
    from cryptography.exceptions import InvalidSignature
    from cryptography.hazmat.primitives import hashes
    from cryptography.hazmat.primitives.asymmetric import padding
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
    from cryptography.hazmat.primitives.serialization import load_pem_private_key

    key = cast("RSAPublicKey", load_pem_private_key(private_key.encode(), password=None).public_key())
    try:
        proof = base64.b64decode(signature, validate=True)
        key.verify(proof, text.encode(), padding.PKCS1v15(), hashes.SHA256())
    except (InvalidSignature, binascii.Error, ValueError):
        return False
    return True


def _is_current(stamp: str, now: float) -> bool:
    if not re.fullmatch(r"[0-9]{12}", stamp):
        return False
    try:
        signed = datetime.strptime(stamp, "%Y%m%d%H%M").replace(tzinfo=UTC)
    except ValueError:
        return False
    this_minute = datetime.fromtimestamp(now, UTC).replace(second=0, microsecond=0)
    return abs(this_minute - signed) <= CLOCK_SKEW


def _jwt(world: World) -> str:
    import jwt

    user, now = seed.SYSTEM_USER, int(world.now())
    claims = {
        "ticket": world.sessions.open_ticket(),
        "ctx": seed.TENANT_ID,
        "serial": seed.SERIAL,
        "webapi_url": f"{world.url}/{seed.TENANT_ID}/api/",
        "netserver_url": f"{world.url}/{seed.TENANT_ID}/Remote/Services88/",
        "associateid": str(user.id),
        "company_name": world.tenant.parties.company(4).name,
        "is_administrator": "True",
        "upn": user.name,
        "system_token": world.sessions.registration.system_token,
    }
    payload: dict[str, Any] = {f"{CLAIM}{name}": value for name, value in claims.items()}
    payload |= {"iss": "SuperOffice AS", "aud": f"spn:{seed.SERIAL}", "sub": user.name}
    payload |= {"iat": now, "nbf": now - 60, "exp": now + TOKEN_SECONDS}
    return jwt.encode(payload, generate_key("login"), algorithm="RS256", headers={"kid": KEY_ID})
