"""The sandbox's state, login and access rules: as strict as SuperOffice's own, so that mistakes show here first."""

from __future__ import annotations

import datetime

import jwt
import pytest
import requests

from sandbox.server import start
from tests.sandbox_api import Online, login, sign

CLAIM = "http://schemes.superoffice.net/identity/"


def stamp(minutes):
    """Name a minute as a signed token does, so many minutes from now."""
    return f"{datetime.datetime.now(datetime.UTC) + datetime.timedelta(minutes=minutes):%Y%m%d%H%M}"


def refresh(sandbox, **changed):
    """Ask for an access token; `changed` replaces parameters."""
    app = sandbox.app
    form = {"grant_type": "refresh_token", "refresh_token": app["refresh_token"], "client_id": app["client_id"]}
    form |= {"client_secret": app["client_secret"], **changed}
    return requests.post(f"{sandbox.url}/login/common/oauth/tokens", data=form, timeout=10)


def who(url, **options):
    """Ask the API at `url` who is calling: the answer's status."""
    return requests.get(f"{url}/User/currentPrincipal", timeout=10, **options).status_code


@pytest.fixture
def online_url(sandbox):
    """Ask where the online tenant's API is."""
    return requests.get(f"{sandbox.url}/api/state/cust00001", timeout=10).json()["Api"] + "/v1"


def test_tells_where_the_tenant_is(sandbox):
    """The state is a name, and `Api` the address to call."""
    state = requests.get(f"{sandbox.url}/api/state/Cust00001", timeout=10).json()

    assert (state["State"], state["IsRunning"]) == ("Running", True)
    assert state["Api"] == f"{sandbox.url}/Cust00001/api"
    assert datetime.datetime.fromisoformat(state["ValidUntil"]) > datetime.datetime.now(datetime.UTC)


def test_does_not_know_other_tenants(sandbox):
    """A tenant that is not here is in state Unknown."""
    state = requests.get(f"{sandbox.url}/api/state/Cust99999", timeout=10).json()

    assert (state["ContextIdentifier"], state["State"], state["IsRunning"]) == ("Cust99999", "Unknown", False)


def test_a_signed_token_gets_a_ticket_that_works(sandbox, online_url):
    """The JWT verifies against the published key, and its ticket claim opens the API."""
    token = login(sandbox).json()["Token"]
    key = jwt.PyJWKClient(f"{sandbox.url}/login/.well-known/jwks").get_signing_key_from_jwt(token)
    claims = jwt.decode(token, key, algorithms=["RS256"], audience="spn:1010000001", issuer="SuperOffice AS")
    headers = {"Authorization": f"SOTicket {claims[CLAIM + 'ticket']}", "SO-AppToken": sandbox.app["client_secret"]}

    assert who(online_url, headers=headers) == 200
    assert claims[CLAIM + "webapi_url"] == f"{sandbox.url}/Cust00001/api/"
    assert (claims[CLAIM + "ctx"], sandbox.counts["logins"]) == ("Cust00001", 1)


@pytest.mark.parametrize("minutes", [-4, 0, 4])
def test_takes_clocks_that_are_a_little_off(sandbox, minutes):
    """Up to five minutes either way."""
    assert login(sandbox, SignedSystemToken=sign(sandbox.app, stamp=stamp(minutes))).json()["IsSuccessful"]


@pytest.mark.parametrize(
    "when",
    [
        *(lambda: stamp(-60), lambda: stamp(60), lambda: stamp(-7), lambda: stamp(7), str),
        *(lambda: "202613010000", lambda: "20260101000", lambda: "soon"),
    ],
)
def test_refuses_another_time_than_utc_now(sandbox, when):
    """A token signed in local time, or at no time at all, is InvalidTimestamp under HTTP 200."""
    text = f"{sandbox.app['system_token']}.{when()}"
    answer = login(sandbox, SignedSystemToken=sign(sandbox.app, text=text))

    assert (answer.status_code, answer.json()["IsSuccessful"], answer.json()["Token"]) == (200, False, None)
    assert answer.json()["ErrorMessage"].startswith("6 InvalidTimestamp")


@pytest.mark.parametrize("signature", ["", "AAAA", "not base64!", "é", "=", "A" * 344])
def test_refuses_other_signatures(sandbox, signature):
    """Whatever stands for the signature, the answer is InvalidSignature and never a server error."""
    signed = f"{sandbox.app['system_token']}.{stamp(0)}.{signature}"
    answer = login(sandbox, SignedSystemToken=signed)

    assert answer.json()["ErrorMessage"].startswith("7 InvalidSignature")
    assert sandbox.counts["logins"] == 0


def test_refuses_the_url_alphabet(sandbox):
    """The signature is plain base64; a few tries make sure that the alphabets differ in it."""
    tokens = [sign(sandbox.app, stamp=stamp(m), altchars=b"-_") for m in range(-2, 3)]
    token = next(token for token in tokens if {"-", "_"} & set(token.rpartition(".")[2]))

    assert login(sandbox, SignedSystemToken=token).json()["ErrorMessage"].startswith("7 InvalidSignature")


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"ApplicationToken": "wrong"}, "4 Denied"),
        ({"ApplicationToken": None}, "4 Denied"),
        ({"ContextIdentifier": "Cust99999"}, "4 Denied"),
        ({"ReturnTokenType": "Saml"}, "4 Denied"),
        ({"SignedSystemToken": None}, "7 InvalidSignature"),
    ],
    ids=str,
)
def test_refuses_wrong_papers(sandbox, changed, words):
    """All of them come under HTTP 200."""
    answer = login(sandbox, **changed)

    assert (answer.status_code, answer.json()["IsSuccessful"]) == (200, False)
    assert answer.json()["ErrorMessage"].startswith(words)


def test_refuses_a_system_token_of_another_app(sandbox):
    """Correctly signed, but not consented to."""
    signed = sign(sandbox.app, text=f"Other App-abc.{stamp(0)}")

    assert login(sandbox, SignedSystemToken=signed).json()["ErrorMessage"].startswith("1 Revoked")


def test_a_refresh_token_gets_an_access_token_that_works(sandbox, online_url):
    """It acts for a person, needs no SO-AppToken, and is no good onsite."""
    answer = refresh(sandbox).json()
    headers = {"Authorization": f"Bearer {answer['access_token']}"}

    assert (answer["token_type"], answer["expires_in"]) == ("Bearer", 3600)
    assert answer["access_token"].startswith("8A:Cust00001.")
    assert who(online_url, headers=headers) == 200
    assert who(online_url, headers={**headers, "SO-AppToken": "wrong"}) == 401
    assert who(sandbox.onsite_url, headers=headers) == 401


@pytest.mark.parametrize(
    ("changed", "status", "error"),
    [
        ({"refresh_token": "wrong"}, 400, "invalid_grant"),
        ({"client_secret": "wrong"}, 401, "invalid_client"),
        ({"client_id": ""}, 401, "invalid_client"),
        ({"grant_type": "client_credentials"}, 400, "unsupported_grant_type"),
    ],
)
def test_refuses_other_grants(sandbox, changed, status, error):
    """Client credentials are not supported online."""
    answer = refresh(sandbox, **changed)

    assert (answer.status_code, answer.json()["error"]) == (status, error)


def test_publishes_where_to_log_in(sandbox):
    """OpenID Connect discovery names the token endpoint and the keys."""
    found = requests.get(f"{sandbox.url}/login/.well-known/openid-configuration", timeout=10).json()

    assert requests.get(found["jwks_uri"], timeout=10).json()["keys"][0]["alg"] == "RS256"
    assert found["token_endpoint"].startswith(sandbox.url)


@pytest.mark.parametrize("header", ["Authorization", "SO-AppToken"])
@pytest.mark.parametrize("value", [None, "", "wrong", "SOTicket", "SOTicket 7T:AAAA", "Basic ZGVtbzpkZW1v", "Bearer x"])
def test_online_needs_ticket_and_secret(sandbox, header, value):
    """Without either, or with the onsite password, nobody comes in."""
    with Online(sandbox) as session:
        session.headers[header] = value

        assert session.get("User/currentPrincipal").status_code == 401


def test_onsite_takes_a_password_or_a_ticket(sandbox):
    """No SO-AppToken there; what the password saves is the person's."""
    ticket = {"Authorization": f"SOTicket {sandbox.app['ticket']}"}

    assert who(sandbox.onsite_url, auth=("demo", "demo")) == 200
    assert who(sandbox.onsite_url, headers=ticket) == 200
    assert who(sandbox.onsite_url, auth=("demo", "wrong")) == 401
    assert who(sandbox.onsite_url, headers={"Authorization": "Basic é".encode()}) == 401


@pytest.mark.parametrize(
    ("path", "host"),
    [
        ("Cust99999/api/v1/Relation", None),
        ("Cust99999/api/v1/Glops", None),
        ("Cust00001/api/v1/Relation", "online.superoffice.com"),
    ],
)
def test_a_wrong_address_is_misdirected(sandbox, path, host):
    """421 comes before any question of who is calling."""
    answer = requests.get(f"{sandbox.url}/{path}", headers={"Host": host}, timeout=10)

    assert answer.status_code == 421
    assert answer.json()["ErrorMessage"] == "Wrong subdomain used to access tenant"


def test_expired_means_all_of_them(sandbox, online_url):
    """Tickets and access tokens end; the administrator's long-lived ticket is a new one."""
    bearer = {"Authorization": f"Bearer {refresh(sandbox).json()['access_token']}"}
    with Online(sandbox) as session:
        sandbox.expire()

        assert session.get("User/currentPrincipal").status_code == 401
    assert who(online_url, headers=bearer) == 401
    assert Online(sandbox).get("User/currentPrincipal").status_code == 200


@pytest.mark.parametrize(
    ("state", "status"), [("OfflineMaintenance", 503), ("Suspended", 503), ("OnlineMaintenance", 200)]
)
def test_maintenance_closes_the_api(sandbox, state, status):
    """While it lasts the API answers with a page for people, and the state says so."""
    sandbox.set_state(state)
    found = requests.get(f"{sandbox.url}/api/state/Cust00001", timeout=10).json()
    answer = Online(sandbox).get("User/currentPrincipal")

    assert (found["State"], found["IsRunning"]) == (state, status == 200)
    assert answer.status_code == status
    assert ("<h1>Down for maintenance</h1>" in answer.text) is (status == 503)


def test_tenants_of_two_sandboxes_are_strangers(sandbox):
    """Each has an app of its own; the ticket of one does not open the other."""
    with start() as other:
        assert other.app["client_secret"] != sandbox.app["client_secret"]
        assert who(other.onsite_url, headers={"Authorization": f"SOTicket {sandbox.app['ticket']}"}) == 401
