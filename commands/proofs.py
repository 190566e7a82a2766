"""How a sender proves itself, in words for people."""

from __future__ import annotations

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


def proof_in_words(verification: Verification) -> str:
    """Say what a request must carry."""
    match verification:
        case NoProof():
            words = "none, anybody may send"
        case Hmac(header=header):
            words = f"a signature in the header {header}"
        case HeaderSecret(header=header):
            words = f"the secret in the header {header}"
        case BearerSecret():
            words = "the secret as Authorization: Bearer"
        case BasicSecret():
            words = "user and password (Basic)"
        case QuerySecret(query=query):
            words = f"the secret in the address, as ?{query}=…"
        case FieldSecret(field=field):
            words = f"the secret in the field {field}"
        case Oidc():
            words = "an identity token of Google's"
    return words
