"""Standard Webhooks: id, time and body signed together, with one key or several, symmetric or not."""

from __future__ import annotations

import hmac
from base64 import b64encode

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given
from hypothesis import strategies as st
from marshmallow import Schema

from schemas.verification import VerificationField
from services.errors import NotProven
from services.senders.verify import Received, verify

NOW = 1_700_000_000
BODY = b'{"type": "contact.created", "company": "\xc3\x85s AS"}'
KEY = b"\x00\x01key of thirty-two bytes, raw\xfe\xff"
SECRET = b"whsec_" + b64encode(KEY)


class Form(Schema):
    """Reads what stands after `verify:`."""

    verify = VerificationField()


STANDARD = Form().load(
    {
        "verify": {
            "hmac": {
                "header": "webhook-signature",
                "encoding": "base64",
                "prefix": "v1,",
                "separator": " ",
                "template": "{id}.{timestamp}.{body}",
                "timestamp": {"header": "webhook-timestamp"},
                "id": {"header": "webhook-id"},
                "key": "whsec",
            },
            "secret": "name",
        }
    }
)["verify"]


def prove(secret: bytes, headers: dict[str, str], body: bytes = BODY) -> str | None:
    """Prove a sender against its secret."""
    return verify(STANDARD, Received("POST", "", headers, {}, body, dict), {"name": [secret]}, NOW)


def test_returns_the_id_that_was_signed():
    """`webhook-id` stays the same when a sender tries again."""
    assert prove(SECRET, standard()) == "msg_1"
    assert prove(b64encode(KEY), standard(message_id="msg_2")) == "msg_2"


def standard(key: bytes = KEY, message_id: str = "msg_1", stamp: str = str(NOW), body: bytes = BODY) -> dict[str, str]:
    """Return the headers of a Standard Webhook."""
    signature = b64encode(hmac.digest(key, f"{message_id}.{stamp}.".encode() + body, "sha256")).decode()
    return {"webhook-id": message_id, "webhook-timestamp": stamp, "webhook-signature": f"v1,{signature}"}


@given(st.text(), st.text(), st.text())
def test_no_header_is_an_error(signature, stamp, message_id):
    """Any text in any header is refused in one way."""
    with pytest.raises(NotProven):
        prove(
            SECRET,
            {"webhook-id": message_id, "webhook-timestamp": stamp, "webhook-signature": f"v1,{signature}"},
        )


@pytest.mark.parametrize("missing", ["webhook-id", "webhook-timestamp", "webhook-signature"])
def test_everything_that_is_signed_has_to_be_there(missing):
    """A header of the template that is missing or blank is refused."""
    for headers in (standard() | {missing: " "}, {name: sent for name, sent in standard().items() if name != missing}):
        with pytest.raises(NotProven):
            prove(SECRET, headers)


def test_a_standard_webhook_may_be_signed_with_several_keys():
    """The sender rotates by one signature for each key that is live."""
    both = standard(b"another key")
    both["webhook-signature"] += f" v1a,AAAA {standard()['webhook-signature']} v2,x"
    assert prove(SECRET, both) == "msg_1"


def test_a_public_key_checks_asymmetric_signatures():
    """A `whpk_` secret checks the `v1a` candidates with Ed25519, and no others."""
    private = Ed25519PrivateKey.from_private_bytes(KEY)
    public = b"whpk_" + b64encode(private.public_key().public_bytes_raw())
    signature = b64encode(private.sign(f"msg_1.{NOW}.".encode() + BODY)).decode()
    headers = standard(b"another key") | {"webhook-signature": f"v1,AAAA v1a,AAAA v1a,{signature}"}
    assert prove(public, headers) == "msg_1"
    for wrong in ({"webhook-id": "msg_2"}, {"webhook-signature": f"v1,{signature}"}, standard()):
        with pytest.raises(NotProven):
            prove(public, headers | wrong)


def flip(text: bytes, position: int, bits: int) -> bytes:
    """Change one byte."""
    position %= len(text)
    return text[:position] + bytes([text[position] ^ bits]) + text[position + 1 :]


@given(
    st.sampled_from(["key", "body", "webhook-id", "webhook-timestamp", "webhook-signature"]),
    st.integers(min_value=0),
    st.integers(min_value=1, max_value=255),
)
def test_one_changed_byte_is_enough(part, position, bits):
    """A signature is for this body, id, time and secret: no single byte of them can be another."""
    sent = {"key": KEY, "body": BODY, **{name: value.encode() for name, value in standard().items()}}
    sent[part] = flip(sent[part], position, bits)
    headers = {name: value.decode("latin-1") for name, value in sent.items() if name.startswith("webhook")}
    with pytest.raises(NotProven):
        prove(b64encode(sent["key"]), headers, sent["body"])
