"""Throughput, latency, processor time and memory of instances that are up and busy."""

import contextlib
import json
import os
import socket
import time
import urllib.request
from dataclasses import dataclass

from bench import contestants
from bench.load import NotMeasured
from bench.processes import HAS_PROC, check_alive, cpu_seconds, hear, megabytes, serving, tell, wait_for_quiet

WARM_UP = 500  # webhooks before anything counts
TWO_CPUS = "8"  # the threads that functions-framework takes on an instance of two vCPUs, if it is not told


@dataclass(frozen=True)
class Case:
    """A number of connections, the upstream's delay in milliseconds, and how long a round lasts."""

    connections: int
    delay: int
    seconds: float

    def __str__(self):
        """Write it as the table names it."""
        upstream = f"upstream {self.delay} ms" if self.delay else "upstream at once"
        return f"{self.connections} connection{'s'[: self.connections > 1]}, {upstream}"


BUSY, SLOW = Case(16, 0, 1.0), Case(64, 50, 1.0)
THROUGHPUT, LATENCY = "Webhooks a second", "Milliseconds until the answer"
PROCESSOR, MEMORY = "Processor time of a webhook, ms", "Memory after 1,000 webhooks, MB"
OTHERS = (Case(1, 0, 0.5), Case(64, 0, 0.5), Case(1, 50, 0.5), Case(16, 50, 0.5))
SLOW_DEFAULT = f"{SLOW}, plain at its default threads"


def free_port():
    """Find a port that nobody listens on."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return listener.getsockname()[1]


def wait_until_up(server):
    """Wait for the port to open."""
    while True:
        check_alive(server)
        with contextlib.suppress(ConnectionRefusedError):
            return socket.create_connection(("127.0.0.1", server.port), 5).close()
        time.sleep(0.02)


def call(around, server, **command):
    """Run one round of the load against a server: its figures."""
    tell(around.load, json.dumps({"port": server.port, **command}))
    figures = hear(around.load)
    if "wrong" in figures:
        raise NotMeasured(f"a webhook was not saved:\n{figures['wrong']}\n{server.log.read_text()[-2000:]}")
    return figures


@contextlib.contextmanager
def warmed(around, contestant, folder):
    """Run a contestant and give it its first webhooks."""
    folder.mkdir(exist_ok=True)
    with serving(contestant, free_port(), folder) as server:
        wait_until_up(server)
        call(around, server, connections=16, requests=WARM_UP)
        yield server


def set_delay(around, milliseconds):
    """Have SuperOffice answer after so long."""
    url = f"http://127.0.0.1:{around.upstream}/delay"
    urllib.request.urlopen(urllib.request.Request(url, str(milliseconds).encode(), method="PUT"), timeout=5).close()


def measure_load(around, seats, report, plan):
    """Run every case round by round, the contestants in turn, started anew for each block of rounds."""
    seats = dict(seats)
    if "throughput" in plan.sections:
        seats["default"] = contestants.plain(around, threads=None if os.cpu_count() == 2 else TWO_CPUS)
    for block in range(plan.blocks):
        with contextlib.ExitStack() as stack:
            servers = {
                seat: stack.enter_context(warmed(around, contestant, around.folder / seat))
                for seat, contestant in seats.items()
            }
            for number in range(plan.rounds):
                report.others.append(wait_for_quiet())
                for case in plan.cases:
                    set_delay(around, case.delay)
                    one_round(around, servers, case, report, plan.sections, turn=block + number)


def one_round(around, servers, case, report, sections, turn):
    """Run one case for each contestant, another one beginning each time."""
    seats = [seat for seat in servers if seat != "default" or case is SLOW]
    for seat in seats[turn % len(seats) :] + seats[: turn % len(seats)]:
        before = cpu_seconds(servers[seat])
        figures = call(around, servers[seat], connections=case.connections, seconds=case.seconds)
        if seat == "default":
            report.note(THROUGHPUT, SLOW_DEFAULT, "plain", figures["rate"])
            continue
        if case is SLOW and "default" in servers and seat == "liaison":
            report.note(THROUGHPUT, SLOW_DEFAULT, seat, figures["rate"])
        if "throughput" in sections:
            report.note(THROUGHPUT, str(case), seat, figures["rate"])
        if "latency" in sections:
            report.note(LATENCY, f"{case}, p50", seat, figures["p50"])
            report.note(LATENCY, f"{case}, p99", seat, figures["p99"])
        if "cpu" in sections and case is BUSY and HAS_PROC:
            used = 1000 * (cpu_seconds(servers[seat]) - before) / figures["requests"]
            report.note(PROCESSOR, str(case), seat, used)


def measure_memory(around, pairs, report, plan):
    """Note what each contestant holds after the same number of webhooks, running alone."""
    for number in range(plan.memory_rounds if HAS_PROC else 0):
        for name, seats in pairs.items():
            for seat, contestant in list(seats.items())[:: -1 if number % 2 else 1]:
                with warmed(around, contestant, around.folder / seat) as server:
                    call(around, server, connections=64, requests=WARM_UP)
                    report.note(MEMORY, name, seat, megabytes(server))
