"""The tokens endpoint: a code or a refresh token for an access token and an id token; and what there is to discover.

https://docs.superoffice.com/en/api/authentication/online/api
https://docs.superoffice.com/en/api/authentication/online/validate-security-tokens (the claims)
"""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Mapping
from typing import Any

from sandbox import seed
from sandbox.call import Answer, Call, json_answer
from sandbox.login import CLAIM, KEY_ID
from sandbox.sessions import ACCESS_TOKEN_SECONDS, Grant, generate_key
from sandbox.world import World

ID_TOKEN_SECONDS = 300


def tokens(world: World, call: Call) -> Answer:
    """Redeem what the form body holds (RFC 6749, sections 4.1.3 and 6; RFC 7636, section 4.6)."""
    form = call.form_fields()
    app = world.sessions.registration
    grant_type = form.get("grant_type")
    if grant_type not in ("authorization_code", "refresh_token"):
        return json_answer({"error": "unsupported_grant_type"}, 400)
    if (form.get("client_id"), form.get("client_secret")) != (app.client_id, app.client_secret):
        return json_answer({"error": "invalid_client"}, 401)
    more: dict[str, str] = {}
    nonce = ""
    if grant_type == "authorization_code":
        grant = world.sessions.take_code(form.get("code", ""))
        if grant is None or grant.redirect_uri != form.get("redirect_uri") or not _fits(grant, form):
            return json_answer({"error": "invalid_grant"}, 400)
        nonce, more = grant.nonce, {"refresh_token": app.refresh_token}
    elif form.get("refresh_token") != app.refresh_token:
        return json_answer({"error": "invalid_grant"}, 400)
    world.journal.count("logins")
    access = {"token_type": "Bearer", "access_token": world.sessions.open_access_token()}
    return json_answer({**access, "expires_in": ACCESS_TOKEN_SECONDS, **more, "id_token": _id_token(world, nonce)})


def openid_configuration(world: World, call: Call) -> Answer:
    """Answer OpenID Connect Discovery 1.0, with what the sandbox can do."""
    del call
    return json_answer(
        {
            "issuer": world.url,
            "authorization_endpoint": f"{world.url}/login/common/oauth/authorize",
            "token_endpoint": f"{world.url}/login/common/oauth/tokens",
            "jwks_uri": f"{world.url}/login/.well-known/jwks",
            "scopes_supported": ["openid"],
            "response_modes_supported": ["query"],
            "response_types_supported": ["code"],
            "subject_types_supported": ["public"],
            "id_token_signing_alg_values_supported": ["RS256"],
            "token_endpoint_auth_methods_supported": ["client_secret_post"],
            "grant_types_supported": ["authorization_code", "refresh_token"],
            "code_challenge_methods_supported": ["plain", "S256"],
        }
    )


def _fits(grant: Grant, form: Mapping[str, str]) -> bool:
    """Whether the verifier is what the challenge was made of; without a challenge there is nothing to fit."""
    if not grant.challenge:
        return True
    proof = form.get("code_verifier", "")
    if grant.challenge_method == "S256":
        proof = base64.urlsafe_b64encode(hashlib.sha256(proof.encode()).digest()).rstrip(b"=").decode()
    return hmac.compare_digest(proof.encode(), grant.challenge.encode())


def _id_token(world: World, nonce: str) -> str:
    """Say who approved, and where the tenant is; `iat` is text, as in the real one."""
    import jwt

    user, now = seed.DEMO_USER, int(world.now())
    email = "kari@liaison-demo.example"
    claims = {
        "associateid": str(user.id),
        "identityprovider": "superoffice-online",
        "email": email,
        "upn": email,
        "is_administrator": "True",
        "ctx": seed.TENANT_ID,
        "company_name": world.tenant.parties.company(4).name,
        "serial": seed.SERIAL,
        "netserver_url": f"{world.url}/{seed.TENANT_ID}/Remote/Services88/",
        "webapi_url": f"{world.url}/{seed.TENANT_ID}/api/",
        "system_token": world.sessions.registration.system_token,
        "initials": "KN",
        "so_primary_email_address": email,
    }
    payload: dict[str, Any] = {"sub": email, **{f"{CLAIM}{name}": value for name, value in claims.items()}}
    payload |= {"iat": str(now), **({"nonce": nonce} if nonce else {}), "nbf": now - 60, "exp": now + ID_TOKEN_SECONDS}
    payload |= {"iss": world.url, "aud": world.sessions.registration.client_id}
    return jwt.encode(payload, generate_key("login"), algorithm="RS256", headers={"x5t": KEY_ID})
