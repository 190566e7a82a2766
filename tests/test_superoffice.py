"""The WebAPI as it misbehaves: what is tried again, what is not, and what the sender hears."""

from __future__ import annotations

import socket
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from services.deadline import Deadline
from services.errors import SuperOfficeUnavailable, TenantDown
from services.superoffice.client import Call
from tests.examples import HOOKS, KEY, PARTNERS
from tests.tenant import open_directory

SAVE = "SaveContactRelation"


def saves(sandbox):
    """Count the saves that reached the tenant."""
    return sandbox.counts[SAVE]


@pytest.mark.parametrize(
    ("fault", "status", "reason"),
    [
        ({"status": 400, "body": {"Message": "No such person"}}, 422, "refused-by-superoffice"),
        (
            {"status": 400, "body": {"Error": True, "ErrorType": "X", "ErrorMessage": "No"}},
            422,
            "refused-by-superoffice",
        ),
        ({"status": 404}, 422, "refused-by-superoffice"),
        ({"status": 409}, 422, "refused-by-superoffice"),
        ({"status": 412}, 422, "refused-by-superoffice"),
        ({"status": 200, "body": {"Error": True, "ErrorMessage": "No"}}, 422, "refused-by-superoffice"),
        ({"status": 200, "body": None}, 200, "in-doubt"),
        ({"status": 200, "body": []}, 200, "in-doubt"),
        ({"status": 200, "body": {"RelationId": 0}}, 200, "in-doubt"),
        ({"status": 200, "body": {"RelationId": 7, "SourceContactId": 1}}, 200, "in-doubt"),
        ({"status": 200, "body": "<html>"}, 200, "in-doubt"),
        ({"status": 302, "headers": {"Location": "/elsewhere"}}, 200, "in-doubt"),
        ({"status": 500, "body": "<html>"}, 200, "in-doubt"),
        ({"status": 502}, 200, "in-doubt"),
        ({"drop": "before"}, 200, "in-doubt"),
        ({"drop": "after"}, 200, "in-doubt"),
        ({"status": 503}, 200, "superoffice-unavailable"),
        ({"status": 429, "headers": {"Retry-After": "60"}}, 200, "superoffice-unavailable"),
    ],
)
def test_each_answer_is_told_apart_and_reaches_superoffice_once(send, sandbox, ledger, fault, status, reason):
    """Refused for good, not now, or in doubt: none of these is sent a second time."""
    send(PARTNERS)
    sandbox.fault(path=SAVE, times=0, **fault)

    answer = send(PARTNERS)
    assert (answer.status_code, ledger.delivery(answer).reason) == (status, reason)
    assert saves(sandbox) == 2
    assert (ledger.delivery(answer).doubt is not None) is (reason == "in-doubt")


def test_superoffices_own_words_reach_the_sender(send, sandbox):
    """A refusal by SuperOffice says why, in under 250 characters."""
    sandbox.fault(path=SAVE, status=400, body={"Message": "The person is retired. " * 40})

    detail = send(PARTNERS).json["detail"]
    assert detail.startswith("SuperOffice refused it: The person is retired.")
    assert len(detail) < 250


def test_no_secret_reaches_the_sender_in_superoffices_words(send, sandbox, secrets):
    """A server that quotes what was sent to it does not have it passed on."""
    send(PARTNERS)
    ticket = sandbox.calls[-1]["headers"]["Authorization"].partition(" ")[2]
    sandbox.fault(path=SAVE, status=400, body={"Message": f"{ticket}, {secrets['superoffice-app-token']}: no"})

    assert send(PARTNERS).json["detail"] == "SuperOffice refused it: …, …: no"


@pytest.mark.parametrize(
    "fault",
    [{"status": 401}, {"status": 403}, {"status": 421}, {"status": 503, "headers": {"Retry-After": "1"}}],
)
def test_what_surely_did_nothing_is_tried_once_more(send, sandbox, fault):
    """A ticket that ended, a tenant that moved, a busy second: the sender does not notice."""
    send(PARTNERS)
    sandbox.fault(path=SAVE, times=1, **fault)

    assert send(PARTNERS).json["status"] == "created"
    assert saves(sandbox) == 3


def test_a_ticket_that_stays_refused_is_ours_to_mend(send, sandbox):
    """One renewal, then 500: the sender did nothing wrong, and does not learn what is wrong."""
    sandbox.fault(path=SAVE, times=0, status=401)

    assert send(PARTNERS).status_code == 500
    assert saves(sandbox) == 2


def test_a_moved_tenant_is_asked_for_anew(send, sandbox):
    """421 means another host: the state endpoint tells which."""
    send(PARTNERS)
    sandbox.fault(path=SAVE, status=421)
    send(PARTNERS)

    assert sandbox.counts["state"] == 2


def test_the_tenants_state_is_asked_for_once(send, sandbox):
    """It is obeyed until `ValidUntil`."""
    for _ in range(3):
        send(PARTNERS)

    assert sandbox.counts["state"] == 1


def test_a_tenant_in_maintenance_is_a_temporary_failure_with_its_state_in_the_log(send, sandbox, capfd):
    """What came is kept; the operator sees the state's name."""
    sandbox.set_state("OfflineMaintenance")

    assert send(PARTNERS).json["status"] == "queued"
    assert "OfflineMaintenance" in capfd.readouterr().out


def test_a_tenant_that_cannot_be_reached_is_a_temporary_failure(function):
    """Nothing listens there: what came is kept."""
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        client = function(SUPEROFFICE_URL=f"http://127.0.0.1:{closed.getsockname()[1]}")
        answer = client.post("/hooks/example", json=PARTNERS, headers={"X-Api-Key": KEY})

    assert (answer.status_code, answer.json["status"]) == (200, "queued")


def test_a_slow_answer_is_not_waited_for_longer_than_the_hook_allows(function, sandbox):
    """The sender has its answer within `answer_within`, whatever SuperOffice does."""
    client = function({"example": {**HOOKS["example"], "answer_within": 1}})
    sandbox.fault(path=SAVE, delay=5)
    started = time.monotonic()

    answer = client.post("/hooks/example", json=PARTNERS, headers={"X-Api-Key": KEY})
    assert answer.json["status"] == "queued"
    assert time.monotonic() - started < 4


@pytest.mark.parametrize("login", ["system-user", "refresh-token", "ticket"])
def test_every_login_online_saves(function, sandbox, login):
    """Whatever the login, the app's token goes with the call."""
    answer = function(SUPEROFFICE_LOGIN=login).post("/hooks/example", json=PARTNERS, headers={"X-Api-Key": KEY})

    assert answer.json["status"] == "created"
    assert sandbox.calls[-1]["headers"]["SO-AppToken"] == sandbox.app["client_secret"]


@pytest.mark.parametrize("login", ["basic", "ticket"])
def test_every_login_onsite_saves(function, sandbox, login):
    """Onsite the address is the WebAPI itself: no state is asked for, and no app's token sent."""
    client = function(SUPEROFFICE_URL=sandbox.onsite_url, SUPEROFFICE_LOGIN=login, SUPEROFFICE_TENANT="")

    assert client.post("/hooks/example", json=PARTNERS, headers={"X-Api-Key": KEY}).json["status"] == "created"
    assert "SO-AppToken" not in sandbox.calls[-1]["headers"]
    assert sandbox.counts["state"] == 0


@pytest.mark.parametrize(
    ("secret", "value"),
    [
        ("superoffice-app-token", "wrong"),
        ("superoffice-system-token", "Other App-0123456789"),
        ("superoffice-private-key", "not a key"),
    ],
)
def test_a_wrong_credential_is_500_and_named_in_the_log(function, secrets, capfd, secret, value):
    """The operator reads which login failed; the stranger does not."""
    secrets[secret] = value

    answer = function().post("/hooks/example", json=PARTNERS, headers={"X-Api-Key": KEY})
    assert answer.status_code == 500
    assert "system user" in (log := capfd.readouterr().out) or "superoffice-private-key" in log


def test_a_refused_login_is_not_repeated_for_every_webhook(function, sandbox, secrets):
    """Accounts lock after too many wrong passwords."""
    secrets["superoffice-app-token"] = "wrong"
    client = function()
    for _ in range(3):
        client.post("/hooks/example", json=PARTNERS, headers={"X-Api-Key": KEY})

    assert sum("PartnerSystemUser" in call["path"] for call in sandbox.calls) == 1


def test_one_ticket_serves_all_threads_and_is_renewed_once(function, sandbox):
    """Each login leaves a row in the tenant: eight threads with an ended ticket make one."""
    client = function()
    send = lambda _: client.post("/hooks/example", json=PARTNERS, headers={"X-Api-Key": KEY}).status_code  # noqa: E731
    assert send(0) == 200
    sandbox.expire()

    with ThreadPoolExecutor(8) as threads:
        assert set(threads.map(send, range(8))) == {200}
    assert sandbox.counts["logins"] == 2


def test_the_rate_holds_in_every_second(function, sandbox):
    """Of five calls a second, over all threads, none comes early."""
    client = function({"example": {**HOOKS["example"], "answer_within": 20}}, SUPEROFFICE_CALLS_PER_SECOND="5")
    send = lambda _: client.post("/hooks/example", json=PARTNERS, headers={"X-Api-Key": KEY}).status_code  # noqa: E731
    with ThreadPoolExecutor(12) as threads:
        assert set(threads.map(send, range(12))) == {200}

    times = sorted(call["started"] for call in sandbox.calls if SAVE in call["path"])
    assert all(later - earlier >= 1 for earlier, later in zip(times, times[5:], strict=False))


def test_what_cannot_be_sent_in_time_is_said_at_once(function, sandbox):
    """A turn that comes after the deadline is not waited for."""
    client = function({"example": {**HOOKS["example"], "answer_within": 1}}, SUPEROFFICE_CALLS_PER_SECOND="1")
    answers = [client.post("/hooks/example", json=PARTNERS, headers={"X-Api-Key": KEY}) for _ in range(2)]

    assert [answer.json["status"] for answer in answers] == ["created", "queued"]


def test_connections_are_kept(send, sandbox):
    """A handshake for each webhook would cost more than the call."""
    for _ in range(5):
        send(PARTNERS)

    assert sandbox.connections <= 2


def test_the_environment_does_not_reach_the_session(function, monkeypatch):
    """A proxy or a bundle of certificates in the environment is not for credentials like these."""
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", "/nowhere")

    answer = function().post("/hooks/example", json=PARTNERS, headers={"X-Api-Key": KEY})
    assert answer.json["status"] == "created"


def dripping_server(listener, head):
    """Answer with headers and then a byte now and again, for longer than anybody should wait."""
    line, _ = listener.accept()
    with line:
        line.recv(65_536)
        line.sendall(head)
        for _ in range(100):
            time.sleep(0.1)
            try:
                line.sendall(b" ")
            except OSError:
                return


def test_an_answer_that_drips_is_cut_off(function):
    """A server that sends a byte a second does not hold the sender beyond its time."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        head = b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n"
        threading.Thread(target=dripping_server, args=(listener, head), daemon=True).start()
        url = f"http://127.0.0.1:{listener.getsockname()[1]}/api/v1"
        hook = {"example": {**HOOKS["example"], "answer_within": 1}}
        client = function(hook, SUPEROFFICE_URL=url, SUPEROFFICE_LOGIN="basic")
        started = time.monotonic()
        answer = client.post("/hooks/example", json=PARTNERS, headers={"X-Api-Key": KEY})

    assert answer.json["status"] == "queued"
    assert time.monotonic() - started < 3


@pytest.mark.parametrize("seconds", [0, 0.001, 0.1])
def test_no_call_begins_without_time_for_it(tmp_path, settings, secrets, sandbox, seconds):
    """Nothing is asked, the tenant's state neither, and nobody takes the whole tenant for down."""
    webapi = open_directory(tmp_path, settings, secrets).webapi
    with pytest.raises(SuperOfficeUnavailable, match="not enough time") as caught:
        webapi.send(Call("GET", "/User/currentPrincipal"), Deadline.after(seconds))

    assert not isinstance(caught.value, TenantDown)
    assert sandbox.calls == []
