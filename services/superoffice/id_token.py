"""The id token that an approval brings: checked as OpenID Connect asks for, and read.

Source: SuperOffice docs, "Validating security tokens" (the issuer is the login host, the audience the client id).
"""

from __future__ import annotations

import hmac
import re
import time
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, NamedTuple

from services.deadline import Deadline
from services.errors import LoginRefused
from services.superoffice.claims import CLAIM, read_claims
from services.superoffice.consent import Consent
from services.superoffice.transport import Transport

_TENANT = re.compile(r"[A-Za-z0-9_-]{1,64}")
LEEWAY = 60  # seconds that two clocks may differ; the token itself lives for five minutes


class Approval(NamedTuple):
    """What an administrator approved. `system_token` is empty where the token holds none."""

    tenant: str
    system_token: str
    webapi_url: str
    company: str
    approved_by: str
    by_administrator: bool


def read_id_token(token: str, consent: Consent, transport: Transport, deadline: Deadline) -> Approval:
    """Check signature, issuer, audience, times and nonce, and return what the token says; raise LoginRefused."""
    import jwt

    try:
        claims = read_claims(
            token,
            consent.url,
            transport,
            deadline,
            audience=consent.client_id,
            leeway=LEEWAY,
            options={"require": ["iss", "aud", "exp"]},
        )
    except (jwt.ExpiredSignatureError, jwt.ImmatureSignatureError) as error:
        raise LoginRefused(_clock_is_off(token)) from error
    except jwt.InvalidAudienceError as error:
        raise LoginRefused(
            "The id token is for another app: check the client id, and run the command again."
        ) from error
    except jwt.PyJWTError as error:
        raise LoginRefused(
            f"The id token cannot be trusted ({error}). Check SUPEROFFICE_URL, and run it again."
        ) from error
    _check(claims, consent)
    return _approval(claims)


def _check(claims: Mapping[str, Any], consent: Consent) -> None:
    """Check what PyJWT does not: an issuer in any case, and the nonce of this very request."""
    issuer = str(claims["iss"]).rstrip("/").lower()
    if issuer != consent.url.lower():
        raise LoginRefused("The id token was issued by another login host: check --environment or SUPEROFFICE_URL.")
    if not hmac.compare_digest(str(claims.get("nonce", "")).encode(), consent.nonce.encode()):
        raise LoginRefused(
            "The id token does not belong to the approval that was asked for just now (its nonce is another one)."
            " Run the command again, and approve anew."
        )


def _approval(claims: Mapping[str, Any]) -> Approval:
    told = {
        name: str(claims.get(f"{CLAIM}{name}") or "")
        for name in ("ctx", "system_token", "webapi_url", "company_name", "upn", "is_administrator")
    }
    if not _TENANT.fullmatch(told["ctx"]):
        raise LoginRefused("The id token names no tenant. Choose a tenant on SuperOffice's page, and approve there.")
    return Approval(
        tenant=told["ctx"],
        system_token=told["system_token"],
        webapi_url=told["webapi_url"],
        company=told["company_name"],
        approved_by=told["upn"],
        by_administrator=told["is_administrator"].lower() == "true",
    )


def _clock_is_off(token: str) -> str:
    """Tell both times; the token's signature has been checked by now, before its times were."""
    import jwt

    claims = jwt.decode(token, options={"verify_signature": False})
    try:
        theirs = f"{datetime.fromtimestamp(int(claims.get('iat', claims['exp'])), UTC):%Y-%m-%d %H:%M}"
    except (ValueError, KeyError, TypeError, OverflowError, OSError):
        theirs = "another one"
    ours = f"{datetime.fromtimestamp(time.time(), UTC):%Y-%m-%d %H:%M}"
    return (
        f"The clock of this machine is off: here it is {ours} UTC, and SuperOffice's token is of {theirs} UTC."
        " Set the clock, and run the command again."
    )
