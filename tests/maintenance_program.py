"""A process that lives through an hour of SuperOffice maintenance in simulated time, and through what comes after.

`python -m tests.maintenance_program SANDBOX NUMBER RESULT`, with Liaison's settings in the environment: NUMBER
submissions come in that hour, with a sweep each minute; then the tenant is back, and it sweeps until nothing waits.
RESULT is a file: `calls` are the moments at which calls to SuperOffice left, `saves` the submissions in the order in
which they were first saved, `sweeps` what each made of it, and `memory` the process's after each sweep, in KiB.
"""

from __future__ import annotations

import json
import sys
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import functions_framework
import requests

from bench.fault_run import PAIRS
from services.composition import Services, assemble
from services.deadline import Deadline
from services.redelivery import sweep
from services.secret_store import open_store
from services.settings import read_settings
from services.superoffice.answers import WebApiAnswer
from services.superoffice.client import Call, WebApi
from tests.examples import KEY, ROOT

HOUR, MINUTE = 3600, 60
BUDGET = 45.0  # seconds of a sweep
SENDERS = 8
QUIET = 0.003  # seconds in which no thread has stirred: all of them sleep, or wait for one that does
MOST_SWEEPS = 200
START = float(int(time.time()))


class SimulatedTime:
    """A clock that goes on only while all threads sleep, straight to where the first of them wakes up."""

    def __init__(self) -> None:
        self.now = 0.0
        self.calls: list[float] = []
        self._sleepers: list[float] = []
        self._stirred = 0
        self._changed = threading.Condition()

    def clock(self) -> float:
        """Tell the seconds since the beginning."""
        return self.now

    def unix(self) -> float:
        """Tell Unix time."""
        return START + self.now

    def sleep(self, seconds: float) -> None:
        """Sleep, and note when that ends: it is what a call waits for before it leaves."""
        with self._changed:
            wakes = self.now + seconds
            self._sleepers.append(wakes)
            while self.now < wakes:
                stirred = self._stirred
                if not self._changed.wait(QUIET) and stirred == self._stirred:
                    self._go_on(min(self._sleepers))
            self._sleepers.remove(wakes)
            self._stirred += 1
            self.calls.append(self.now)

    def pass_by(self, seconds: float) -> None:
        """Let time pass while nothing is done."""
        with self._changed:
            self._go_on(self.now + seconds)

    def _go_on(self, until: float) -> None:
        self.now = max(self.now, until)
        self._stirred += 1
        self._changed.notify_all()


class WatchedWebApi(WebApi):
    """A WebAPI that notes which submissions were saved, each when it was first tried."""

    saves: dict[str, float]
    time: SimulatedTime

    def send(self, call: Call, deadline: Deadline) -> WebApiAnswer:
        """Call, and note it where it is answered or was under way."""
        try:
            return super().send(call, deadline)
        finally:
            if call.changes:
                self.saves.setdefault(call.body["ContactRelationEntity"]["Comment"], self.time.now)


def memory() -> int:
    """Return the memory of this process in KiB (proc_pid_status(5))."""
    return int(next(line for line in Path("/proc/self/status").open() if line.startswith("VmRSS:")).split()[1])


def put_together(simulated: SimulatedTime, saves: dict[str, float]) -> Services:
    """Make the parts as the function does, in simulated time."""
    settings = read_settings()
    secrets = open_store(settings.secrets)
    webapi = WatchedWebApi(settings, secrets, clock=simulated.clock, sleep=simulated.sleep)
    webapi.saves, webapi.time = saves, simulated
    return assemble(settings, secrets, webapi, simulated.unix)


def live_through(
    sandbox: str, number: int, services: Services, simulated: SimulatedTime, saves: dict[str, float]
) -> Iterator[dict[str, Any]]:
    """Yield what each sweep made of it."""

    def tell(path: str, told: dict[str, Any]) -> None:
        requests.put(f"{sandbox}/sandbox/{path}", json=told, timeout=5).raise_for_status()

    def sweep_now() -> dict[str, Any]:
        began, began_real = simulated.now, time.monotonic()
        summary = sweep(services, budget=BUDGET, clock=simulated.clock)._asdict()
        simulated.pass_by(max(0.0, MINUTE - (simulated.now - began)))
        return {**summary, "at": began, "memory": memory(), "took": time.monotonic() - began_real}

    client = functions_framework.create_app("webhook", str(ROOT / "main.py")).test_client()
    sys.modules["main"]._OPENED.append(services)  # type: ignore[attr-defined]

    def post(count: int) -> str:
        headers = {"X-Api-Key": KEY, "Idempotency-Key": f"id-{count}"}
        source, destination, definition = PAIRS[count % len(PAIRS)]
        relation = {"source_contact_id": source, "destination_contact_id": destination, "comment": str(count)}
        relation["relation_definition_id"] = definition
        answer = client.post("/hooks/example", json=relation, headers=headers)
        return str(answer.json["status"])

    tell("state", {"state": "OfflineMaintenance"})
    each_minute = number * MINUTE // HOUR + 1
    with ThreadPoolExecutor(SENDERS) as senders:
        for first in range(0, number, each_minute):
            assert set(senders.map(post, range(first, min(number, first + each_minute)))) == {"queued"}
            yield sweep_now()
    tell("state", {"state": "Running"})
    saves.clear()  # none of those was sent
    busy = {"path": "SaveContactRelation", "times": 0, "status": 503, "chance": 0.02}
    requests.post(f"{sandbox}/sandbox/faults", json=busy, timeout=5).raise_for_status()
    for _ in range(MOST_SWEEPS):
        yield sweep_now()
        if services.ledger.store.backlog(services.settings.environment).waiting_since is None:
            return
    raise RuntimeError("It does not come to rest.")


def main(sandbox: str, number: int, result: Path) -> None:
    """Live through it, and write the result."""
    simulated, saves = SimulatedTime(), dict[str, float]()
    services = put_together(simulated, saves)
    sweeps = list(live_through(sandbox, number, services, simulated, saves))
    noted = services.ledger.sweep(services.settings.environment)
    told = {"calls": simulated.calls, "saves": list(saves), "sweeps": sweeps, "outages": noted.outages}
    result.write_text(json.dumps(told))


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]), Path(sys.argv[3]))
