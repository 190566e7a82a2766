"""Requests made to break something, over the wire and past the server."""

from __future__ import annotations

import json
import re
import socket
from contextlib import suppress

import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.examples import HOOKS, KEY, PARTNERS
from tests.processes import served

BODY = json.dumps(PARTNERS).encode()
HEAD = f"Host: x\r\nX-Api-Key: {KEY}\r\nContent-Type: application/json\r\nConnection: close\r\n".encode()
CHUNKED = b"Transfer-Encoding: chunked\r\n"
CHUNKS = b"%x\r\n%s\r\n" % (len(BODY), BODY)


def length(count: int = len(BODY)) -> bytes:
    """Write the header of that length."""
    return b"Content-Length: %d\r\n" % count


def request(headers: bytes, body: bytes = BODY, line: bytes = b"POST /hooks/example") -> bytes:
    """Write a request as it goes over the wire."""
    return b"%s HTTP/1.1\r\n%s%s\r\n%s" % (line, HEAD, headers, body)


@pytest.fixture(scope="module")
def port(tmp_path_factory, running_sandbox):
    """Serve the example hook in a process of its own for all tests here."""
    folder, app = tmp_path_factory.mktemp("abuse"), running_sandbox.app
    ours = {"superoffice-app-token": "client_secret", "superoffice-system-token": "system_token",
            "superoffice-private-key": "private_key"}  # fmt: skip
    secrets = {**{name: app[key] for name, key in ours.items()}, "example-key": KEY}
    for name, content in (("secrets.yaml", secrets), ("hooks.yaml", HOOKS)):
        (folder / name).write_text(yaml.safe_dump(content))
        (folder / name).chmod(0o600)
    online = {"SUPEROFFICE_URL": running_sandbox.url, "SUPEROFFICE_TENANT": running_sandbox.tenant_id}
    files = {
        "SECRETS": f"file:{folder}/secrets.yaml",
        "HOOKS": f"{folder}/hooks.yaml",
        "LEDGER": f"sqlite:{folder}/ledger.db",
    }
    with served({**online, **files, "LEDGER": f"sqlite:{folder}/ledger.db"}, folder / "log") as url:
        yield int(url.rpartition(":")[2])


def talk(port: int, sent: bytes, *, ends: bool = True) -> list[int]:
    """Send bytes, say that there are no more unless told otherwise, and return the statuses of all answers."""
    with socket.create_connection(("127.0.0.1", port), timeout=40) as line:
        line.sendall(sent)
        if ends:
            with suppress(OSError):  # it may have been answered, and hung up on, before
                line.shutdown(socket.SHUT_WR)
        answered = b"".join(iter(lambda: line.recv(65_536), b""))
    return [int(status) for status in re.findall(rb"^HTTP/1\.[01] (\d+)", answered, re.MULTILINE)]


@pytest.mark.parametrize(
    ("sent", "statuses"),
    [
        (request(length()), [200]),
        (request(CHUNKED, CHUNKS + b"0\r\n\r\n"), [200]),
        (request(CHUNKED, CHUNKS.replace(b"\r\n", b";a=b\r\n", 1) + b"0\r\n\r\n"), [200]),
        (request(length() + b"Expect: 100-continue\r\n"), [100, 200]),
        (request(length() + b"X-HTTP-Method-Override: DELETE\r\n"), [200]),
        (request(length()).replace(b"Connection: close\r\n", b"") + request(length()), [200, 200]),
        (request(length() + b"X-A: \xff\xfe\r\n"), [200]),
        # The length and the chunks
        (request(length(5)), [400]),
        (request(length(len(BODY) + 10)), [400]),
        (request(length() + length(5)), [400]),
        (request(b"Content-Length: -5\r\n"), [400]),
        (request(b"Content-Length: +5\r\n"), [400]),
        (request(b"Content-Length: %s\r\n" % (b"9" * 400)), [413]),
        (request(b"Content-Length: \xd9\xa5\r\n"), [400]),
        (request(length() + CHUNKED, CHUNKS + b"0\r\n\r\n"), [400]),
        (request(b""), [400]),
        (request(CHUNKED, b"zz\r\n"), [400]),
        (request(CHUNKED, b"-5\r\nhello\r\n0\r\n\r\n"), [400]),
        (request(CHUNKED, b"5\r\nhelloXX0\r\n\r\n"), [400]),
        (request(CHUNKED, CHUNKS), [400]),
        (request(CHUNKED, CHUNKS + b"0\r\nbad\r\n\r\n"), [400]),
        (request(CHUNKED, b"5;" + b"a" * 100_000 + b"\r\nhello\r\n0\r\n\r\n"), [400]),
        # The line and the headers
        (request(length(), line=b"POST /hooks/../health"), [400]),
        (request(length(), line=b"POST /hooks/exam\0ple"), [400]),
        (request(length(), line=b"POST /hooks/" + b"x" * 200_000), [400]),
        (request(length(), line=b"P@ST /hooks/example"), [400]),
        (request(length()).replace(b"\r\n", b"\n"), [400]),
        (request(length() + b"X-A: a\0b\r\n"), [400]),
        (request(length() + b"X-A: a\rb\r\n"), [400]),
        (request(length() + b"X A: a\r\n"), [400]),
        (request(length() + b"X-A: a\r\n b\r\n"), [400]),
        (request(length() + b"X-A: " + b"a" * 9_000 + b"\r\n"), [431]),
        (request(length() + b"".join(b"X-%d: a\r\n" % number for number in range(200))), [431]),
        (request(length() + b"X-Api-Key: wrong\r\n"), [401]),
        (request(length()).replace(b"X-Api-Key", b"X_Api_Key"), [401]),
        (request(length() + b"Content-Type: text/xml\r\n"), [400]),
        (b"GET /hooks/example\r\n\r\n", [400]),
        (b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", [400]),
    ],
)  # fmt: skip
def test_whatever_comes_over_the_wire_is_answered(port, sent, statuses):
    """What is cut off, smuggled or malformed is the sender's mistake, never ours, and nothing of it is guessed at."""
    assert talk(port, sent) == statuses


@pytest.mark.parametrize(
    "path",
    ["/hooks/../health", "//hooks/nowhere", "/hooks//example", "/hooks/example/", "/hooks/%2e%2e/health", "/hooks/%00",
     "/hooks/%ff", "/hooks/ex%0d%0aample", "/hooks/ｅxample", "/HOOKS/example", "/hooks/" + "x" * 100_000, "/;/", "/%"],
)  # fmt: skip
def test_only_the_address_itself_leads_to_a_hook(client, path):
    """No trick with a path reaches anything, and the answer is never one that makes senders give up."""
    assert client.post(path, data=BODY, headers={"X-Api-Key": KEY}).status_code == 400


@pytest.mark.parametrize(
    "query", [b"\xff", b"a=%ff", b"a=%00", b"&" * 5_000, b"$select=" + b"Comment," * 900, b"$select=%ff", b"a[]=" * 900]
)
def test_a_query_breaks_nothing(client, query):
    """What stands after `?` is read to a bound or not at all."""
    as_sent = {"QUERY_STRING": query.decode("latin-1")}
    answer = client.post("/hooks/example", environ_overrides=as_sent, json=PARTNERS, headers={"X-Api-Key": KEY})

    assert answer.status_code in (200, 400)


HEADER = st.text(st.characters(max_codepoint=255, exclude_categories=["Cc"]), max_size=400)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=50, deadline=None)
@given(HEADER, st.sampled_from(["X-Hook-Secret", "Access-Control-Request-Headers", "WebHook-Request-Origin", "Origin"]))
def test_headers_that_are_given_back_break_nothing(function_of_strangers, value, name):
    """A header of a stranger's is given back as it is, or not at all: never as two."""
    method = "POST" if name == "X-Hook-Secret" else "OPTIONS"
    answer = function_of_strangers.open(
        "/hooks/open", method=method, headers={"Origin": "https://www.example.com", name: value}
    )

    assert answer.status_code in (200, 400)
    assert not any(re.search(r"[\r\n\0]", line) for header in answer.headers for line in header)


@pytest.fixture
def function_of_strangers(function):
    """Start a function with a hook that pages may call."""
    return function({"open": {"verify": "none", "origins": ["https://www.example.com"]}})


def test_a_body_that_is_cut_off_is_not_used(port, running_sandbox):
    """Half a form is a form as well: a value cut in the middle must not be saved."""
    running_sandbox.reset()
    sent = request(length(len(BODY) + 50))

    assert talk(port, sent) == [400]
    assert running_sandbox.counts["SaveContactRelation"] == 0


@pytest.mark.check
def test_a_sender_that_stops_in_the_middle_does_not_keep_its_thread(port):
    """Eighty of them would keep everybody else out."""
    assert talk(port, request(length(len(BODY) + 50)), ends=False) == [400]
