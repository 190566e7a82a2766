"""Who may call `deliver` and `redeliver`: real requests with tokens that are really signed."""

from __future__ import annotations

import pytest
from flask import Flask

from handlers.invoker import prove_invoker
from services.errors import InvalidSettings, NotProven
from tests.identity_tokens import make_key, token
from tests.task_dispatching import REMOVED

CALLER = "liaison-tasks@my-project.iam.gserviceaccount.com"
PUBLIC = "https://deliver.example.com"
APP = Flask(__name__)


@pytest.fixture(scope="module")
def google():
    """Google's key, and its certificate as it is handed out."""
    signer, certificate = make_key()
    return signer, lambda _kid="": {"current": certificate}


@pytest.fixture
def sign(google):
    """Sign a token of the service account for this address, but for the claims given."""
    return lambda **claims: token(google[0], **{"aud": PUBLIC, "email": CALLER, **claims})


@pytest.fixture
def prove(google):
    """Return a caller: `prove(token)` posts to `/deliver` from afar, where INVOKER and PUBLIC_URL are set."""

    def call(sent=None, *, caller="203.0.113.7", headers=None, path="/deliver", **options):
        headers = {**(headers or {}), **({"Authorization": f"Bearer {sent}"} if sent else {})}
        settings = {"on_cloud_run": False, "invoker": CALLER, "public_url_base": PUBLIC, **options}
        with APP.test_request_context(
            path, method="POST", headers=headers, environ_base={"REMOTE_ADDR": caller}
        ) as context:
            prove_invoker(context.request, google_keys=google[1], **settings)

    return call


def test_cloud_run_has_proven_the_caller(prove, sign):
    """On Cloud Run IAM let the caller in and took the signature away: whatever is left is not looked at."""
    removed = f"{sign().rpartition('.')[0]}.{REMOVED}"
    for sent in (removed, None, "nonsense"):
        prove(sent, on_cloud_run=True)


@pytest.mark.parametrize("audience", [PUBLIC, f"{PUBLIC}/", f"{PUBLIC}/deliver", f"{PUBLIC}/deliver?a=1"])
def test_the_service_account_may_call(prove, sign, audience):
    """Elsewhere a token of the account for this address, as far as the job's owner wrote it, lets it in."""
    prove(sign(aud=audience), path="/deliver?a=1")


def test_a_slash_at_the_end_makes_no_difference(prove, sign):
    """A job that calls `/` may have its token made for the address without it."""
    prove(sign(aud=f"{PUBLIC}/liaison"), path="/", public_url_base=f"{PUBLIC}/liaison")


@pytest.mark.parametrize(
    "claims",
    [
        {"email": "scheduler@my-project.iam.gserviceaccount.com"},
        {"email": None},
        {"email_verified": False},
        {"aud": "https://evil.example"},
        {"aud": f"{PUBLIC}.evil.example"},
        {"aud": f"{PUBLIC}/redeliver"},
        {"aud": "http://localhost"},
        {"aud": None},
        {"iss": "https://evil.example"},
        {"exp": 1},
    ],
)
def test_another_token_is_refused(prove, sign, claims):
    """Account, audience, issuer and time all have to fit."""
    with pytest.raises(NotProven) as refused:
        prove(sign(**claims))
    assert refused.value.headers == {"WWW-Authenticate": 'Bearer realm="Liaison"'}


def test_the_callers_host_is_no_audience(prove, sign):
    """A token that was made for somebody else's address does not fit because the caller writes that as Host."""
    with pytest.raises(NotProven):
        prove(sign(aud="https://evil.example/deliver"), headers={"Host": "evil.example", "X-Forwarded-Proto": "https"})


@pytest.mark.parametrize("sent", [None, "a.b.c", "☃"])
def test_without_a_token_nobody_is_let_in(prove, sent):
    """With INVOKER not even this machine may call without a token."""
    for caller in ("203.0.113.7", "127.0.0.1"):
        with pytest.raises(NotProven):
            prove(sent, caller=caller)


def test_a_token_without_its_signature_counts_only_on_cloud_run(prove, sign):
    """Elsewhere nobody has checked the token before, so one without a signature is none."""
    with pytest.raises(NotProven):
        prove(f"{sign().rpartition('.')[0]}.{REMOVED}")


def test_another_key_is_refused(prove):
    """A token that somebody else signed is refused."""
    with pytest.raises(NotProven):
        prove(token(make_key()[0], aud=PUBLIC, email=CALLER))


def test_a_token_needs_an_address_to_be_for(prove, sign):
    """With INVOKER and without PUBLIC_URL nobody can be proven, and the operator is told."""
    with pytest.raises(InvalidSettings, match="PUBLIC_URL: This is required with INVOKER"):
        prove(sign(), public_url_base="")


@pytest.mark.parametrize("caller", ["127.0.0.1", "127.0.0.9", "::1", "::ffff:127.0.0.1"])
def test_this_machine_may_call(prove, caller):
    """Without INVOKER whoever is on this machine may call."""
    prove(invoker="", caller=caller)


@pytest.mark.parametrize("caller", ["203.0.113.7", "10.0.0.1", "::ffff:10.0.0.1", "fe80::1", "", "localhost", "unix:"])
def test_others_may_not(prove, sign, caller):
    """Without INVOKER nobody else may, whatever they send."""
    with pytest.raises(NotProven, match="set INVOKER"):
        prove(sign(), invoker="", caller=caller)


@pytest.mark.parametrize("name", ["X-Forwarded-For", "Forwarded", "X-Real-IP", "Via"])
def test_a_proxy_on_this_machine_is_not_this_machine(prove, name):
    """What a proxy here passes on came from elsewhere."""
    with pytest.raises(NotProven):
        prove(invoker="", caller="127.0.0.1", headers={name: "127.0.0.1"})
