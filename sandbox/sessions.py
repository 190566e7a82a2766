"""Who may come in: the app as SuperOffice registered it, and the tickets and tokens it was given."""

from __future__ import annotations

import base64
import functools
import math
import secrets
import threading
import time
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING

from sandbox import seed

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey

TICKET_SECONDS = 6 * 3600  # sliding: each use starts them anew
ACCESS_TOKEN_SECONDS = 3600
CODE_SECONDS = 600


@dataclass
class Registration:
    """What an administrator gets from SuperOffice; the private key is a PEM, the ticket never ends by itself."""

    client_id: str
    client_secret: str
    system_token: str
    private_key: str
    refresh_token: str
    username: str
    password: str
    ticket: str


@dataclass(frozen=True)
class Grant:
    """What an administrator approved, and what whoever redeems it has to know (RFC 7636 for the challenge)."""

    redirect_uri: str
    nonce: str
    challenge: str
    challenge_method: str


class Sessions:
    """The registration and whatever is open under it."""

    def __init__(self, kept: Mapping[str, str] | None = None):
        self.registration = Registration(**kept) if kept else _register()
        self._lock = threading.Lock()
        self._tickets = {self.registration.ticket: math.inf}
        self._access_tokens: dict[str, float] = {}
        self._grants: dict[str, tuple[Grant, float]] = {}

    def public(self) -> dict[str, str]:
        """Give the registration as a plain mapping."""
        return asdict(self.registration)

    def open_ticket(self) -> str:
        """Make one for the system user, as a login does."""
        ticket = _new_ticket()
        with self._lock:
            self._tickets[ticket] = time.monotonic() + TICKET_SECONDS
        return ticket

    def open_access_token(self) -> str:
        """Make one for the person who consented."""
        token = f"8A:{seed.TENANT_ID}.{secrets.token_urlsafe(30)}"
        with self._lock:
            self._access_tokens[token] = time.monotonic() + ACCESS_TOKEN_SECONDS
        return token

    def open_code(self, grant: Grant) -> str:
        """Make the code that an approval is exchanged by."""
        code = secrets.token_urlsafe(48)
        with self._lock:
            self._grants[code] = (grant, time.monotonic() + CODE_SECONDS)
        return code

    def take_code(self, code: str) -> Grant | None:
        """Give what a code stands for, once; None where it is not known, used up, or too old."""
        with self._lock:
            grant, ends = self._grants.pop(code, (None, 0.0))
        return grant if ends > time.monotonic() else None

    def holds_ticket(self, ticket: str) -> bool:
        """Tell whether it is open still, and renew it with that."""
        now = time.monotonic()
        with self._lock:
            ends = self._tickets.get(ticket, -math.inf)
            if ends > now and ends != math.inf:
                self._tickets[ticket] = now + TICKET_SECONDS
        return ends > now

    def holds_access_token(self, token: str) -> bool:
        """Tell whether it is open still."""
        with self._lock:
            return self._access_tokens.get(token, -math.inf) > time.monotonic()

    def expire(self) -> None:
        """End all tickets, access tokens and codes; the administrator's long-lived ticket is a new one then."""
        with self._lock:
            self.registration.ticket = _new_ticket()
            self._tickets = {self.registration.ticket: math.inf}
            self._access_tokens = {}
            self._grants = {}


_MAKING = threading.Lock()  # of two threads that ask at one moment both get the same key


def generate_key(purpose: str) -> RSAPrivateKey:
    """Return the key for this purpose, made when it is first asked for."""
    with _MAKING:
        return _generated(purpose)


@functools.cache
def _generated(purpose: str) -> RSAPrivateKey:
    """Make one pair for each purpose and process: it takes about a tenth of a second."""
    from cryptography.hazmat.primitives.asymmetric import rsa

    del purpose  # only tells the pairs apart
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


def _register() -> Registration:
    from cryptography.hazmat.primitives import serialization

    pem = generate_key("app").private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    return Registration(
        client_id=secrets.token_hex(16),
        client_secret=secrets.token_hex(16),
        system_token=f"Liaison-{secrets.token_urlsafe(8)[:10]}",
        private_key=pem.decode(),
        refresh_token=secrets.token_urlsafe(32),
        username=seed.USERNAME,
        password=seed.PASSWORD,
        ticket=_new_ticket(),
    )


def _new_ticket() -> str:
    """Make one that looks real: base64 of UTF-16 text."""
    text = f"{secrets.token_hex(16)};{secrets.randbelow(10**9)};{seed.TENANT_ID}"
    return "7T:" + base64.b64encode(text.encode("utf-16-le")).decode()
