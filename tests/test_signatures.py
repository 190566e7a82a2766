"""Signatures: every key of `hmac`, and that nothing else gets through."""

from __future__ import annotations

import hashlib
import hmac
from base64 import b64encode

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from marshmallow import Schema

from schemas.verification import VerificationField
from services.errors import Misconfigured, NotProven
from services.senders.verify import Received, check_key, verify

NOW = 1_700_000_000
BODY = b'{"company": "\xc3\x85s AS"}'
KEY = b"\x00\x01key of thirty-two bytes, raw\xfe\xff"
PAIR = {"signature": "v1", "timestamp": "t"}


class Form(Schema):
    """Reads what stands after `verify:`."""

    verify = VerificationField()


def load(scheme):
    """Read what stands after `hmac:`."""
    return Form().load({"verify": {"hmac": scheme, "secret": "name"}})["verify"]


def prove(scheme, secrets, headers, *, body=BODY, now=NOW, method="POST", url="") -> str | None:
    """Prove a sender against the live values of its secret."""
    received = Received(method, url, headers, {}, body, dict)
    return verify(load({"header": "X-Signature"} | scheme), received, {"name": secrets}, now)


def sign(key: bytes, message: bytes, algorithm: str = "sha256") -> bytes:
    """Sign as a sender does."""
    return hmac.new(key, message, algorithm).digest()


HEX, B64 = sign(b"key", BODY).hex(), b64encode(sign(b"key", BODY)).decode()

# What is configured, and a value of X-Signature that a sender with the secret `key` sends for BODY.
SIGNED = [
    ({}, HEX),
    ({}, HEX.upper()),
    ({"algorithm": "sha1"}, sign(b"key", BODY, "sha1").hex()),
    ({"algorithm": "sha512", "encoding": "base64"}, b64encode(sign(b"key", BODY, "sha512")).decode()),
    ({"encoding": "base64"}, B64),
    ({"encoding": "base64"}, f" {B64} "),
    ({"prefix": "sha256="}, f"sha256={HEX}"),
    ({"prefix": ["sha256=", ""]}, f"sha256={HEX}"),
    ({"prefix": ["sha256=", ""]}, HEX),
    ({"separator": ","}, f"{HEX}"),
    ({"separator": ","}, f"00, {HEX} ,v1"),
    ({"separator": ";", "prefix": "v1="}, f"v2=00;;v1=00; v1={HEX};"),
    ({"pair": {"signature": "v1"}}, f"v0=1,v1={HEX}"),
    ({"pair": {"signature": "h1", "separator": ";"}}, f"h1=00; h1={HEX}; h1"),
    ({"pair": {"signature": "s"}, "encoding": "base64"}, f"s={B64}"),
    ({"pair": PAIR, "template": "{timestamp}.{body}"}, f"t=7,v1={sign(b'key', b'7.' + BODY).hex()}"),
    ({"template": "v0:{body}:Å"}, sign(b"key", b"v0:" + BODY + b":\xc3\x85").hex()),
    ({"template": "{secret}.{body}"}, sign(b"key", b"key." + BODY).hex()),
    ({"digest": "plain", "template": "{secret}{body}"}, hashlib.sha256(b"key" + BODY).hexdigest()),
    ({"digest": "plain", "template": "{body}{secret}", "algorithm": "sha1"}, hashlib.sha1(BODY + b"key").hexdigest()),
]

MALFORMED = [
    "",
    " ",
    "v1",
    "v1,",
    "v1,v1",
    ",",
    ", ,",
    "=",
    "sha256=",
    "t=,v1=",
    "t=1,t=2,v1",
    "v1=" + HEX,
    HEX[:-1],
    HEX + "0",
]
MALFORMED += [B64[:-1], B64 + "=", B64.replace("=", ""), "v1," + B64[:-1], "☃", "é", "\ud800", "\x00", "9" * 400, "٤٢"]
MALFORMED += ["v1,00 " * 5000, "00," * 5000, "t=1," * 5000, "v1a," + "A" * 86 + "==", "v1a,☃", "-", "%", "[]", "{}"]

BAD_TIMES = [
    "",
    " ",
    "9" * 400,
    "9" * 5000,
    "٤٢",
    "-1",
    "+1",
    "1_0",
    f"{NOW}.0",
    "1e9",
    "NaN",
    "now",
    "☃",
    f"0x{NOW:x}",
    "²",
    "2023-11-14T22:13:20",
    "2023-11-14",
    "2023-11-14T22:13:20Z" + " " * 30 + "Z",
    "0001-01-01T00:00:00+23:59",
    "9999-12-31T23:59:59-23:59",
]


@pytest.mark.parametrize(("scheme", "header"), SIGNED)
def test_a_right_signature_counts(scheme, header):
    """Each key of `hmac` finds and checks the signature as it says."""
    assert prove(scheme, [b"key"], {"X-Signature": header}) is None


@pytest.mark.parametrize(("scheme", "header"), SIGNED)
def test_a_signature_is_for_one_body_and_one_secret(scheme, header):
    """Another body, another secret, an empty one and none are refused with the same words."""
    for secrets, body in (([b"key"], BODY + b" "), ([b"Key"], BODY), ([b""], BODY), ([], BODY)):
        with pytest.raises(NotProven, match="The signature in X-Signature is not right"):
            prove(scheme, secrets, {"X-Signature": header}, body=body)


@pytest.mark.parametrize("header", MALFORMED)
@pytest.mark.parametrize(
    "scheme",
    [
        {},
        {"encoding": "base64"},
        {"prefix": "sha256="},
        {"separator": ",", "prefix": ["v1,", ""]},
        {"pair": PAIR, "timestamp": {}, "template": "{timestamp}.{body}"},
        {"pair": PAIR, "template": "{timestamp}.{body}"},
        {"separator": " ", "prefix": "v1,", "encoding": "base64", "key": "whsec"},
    ],
)
def test_refuses_a_malformed_signature(scheme, header):
    """Whatever a stranger sends as a signature is refused, and never an error of ours."""
    headers = {"X-Signature": header, "webhook-id": "msg_1", "webhook-timestamp": str(NOW)}
    with pytest.raises(NotProven):
        prove(scheme, [b"whpk_" + b64encode(KEY), b64encode(KEY), b"\xff"], headers)


def test_an_empty_secret_never_matches():
    """Nor does one that is empty once it is decoded: anybody could sign with it."""
    for key, secret in (("utf8", b""), ("utf8", b" "), ("whsec", b"whsec_"), ("base64", b""), ("hex", b"")):
        with pytest.raises(NotProven):
            prove({"key": key}, [secret], {"X-Signature": sign(b"", BODY).hex()})


@pytest.mark.parametrize(
    ("key", "secret"),
    [
        ("utf8", KEY),
        ("base64", b64encode(KEY)),
        ("base64", b64encode(KEY) + b"\n"),
        ("hex", KEY.hex().encode()),
        ("hex", KEY.hex().upper().encode()),
        ("whsec", b64encode(KEY)),
        ("whsec", b"whsec_" + b64encode(KEY)),
        ("whsec", b" whsec_" + b64encode(KEY) + b"\n"),
    ],
)
def test_a_secret_becomes_a_key(key, secret):
    """`key` says how the secret's text becomes bytes; white space around it does not count."""
    assert prove({"key": key}, [secret], {"X-Signature": sign(KEY, BODY).hex()}) is None
    assert check_key(load({"header": "X", "key": key}), secret) is None


@pytest.mark.parametrize(
    ("key", "secret", "words"),
    [
        ("base64", b"%%%", "base64 expects base64"),
        ("hex", b"abc", "hex expects hexadecimal digits, two for each byte"),
        ("whsec", b"whsec_", "whsec expects base64, with or without whsec_ in front"),
        ("whsec", b"whsk_" + b64encode(KEY), "whsec expects base64, with or without whsec_ in front"),
        ("whsec", b"whpk_" + b64encode(b"short"), "whsec expects whpk_ and the base64 of 32 bytes"),
        ("utf8", b"\n", "It is empty"),
    ],
)
def test_a_damaged_secret_does_not_stop_the_others(key, secret, words):
    """What cannot be decoded never matches, is told to the operator in words, and the next secret still counts."""
    good = {"utf8": KEY, "hex": KEY.hex().encode()}.get(key, b64encode(KEY))
    assert words in check_key(load({"header": "X", "key": key}), secret)
    assert prove({"key": key}, [secret, good], {"X-Signature": sign(KEY, BODY).hex()}) is None
    with pytest.raises(NotProven):
        prove({"key": key}, [secret], {"X-Signature": sign(secret, BODY).hex()})


@pytest.mark.parametrize("live", [[b"new", b"key"], [b"key", b"old"], [b"", b"key"]])
def test_any_live_secret_counts(live):
    """While a secret is rotated the one before is good too."""
    assert prove({}, live, {"X-Signature": HEX}) is None


@pytest.mark.parametrize(("unit", "late"), [(unit, late) for unit in ("s", "ms", "iso") for late in (1, -1)])
def test_the_window_ends_on_both_sides(unit, late):
    """A signature counts up to `tolerance` seconds before and after, and no longer."""
    scheme = {"template": "{timestamp}.{body}", "timestamp": {"header": "T", "unit": unit, "tolerance": 60}}
    stamp = {"s": f"{NOW}", "ms": f"{NOW}000", "iso": "2023-11-14T23:13:20.000000001+01:00"}[unit]
    headers = {"T": stamp, "X-Signature": sign(b"key", f"{stamp}.".encode() + BODY).hex()}
    assert prove(scheme, [b"key"], headers, now=NOW + 60 * late) is None
    with pytest.raises(NotProven, match="more than 60 seconds before or after"):
        prove(scheme, [b"key"], headers, now=NOW + 60.5 * late)


@pytest.mark.parametrize("stamp", BAD_TIMES)
@pytest.mark.parametrize("unit", ["s", "ms", "iso"])
def test_refuses_a_malformed_time(unit, stamp):
    """Only ASCII digits are a time, or a date and time with its zone, in the header and in the pair."""
    timestamp, signature = {"unit": unit}, sign(b"key", stamp.encode() + BODY).hex()
    with pytest.raises(NotProven):
        prove(
            {"template": "{timestamp}{body}", "timestamp": timestamp | {"header": "T"}},
            [b"key"],
            {"T": stamp, "X-Signature": signature},
        )
    with pytest.raises(NotProven):
        prove(
            {"template": "{timestamp}{body}", "timestamp": timestamp, "pair": PAIR},
            [b"key"],
            {"X-Signature": f"t={stamp},v1={signature}"},
        )


def test_a_time_that_is_not_signed_has_to_be_fresh_too():
    """Who configures `timestamp` wants a window, whatever the template says."""
    scheme = {"timestamp": {"header": "T"}}
    assert prove(scheme, [b"key"], {"X-Signature": HEX, "T": str(NOW)}) is None
    for headers in ({}, {"T": str(NOW - 301)}):
        with pytest.raises(NotProven):
            prove(scheme, [b"key"], {"X-Signature": HEX, **headers})


def test_signs_method_url_and_date():
    """What HubSpot and others sign beside the body comes from the request, the address from PUBLIC_URL."""
    scheme = {"template": "{method} {url} {date} {body}"}
    message = b"PUT https://x.example/hooks/a?b=%20c Tue, 14 Nov 2023 22:13:20 GMT " + BODY
    headers = {"X-Signature": sign(b"key", message).hex(), "date": "Tue, 14 Nov 2023 22:13:20 GMT"}
    assert prove(scheme, [b"key"], headers, method="PUT", url="https://x.example/hooks/a?b=%20c") is None
    with pytest.raises(NotProven):
        prove(scheme, [b"key"], headers, url="https://x.example/hooks/a?b=%20c")


def test_an_address_that_is_not_known_is_the_operators():
    """Without PUBLIC_URL such a hook cannot work: that is no fault of the sender's."""
    with pytest.raises(Misconfigured, match="set PUBLIC_URL"):
        prove({"template": "{url}{body}"}, [b"key"], {"X-Signature": HEX})


def test_the_date_has_to_be_there():
    """`{date}` makes the Date header part of the proof."""
    with pytest.raises(NotProven, match="The header Date is missing"):
        prove({"template": "{body}{date}"}, [b"key"], {"X-Signature": HEX})


def test_returns_only_an_id_that_was_signed():
    """The sender's id counts where it is part of the proof, and only there."""
    headers = {"X-Signature": sign(b"key", b"x:" + BODY).hex(), "webhook-id": "x"}
    assert prove({"template": "{id}:{body}", "id": {"header": "webhook-id"}}, [b"key"], headers) == "x"
    assert prove({"id": {"header": "webhook-id"}}, [b"key"], {"X-Signature": HEX, "webhook-id": "x"}) is None


@given(st.integers(min_value=0, max_value=63), st.characters(codec="latin-1"))
def test_one_changed_digit_is_enough(position, other):
    """No digit of a signature can be another; only its case is free."""
    assume(other.lower() != HEX[position])
    with pytest.raises(NotProven):
        prove({}, [b"key"], {"X-Signature": HEX[:position] + other + HEX[position + 1 :]})
