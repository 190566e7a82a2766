"""The sandbox's consent page and tokens: as strict as the real ones, so that mistakes show here first."""

from __future__ import annotations

import jwt
import pytest
import requests

from services.superoffice.consent import read_address, request_consent
from tests.connecting import Form, browse
from tests.test_sandbox_login import CLAIM, refresh

BACK = "http://127.0.0.1:8400/callback"


@pytest.fixture
def consent(sandbox):
    """Return a request for an approval."""
    return request_consent(sandbox.url, sandbox.app["client_id"], BACK)


def redeem(sandbox, consent, **changed):
    """Approve, and exchange the code; `changed` replaces parameters, None leaves one out."""
    code = read_address(browse(consent.address, follow=False).headers["Location"])["code"]
    form = {"grant_type": "authorization_code", "code": code, "redirect_uri": consent.redirect_uri}
    form |= {"client_id": consent.client_id, "client_secret": sandbox.app["client_secret"]}
    form |= {"code_verifier": consent.verifier, **changed}
    return requests.post(f"{sandbox.url}/login/common/oauth/tokens", data=form, timeout=10)


def test_the_page_says_what_is_asked(consent):
    """Who asks, for which tenant, and two buttons; what came in the address is escaped."""
    page = requests.get(consent._replace(state='"><script>').address, timeout=10)

    assert "May Liaison work in Cust00001?" in page.text
    assert "<script>" not in page.text
    assert Form(page.text).fields["state"] == '"><script>'


def test_an_id_token_is_as_the_real_one(sandbox, consent):
    """Issuer, audience, nonce, times and SuperOffice's own claims; its head names a thumbprint and no key id."""
    token = redeem(sandbox, consent).json()["id_token"]
    claims = jwt.decode(token, options={"verify_signature": False})

    assert jwt.get_unverified_header(token).keys() == {"typ", "alg", "x5t"}
    assert (claims["iss"], claims["aud"], claims["nonce"]) == (sandbox.url, consent.client_id, consent.nonce)
    assert isinstance(claims["iat"], str)
    assert claims["exp"] - claims["nbf"] == 360
    assert {name.removeprefix(CLAIM) for name in claims if name.startswith(CLAIM)} == {
        *("associateid", "identityprovider", "email", "upn", "is_administrator", "ctx", "company_name", "serial"),
        *("netserver_url", "webapi_url", "system_token", "initials", "so_primary_email_address"),
    }


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"client_id": "unknown"}, "no app with this client id"),
        ({"redirect_uri": "http://127.0.0.1:8400/other"}, "InvalidRedirectUrl (2)"),
        ({"redirect_uri": "http://127.0.0.1:8400/callback/"}, "InvalidRedirectUrl (2)"),
        ({"redirect_uri": "https://attacker.example/callback"}, "InvalidRedirectUrl (2)"),
    ],
)
def test_an_unknown_app_or_address_is_told_to_the_person(consent, changed, words):
    """Nobody is sent anywhere."""
    page = requests.get(consent._replace(**changed).address, timeout=10, allow_redirects=False)

    assert page.status_code == 400
    assert words in page.text


@pytest.mark.parametrize(
    ("old", "new", "error"),
    [
        ("response_type=code", "response_type=token", "unsupported_response_type"),
        ("scope=openid", "scope=", "invalid_scope"),
        ("code_challenge_method=S256", "code_challenge_method=S512", "invalid_request"),
    ],
)
def test_another_mistake_goes_back_with_the_state(consent, old, new, error):
    """As OAuth 2 has it (RFC 6749, section 4.1.2.1)."""
    answer = requests.get(consent.address.replace(old, new), timeout=10, allow_redirects=False)
    told = read_address(answer.headers["Location"])

    assert (answer.status_code, told["error"], told["state"]) == (302, error, consent.state)


def test_a_denial_goes_back_with_the_state(consent, sandbox):
    """And without a code."""
    told = read_address(browse(consent.address, "deny", follow=False).headers["Location"])

    assert (told["error"], told["state"], "code" in told) == ("access_denied", consent.state, False)
    assert sandbox.counts["approvals"] == 0


@pytest.mark.parametrize(
    ("changed", "status", "error"),
    [
        ({"code_verifier": None}, 400, "invalid_grant"),
        ({"code_verifier": "wrong"}, 400, "invalid_grant"),
        ({"redirect_uri": BACK + "2"}, 400, "invalid_grant"),
        ({"code": "wrong"}, 400, "invalid_grant"),
        ({"client_secret": "wrong"}, 401, "invalid_client"),
    ],
)
def test_a_code_without_its_proofs_is_refused(sandbox, consent, changed, status, error):
    """The verifier, the redirect address and the app's secret belong to it."""
    answer = redeem(sandbox, consent, **changed)

    assert (answer.status_code, answer.json()["error"]) == (status, error)


def test_a_code_is_good_once(sandbox, consent):
    """The second time, and after all was ended, it is not known."""
    code = read_address(browse(consent.address, follow=False).headers["Location"])["code"]

    assert redeem(sandbox, consent, code=code).status_code == 200
    assert redeem(sandbox, consent, code=code).json()["error"] == "invalid_grant"


def test_a_plain_challenge_is_one_too(sandbox, consent):
    """Without a method the challenge is the verifier itself."""
    address = consent.address.replace("&code_challenge_method=S256", "")
    challenge = read_address(address)["code_challenge"]
    code = read_address(browse(address, follow=False).headers["Location"])["code"]

    assert redeem(sandbox, consent, code=code, code_verifier=challenge).status_code == 200


def test_a_refresh_brings_an_id_token_too(sandbox):
    """There was no nonce, so there is none in it; the refresh token stays what it was."""
    answer = refresh(sandbox).json()
    claims = jwt.decode(answer["id_token"], options={"verify_signature": False})

    assert claims[CLAIM + "ctx"] == "Cust00001"
    assert "nonce" not in claims
    assert "refresh_token" not in answer


def test_the_clock_can_be_off(sandbox, consent):
    """Tokens are of another time then, until a reset; what is no number is refused."""
    told = {"json": {"login": 3600}, "timeout": 10}
    requests.put(f"{sandbox.url}/sandbox/clock", **told)
    ahead = jwt.decode(redeem(sandbox, consent).json()["id_token"], options={"verify_signature": False})
    sandbox.reset()
    right = jwt.decode(redeem(sandbox, consent).json()["id_token"], options={"verify_signature": False})

    assert 3590 < ahead["exp"] - right["exp"] < 3610
    assert requests.put(f"{sandbox.url}/sandbox/clock", json={"login": "x"}, timeout=10).status_code == 400
