"""The webhook while nothing can be written down: the sender hears when to come again, and all is well afterwards."""

from __future__ import annotations

import resource
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from itertools import count

import pytest

from services.redelivery import sweep
from tests.examples import KEY, PARTNERS
from tests.faulty_line import FaultyLine
from tests.firestore_emulator import HOST, emulator

HOOKS = {
    "example": {
        "verify": {"header": "X-Api-Key", "secret": "example-key"},
        "existing": "add",
        "repeat_within": 0,
        "answer_within": 1,
    }
}
LATEST = 1 + 4  # seconds: answer_within and a few more
LOCK = """
import sqlite3, sys
other = sqlite3.connect(sys.argv[1], isolation_level=None)
other.execute("BEGIN EXCLUSIVE")
print("locked", flush=True)
sys.stdin.read()
"""
_projects = count(1)


@pytest.fixture
def client(function):
    """Start the function with a hook that answers soon."""
    return function(HOOKS)


@contextmanager
def locked(path):
    """Have another process hold the file."""
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
    with subprocess.Popen([sys.executable, "-c", LOCK, str(path)], **pipes) as other:
        assert other.stdout.readline() == "locked\n"
        yield
        other.stdin.close()


@contextmanager
def full(folder):
    """Let no file grow, as on a full disk."""
    was = resource.getrlimit(resource.RLIMIT_FSIZE)
    size = max(file.stat().st_size for file in folder.glob("ledger.db*"))
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, was[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, was)


def timed(send, payload=PARTNERS):
    """Send, and return the answer and the seconds that it took."""
    began = time.monotonic()
    return send(payload), time.monotonic() - began


def turned_away(told):
    """Tell whether the sender heard in time that it is to come again."""
    answer, seconds = told
    return answer.status_code == 503 and answer.headers["Retry-After"].isdecimal() and seconds < LATEST


def settled(threads):
    """Tell whether there are no more threads than before, within some seconds."""
    ends = time.monotonic() + 6
    while threading.active_count() > threads and time.monotonic() < ends:
        time.sleep(0.05)
    return threading.active_count() <= threads


def later(seconds):
    """Return the function's parts at a later time."""
    return sys.modules["main"].services()._replace(clock=lambda: time.time() + seconds)


def test_a_full_disk(send, tmp_path, ledger, sandbox):
    """Nothing of it is kept, nothing is saved, and the next one goes when there is room."""
    send()
    with full(tmp_path):
        assert turned_away(timed(send, {**PARTNERS, "more": "x" * 1_000_000}))

    assert (len(ledger.all()), len(sandbox.relations)) == (1, 1)
    assert send().json["status"] == "created"


def test_a_full_disk_is_in_the_status(send, tmp_path, client):
    """Whoever watches Liaison hears of it, though all that was kept can be read."""
    send()
    with full(tmp_path):
        told = client.get("/status", headers={"Authorization": "Bearer an-api-key"})

    assert told.status_code == 503
    assert "Check the disk" in told.json["ledger"]["problems"][0]


@pytest.mark.check
def test_a_locked_file(send, tmp_path, ledger, sandbox):
    """Sixteen senders at once have their answer in time, no thread is left, and it works again by itself."""
    send()
    threads = threading.active_count()
    with locked(tmp_path / "ledger.db"), ThreadPoolExecutor(16) as senders:
        told = list(senders.map(lambda _: timed(send), range(16)))

    assert all(map(turned_away, told))
    assert settled(threads)
    assert (len(ledger.all()), len(sandbox.relations)) == (1, 1)
    assert send().json["status"] == "created"


@pytest.mark.check
def test_locked_after_the_mark(send, tmp_path, ledger, sandbox):
    """What was saved but could not be noted is told to the sender, and found by the sweep: it is not saved again."""
    send()
    sandbox.fault(path="SaveContactRelation", delay=0.4)
    with ThreadPoolExecutor() as sender:
        told = sender.submit(timed, send, {**PARTNERS, "Comment": "Since 2021"})
        while sandbox.counts["SaveContactRelation"] < 2:
            time.sleep(0.01)
        with locked(tmp_path / "ledger.db"):
            answer, seconds = told.result()
    kept = ledger.delivery(answer)
    summary = sweep(later(120))

    assert (answer.json["status"], kept.status, kept.doubt is not None) == ("created", "queued", True)
    assert seconds < LATEST
    assert (summary.due, summary.delivered, len(sandbox.relations)) == (1, 1, 2)


@pytest.fixture
def line(monkeypatch):
    """Lead to Firestore's emulator over a line that can be cut."""
    line = FaultyLine(emulator())
    line.lasts = True
    monkeypatch.setenv(HOST, line.address)
    yield line
    line.close()


@pytest.mark.check
@pytest.mark.timeout(240)  # gRPC waits longer and longer before it connects again
@pytest.mark.parametrize("fault", ["cut", "silent"])
def test_firestore_down_or_silent(function, line, fault, sandbox):
    """Eight senders at once have their answer in time, no thread is left, and it works again by itself."""
    client = function(HOOKS, LEDGER=f"firestore://down-{next(_projects)}/liaison")
    headers = {"X-Api-Key": KEY}

    def send(_=None):
        return client.post("/hooks/example", json=PARTNERS, headers=headers)

    def work():
        while send().json["status"] != "created":  # the first one may take its second to connect
            pass

    work()
    there, threads = len(sandbox.relations), threading.active_count()
    line.fault = fault
    with ThreadPoolExecutor(8) as senders:
        told = list(senders.map(timed, [send] * 8))
    line.fault = None

    assert all(map(turned_away, told))
    assert settled(threads)
    assert len(sandbox.relations) == there
    work()
