"""Every status that is not a success, and that each is a problem in words."""

from __future__ import annotations

import json

import pytest

from tests.examples import HOOKS, KEY, PARTNERS


def assert_problem(answer, status):
    """Check that it is a problem (RFC 9457) that any of the tools can show."""
    assert (answer.status_code, answer.content_type) == (status, "application/problem+json")
    assert answer.json["status"] == status
    assert answer.json["message"] == answer.json["detail"]
    assert 0 < len(answer.json["detail"]) < 250
    assert {"type", "title", "delivery"} <= set(answer.json)


@pytest.mark.parametrize(
    ("content_type", "body"),
    [
        ("application/json", b""),
        ("application/json", b"  "),
        ("application/json", b"{"),
        ("application/json", b'{"a": "one\ntwo"}'),
        ("application/json", b'{"a": NaN}'),
        ("application/json", b'{"a": "\\ud800"}'),
        ("application/json", b"[" * 200_000),
        ("application/json", b"42"),
        ("application/json", b"\xff\xfe\x00"),
        ("application/json; charset=utf-8", b'{"a": "\xe5"}'),
        ("multipart/form-data", b"--x"),
        ("application/x-www-form-urlencoded", b""),
    ],
)
def test_a_body_that_cannot_be_read_is_400(send, content_type, body):
    """Whatever is wrong with the bytes, the answer says so in words, and it is never a 500."""
    assert_problem(send(data=body, content_type=content_type), 400)


@pytest.mark.parametrize(
    ("content_type", "body"), [("application/xml", b"<a/>"), ("image/png", b"\x89PNG"), ("text/csv", b"a,b\n1,2")]
)
def test_other_content_types_are_415(send, content_type, body):
    """What is neither JSON nor a form is not guessed at."""
    assert_problem(send(data=body, content_type=content_type), 415)


def test_a_compressed_body_is_415(send):
    """Nothing is unpacked for a stranger: a small body may hide a huge one."""
    assert_problem(send(headers={"Content-Encoding": "gzip"}), 415)


@pytest.mark.parametrize("path", ["/hooks/nowhere", "/hooks/", "/elsewhere", "/favicon.ico", "/robots.txt", "/"])
def test_an_unknown_address_is_400_and_lists_nothing(client, path):
    """Never 404: some senders switch the webhook off for good."""
    answer = client.post(path, json=PARTNERS)

    assert_problem(answer, 400)
    assert "example" not in answer.text


@pytest.mark.parametrize("headers", [{}, {"X-Api-Key": ""}, {"X-Api-Key": "wrong"}, {"X-Api-Key": "\u00e5"}])
def test_a_sender_that_is_not_proven_is_401(client, sandbox, headers):
    """Without the right secret nothing reaches SuperOffice."""
    assert_problem(client.post("/hooks/example", json=PARTNERS, headers=headers), 401)
    assert not sandbox.relations or "Since 2019" not in json.dumps(list(sandbox.relations.values()), default=str)


@pytest.mark.parametrize(
    ("verify", "options"),
    [
        ({"bearer": "example-key"}, {"headers": {"Authorization": f"Bearer {KEY}"}}),
        ({"basic": "pair"}, {"headers": {"Authorization": "Basic dXNlcjpwYXNz"}}),
        ({"query": "key", "secret": "example-key"}, {"query_string": {"key": KEY}}),
        ({"header": "X-Key", "secret": ["other", "example-key"]}, {"headers": {"X-Key": KEY}}),
    ],
)
def test_each_static_proof_opens_its_hook_alone(function, secrets, verify, options):
    """Right with the secret, and 401 without it."""
    secrets.update(pair="user:pass", other="another")
    client = function({"example": {"verify": verify}})

    assert client.post("/hooks/example", json=PARTNERS, **options).status_code == 200
    assert_problem(client.post("/hooks/example", json=PARTNERS), 401)


@pytest.mark.parametrize(("kind", "scheme"), [("bearer", "Bearer"), ("basic", "Basic")])
def test_a_401_names_the_scheme_that_is_wanted(function, kind, scheme):
    """`WWW-Authenticate` tells a client how to prove itself (RFC 9110)."""
    answer = function({"example": {"verify": {kind: "example-key"}}}).post("/hooks/example", json=PARTNERS)

    assert answer.headers["WWW-Authenticate"].startswith(scheme)


@pytest.mark.parametrize("method", ["PUT", "PATCH", "DELETE", "PURGE"])
def test_other_methods_are_405_with_allow(client, method):
    """The answer names the methods that are taken."""
    answer = client.open("/hooks/example", method=method)

    assert_problem(answer, 405)
    assert answer.headers["Allow"] == "POST, GET, HEAD, OPTIONS"


def test_a_body_over_the_limit_is_413(function):
    """The hook's limit holds, to the byte."""
    client = function({"example": {**HOOKS["example"], "limit": 200}})
    body = json.dumps(PARTNERS).ljust(200)

    assert client.post("/hooks/example", data=body, headers={"X-Api-Key": KEY}).status_code == 200
    assert_problem(client.post("/hooks/example", data=body + " ", headers={"X-Api-Key": KEY}), 413)


@pytest.mark.parametrize("setting", ["SUPEROFFICE_URL", "SUPEROFFICE_TENANT", "SECRETS"])
def test_a_missing_setting_is_500_without_telling_why(function, capfd, setting):
    """The stranger learns nothing; the log names the setting."""
    client = function(**{setting: ""})

    answer = client.post("/hooks/example", json=PARTNERS, headers={"X-Api-Key": KEY})
    assert_problem(answer, 500)
    assert setting not in answer.text
    assert setting in capfd.readouterr().out


def test_all_that_is_wrong_is_said_in_one_line(function, capfd):
    """Also what the settings name: nobody has to mend them one by one."""
    wrong = {
        "SECRETS": "vault:x",
        "LEDGER": "redis://here",
        "QUEUE": "sqs://x",
        "HOOKS": "nowhere.yaml",
        "THREADS": "0",
    }
    client = function(**wrong, INVOKER="me@example.com")

    assert_problem(client.get("/health"), 500)
    (line,) = (json.loads(line) for line in capfd.readouterr().out.splitlines() if "misconfigured" in line)
    assert [
        name for name in (*wrong, "PUBLIC_URL") if (wrong["HOOKS"] if name == "HOOKS" else name) not in str(line)
    ] == []


@pytest.mark.parametrize(
    "text", ["", "[", "a: &a [*a]", "just text", "example: {verify: none}\nexample: {verify: none}"]
)
def test_hooks_that_cannot_be_read_stop_every_hook(function, text):
    """Nothing is guessed from half a file."""
    client = function(text)

    assert_problem(client.post("/hooks/example", json=PARTNERS), 500)
    assert_problem(client.get("/health"), 500)


def test_a_mistake_in_one_hook_stops_that_hook_alone(function, capfd):
    """The log has the path and what was probably meant; the other hooks go on."""
    client = function({**HOOKS, "broken": {"verify": {"header": "X-Key", "secrets": "k"}}})

    assert_problem(client.post("/hooks/broken", json=PARTNERS), 500)
    assert client.post("/hooks/example", json=PARTNERS, headers={"X-Api-Key": KEY}).status_code == 200
    assert client.get("/health").status_code == 500
    assert "broken.verify.secrets" in capfd.readouterr().out


def test_a_missing_secret_stops_its_hook_alone(function):
    """A hook without its secret is closed, not open."""
    client = function({**HOOKS, "other": {"verify": {"bearer": "not-there"}}})

    assert_problem(client.post("/hooks/other", json=PARTNERS), 500)
    assert client.post("/hooks/example", json=PARTNERS, headers={"X-Api-Key": KEY}).status_code == 200
    assert client.get("/health").status_code == 500


def test_an_unforeseen_error_is_500_without_its_words(client, monkeypatch, capfd):
    """Whatever breaks, the sender gets a problem and the log the place, without what was typed."""
    monkeypatch.setattr("handlers.routes.receive", lambda request, *_: {}[request.get_json()["Comment"]])

    answer = client.post("/hooks/example", json=PARTNERS)
    log = capfd.readouterr().out
    assert_problem(answer, 500)
    assert "KeyError" in log
    assert PARTNERS["Comment"] not in log


@pytest.mark.parametrize("path", ["/hooks/example", "/health"])
@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_probes_are_answered(client, method, path):
    """Senders and load balancers look before they send."""
    answer = client.open(path, method=method)

    assert (answer.status_code, answer.content_type) == (200, "application/json")


@pytest.mark.parametrize("body", [b"", b"{}", b" {}\n"])
def test_a_rest_hook_is_greeted_back(client, body):
    """Who subscribes sends a secret once, wants it back, and sends nothing else with it."""
    answer = client.post("/hooks/example", headers={"X-Hook-Secret": "abc"}, data=body)

    assert (answer.status_code, answer.headers["X-Hook-Secret"]) == (200, "abc")


def test_a_submission_with_a_greetings_header_is_no_greeting(function, client, send):
    """What has a content, or proves itself by that very header, is not answered as if it were kept."""
    assert send(headers={"X-Hook-Secret": "abc"}).json["status"] == "created"
    assert_problem(client.post("/hooks/example", json=PARTNERS, headers={"X-Hook-Secret": "abc"}), 401)
    client = function({"own": {"verify": {"header": "X-Hook-Secret", "secret": "example-key"}}})
    assert_problem(client.post("/hooks/own", data=b"{}", headers={"X-Hook-Secret": KEY}), 422)
    assert_problem(client.post("/hooks/own", data=b"", headers={"X-Hook-Secret": "wrong"}), 401)


def test_what_nobody_tries_again_is_422(function, sandbox, ledger):
    """A sender is not asked to repeat what waits for an operator, nor told that it goes by itself."""
    client = function(RETRY_DAYS="0")
    sandbox.fault(path="SaveContactRelation", status=500)
    answer = client.post("/hooks/example", json=PARTNERS, headers={"X-Api-Key": KEY})

    assert_problem(answer, 422)
    assert "operator" in answer.json["detail"]
    assert "Retry-After" not in answer.headers
    assert ledger.delivery(answer).status == "dead"


def test_a_hook_can_acknowledge_refusals_too(function):
    """Pub/Sub and others repeat what is refused for ever: they hear 200, with the problem in it."""
    client = function({"example": {**HOOKS["example"], "acknowledge": "always"}})

    answer = client.post("/hooks/example", json={}, headers={"X-Api-Key": KEY})
    assert (answer.status_code, answer.json["status"]) == (200, "rejected")
    assert answer.json["errors"]
    assert client.post("/hooks/example", json={}).status_code == 401


def test_an_acknowledged_refusal_is_kept(function, ledger):
    """An empty body waits for an operator; what is not kept is not acknowledged, so that the sender tries again."""
    field = {"verify": {"field": "key", "secret": "example-key"}, "acknowledge": "always"}
    client = function({"example": {**HOOKS["example"], "acknowledge": "always"}, "field": field})

    empty = client.post("/hooks/example", data=b"", headers={"X-Api-Key": KEY})
    assert (empty.status_code, empty.json["status"], ledger.delivery(empty).status) == (200, "rejected", "rejected")
    assert_problem(client.post("/hooks/field", data=b"{", content_type="application/json"), 400)
    assert len(ledger.all()) == 1


def test_pages_of_a_listed_origin_may_send(function):
    """A browser asks first, and may read the answer; pages of other origins may not."""
    client = function({"form": {"verify": "none", "origins": ["https://www.example.com"]}})
    origin = {"Origin": "https://www.example.com", "Access-Control-Request-Headers": "content-type"}

    preflight = client.options("/hooks/form", headers=origin)
    assert preflight.headers["Access-Control-Allow-Origin"] == "https://www.example.com"
    assert preflight.headers["Access-Control-Allow-Headers"] == "content-type"
    assert "Access-Control-Allow-Origin" in client.post("/hooks/form", json={}, headers=origin).headers
    other = client.post("/hooks/form", json={}, headers={"Origin": "https://evil.example"})
    assert "Access-Control-Allow-Origin" not in other.headers


@pytest.mark.parametrize(("origin", "allowed"), [("eventemitter.example.com", True), ("elsewhere.example", False)])
def test_the_cloudevents_handshake_is_for_listed_origins(function, origin, allowed):
    """A CloudEvents sender asks whether it may deliver."""
    client = function({"events": {**HOOKS["example"], "origins": ["eventemitter.example.com"]}})

    answer = client.options("/hooks/events", headers={"WebHook-Request-Origin": origin})
    assert ("WebHook-Allowed-Origin" in answer.headers) is allowed
