"""Secrets that are sent as they are: in a header, as a token, in the address, in the body."""

from __future__ import annotations

from base64 import b64encode

import pytest
from hypothesis import given
from hypothesis import strategies as st
from marshmallow import Schema
from werkzeug.datastructures import Headers, MultiDict
from werkzeug.test import EnvironBuilder

from schemas.verification import VerificationField
from services.errors import NotProven
from services.senders.verify import Received, check_key, verify

BASIC = "Basic " + b64encode(b"ada:l\xc3\xb8ve").decode()

# Each form of `verify`, its secret, and what a sender with that secret sends.
PROOFS = [
    ({"header": "X-Api-Key", "secret": "name"}, b"s3cret", {"headers": {"X-Api-Key": "s3cret"}}),
    ({"bearer": "name"}, b"s3cret", {"headers": {"Authorization": "Bearer s3cret"}}),
    ({"basic": "name"}, "ada:løve".encode(), {"headers": {"Authorization": BASIC}}),
    ({"query": "key", "secret": "name"}, "løve".encode(), {"query": {"key": "løve"}}),
    ({"field": "HandshakeKey", "secret": "name"}, b"s3cret", {"fields": lambda: {"HandshakeKey": "s3cret"}}),
]
FORMS = [(written, secret) for written, secret, _ in PROOFS]

MALFORMED_HEADERS = ["", " ", "Bearer", "Basic", "Bearer ", "Basic %%%", "Basic YQ", "Basic YTpi=", "Digest s3cret"]
MALFORMED_HEADERS += [
    "s3cret ☃",
    "løve",
    "\ud800",
    "\x00",
    "9" * 400,
    "Basic " + b64encode(b"ada").decode(),
    "=" * 9000,
]

NOT_A_SECRET = [
    None,
    "",
    " ",
    0,
    7,
    True,
    b"s3cret",
    ["s3cret"],
    {"s3cret": "s3cret"},
    "s3cret ",
    "\ud800",
    "☃",
    "9" * 400,
]


class Form(Schema):
    """Reads what stands after `verify:`."""

    verify = VerificationField()


def received(**sent) -> Received:
    """Return a request that sends nothing but what is given."""
    empty = {"method": "POST", "url": "", "headers": {}, "query": {}, "body": b"", "fields": dict}
    return Received(**{**empty, **sent})


def prove(written, secrets, **sent) -> str | None:
    """Prove a sender against the live values of the secret called `name`."""
    verification = Form().load({"verify": written})["verify"]
    return verify(verification, received(**sent), {"name": secrets}, now=0)


def test_none_lets_everybody_in():
    """Who writes `none` means it."""
    assert prove("none", []) is None


@pytest.mark.parametrize(("written", "secret", "sent"), PROOFS)
def test_the_secret_proves_its_sender(written, secret, sent):
    """Each form finds the secret where it says, and gives no id: nothing was signed."""
    assert prove(written, [secret], **sent) is None


@pytest.mark.parametrize(("written", "secret", "sent"), PROOFS)
def test_any_live_secret_counts(written, secret, sent):
    """While a secret is rotated the one before is good too, whatever its place."""
    prove(written, [b"new:er", secret], **sent)
    prove(written, [secret, b"old:er"], **sent)


@pytest.mark.parametrize(("written", "secret", "sent"), PROOFS)
@pytest.mark.parametrize("live", [[], [b""], [b" "], [b"other"], [b"x:y"], [b"ada:"]])
def test_another_secret_does_not_count(written, secret, sent, live):
    """A wrong secret, an empty one, and none at all close the hook."""
    with pytest.raises(NotProven):
        prove(written, live, **sent)


@pytest.mark.parametrize(("written", "secret"), FORMS)
def test_nothing_proves_nothing(written, secret):
    """A request without the secret is refused, also where the secret is empty."""
    for live in ([secret], [b""], []):
        with pytest.raises(NotProven):
            prove(written, live)


def test_secrets_of_several_names_count():
    """`secret: [new, old]` takes the values of both."""
    verification = Form().load({"verify": {"bearer": ["new", "old"]}})["verify"]
    sent = received(headers={"Authorization": "Bearer b"})
    assert verify(verification, sent, {"new": [b"a"], "old": [b"b"]}, now=0) is None


@pytest.mark.parametrize("header", MALFORMED_HEADERS)
@pytest.mark.parametrize(("written", "secret"), FORMS[:3])
def test_refuses_a_malformed_header(written, secret, header):
    """Whatever a stranger puts into the header is refused, and never an error of ours."""
    with pytest.raises(NotProven):
        prove(written, [secret], headers={"X-Api-Key": header, "Authorization": header})


@pytest.mark.parametrize("value", NOT_A_SECRET)
def test_refuses_a_malformed_value(value):
    """In the address and in the body only the very text counts."""
    with pytest.raises(NotProven):
        prove({"query": "key", "secret": "name"}, [b"s3cret"], query={"key": value})
    with pytest.raises(NotProven):
        prove({"field": "key", "secret": "name"}, [b"s3cret"], fields=lambda: {"key": value})


@given(st.sampled_from(FORMS), st.text())
def test_no_text_is_an_error(form, text):
    """Any text in any place is refused in one way."""
    written, secret = form
    sent = {"headers": {"X-Api-Key": text, "Authorization": text}, "query": {"key": text}}
    with pytest.raises(NotProven):
        prove(written, [secret], **sent, fields=lambda: {"HandshakeKey": text})


@pytest.mark.parametrize("scheme", ["bearer", "BEARER", "Bearer "])
def test_the_scheme_has_no_case(scheme):
    """`Authorization: bearer …` is the same as `Bearer` (RFC 9110, section 11.1)."""
    assert prove({"bearer": "name"}, [b"s3cret"], headers={"authorization": f"{scheme} s3cret"}) is None


@pytest.mark.parametrize(
    ("written", "challenge"),
    [
        ({"bearer": "name"}, 'Bearer realm="Liaison"'),
        ({"basic": "name"}, 'Basic realm="Liaison", charset="UTF-8"'),
        ({"header": "X-Api-Key", "secret": "name"}, None),
    ],
)
def test_a_refusal_tells_how_to_log_in(written, challenge):
    """`WWW-Authenticate` goes with 401 where HTTP knows the scheme, and the words say what to do."""
    with pytest.raises(NotProven, match="let the sending tool send this hook's secret") as refused:
        prove(written, [b"s3:cret"])
    assert refused.value.headers.get("WWW-Authenticate") == challenge


@pytest.mark.parametrize("name", ["X-Api-Key", "x-api-key", "X-API-KEY"])
@pytest.mark.parametrize("make", [dict, Headers, lambda sent: EnvironBuilder(headers=sent).get_request().headers])
def test_headers_have_no_case(make, name):
    """A header is found in every spelling, in werkzeug's headers and in a plain mapping."""
    headers = make({name: "s3cret"})
    assert prove({"header": "X-API-key", "secret": "name"}, [b"s3cret"], headers=headers) is None


def test_the_first_of_several_counts():
    """Of a header or a parameter that was sent twice the first is looked at."""
    headers = Headers([("X-Api-Key", "s3cret"), ("X-Api-Key", "other")])
    assert prove({"header": "X-Api-Key", "secret": "name"}, [b"s3cret"], headers=headers) is None
    query = MultiDict([("key", "other"), ("key", "s3cret")])
    with pytest.raises(NotProven):
        prove({"query": "key", "secret": "name"}, [b"s3cret"], query=query)


def test_the_body_is_decoded_for_field_alone():
    """Everything else is proven before anything is parsed."""

    def decoded():
        raise AssertionError("the body was decoded before its sender was proven")

    for written, secret, sent in PROOFS[:4]:
        prove(written, [secret], **{**sent, "fields": decoded})


@pytest.mark.parametrize(
    ("written", "secret", "words"),
    [
        ({"bearer": "name"}, b"", "It is empty"),
        ({"bearer": "name"}, b" \n", "It is empty"),
        ({"basic": "name"}, b"password", "It is not user:password"),
        ({"basic": "name"}, b":", "It is not user:password"),
    ],
)
def test_tells_the_operator_of_a_useless_secret(written, secret, words):
    """A secret that can never prove anybody is told in words, without the secret."""
    assert words in check_key(Form().load({"verify": written})["verify"], secret)


@pytest.mark.parametrize(("written", "secret"), FORMS)
def test_has_nothing_to_say_of_a_good_secret(written, secret):
    """The secrets that prove a sender are fine."""
    assert check_key(Form().load({"verify": written})["verify"], secret) is None
