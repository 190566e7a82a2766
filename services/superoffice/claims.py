"""The claims of a JWT that SuperOffice signed: read only where one of the keys that it publishes fits."""

from __future__ import annotations

from typing import Any

from services.deadline import Deadline
from services.errors import LoginRefused, SuperOfficeUnavailable
from services.superoffice.transport import Transport

CLAIM = "http://schemes.superoffice.net/identity/"  # what SuperOffice's own claims begin with
KEYS_CALL = 10.0  # seconds
NOT_SIGNED = "The login token is not signed by SuperOffice: check SUPEROFFICE_URL."


def read_claims(token: str, url: str, transport: Transport, deadline: Deadline, **checks: Any) -> dict[str, Any]:
    """Return the claims. `checks` are those of `jwt.decode` besides the signature, and fail with its PyJWTError.

    LoginRefused: no published key fits. SuperOfficeUnavailable: the keys, or the token's head, cannot be read.
    """
    import jwt

    answer = transport.ask("GET", f"{url}/login/.well-known/jwks", time_limit=min(KEYS_CALL, deadline.remaining()))
    try:
        keys = jwt.PyJWKSet.from_dict(answer.json()).keys
        named = jwt.get_unverified_header(token).get("kid")
    except (jwt.PyJWTError, TypeError, AttributeError) as error:
        raise SuperOfficeUnavailable("SuperOffice's login keys or its token cannot be read.") from error
    for key in [key for key in keys if key.key_id == named] or keys:
        try:
            claims: dict[str, Any] = jwt.decode(token, key, algorithms=["RS256"], **checks)
        except (jwt.InvalidSignatureError, jwt.InvalidKeyError, jwt.InvalidAlgorithmError):
            continue
        return claims
    raise LoginRefused(NOT_SIGNED)
