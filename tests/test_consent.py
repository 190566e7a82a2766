"""What comes back from SuperOffice's consent page is taken only where it fits what was asked for."""

from __future__ import annotations

import time

import jwt
import pytest

from sandbox.sessions import generate_key
from services.deadline import Deadline
from services.errors import LoginRefused
from services.superoffice.claims import CLAIM
from services.superoffice.consent import ForeignRedirect, read_address, read_code, redeem, request_consent
from services.superoffice.id_token import read_id_token
from services.superoffice.transport import Transport
from tests.connecting import browse

BACK = "http://127.0.0.1:8400/callback"


@pytest.fixture
def consent(sandbox):
    """Return a request for an approval by the sandbox's tenant."""
    return request_consent(sandbox.url, sandbox.app["client_id"], BACK)


@pytest.fixture
def read(sandbox, consent):
    """Return a reader of an id token whose claims differ from a right one by what is told; None takes one out."""

    def read_with(key=None, algorithm="RS256", **changed):
        now = int(time.time())
        claims = {"sub": "kari", "iss": sandbox.url, "aud": consent.client_id, "nonce": consent.nonce}
        claims |= {"iat": str(now), "nbf": now - 60, "exp": now + 300, "ctx": "Cust00001", "system_token": "App-1"}
        claims |= changed
        own = {"ctx", "system_token", "is_administrator"}
        named = {CLAIM + name if name in own else name: value for name, value in claims.items() if value is not None}
        token = jwt.encode(named, key or generate_key("login"), algorithm, headers={"x5t": "a thumbprint"})
        return read_id_token(token, consent, Transport(1), Deadline.after(10))

    return read_with


def told(work):
    """Return what the operator is told."""
    with pytest.raises(LoginRefused) as caught:
        work()
    return caught.value.detail


def redeemed(consent, sandbox, **changed):
    """Approve in the browser, and redeem the code with a consent that is changed meanwhile."""
    back = browse(consent.address, follow=False).headers["Location"]
    code = read_code(consent, read_address(back))
    secret = changed.pop("client_secret", sandbox.app["client_secret"])
    return redeem(consent._replace(**changed), code, secret, Transport(1), Deadline.after(10))


def test_an_approval_brings_a_token_that_holds_what_is_needed(consent, sandbox):
    """The tenant, the system token and the address of its WebAPI are in the id token; a refresh token is beside it."""
    tokens = redeemed(consent, sandbox)
    approval = read_id_token(tokens["id_token"], consent, Transport(1), Deadline.after(10))

    assert (approval.tenant, approval.system_token) == ("Cust00001", sandbox.app["system_token"])
    assert (approval.webapi_url, approval.by_administrator) == (f"{sandbox.url}/Cust00001/api/", True)
    assert tokens["refresh_token"] == sandbox.app["refresh_token"]


def test_the_address_asks_for_a_code_with_pkce(consent):
    """A tenant that is known is named, so that nobody has to choose; the verifier itself stays here."""
    asked = read_address(consent._replace(tenant="Cust1").address)

    assert (asked["response_type"], asked["scope"], asked["code_challenge_method"]) == ("code", "openid", "S256")
    assert (asked["acr_values"], asked["redirect_uri"], asked["state"]) == ("tenant:Cust1", BACK, consent.state)
    assert consent.verifier not in consent.address


def test_no_two_requests_are_alike(sandbox):
    """State, nonce and verifier cannot be guessed from another request's."""
    first, second = (request_consent(sandbox.url, "id", BACK) for _ in range(2))

    assert not {first.state, first.nonce, first.verifier} & {second.state, second.nonce, second.verifier}


@pytest.mark.parametrize(
    ("address", "code"),
    [
        ("{back}?code=abc&state={state}", "abc"),
        (" {back}?state={state}&code=a%2Bb\n", "a+b"),
        ("{back}#code=abc&state={state}", "abc"),
        ("?code=abc&state={state}", "abc"),
    ],
)
def test_a_pasted_address_is_read(consent, address, code):
    """As it is copied out of a browser, with blanks around it, whole or in part."""
    assert read_code(consent, read_address(address.format(back=BACK, state=consent.state))) == code


@pytest.mark.parametrize("address", ["", "abc", "{back}", "{back}?code=a", "{back}?code=a&state=é", "http://[?state=a"])
def test_an_address_without_our_state_is_foreign(consent, address):
    """Another tab's answer, or somebody else's, is never redeemed."""
    with pytest.raises(ForeignRedirect):
        read_code(consent, read_address(address.format(back=BACK)))


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        ({"error": "access_denied"}, "The app was not approved (access_denied)"),
        ({"error": "server_error", "error_description": "a\n\x1b[1mb"}, "(server_error: a [1mb)"),
        ({}, "sent no code back"),
    ],
)
def test_an_answer_without_a_code_is_said(consent, answer, words):
    """In SuperOffice's words, without what a terminal would obey."""
    assert words in told(lambda: read_code(consent, {"state": consent.state, **answer}))


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"verifier": "another"}, "The code is no longer good"),
        ({"redirect_uri": BACK + "/"}, "The code is no longer good"),
        ({"client_secret": "wrong"}, "does not know this client id with this client secret"),
    ],
)
def test_a_code_is_for_who_asked_for_it(consent, sandbox, changed, words):
    """Without the verifier, the redirect address and the secret it is worth nothing."""
    assert words in told(lambda: redeemed(consent, sandbox, **changed))


def test_a_token_as_the_real_one_is_read(read):
    """Its `iat` is text, its head names no key id, and the issuer may be written in another case."""
    assert read().tenant == "Cust00001"


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"key": generate_key("stranger")}, "not signed by SuperOffice"),
        ({"key": "a secret of thirty-two bytes or so", "algorithm": "HS256"}, "not signed by SuperOffice"),
        ({"key": None, "aud": "another-app"}, "is for another app"),
        ({"aud": None}, "cannot be trusted"),
        ({"iss": "https://sod.superoffice.com"}, "was issued by another login host"),
        ({"iss": None}, "cannot be trusted"),
        ({"exp": int(time.time()) - 3600}, "The clock of this machine is off"),
        ({"nbf": int(time.time()) + 3600}, "The clock of this machine is off"),
        ({"iat": str(int(time.time()) + 3600)}, "The clock of this machine is off"),
        ({"exp": None}, "cannot be trusted"),
        ({"nonce": "another"}, "does not belong to the approval"),
        ({"nonce": None}, "does not belong to the approval"),
        ({"ctx": None}, "names no tenant"),
        ({"ctx": "Cust1\nSECRETS=file:x"}, "names no tenant"),
    ],
)
def test_a_token_that_does_not_fit_is_refused(read, changed, words):
    """Signature, issuer, audience, times and nonce each count."""
    assert words in told(lambda: read(**changed))


def test_a_token_without_a_system_token_says_who_approved(read):
    """Whether that was an administrator decides what the next step is."""
    approval = read(system_token=None, is_administrator="False")

    assert (approval.system_token, approval.by_administrator) == ("", False)
