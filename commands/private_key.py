"""An app's private key in the forms that people have it in: PEM, or the XML that SuperOffice's portal gives."""

from __future__ import annotations

import base64
import binascii
import re
from typing import Any

from services.errors import SecretUnusable

# The members of .NET's RSAParameters, each a big-endian number in Base64.
_MEMBER = re.compile(r"<(Modulus|Exponent|P|Q|DP|DQ|InverseQ|D)>([A-Za-z0-9+/=\s]+)</\1>")
_PRIVATE = ("P", "Q", "D", "DP", "DQ", "InverseQ")
ENDS = ("-----END ", "</RSAKeyValue>")  # what the last line of a key holds


def read_key(text: str) -> str:
    """Return the RSA key as PEM (PKCS #8); raise SecretUnusable saying what it is instead."""
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
    from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

    text = text.lstrip("\ufeff").strip()
    key = _from_xml(text) if "<RSAKeyValue>" in text else _from_pem(text)
    if not isinstance(key, RSAPrivateKey):
        raise SecretUnusable("This is a private key, but not an RSA key. Take the one that belongs to the app.")
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()


def _from_pem(text: str) -> Any:
    from cryptography.hazmat.primitives.serialization import load_pem_private_key

    if "PUBLIC KEY-----" in text or "BEGIN CERTIFICATE-----" in text:
        raise SecretUnusable("This is the public half of the key. Take the private one, which only you have.")
    try:
        return load_pem_private_key(text.encode(), password=None)
    except TypeError as error:
        raise SecretUnusable(
            "The private key is locked by a passphrase. Unlock a copy of it: openssl pkey -in KEY -out UNLOCKED"
        ) from error
    except ValueError as error:
        raise SecretUnusable(
            "This is no private key. Take the PEM file that begins with -----BEGIN, or the XML that begins with"
            " <RSAKeyValue>, whole."
        ) from error


def _from_xml(text: str) -> Any:
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateNumbers, RSAPublicNumbers

    try:
        found = {name: int.from_bytes(base64.b64decode(value)) for name, value in _MEMBER.findall(text)}
    except binascii.Error as error:
        raise SecretUnusable(
            "The XML of the key is damaged. Copy it from SuperOffice's portal again, whole."
        ) from error
    if "Modulus" in found and not set(_PRIVATE) & found.keys():
        raise SecretUnusable("This is the public half of the key. Take the private one, which only you have.")
    try:
        public = RSAPublicNumbers(found["Exponent"], found["Modulus"])
        p, q, d, dp, dq, inverse = (found[name] for name in _PRIVATE)
        return RSAPrivateNumbers(p, q, d, dp, dq, inverse, public).private_key()
    except (KeyError, ValueError) as error:
        raise SecretUnusable("The XML of the key is not whole. Copy it from SuperOffice's portal again.") from error
