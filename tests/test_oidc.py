"""Google's identity tokens: what counts as one, and how Google's keys are fetched and kept."""

from __future__ import annotations

import threading
import time
from base64 import urlsafe_b64encode

import pytest

from schemas.verification import Oidc
from services.errors import NotProven, Unavailable
from services.senders.oidc import GoogleKeys
from services.senders.verify import Received, verify
from tests.identity_tokens import AUDIENCE, EMAIL, Google, make_key, token

OIDC = Oidc((AUDIENCE, "https://other.example"), (EMAIL, "tasks@project.iam.gserviceaccount.com"))


class Clock:
    """A clock that stands until it is moved."""

    now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture(scope="module")
def signer_and_certificate():
    """The key that Google signs with, made once: it takes a moment."""
    return make_key()


@pytest.fixture(scope="module")
def stranger():
    """Somebody else's key."""
    return make_key()[0]


@pytest.fixture
def signer(signer_and_certificate):
    """Signs as Google."""
    return signer_and_certificate[0]


@pytest.fixture
def google(signer_and_certificate):
    """Google's address of keys, on loopback."""
    with Google() as server:
        server.keys = {"current": signer_and_certificate[1]}
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield server
        server.shutdown()
        thread.join()


def prove(sent: str, keys) -> None:
    """Prove a sender by what it sends as Authorization."""
    received = Received("POST", "", {"Authorization": sent}, {}, b"", dict)
    assert verify(OIDC, received, {}, time.time(), google_keys=keys) is None


def encode(text: bytes) -> str:
    """Encode one part of a token."""
    return urlsafe_b64encode(text).rstrip(b"=").decode()


@pytest.mark.parametrize(
    "claims",
    [
        {},
        {"iss": "accounts.google.com"},
        {"aud": "https://other.example"},
        {"email": "tasks@project.iam.gserviceaccount.com"},
        {"iat": time.time() + 20},  # Google's clock and ours differ a little
    ],
)
def test_a_token_of_google_proves_the_account(signer, google, claims):
    """A token for one of our audiences, of one of the accounts named, is proof."""
    prove(f"Bearer {token(signer, **claims)}", GoogleKeys(google.url))


@pytest.mark.parametrize(
    "claims",
    [
        {"aud": "https://webhook.example/"},
        {"aud": None},
        {"aud": ["https://evil.example"]},
        {"aud": {"a": 1}},
        {"iss": "https://accounts.google.com.evil.example"},
        {"iss": None},
        {"email": "mallory@project.iam.gserviceaccount.com"},
        {"email": [EMAIL]},
        {"email": None},
        {"email_verified": False},
        {"email_verified": "true"},
        {"email_verified": None},
        {"exp": 1},
        {"exp": None},
        {"exp": "tomorrow"},
        {"iat": 99_999_999_999, "exp": 99_999_999_999},
        {"iat": None},
        {"iat": {}},
    ],
)
def test_another_claim_is_no_proof(signer, google, claims):
    """Google signs tokens for everybody: audience, issuer, account and times all have to fit."""
    with pytest.raises(NotProven) as refused:
        prove(f"Bearer {token(signer, **claims)}", GoogleKeys(google.url))
    assert refused.value.headers == {"WWW-Authenticate": 'Bearer realm="Liaison"'}


def test_another_key_is_no_proof(stranger, google):
    """A token that somebody else signed is refused, under a known key id, an unknown one and none."""
    for header in ({}, {"kid": "other"}, {"kid": ["current"]}, {"alg": "none"}, {"alg": "HS256"}, {"alg": "ES256"}):
        with pytest.raises(NotProven):
            prove(f"Bearer {token(stranger, header)}", GoogleKeys(google.url))


def test_one_changed_character_is_no_proof(signer, google):
    """Header, claims and signature are all covered."""
    keys, good = GoogleKeys(google.url), token(signer)
    for position in range(0, len(good) - 1, 29):  # of the last character not every bit counts
        changed = good[:position] + ("B" if good[position] == "A" else "A") + good[position + 1 :]
        with pytest.raises(NotProven):
            prove(f"Bearer {changed}", keys)


@pytest.mark.parametrize(
    "sent",
    [
        "",
        "Bearer",
        "Bearer ",
        "Basic abc",
        "Bearer a.b",
        "Bearer ..",
        "Bearer a.b.c.d",
        "Bearer ☃.☃.☃",
        "Bearer %.%.%",
        f"Bearer {encode(b'[]')}.{encode(b'{}')}.",
        f"Bearer {encode(b'{}')}.{encode(b'7')}.",
        f"Bearer {encode(b'{}')}.{encode(b'{}')}.",
        f"Bearer {encode(b'null')}.{encode(b'null')}.",
        f"Bearer {encode(bytes([255, 254]))}.{encode(b'{}')}.",
        f"Bearer {encode(b'[' * 3000)}.{encode(b'{}')}.",
        f"Bearer {encode(b'9' * 5000)}.{encode(b'{}')}.",
        f"Bearer {encode(b'{}')}.{encode(b' ' * 9000)}.",
    ],
)
def test_refuses_a_malformed_token(google, sent):
    """Whatever a stranger sends as a token is refused, and never an error of ours."""
    with pytest.raises(NotProven):
        prove(sent, GoogleKeys(google.url))


def test_the_keys_are_fetched_once(signer, google):
    """Many requests, one fetch, for as long as Google allows; then one more."""
    clock = Clock()
    keys = GoogleKeys(google.url, clock=clock)
    for moved in (0, 0, 599, 1):
        clock.now += moved
        prove(f"Bearer {token(signer)}", keys)
    assert google.asked == 2


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({"Cache-Control": "public, max-age=600", "Age": "200"}, 400),
        ({"Cache-Control": "max-age=0"}, 60),
        ({"Cache-Control": "max-age=999999999"}, 86400),
        ({"Cache-Control": "no-cache"}, 3600),
        ({"Cache-Control": "max-age=600", "Age": "old"}, 600),
        ({}, 3600),
    ],
)
def test_keeps_the_keys_as_long_as_allowed(google, headers, seconds):
    """`max-age` less `Age`, but a minute at least and a day at most."""
    google.headers, clock = headers, Clock()
    keys = GoogleKeys(google.url, clock=clock)
    for moved, asked in ((0, 1), (seconds - 1, 1), (1, 2)):
        clock.now += moved
        keys()
        assert google.asked == asked


def test_a_new_key_is_fetched_at_once_but_not_for_every_stranger(google):
    """An unknown key id makes one fetch in 30 seconds."""
    clock = Clock()
    keys = GoogleKeys(google.url, clock=clock)
    assert "next" not in keys("next")
    google.keys = {**google.keys, "next": "a certificate"}
    assert "next" not in keys("next")
    clock.now += 30
    assert "next" in keys("next")
    assert google.asked == 2


@pytest.mark.parametrize(
    ("status", "keys"), [(500, {"a": "b"}), (302, {"a": "b"}), (200, {}), (200, ["a"]), (200, None)]
)
def test_without_keys_the_sender_tries_again(google, status, keys):
    """While Google's keys cannot be had a token is neither right nor wrong: 503, and soon another try."""
    google.status, google.keys, clock = status, keys, Clock()
    source = GoogleKeys(google.url, clock=clock)
    for moved, asked in ((0, 1), (4, 1), (1, 2)):
        clock.now += moved
        with pytest.raises(Unavailable):
            source("current")
        assert google.asked == asked


def test_nobody_answers():
    """A connection that is refused is 503 as well."""
    with pytest.raises(Unavailable, match="send it again"):
        GoogleKeys("http://127.0.0.1:9/certs")()


def test_yesterdays_keys_do_while_google_is_away(google):
    """Keys that are due for renewal serve on for a day where no new ones can be had."""
    clock = Clock()
    keys = GoogleKeys(google.url, clock=clock)
    known = keys()
    google.status = 503
    clock.now += 600 + 86400
    assert keys() == known
    clock.now += 60
    with pytest.raises(Unavailable):
        keys()


def test_one_thread_fetches_for_all(google):
    """Requests that come together at the start make one fetch."""
    keys = GoogleKeys(google.url)
    threads = [threading.Thread(target=keys) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert google.asked == 1


def test_google_keys_have_to_be_given():
    """A hook with OIDC cannot be checked without keys: that is a mistake of the caller's."""
    with pytest.raises(ValueError, match="google_keys is missing"):
        prove("Bearer a.b.c", None)
