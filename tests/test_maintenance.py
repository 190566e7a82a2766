"""An hour of SuperOffice maintenance: all that came in it is delivered afterwards, oldest first, within the rate."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from bisect import bisect_left
from pathlib import Path

import pytest
import yaml

from services.redelivery import sweep
from tests.examples import HOOKS, PARTNERS, ROOT

NUMBER = 10_000
RATE = 10  # calls in any second
OUT_OF_ORDER = 200  # places of 10,000, where 8 workers take one after another on a machine that may be busy
STEADY = 6 * 1024  # KiB by which memory may grow once half of it is delivered
WHOLE_HOUR = (3600 - 60, 3600 + 120)


@pytest.fixture(scope="module")
def fast_folder():
    """Give a folder in memory where there is one: it is not the disk that is shown here."""
    memory = Path("/dev/shm")
    with tempfile.TemporaryDirectory(dir=memory if memory.is_dir() else None) as folder:
        yield Path(folder)


@pytest.fixture
def lived_through(fast_folder, settings, secrets, sandbox):
    """Return what came of the hour, and the events of the log."""
    for name, written in (("secrets.yaml", secrets), ("hooks.yaml", HOOKS)):
        (fast_folder / name).write_text(yaml.safe_dump(written, sort_keys=False))
        (fast_folder / name).chmod(0o600)
    environment = {
        **settings,
        "PATH": os.environ["PATH"],
        "SUPEROFFICE_CALLS_PER_SECOND": str(RATE),
        "SECRETS": f"file:{fast_folder}/secrets.yaml",
        "HOOKS": f"{fast_folder}/hooks.yaml",
        "LEDGER": f"sqlite:{fast_folder}/ledger.db",
        "RETRY_DAYS": "0.03",  # 43 minutes, were the outage counted nobody would be left
    }
    result, log = fast_folder / "result", fast_folder / "log"
    command = [sys.executable, "-m", "tests.maintenance_program", sandbox.url, str(NUMBER), str(result)]
    with log.open("w") as out:
        subprocess.run(command, cwd=ROOT, env=environment, stdout=out, stderr=subprocess.STDOUT, check=True)
    return json.loads(result.read_text()), [json.loads(line) for line in log.read_text().splitlines()]


def most_in_a_second(moments):
    """Count the calls in the busiest second, wherever it begins."""
    ordered = sorted(moments)
    return max(bisect_left(ordered, begin + 1) - place for place, begin in enumerate(ordered))


@pytest.mark.check
@pytest.mark.timeout(240)
def test_an_hour_of_maintenance(lived_through, sandbox):
    """10,000 submissions wait: each is delivered, in turn, within the rate, and the memory is flat."""
    told, log = lived_through
    events = [line["event"] for line in log]
    (began, ended) = told["outages"][0]
    memory = [swept["memory"] for swept in told["sweeps"]]
    half = (len(memory) - 60) // 2

    assert sorted(int(each["Comment"]) for each in sandbox.relations.values()) == list(range(NUMBER))
    assert max(abs(place - int(number)) for place, number in enumerate(told["saves"])) < OUT_OF_ORDER
    assert most_in_a_second(told["calls"]) == RATE
    assert (events.count("outage-begins"), events.count("outage-ends"), len(told["outages"])) == (1, 1, 1)
    assert WHOLE_HOUR[0] <= ended - began <= WHOLE_HOUR[1]
    assert sum(swept["dead"] + swept["rejected"] for swept in told["sweeps"]) == 0
    assert memory[-1] - memory[-half] < STEADY


def test_the_sweep_that_finds_the_tenant_back_goes_on(send, sandbox):
    """While the tenant is down one delivery is tried for all; where that one goes, so do the others."""
    sandbox.set_state("OfflineMaintenance")
    statuses = {send({**PARTNERS, "Comment": f"Number {number}"}).json["status"] for number in range(5)}
    sandbox.set_state("Running")
    services = sys.modules["main"].services()
    summary = sweep(services._replace(clock=lambda: time.time() + 120))

    assert statuses == {"queued"}
    assert (summary.delivered, summary.left, len(sandbox.relations)) == (5, 0, 5)
