"""An administrator's approval of the app, by OAuth 2: where to send the browser, and what may come back from there.

Sources: SuperOffice docs, "Authorization Code flow" and "Native apps"; RFC 6749, RFC 7636 (PKCE), RFC 8252 (loopback).
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import secrets
from collections.abc import Mapping
from typing import Any, NamedTuple
from urllib.parse import parse_qsl, urlencode, urlsplit

from services.deadline import Deadline
from services.errors import LoginRefused, SuperOfficeUnavailable
from services.superoffice.transport import Transport

TOKENS_CALL = 10.0  # seconds
AGAIN = "Run the command again"


class ForeignRedirect(LoginRefused):
    """What came back does not belong to this request: another tab's, an older one's, or somebody else's."""


class Consent(NamedTuple):
    """One request for an approval. `state`, `nonce` and `verifier` tie to it what comes back."""

    url: str
    client_id: str
    redirect_uri: str
    tenant: str
    state: str
    nonce: str
    verifier: str

    @property
    def address(self) -> str:
        """Where the browser is to go."""
        challenge = base64.urlsafe_b64encode(hashlib.sha256(self.verifier.encode()).digest()).rstrip(b"=").decode()
        asked = {
            "response_type": "code",
            "client_id": self.client_id,
            "redirect_uri": self.redirect_uri,
            "scope": "openid",
            "state": self.state,
            "nonce": self.nonce,
            "code_challenge": challenge,
            "code_challenge_method": "S256",
        }
        if self.tenant:
            asked["acr_values"] = f"tenant:{self.tenant}"  # skips the choice of a tenant
        return f"{self.url}/login/common/oauth/authorize?{urlencode(asked)}"


def request_consent(url: str, client_id: str, redirect_uri: str, tenant: str = "") -> Consent:
    """Make a request that nobody can guess; `url` is the login host's, without a slash at its end."""
    state, nonce, verifier = (secrets.token_urlsafe(32) for _ in range(3))
    return Consent(url, client_id, redirect_uri, tenant, state, nonce, verifier)


def read_address(address: str) -> dict[str, str]:
    """Return the parameters of an address that a browser was sent to, as it was pasted."""
    try:
        parts = urlsplit(address.strip())
    except ValueError:
        return {}
    return dict(parse_qsl(parts.query or parts.fragment))


def read_code(consent: Consent, told: Mapping[str, str]) -> str:
    """Return the code that came back; raise ForeignRedirect, or LoginRefused with what was said instead."""
    if not hmac.compare_digest(told.get("state", "").encode(), consent.state.encode()):
        raise ForeignRedirect(
            "This answer does not belong to the approval that was asked for just now (its state is another one)."
            " Open the address that was printed last, and approve there."
        )
    if "error" in told:
        raise LoginRefused(_refusal(told["error"], told.get("error_description", "")))
    if not told.get("code"):
        raise LoginRefused(f"SuperOffice sent no code back. {AGAIN}, and copy the whole address if you paste it.")
    return told["code"]


def redeem(
    consent: Consent, code: str, client_secret: str, transport: Transport, deadline: Deadline
) -> Mapping[str, Any]:
    """Exchange the code for the tokens: a mapping with `id_token`, and mostly `refresh_token`."""
    form = {
        "grant_type": "authorization_code",
        "client_id": consent.client_id,
        "client_secret": client_secret,
        "code": code,
        "redirect_uri": consent.redirect_uri,
        "code_verifier": consent.verifier,
    }
    url = f"{consent.url}/login/common/oauth/tokens"
    answer = transport.ask("POST", url, form=form, time_limit=min(TOKENS_CALL, deadline.remaining()))
    told = answer.parsed
    if answer.status in (400, 401, 403):
        raise LoginRefused(_not_redeemed(told))
    if not answer.is_success or not isinstance(told, Mapping) or not isinstance(told.get("id_token"), str):
        raise SuperOfficeUnavailable(f"SuperOffice's login gave no id token. {AGAIN} in a few minutes.")
    return told


def _refusal(error: str, description: str) -> str:
    said = _plain(f"{error}: {description}" if description else error)
    if error == "access_denied":
        return f"The app was not approved ({said}). {AGAIN}, and approve it as an administrator of the tenant."
    return (
        f"SuperOffice does not give its approval ({said}). Check how the app is registered, and run the command again."
    )


def _not_redeemed(told: Any) -> str:
    error = told.get("error") if isinstance(told, Mapping) else None
    if error == "invalid_grant":
        return f"The code is no longer good: it lives for ten minutes, and can be used once. {AGAIN}, and approve anew."
    if error in ("invalid_client", "unauthorized_client"):
        return (
            f"SuperOffice does not know this client id with this client secret. {AGAIN} with those of this environment."
        )
    return f"SuperOffice does not redeem the code ({_plain(str(error or 'no reason was given'))}). {AGAIN}."


def _plain(text: str) -> str:
    """Cut a stranger's words to one printable line."""
    return "".join(sign for sign in " ".join(text.split()) if sign.isprintable())[:150].rstrip(".")
