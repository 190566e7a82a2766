"""`python -m sandbox` as a process: its file, its port, its end, and its manners on the line."""

from __future__ import annotations

import json
import signal
import socket
import stat
import subprocess
import sys
from pathlib import Path

import pytest
import requests

from sandbox.server import start
from tests.sandbox_api import Online, login

ROOT = Path(__file__).parent.parent


@pytest.fixture
def run():
    """Return a starter of `python -m sandbox`; whatever it started is ended."""
    started = []

    def begin(*arguments):
        command = [sys.executable, "-m", "sandbox", *map(str, arguments)]
        pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
        process = subprocess.Popen(command, cwd=ROOT, **pipes)
        started.append(process)
        return process

    yield begin
    for process in started:
        process.kill()
        process.communicate()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_says_where_it_is_and_ends_at_once(run, number):
    """One line on stdout, also after calls; no traceback at the end."""
    process = run("--port", 0)
    url = process.stdout.readline().split(" at ")[1].split()[0]
    requests.get(f"{url}/sandbox", timeout=10)
    process.send_signal(number)

    assert process.communicate(timeout=5) == ("", "")
    assert process.returncode == 0


def test_a_taken_port_is_told_in_a_sentence(run):
    """Exit code 1 and what to do about it."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        process = run("--port", port)
        _, stderr = process.communicate(timeout=10)

    assert process.returncode == 1
    assert stderr == f"Error: Port {port} is taken by another program; stop that, or choose another port with --port.\n"


def test_keeps_the_tenant_over_restarts(tmp_path):
    """Relations, the app's papers and the next id survive; ids are not given twice."""
    file = tmp_path / "var" / "tenant.json"
    with start(keep=file) as first, Online(first) as session:
        kept, deleted = (session.save().json()["RelationId"] for _ in range(2))
        session.delete(f"Relation/{deleted}")
        relations, app = first.relations, first.app
    with start(keep=file) as second, Online(second) as session:
        assert list(second.relations) == [kept]
        assert (second.relations, {**second.app, **moved(app)}) == (relations, app)
        assert session.save().json()["RelationId"] > deleted
        assert login(second).json()["IsSuccessful"]


def test_has_kept_it_before_it_answers(tmp_path):
    """Killed right after an answer, nothing of it is lost."""
    file = tmp_path / "tenant.json"
    with start(keep=file) as running, Online(running) as session:
        for count in range(1, 4):
            session.save()
            assert len(json.loads(file.read_text())["relations"]) == count


def test_the_file_is_its_owners_alone(tmp_path):
    """It holds a private key; no temporary file is left beside it."""
    file = tmp_path / "tenant.json"
    start(keep=file).close()

    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert list(tmp_path.iterdir()) == [file]


@pytest.mark.parametrize(
    "content", ["", "{", "[]", "null", '{"app": {}}', '{"app": {}, "next_id": 1, "relations": [{"x": 1}]}']
)
def test_a_damaged_file_is_told_in_a_sentence(run, tmp_path, content):
    """It is neither overwritten nor guessed at."""
    file = tmp_path / "tenant.json"
    file.write_text(content)
    process = run("--port", 0, "--keep", file)
    _, stderr = process.communicate(timeout=10)

    assert (process.returncode, file.read_text()) == (1, content)
    assert stderr == f"Error: {file} does not hold a sandbox tenant; move it away, and a fresh one is made.\n"


@pytest.mark.parametrize("keep", [".", "tenant.json/below"])
def test_an_unusable_place_is_told_in_a_sentence(run, tmp_path, keep):
    """A folder, or a place that cannot be."""
    (tmp_path / "tenant.json").write_text("")
    process = run("--port", 0, "--keep", tmp_path / keep)
    _, stderr = process.communicate(timeout=10)

    assert process.returncode == 1
    assert stderr.startswith(f"Error: {tmp_path / keep} cannot be ")
    assert stderr.count("\n") == 1


def test_keeps_connections_alive(sandbox):
    """Two calls share a connection, and the second is not read as a part of the first."""
    with socket.create_connection(("127.0.0.1", int(sandbox.url.rpartition(":")[2])), timeout=10) as line:
        for body in (b'{"x": 1}', b""):
            head = b"POST /sandbox/reset HTTP/1.1\r\nHost: localhost\r\nContent-Length: %d\r\n\r\n" % len(body)
            line.sendall(head + body)

            assert line.recv(4096).startswith(b"HTTP/1.1 204 No Content\r\n")


@pytest.mark.parametrize(
    "head",
    [
        b"GLOPS / HTTP/1.1\r\nHost: localhost\r\n\r\n",
        b"GET\r\n\r\n",
        b"POST /sandbox/reset HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        b"POST /sandbox/reset HTTP/1.1\r\nHost: localhost\r\nContent-Length: -1\r\n\r\n",
    ],
)
def test_survives_what_is_no_request(sandbox, head):
    """There is an answer to it, and the next caller notices nothing."""
    with socket.create_connection(("127.0.0.1", int(sandbox.url.rpartition(":")[2])), timeout=10) as line:
        line.sendall(head)

        assert line.recv(4096)
    assert requests.get(f"{sandbox.url}/sandbox", timeout=10).status_code == 200


def moved(app):
    """Pick what changes with the port."""
    return {"url": app["url"], "onsite_url": app["onsite_url"]}
