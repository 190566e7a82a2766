"""Signature schemes that no preset knows, described in hooks.yaml as their makers document them, over real sockets."""

from __future__ import annotations

import hashlib
import hmac
import json
import time
from base64 import b64encode
from collections.abc import Callable
from contextlib import closing
from datetime import UTC, datetime
from http.client import HTTPConnection
from typing import Any, NamedTuple

import pytest
import yaml

from tests.examples import PARTNERS
from tests.processes import served

PUBLIC_URL = "https://crm.example.com"
BODY = json.dumps({**PARTNERS, "Comment": "Blåbær & Sønn"}, ensure_ascii=False, indent=1).encode()
QUERY = "?of=a%20b&x=1"
SECRET = "s3cret of two, words"
RAW_KEY = bytes(range(200, 232))


def tag(key: bytes, *parts: bytes | str, by: str = "sha256") -> bytes:
    """Make an HMAC of the parts, one after another."""
    message = b"".join(part.encode() if isinstance(part, str) else part for part in parts)
    return hmac.new(key, message, by).digest()


def b64(raw: bytes) -> str:
    """Write in base64."""
    return b64encode(raw).decode()


class Sent(NamedTuple):
    """What a tool signs with: the hook's key, the address that it calls, and the Unix time."""

    key: bytes
    url: str
    now: int


class Scheme(NamedTuple):
    """What a hook says under `hmac`, and what the tool does; `tolerance` is in seconds, 0 where no time is signed."""

    hmac: str
    sign: Callable[[Sent], dict[str, str]]
    tolerance: int = 0
    secret: str = SECRET


SCHEMES = {
    "github": Scheme(
        "{header: X-Hub-Signature-256, prefix: 'sha256='}",
        lambda sent: {"X-Hub-Signature-256": f"sha256={tag(sent.key, BODY).hex()}"},
    ),
    "intercom": Scheme(
        "{algorithm: sha1, header: X-Hub-Signature, prefix: 'sha1='}",
        lambda sent: {"x-hub-signature": f"sha1={tag(sent.key, BODY, by='sha1').hex()}"},
    ),
    "slack": Scheme(
        "{header: X-Slack-Signature, prefix: 'v0=', template: 'v0:{timestamp}:{body}',"
        " timestamp: {header: X-Slack-Request-Timestamp}}",
        lambda sent: {
            "X-Slack-Request-Timestamp": f"{sent.now}",
            "X-Slack-Signature": f"v0={tag(sent.key, f'v0:{sent.now}:', BODY).hex()}",
        },
        300,
    ),
    "stripe": Scheme(
        "{header: Stripe-Signature, pair: {signature: v1, timestamp: t}, template: '{timestamp}.{body}',"
        " timestamp: {tolerance: 300}}",
        lambda sent: {
            "Stripe-Signature": f"t={sent.now},v1=00,v1={tag(sent.key, f'{sent.now}.', BODY).hex()},v0={'6' * 64}"
        },
        300,
    ),
    "shopify": Scheme(
        "{encoding: base64, header: X-Shopify-Hmac-Sha256}",
        lambda sent: {"X-Shopify-Hmac-SHA256": b64(tag(sent.key, BODY))},
    ),
    "zoom": Scheme(
        "{header: x-zm-signature, prefix: 'v0=', template: 'v0:{timestamp}:{body}',"
        " timestamp: {header: x-zm-request-timestamp, tolerance: 60}}",
        lambda sent: {
            "x-zm-request-timestamp": f"{sent.now}",
            "x-zm-signature": f"v0={tag(sent.key, f'v0:{sent.now}:', BODY).hex()}",
        },
        60,
    ),
    "paddle": Scheme(
        "{header: Paddle-Signature, pair: {signature: h1, timestamp: ts, separator: ';'},"
        " template: '{timestamp}:{body}', timestamp: {unit: s}}",
        lambda sent: {"Paddle-Signature": f"ts={sent.now};h1={tag(sent.key, f'{sent.now}:', BODY).hex()}"},
        300,
    ),
    "workos": Scheme(
        "{header: WorkOS-Signature, pair: {signature: v1, timestamp: t}, template: '{timestamp}.{body}',"
        " timestamp: {unit: ms, tolerance: 180}}",
        lambda sent: {"WorkOS-Signature": f"t={sent.now}250, v1={tag(sent.key, f'{sent.now}250.', BODY).hex()}"},
        180,
    ),
    "pagerduty": Scheme(
        "{header: X-PagerDuty-Signature, prefix: 'v1=', separator: ','}",
        lambda sent: {"X-PagerDuty-Signature": f"v1={tag(b'the next', BODY).hex()},v1={tag(sent.key, BODY).hex()}"},
    ),
    "paystack": Scheme(
        "{algorithm: sha512, header: x-paystack-signature}",
        lambda sent: {"x-paystack-signature": tag(sent.key, BODY, by="sha512").hex().upper()},
    ),
    "square": Scheme(
        "{encoding: base64, header: x-square-hmacsha256-signature, template: '{url}{body}'}",
        lambda sent: {"x-square-hmacsha256-signature": b64(tag(sent.key, sent.url, BODY))},
    ),
    "trello": Scheme(
        "{algorithm: sha1, encoding: base64, header: X-Trello-Webhook, template: '{body}{url}'}",
        lambda sent: {"X-Trello-Webhook": b64(tag(sent.key, BODY, sent.url, by="sha1"))},
    ),
    "airtable": Scheme(
        "{header: X-Airtable-Content-MAC, prefix: hmac-sha256=, key: base64}",
        lambda _: {"X-Airtable-Content-MAC": f"hmac-sha256={tag(RAW_KEY, BODY).hex()}"},
        secret=b64(RAW_KEY),
    ),
    "teams": Scheme(
        "{encoding: base64, header: Authorization, prefix: HMAC, key: base64}",
        lambda _: {"Authorization": f"HMAC {b64(tag(RAW_KEY, BODY))}"},
        secret=b64(RAW_KEY),
    ),
    "zendesk": Scheme(
        "{encoding: base64, header: X-Zendesk-Webhook-Signature, template: '{timestamp}{body}',"
        " timestamp: {header: X-Zendesk-Webhook-Signature-Timestamp, unit: iso}}",
        lambda sent: {
            "X-Zendesk-Webhook-Signature-Timestamp": (at := f"{datetime.fromtimestamp(sent.now, UTC):%FT%TZ}"),
            "X-Zendesk-Webhook-Signature": b64(tag(sent.key, at, BODY)),
        },
        300,
    ),
    "dated": Scheme(
        '{header: X-Content-Hmac, template: "{method}\\n{date}\\n{url}\\n{body}"}',
        lambda sent: {
            "Date": "Fri, 02 Jan 2026 03:04:05 GMT",
            "X-Content-Hmac": tag(sent.key, f"POST\nFri, 02 Jan 2026 03:04:05 GMT\n{sent.url}\n", BODY).hex(),
        },
    ),
    "queue": Scheme(
        "{header: X-Queue-Signatures, separator: ' ', prefix: ['v2:', 'v1:'], key: hex,"
        " template: '{id}|{timestamp}|{body}', id: {header: X-Queue-Id},"
        " timestamp: {header: X-Queue-Time, unit: ms, tolerance: 10}}",
        lambda sent: {
            "X-Queue-Id": f"evt {sent.now}",
            "X-Queue-Time": f"{sent.now}000",
            "X-Queue-Signatures": f"v3:abc   v1:{tag(RAW_KEY, f'evt {sent.now}|{sent.now}000|', BODY).hex()} v2:",
        },
        10,
        secret=RAW_KEY.hex().upper(),
    ),
    "hashed": Scheme(
        "{digest: plain, algorithm: sha512, encoding: base64, header: X-Digest,"
        " template: '{secret}:{timestamp}:{url}:{body}', timestamp: {header: X-Time}}",
        lambda sent: {
            "X-Time": f"{sent.now}",
            "X-Digest": b64(hashlib.sha512(sent.key + f":{sent.now}:{sent.url}:".encode() + BODY).digest()),
        },
        300,
    ),
}
SIGNATURES = ["", "v0=", "=", ",,,", "sha256=" + "0" * 64, "t=1,v1=0", "\xff\xfe", "A" * 4000, "v1=é", "t=" + "9" * 300]
each_scheme = pytest.mark.parametrize("name", SCHEMES)


@pytest.fixture(scope="module")
def port(tmp_path_factory):
    """Serve one hook for each scheme in a process of its own; what they take is held, so nobody else is needed."""
    folder = tmp_path_factory.mktemp("schemes")
    hooks = {
        name: {"verify": {"hmac": yaml.safe_load(scheme.hmac), "secret": [name, "next"]}, "deliver": "held"}
        for name, scheme in SCHEMES.items()
    }
    secrets = {**{name: scheme.secret for name, scheme in SCHEMES.items()}, "next": "00ff" * 16}
    for file, content in (("secrets.yaml", secrets), ("hooks.yaml", hooks)):
        (folder / file).write_text(yaml.safe_dump(content))
        (folder / file).chmod(0o600)
    settings = {"SUPEROFFICE_URL": "http://127.0.0.1:9", "SUPEROFFICE_TENANT": "Cust00001", "PUBLIC_URL": PUBLIC_URL,
                "SECRETS": f"file:{folder}/secrets.yaml", "HOOKS": f"{folder}/hooks.yaml",
                "LEDGER": f"sqlite:{folder}/ledger.db"}  # fmt: skip
    with served(settings, folder / "log") as url:
        yield int(url.rpartition(":")[2])


@pytest.fixture
def post(port):
    """Return a sender: `post(name, headers)` posts the body to the scheme's hook and gives status and answer."""

    def send(name: str, headers: dict[str, str], body: bytes = BODY, query: str = QUERY) -> tuple[int, Any]:
        with closing(HTTPConnection("127.0.0.1", port, timeout=30)) as line:
            line.request("POST", f"/hooks/{name}{query}", body, {"Content-Type": "application/json", **headers})
            response = line.getresponse()
            return response.status, json.loads(response.read())

    return send


def signed(name: str, *, late: int = 0) -> dict[str, str]:
    """Return the headers that the tool sends, signed so many seconds ago."""
    return SCHEMES[name].sign(Sent(SECRET.encode(), f"{PUBLIC_URL}/hooks/{name}{QUERY}", int(time.time()) - late))


@each_scheme
def test_what_the_tool_signs_is_taken(post, name):
    """A few words under `hmac` are enough for each of them."""
    status, answer = post(name, signed(name))

    assert (status, answer["status"]) == (200, "queued")


@each_scheme
def test_another_body_or_address_is_not_what_was_signed(post, name):
    """One byte of the body more, and, where it is signed, another address, prove nothing."""
    assert post(name, signed(name), BODY + b"\n")[0] == 401
    if "{url}" in SCHEMES[name].hmac:
        assert post(name, signed(name), query="?of=a%20b&x=2")[0] == 401


@pytest.mark.parametrize("name", [name for name, scheme in SCHEMES.items() if scheme.tolerance])
def test_an_old_signature_counts_no_more(post, name):
    """Beyond its tolerance, before and after, a right signature is refused; within it is taken."""
    tolerance = SCHEMES[name].tolerance

    statuses = [post(name, signed(name, late=late))[0] for late in (tolerance + 2, -tolerance - 2, tolerance - 3)]
    assert statuses == [401, 401, 200]


@each_scheme
def test_each_header_has_to_be_there_and_right(post, name):
    """One that is missing, or holds anything else, is refused, and never an error of ours."""
    right = signed(name)

    for header in right:
        assert post(name, {key: value for key, value in right.items() if key != header})[0] == 401
        assert {post(name, {**right, header: odd})[0] for odd in SIGNATURES} == {401}
