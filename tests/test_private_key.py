"""An app's private key is taken in the forms that people have it in, and what is none is said."""

from __future__ import annotations

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
)

from commands.private_key import read_key
from sandbox.sessions import generate_key
from services.errors import SecretUnusable
from tests.connecting import as_xml

KEY = generate_key("app")
PEM = KEY.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()
OLD_PEM = KEY.private_bytes(Encoding.PEM, PrivateFormat.TraditionalOpenSSL, NoEncryption()).decode()
LOCKED = KEY.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, BestAvailableEncryption(b"x")).decode()
PUBLIC = KEY.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()
CURVE = (
    ec.generate_private_key(ec.SECP256R1()).private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()
)
XML = as_xml(PEM)


@pytest.mark.parametrize(
    "text",
    [
        *(PEM, OLD_PEM, f"\ufeff\n {PEM}\n", PEM.replace("\n", "\r\n"), XML),
        *(XML.replace("><", ">\r\n  <"), f'<?xml version="1.0"?>\n{XML}', XML.replace("<Q>", "<Q>AAAA")),
    ],
)
def test_every_form_of_it_is_the_same_key(text):
    """PEM, old and new, with Windows' line ends, and the portal's XML, on one line or many."""
    assert load_pem_private_key(read_key(text).encode(), None).private_numbers() == KEY.private_numbers()


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("", "This is no private key"),
        ("-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----", "This is no private key"),
        (LOCKED, "locked by a passphrase"),
        (PUBLIC, "the public half"),
        (CURVE, "not an RSA key"),
        (XML.partition("<P>")[0] + "</RSAKeyValue>", "the public half"),
        (XML.partition("<D>")[0] + "</RSAKeyValue>", "not whole"),
        (XML.replace("<Exponent>AQAB", "<Exponent>AQA"), "damaged"),
        (XML.replace("<D>", "<D>BBBB"), "not whole"),
        ("<RSAKeyValue></RSAKeyValue>", "not whole"),
    ],
)
def test_what_is_no_key_is_said(text, told):
    """With what to take instead."""
    with pytest.raises(SecretUnusable, match=told):
        read_key(text)
