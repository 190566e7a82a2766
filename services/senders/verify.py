"""Proves who sent a request: the one way that its hook demands, and no weaker one beside it."""

from __future__ import annotations

import binascii
import hmac
from collections.abc import Mapping, Sequence

from schemas.signature import Hmac
from schemas.verification import (
    BasicSecret,
    BearerSecret,
    FieldSecret,
    HeaderSecret,
    NoProof,
    Oidc,
    QuerySecret,
    Verification,
)
from services.errors import NotProven
from services.senders.oidc import BEARER_CHALLENGE, KeySource, check_identity
from services.senders.received import Received
from services.senders.signatures import check_signature, unusable_key

__all__ = ["Received", "check_key", "verify"]

_Static = HeaderSecret | BearerSecret | BasicSecret | QuerySecret | FieldSecret

_BASIC_CHALLENGE = {"WWW-Authenticate": 'Basic realm="Liaison", charset="UTF-8"'}


def verify(
    verification: Verification,
    received: Received,
    secrets: Mapping[str, Sequence[bytes]],
    now: float,
    *,
    google_keys: KeySource | None = None,
) -> str | None:
    """Return the sender's own id where it was part of what was signed, else None; raise NotProven.

    `secrets` has the values of each name, several while a secret is being rotated: any of them counts. `now` is
    Unix time. Nothing here reads a clock or the network, except for OIDC: `google_keys` may fetch keys, and
    google-auth looks at the machine's clock itself.
    """
    if isinstance(verification, NoProof):
        return None
    if isinstance(verification, Oidc):
        if google_keys is None:
            raise ValueError("google_keys is missing: an OIDC token cannot be checked without them.")
        check_identity(verification, _credentials(received, b"bearer"), google_keys)
        return None
    live = [value for name in verification.secrets for value in secrets.get(name, ()) if value.strip()]
    if isinstance(verification, Hmac):
        return check_signature(verification, received, live, now)
    _check_secret(verification, received, live)
    return None


def check_key(verification: Verification, secret: bytes) -> str | None:
    """Say in a sentence to the operator why this secret can never prove anybody, or None where it can."""
    if not secret.strip():
        return "It is empty: store the secret that the sending tool has."
    if isinstance(verification, BasicSecret) and not _is_user_and_password(secret):
        return "It is not user:password: store both, with the colon between them."
    return unusable_key(verification, secret) if isinstance(verification, Hmac) else None


def _check_secret(verification: _Static, received: Received, live: Sequence[bytes]) -> None:
    """Compare what was sent with each live secret; the time taken tells a stranger nothing but the length."""
    if isinstance(verification, BasicSecret):
        live = [secret for secret in live if _is_user_and_password(secret)]
    place, offered, challenge = _offered(verification, received)
    matched = False
    for secret in live:
        matched |= hmac.compare_digest(offered, secret.strip())
    if not matched:
        raise NotProven(
            f"The secret is missing or wrong: let the sending tool send this hook's secret {place}.",
            headers=challenge,
        )


def _offered(verification: _Static, received: Received) -> tuple[str, bytes, Mapping[str, str]]:
    """Return where the secret belongs, what was sent there (empty where nothing was), and the challenge."""
    match verification:
        case HeaderSecret(header=header):
            return f"in the header {header}", received.header(header) or b"", {}
        case BearerSecret():
            return (
                "as a bearer token (Authorization: Bearer)",
                _credentials(received, b"bearer"),
                BEARER_CHALLENGE,
            )
        case BasicSecret():
            return "as user and password (Basic)", _decode(_credentials(received, b"basic")), _BASIC_CHALLENGE
        case QuerySecret(query=query):
            return f"in the address, as {query}=…", _encode(received.query.get(query)), {}
        case FieldSecret(field=field):
            return f"in the field {field}", _encode(received.fields().get(field)), {}


def _credentials(received: Received, scheme: bytes) -> bytes:
    """Return what stands after `Bearer` or `Basic`, in any case (RFC 9110, section 11.1), or nothing."""
    sent, _, credentials = (received.header("Authorization") or b"").partition(b" ")
    return credentials.strip() if sent.lower() == scheme else b""


def _decode(credentials: bytes) -> bytes:
    try:
        return binascii.a2b_base64(credentials, strict_mode=True)
    except ValueError:  # binascii.Error is one
        return b""


def _encode(value: object) -> bytes:
    """Return a text's bytes; lone surrogates too, which no secret has and which must not be an error."""
    return value.encode("utf-8", "surrogatepass") if isinstance(value, str) else b""


def _is_user_and_password(secret: bytes) -> bool:
    return b":" in secret and secret.strip() != b":"
