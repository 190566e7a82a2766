"""Cold starts: from the start of the process to the first answer, and to the first relation saved."""

import http.client
import socket
import time

from bench.load import NotMeasured, check, companies, webhook
from bench.processes import check_alive, serving, wait_for_quiet
from bench.warm import free_port, set_delay

POLL = 0.001  # seconds between two looks whether the port is open
SAVED, ANSWERED = "Milliseconds from start to first saved relation", "Milliseconds from start to first answer"


def connect(server):
    """Return the first connection that the server takes."""
    while True:
        try:
            return socket.create_connection(("127.0.0.1", server.port), timeout=20)
        except ConnectionRefusedError:
            check_alive(server)
            time.sleep(POLL)


def ask(server, request):
    """Send one request as soon as that can be done; return the answer, as bytes, once it is whole."""
    with connect(server) as connection:
        connection.sendall(request)
        response = http.client.HTTPResponse(connection)
        response.begin()
        return b"HTTP/1.1 %d \r\n" % response.status + response.read()


def milliseconds_to_relation(contestant, folder):
    """Start a contestant, send it a webhook, and stop it when the relation is saved."""
    company = next(companies)
    with serving(contestant, free_port(), folder) as server:
        answer = ask(server, webhook(company))
        elapsed = time.perf_counter() - server.started
        check(answer, company, "")
    return 1000 * elapsed


def milliseconds_to_answer(contestant, folder):
    """Start a contestant and stop it when it has answered a GET, which goes to nobody else."""
    with serving(contestant, free_port(), folder) as server:
        answer = ask(server, b"GET /health HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n")
        elapsed = time.perf_counter() - server.started
    if not answer.startswith(b"HTTP/1.1 200 "):
        raise NotMeasured(f"{contestant.name} is not healthy: {answer!r}")
    return 1000 * elapsed


def measure_cold(around, pairs, report, plan):
    """Start each contestant of every pair in turn; the first round, which compiles the modules, is void."""
    set_delay(around, 0)
    for number in range(-1, plan.cold_rounds):
        report.others.append(wait_for_quiet())
        for name, seats in pairs.items():
            for seat, contestant in list(seats.items())[:: -1 if number % 2 else 1]:
                saved = milliseconds_to_relation(contestant, around.folder)
                if number >= 0:
                    report.note(SAVED, name, seat, saved)
                # The lesser figure is taken in every third round, which is often enough to see it.
                if number >= 0 and number % 3 == 0:
                    report.note(ANSWERED, name, seat, milliseconds_to_answer(contestant, around.folder))
