"""The function as a real process: the framework's own server, real sockets, its log on stdout."""

from __future__ import annotations

import json
import socket
from concurrent.futures import ThreadPoolExecutor
from urllib.parse import urlsplit

import pytest
import requests
import yaml

from tests.examples import HOOKS, KEY, PARTNERS
from tests.processes import served


@pytest.fixture
def process(tmp_path, settings, secrets):
    """Serve the example hook; give its address and its log."""
    secrets_file, hooks_file, log = (tmp_path / name for name in ("secrets.yaml", "hooks.yaml", "log"))
    secrets_file.write_text(yaml.safe_dump(secrets))
    secrets_file.chmod(0o600)
    hooks_file.write_text(yaml.safe_dump(HOOKS))
    with served(
        {
            **settings,
            "SECRETS": f"file:{secrets_file}",
            "LEDGER": f"sqlite:{tmp_path}/ledger.db",
            "HOOKS": str(hooks_file),
        },
        log,
    ) as url:
        yield url, log


def post(url, **options):
    """Send the example to the example hook."""
    return requests.post(f"{url}/hooks/example", **{"json": PARTNERS, "headers": {"X-Api-Key": KEY}, **options})


def test_a_webhook_is_saved_by_the_real_server(process):
    """The first request of a process makes everything it needs, after the fork."""
    url, _ = process

    assert post(url, timeout=20).json()["status"] == "created"


def test_every_line_of_the_log_is_json_however_many_threads_write(process):
    """Each line is one write: eighty threads cannot mix theirs."""
    url, log = process
    trace = {"X-Api-Key": KEY, "traceparent": f"00-{'a' * 32}-{'b' * 16}-01"}
    with ThreadPoolExecutor(16) as threads:
        list(threads.map(lambda _: post(url, headers=trace, timeout=20), range(200)))

    lines = [json.loads(line) for line in log.read_text().splitlines()]
    assert sum(line["event"] == "delivered" for line in lines) == 200
    assert all(line["severity"] and line["message"] for line in lines)


def test_the_log_has_ids_and_no_values(process):
    """What a person typed is in SuperOffice and nowhere else."""
    url, log = process
    post(url, timeout=20)
    post(url, json={**PARTNERS, "SourceContactId": "Ada Lovelace"}, timeout=20)

    assert "SourceContactId" in log.read_text()
    assert "Since 2019" not in log.read_text()
    assert "Ada" not in log.read_text()


@pytest.mark.parametrize("chunked", [False, True])
def test_a_body_over_the_limit_gets_its_413(process, chunked):
    """The sender reads the answer, whether it says the length beforehand or not."""
    url, _ = process
    body = b"x" * 3_000_000
    answer = post(url, json=None, data=iter([body]) if chunked else body, timeout=20)

    assert (answer.status_code, answer.headers["Content-Type"]) == (413, "application/problem+json")


def test_an_endless_body_is_cut_off(process):
    """A sender that never stops is answered all the same, and the process goes on."""
    url, _ = process
    with socket.create_connection((urlsplit(url).hostname, urlsplit(url).port), timeout=20) as line:
        line.sendall(b"POST /hooks/example HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n")
        chunk = b"10000\r\n" + b"x" * 65_536 + b"\r\n"
        sent = 0
        try:
            while sent < 400:
                line.sendall(chunk)
                sent += 1
        except OSError:
            pass

    assert sent < 400
    assert requests.get(f"{url}/health", timeout=20).status_code == 200


def test_a_body_that_breaks_off_harms_nobody_else(process):
    """A sender that goes away in the middle leaves no thread hanging."""
    url, _ = process
    with socket.create_connection((urlsplit(url).hostname, urlsplit(url).port), timeout=20) as line:
        line.sendall(b"POST /hooks/example HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n\r\n{")

    assert post(url, timeout=20).status_code == 200
