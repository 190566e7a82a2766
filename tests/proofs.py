"""How each tool proves itself, in code of the tests' own: what a body and a secret add to a request."""

from __future__ import annotations

import hashlib
import hmac
import time
from base64 import b64decode, b64encode
from collections.abc import Callable
from typing import Any

Proof = Callable[[bytes, str, str], dict[str, Any]]  # body, secret and address in; arguments of client.post out


def mac(key: bytes, message: bytes, algorithm: str = "sha256") -> bytes:
    """Make an HMAC."""
    return hmac.new(key, message, algorithm).digest()


def signed(header: str, sign: Callable[[bytes, bytes], str]) -> Proof:
    """Sign the body alone: `sign` makes the header's text of key and body."""

    def prove(body: bytes, secret: str, url: str) -> dict[str, Any]:
        return {"headers": {header: sign(secret.encode(), body)}}

    return prove


def in_base64(key: bytes, message: bytes) -> str:
    """Make an HMAC in base64."""
    return b64encode(mac(key, message)).decode()


def in_hex(key: bytes, message: bytes) -> str:
    """Make an HMAC in hexadecimal digits."""
    return mac(key, message).hex()


def pair(header: str) -> Proof:
    """Sign time and body, both in one header: `t=…,v1=…`."""

    def prove(body: bytes, secret: str, url: str) -> dict[str, Any]:
        now = str(int(time.time()))
        return {"headers": {header: f"t={now},v1={in_hex(secret.encode(), now.encode() + b'.' + body)}"}}

    return prove


def standard(prefix: str) -> Proof:
    """Sign id, time and body (Standard Webhooks 1.0.0)."""

    def prove(body: bytes, secret: str, url: str) -> dict[str, Any]:
        now, key = str(int(time.time())), b64decode(secret.removeprefix("whsec_"))
        signature = in_base64(key, f"msg_2p7.{now}.".encode() + body)
        return {
            "headers": {
                f"{prefix}-id": "msg_2p7",
                f"{prefix}-timestamp": now,
                f"{prefix}-signature": f"v1,b3RoZXI= v1,{signature}",
            }
        }

    return prove


def hubspot(body: bytes, secret: str, url: str) -> dict[str, Any]:
    """Sign method, address, body and time in milliseconds (HubSpot's version 3)."""
    now = str(int(time.time() * 1000))
    signature = in_base64(secret.encode(), b"POST" + url.encode() + body + now.encode())
    return {"headers": {"X-HubSpot-Signature-v3": signature, "X-HubSpot-Request-Timestamp": now}}


def hubspot_v2(body: bytes, secret: str, url: str) -> dict[str, Any]:
    """Hash secret, method, address and body, without an HMAC (HubSpot's version 2)."""
    digest = hashlib.sha256(secret.encode() + b"POST" + url.encode() + body).hexdigest()
    return {"headers": {"X-HubSpot-Signature": digest, "X-HubSpot-Signature-Version": "v2"}}


def webflow(body: bytes, secret: str, url: str) -> dict[str, Any]:
    """Sign time in milliseconds and body, each in a header of its own."""
    now = str(int(time.time() * 1000))
    signature = in_hex(secret.encode(), now.encode() + b":" + body)
    return {"headers": {"x-webflow-timestamp": now, "x-webflow-signature": signature}}


def nothing(body: bytes, secret: str, url: str) -> dict[str, Any]:
    """Prove nothing at all."""
    return {}


def api_key(body: bytes, secret: str, url: str) -> dict[str, Any]:
    """Send the secret in a header."""
    return {"headers": {"X-Api-Key": secret}}


def token(body: bytes, secret: str, url: str) -> dict[str, Any]:
    """Send the secret as a bearer token."""
    return {"headers": {"Authorization": f"Bearer {secret}"}}


def login(body: bytes, secret: str, url: str) -> dict[str, Any]:
    """Send the secret as user and password."""
    return {"headers": {"Authorization": f"Basic {b64encode(secret.encode()).decode()}"}}


def in_address(body: bytes, secret: str, url: str) -> dict[str, Any]:
    """Send the secret in the address."""
    return {"query_string": {"key": secret}}


def in_body(body: bytes, secret: str, url: str) -> dict[str, Any]:
    """Send the secret as a field of the form (Wufoo)."""
    return {"data": body + f"&HandshakeKey={secret}".encode()}


PROOFS: dict[str, Proof] = {
    "generic": api_key,
    "superoffice-entity": api_key,
    "standard-webhooks": standard("webhook"),
    "svix": standard("svix"),
    "zapier": api_key,
    "make": login,
    "n8n": token,
    "power-automate": login,
    "pipedream": token,
    "ifttt": in_address,
    "typeform": signed("Typeform-Signature", lambda key, body: f"sha256={in_base64(key, body)}"),
    "tally": signed("Tally-Signature", in_base64),
    "jotform": in_address,
    "google-forms": api_key,
    "microsoft-forms": api_key,
    "hubspot": hubspot,
    "hubspot-app": hubspot,
    "webflow": webflow,
    "gravity-forms": api_key,
    "elementor": in_address,
    "cf7": api_key,
    "wpforms": signed("X-WPForms-Signature", in_hex),
    "formspree": pair("Formspree-Signature"),
    "fillout": in_address,
    "paperform": in_address,
    "cognito-forms": in_address,
    "surveymonkey": signed("Sm-Signature", lambda key, body: b64encode(mac(key, body, "sha1")).decode()),
    "unbounce": in_address,
    "squarespace": signed("Squarespace-Signature", lambda key, body: in_hex(bytes.fromhex(key.decode()), body)),
    "calendly": pair("Calendly-Webhook-Signature"),
    "mailchimp": in_address,
    "wufoo": in_body,
    "formstack": signed("X-FS-Signature", lambda key, body: f"sha256={in_hex(key, body)}"),
    "superoffice": signed("X-SuperOffice-Signature", in_base64),
    "cloudevents": token,
}
