"""A process that does what it is told, each time in a child of its own, which kills itself where it is told to.

One order a line on stdin, as JSON: `settings` (those of Liaison), `sandbox` (its address), `ahead` (seconds by which
the clocks are ahead), `dies_at` (the step; none: it lives), `dies_on_the_way` (a path: it dies while a call to it is
under way) and `acts`, each a list:

    ["post", hook, payload, key]    a sender; without a key `null`
    ["sweep"]                       what Cloud Scheduler calls for
    ["rest"]                        sweeps until nothing waits, while the clock goes much faster
    ["list"]                        the deliveries that the ledger has

One line on stdout for each order: `told`, what each act came to before the child died, and the names of the `steps`
that were taken. A step is a commit of the ledger, and what comes before and after a call to SuperOffice.
"""

from __future__ import annotations

import json
import os
import signal
import sys
import threading
import time
import traceback
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import functions_framework
import requests

from services.composition import Services, assemble
from services.deadline import Deadline
from services.ledger.contract import Change, Store, Wanted
from services.ledger.ledger import Ledger
from services.outage import Outage
from services.redelivery import sweep
from services.secret_store import open_store
from services.settings import read_settings
from services.superoffice.answers import WebApiAnswer
from services.superoffice.client import Call, WebApi
from tests.examples import KEY

MOST_SWEEPS = 100
A_MOMENT = 0.2  # seconds in which a call is sent, and before which its answer does not come
HASTE = 30.0  # seconds of the clock in one second, while all come to rest
ROOT = Path(__file__).parent.parent


class Steps:
    """Counts the steps of this process, and kills it at one of them, without a last word."""

    def __init__(self, dies_at: int | None):
        self.names: list[str] = []
        self._dies_at = dies_at
        self._lock = threading.Lock()

    def take(self, name: str) -> None:
        """Take a step."""
        with self._lock:
            self.names.append(name)
            if len(self.names) == self._dies_at:
                os.kill(os.getpid(), signal.SIGKILL)


class SteppedStore:
    """A store of which each commit is a step."""

    def __init__(self, store: Store, steps: Steps):
        self._store = store
        self._steps = steps

    def __getattr__(self, name: str) -> Any:
        return getattr(self._store, name)

    def commit(self, changes: Sequence[Change]) -> tuple[Any, ...]:
        """Commit, and then take the step."""
        versions = self._store.commit(changes)
        self._steps.take("commit " + ", ".join(sorted({type(change).__name__ for change in changes})))
        return versions


class SteppedWebApi(WebApi):
    """A WebAPI of which each call is two steps, one before it and one after it, however it ends."""

    steps: Steps
    dies_on_the_way: str | None = None

    def send(self, call: Call, deadline: Deadline) -> WebApiAnswer:
        """Take a step, call, and take another."""
        name = f"{call.method} {call.path}"
        self.steps.take(f"before {name}")
        if self.dies_on_the_way and self.dies_on_the_way in name:
            threading.Timer(A_MOMENT, os.kill, (os.getpid(), signal.SIGKILL)).start()
        try:
            return super().send(call, deadline)
        finally:
            self.steps.take(f"after {name}")


class Clock:
    """Unix time, some seconds ahead, and more with each second where it hurries; SuperOffice goes by the same."""

    def __init__(self, sandbox: str, ahead: float):
        self._sandbox = sandbox
        self._haste = 0.0
        self.move(ahead)

    def __call__(self) -> float:
        """Tell the time."""
        return time.time() + self.ahead()

    def ahead(self) -> float:
        """Return by how many seconds it is ahead of this machine's clock now."""
        return self._ahead + self._haste * (time.monotonic() - self._since)

    def move(self, ahead: float, haste: float = 0.0) -> None:
        """Be so many seconds ahead from now on."""
        self._ahead, self._haste, self._since = ahead, haste, time.monotonic()
        requests.put(f"{self._sandbox}/sandbox/clock", json={"ahead": ahead}, timeout=5).raise_for_status()


def put_together(order: Mapping[str, Any], steps: Steps, clock: Callable[[], float]) -> Services:
    """Make the parts as the function does, and count what they do."""
    known = read_settings(order["settings"])
    secrets = open_store(known.secrets)
    webapi = SteppedWebApi(known, secrets)
    webapi.steps, webapi.dies_on_the_way = steps, order.get("dies_on_the_way")
    services = assemble(known, secrets, webapi, clock)
    ledger = Ledger(SteppedStore(services.ledger.store, steps))
    return services._replace(ledger=ledger, outage=Outage(ledger, known.environment, clock))


def act(name: str, told: Sequence[Any], services: Services, clock: Clock, client: Any) -> Any:
    """Do one thing, and return what came of it."""
    if name == "post":
        hook, payload, key = told
        headers = {"X-Api-Key": KEY, **({"Idempotency-Key": key} if key else {})}
        answer = client.post(f"/hooks/{hook}", json=payload, headers=headers)
        return {"code": answer.status_code, **answer.json}
    if name == "sweep":
        return sweep(services)._asdict()
    if name == "rest":
        return rest(services, clock)
    found = services.ledger.store.find(services.settings.environment, Wanted(), 1000)
    return [{"id": row.id, "status": row.status, "reason": row.reason, "item": row.item} for row in found]


def rest(services: Services, clock: Clock) -> int:
    """Sweep until nothing waits, and return how many sweeps it took."""
    for number in range(MOST_SWEEPS):
        clock.move(clock.ahead(), HASTE)
        sweep(services)
        backlog = services.ledger.store.backlog(services.settings.environment)
        if backlog.waiting_since is None:
            return number + 1
        clock.move(max(clock.ahead(), (backlog.due_since or 0.0) - time.time() + 1))
    raise RuntimeError(f"After {MOST_SWEEPS} sweeps there still wait {backlog.counts}.")


def live(order: Mapping[str, Any], client: Any, out: int) -> None:
    """Do all acts of an order; what each came to is written at once."""
    steps = Steps(order.get("dies_at"))
    clock = Clock(order["sandbox"], order.get("ahead", 0.0))
    services = put_together(order, steps, clock)
    sys.modules["main"]._OPENED.append(services)
    for name, *told in order["acts"]:
        came = act(name, told, services, clock, client)
        os.write(out, json.dumps({"told": came}).encode() + b"\n")
    os.write(out, json.dumps({"steps": steps.names}).encode() + b"\n")


def carry_out(order: Mapping[str, Any], client: Any) -> dict[str, Any]:
    """Have a child carry an order out, and wait for its end."""
    heard, out = os.pipe()
    child = os.fork()
    if child == 0:
        failed = 1
        try:
            os.close(heard)
            live(order, client, out)
            failed = 0
        except BaseException:
            traceback.print_exc()
        finally:
            os._exit(failed)
    os.close(out)
    with os.fdopen(heard) as lines:
        came = [json.loads(line) for line in lines]
    _, status = os.waitpid(child, 0)
    return {
        "told": [each["told"] for each in came if "told" in each],
        "steps": next((each["steps"] for each in came if "steps" in each), None),
        "killed": os.WIFSIGNALED(status),
        "failed": os.WIFEXITED(status) and os.WEXITSTATUS(status) != 0,
    }


def main() -> None:
    """Import everything once, and carry out what comes."""
    answers = os.dup(1)
    os.dup2(2, 1)  # the log is not an answer
    client = functions_framework.create_app("webhook", str(ROOT / "main.py")).test_client()
    import services.ledger.sqlite
    import services.superoffice.resolving  # noqa: F401 - what the children would import one by one

    for line in sys.stdin:
        os.write(answers, json.dumps(carry_out(json.loads(line), client)).encode() + b"\n")


if __name__ == "__main__":
    main()
