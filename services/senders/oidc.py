"""Checks that a Google service account sends: so do Cloud Scheduler, Cloud Tasks, Pub/Sub and Eventarc.

Each sends an OpenID Connect token that Google signed for one audience:
https://cloud.google.com/docs/authentication/token-types#id
"""

from __future__ import annotations

import re
import threading
import time
from collections.abc import Callable, Mapping
from typing import Any, Protocol

import requests

from schemas.verification import Oidc
from services.errors import NotProven, Unavailable

CERTS_URL = "https://www.googleapis.com/oauth2/v1/certs"
ISSUERS = ("accounts.google.com", "https://accounts.google.com")
BEARER_CHALLENGE = {"WWW-Authenticate": 'Bearer realm="Liaison"'}

_CLOCK_SKEW = 30  # seconds; ours and Google's clocks may differ by that
_LONGEST_TOKEN = 8192  # Google's have about 1,000 characters

_TIMEOUT = (3.05, 4)  # connect, read: a request waits 7 s at worst, once in _ASK_AGAIN
_ASK_AGAIN = 30.0  # seconds between two fetches, whatever key ids strangers make up
_TRY_AGAIN = 5.0  # the same while there are no keys at all
_SHORTEST, _DEFAULT, _LONGEST = (
    60.0,
    3600.0,
    86400.0,
)  # for how long an answer counts, whatever it says of itself
_STALE_FOR = 86400.0  # Google publishes a key days before using it: yesterday's set still holds today's


class KeySource(Protocol):
    """Hands out Google's certificates by key id."""

    def __call__(self, kid: str = "") -> Mapping[str, Any]:
        """Return the certificates; `kid` is the one wanted, so that a new one can be fetched."""


def check_identity(oidc: Oidc, token: bytes, keys: KeySource) -> None:
    """Raise NotProven unless Google made this token for our audience and one of the accounts named.

    google-auth compares `iat` and `exp` with the machine's clock: there is no `now` to hand it.
    """
    if not token:
        raise _refused("The identity token is missing: let the job send an OIDC token of its service account.")
    claims = _claims(oidc, token, keys)
    # google-auth leaves these three to its caller: without them any Google account proves itself.
    genuine = claims.get("iss") in ISSUERS and claims.get("email_verified") is True
    if not genuine or claims.get("email") not in oidc.email:
        raise _refused("The identity token is another account's: send that of the service account configured here.")


def _claims(oidc: Oidc, token: bytes, keys: KeySource) -> Mapping[str, Any]:
    """Read the token after its signature, its times and its audience were found right."""
    from google.auth import jwt

    refusal = _refused("The identity token is not valid here: send a fresh one, with the audience configured here.")
    if len(token) > _LONGEST_TOKEN:
        raise refusal
    try:
        kid = jwt.decode_header(token).get("kid")  # type: ignore[no-untyped-call]
    except (ValueError, RecursionError) as error:  # also GoogleAuthError, binascii.Error, UnicodeDecodeError
        raise refusal from error
    certificates = keys(kid if isinstance(kid, str) else "")
    try:
        claims: Mapping[str, Any] = jwt.decode(  # type: ignore[no-untyped-call]
            token, certs=certificates, audience=list(oidc.audience), clock_skew_in_seconds=_CLOCK_SKEW
        )
    except (ValueError, TypeError, RecursionError) as error:  # TypeError: a text where iat or exp is a number
        raise refusal from error
    return claims


def _refused(detail: str) -> NotProven:
    return NotProven(detail, headers=BEARER_CHALLENGE)


class GoogleKeys:
    """Google's certificates, fetched when first needed and kept for as long as their answer allows.

    One thread fetches, the others wait for it; a key that is known is handed out without waiting.
    """

    def __init__(self, url: str = CERTS_URL, *, clock: Callable[[], float] = time.monotonic):
        self._url = url
        self._clock = clock
        self._lock = threading.Lock()
        self._keys: Mapping[str, str] = {}
        self._fresh_until = self._asked = float("-inf")

    def __call__(self, kid: str = "") -> Mapping[str, str]:
        """Return the certificates (PEM) by key id; raise Unavailable where none can be had."""
        if self._suffices(kid):
            return self._keys
        with self._lock:
            if not self._suffices(kid) and self._clock() - self._asked >= (_ASK_AGAIN if self._keys else _TRY_AGAIN):
                self._asked = self._clock()
                self._fetch()
            if not self._keys or self._clock() > self._fresh_until + _STALE_FOR:
                raise Unavailable("Google's keys cannot be fetched now: send it again in half a minute.")
            return self._keys

    def _suffices(self, kid: str) -> bool:
        return self._clock() < self._fresh_until and (not kid or kid in self._keys)

    def _fetch(self) -> None:
        """Take new keys where there are any to be had; otherwise leave those that are here."""
        try:
            with requests.Session() as session:
                session.trust_env = False  # no proxy and no .netrc may stand between Google and us
                response = session.get(self._url, timeout=_TIMEOUT, allow_redirects=False)
            keys = response.json()
        except requests.RequestException:  # JSONDecodeError is one
            return
        if response.status_code == 200 and isinstance(keys, dict) and keys:
            self._keys, self._fresh_until = keys, self._clock() + _lifetime(response.headers)


def _lifetime(headers: Mapping[str, str]) -> float:
    """Return for how many seconds an answer counts: max-age less its age (RFC 9111), within bounds."""
    max_age = re.search(r"max-age=(\d{1,9})", headers.get("Cache-Control", ""))
    age = re.fullmatch(r"\d{1,9}", headers.get("Age", "0"))
    left = float(max_age[1]) - float(age[0] if age else 0) if max_age else _DEFAULT
    return min(max(left, _SHORTEST), _LONGEST)
