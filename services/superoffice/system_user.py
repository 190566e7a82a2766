"""The system user's login: a signed token for a JWT, and out of the JWT the ticket.

Source: SuperOffice docs, "System user flow" (sign the system user token; get a system user ticket; validate security
tokens).
"""

from __future__ import annotations

import base64
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from services.deadline import Deadline
from services.errors import LoginRefused, SecretUnusable, SuperOfficeUnavailable
from services.secret_store import SecretStore
from services.settings import Settings
from services.superoffice.claims import CLAIM, NOT_SIGNED, read_claims
from services.superoffice.login import Login, Ticket
from services.superoffice.transport import Transport

SECRETS = ("superoffice-app-token", "superoffice-system-token", "superoffice-private-key")
LOGIN_CALL = 10.0  # seconds


def system_user(settings: Settings, secrets: SecretStore, transport: Transport) -> Login:
    """Return the login of the app's system user in the tenant."""

    def log_in(deadline: Deadline) -> Ticket:
        now = datetime.now(UTC)
        request = {
            "SignedSystemToken": sign(
                secrets.text("superoffice-system-token"), secrets.text("superoffice-private-key"), now
            ),
            "ApplicationToken": secrets.text("superoffice-app-token"),
            "ContextIdentifier": settings.superoffice_tenant,
            "ReturnTokenType": "JWT",
        }
        url = f"{settings.superoffice_url}/Login/api/PartnerSystemUser/Authenticate"
        answer = transport.ask("POST", url, body=request, time_limit=min(LOGIN_CALL, deadline.remaining()))
        told = answer.json() if answer.is_success else None
        if answer.status in (400, 401, 403) or (isinstance(told, Mapping) and told.get("IsSuccessful") is False):
            raise LoginRefused(f"SuperOffice refuses the system user: {_reason(told)}.")
        if not isinstance(told, Mapping) or not isinstance(told.get("Token"), str):
            raise SuperOfficeUnavailable("SuperOffice's login gave no token.")
        claims = _verified(told["Token"], settings, transport, deadline)
        return Ticket(f"SOTicket {_ticket(claims, settings.superoffice_tenant)}")

    return log_in


def sign(system_token: str, private_key: str, now: datetime) -> str:
    """Return `<token>.<yyyyMMddHHmm>.<signature>`: RSA-SHA256, PKCS#1 v1.5, plain base64, the minute in UTC."""
    from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
    from cryptography.hazmat.primitives.hashes import SHA256
    from cryptography.hazmat.primitives.serialization import load_pem_private_key

    try:
        key = load_pem_private_key(private_key.encode(), password=None)
    except (ValueError, TypeError) as error:
        raise SecretUnusable("The secret superoffice-private-key is not a private key in PEM form.") from error
    if not isinstance(key, RSAPrivateKey):
        raise SecretUnusable("The secret superoffice-private-key is not an RSA key.")
    text = f"{system_token}.{now.astimezone(UTC):%Y%m%d%H%M}"
    signature = base64.b64encode(key.sign(text.encode(), PKCS1v15(), SHA256())).decode()
    return f"{text}.{signature}"


def _verified(token: str, settings: Settings, transport: Transport, deadline: Deadline) -> Mapping[str, Any]:
    """Check the JWT's signature, as SuperOffice's samples do, and not its times: it is used at once."""
    import jwt

    try:
        unchecked = {"verify_aud": False, "verify_exp": False}
        return read_claims(token, settings.superoffice_url, transport, deadline, options=unchecked)
    except jwt.PyJWTError as error:
        raise LoginRefused(NOT_SIGNED) from error


def _ticket(claims: Mapping[str, Any], tenant: str) -> str:
    context = claims.get(f"{CLAIM}ctx", tenant)
    if str(context).lower() != tenant.lower():
        raise LoginRefused("The login token is for another tenant: check SUPEROFFICE_TENANT.")
    ticket = claims.get(f"{CLAIM}ticket")
    if not isinstance(ticket, str) or not ticket:
        raise LoginRefused("The login token holds no ticket: approve the app again in SuperOffice.")
    return ticket


def _reason(told: Any) -> str:
    words = told.get("ErrorMessage") if isinstance(told, Mapping) else None
    return " ".join(str(words or "no reason was given").split())[:150].rstrip(".")
