"""How long a look-up takes: submissions with names and with ids, against the sandbox, which takes 50 ms a call."""

import contextlib
import http.client
import json
import subprocess
import sys
import time
import urllib.request

from bench.load import API_KEY, NotMeasured
from bench.processes import REPOSITORY, Contestant, kill, on_core, serving, wait_for_quiet
from bench.warm import free_port, wait_until_up

SECTION = "Milliseconds until the relation is updated, SuperOffice takes 50 ms a call"
NAMES, IDS = "names for two companies, a person and the definition", "ids"
DELAY = {"path": "/api/v1/", "times": 0, "delay": 0.05}
JSON = {"Content-Type": "application/json"}
WARM_UP = 5  # submissions of each kind before anything counts
KEY = {"header": "X-Api-Key", "secret": "bench-key"}
# `existing` is left at its default, which is to look for the relation and to save the comment onto it.
HOOKS = {
    "ids": {"verify": KEY},
    "names": {
        "verify": KEY,
        "relation": {
            "definition": "{relation}",
            "source": {"company": {"name": "{company}"}, "person": {"name": "{person}"}},
            "destination": {"company": {"name": "{partner}"}},
            "comment": "{comment}",
        },
    },
}
# Companies and persons of every fresh sandbox; other ones in each, so that neither finds the other's relation.
BODIES = {
    NAMES: (
        "names",
        {"relation": "Partner of", "company": "Nordlys Energi AS", "person": "Ola Hansen", "partner": "Acme"},
    ),
    IDS: (
        "ids",
        {"SourceContactId": 23, "SourcePersonId": 31, "DestinationContactId": 57, "RelationDefinitionId": 18},
    ),
}


@contextlib.contextmanager
def sandbox():
    """Run the sandbox, on the core of all that is not measured; give its address."""
    port = free_port()
    command = [sys.executable, "-m", "sandbox", "--port", str(port)]
    with on_core(1):
        process = subprocess.Popen(
            command, cwd=REPOSITORY, stdout=subprocess.PIPE, stdin=subprocess.DEVNULL, start_new_session=True
        )
    try:
        if not process.stdout.readline():
            raise NotMeasured("the sandbox did not start")
        yield f"http://127.0.0.1:{port}"
    finally:
        kill(process)
        process.stdout.close()


def ask(url, told=None):
    """Ask the sandbox, or tell it something."""
    data = None if told is None else json.dumps(told).encode()
    with urllib.request.urlopen(urllib.request.Request(url, data, JSON), timeout=5) as answer:
        return json.loads(answer.read() or b"null")


def liaison(url, folder):
    """Describe Liaison in front of the sandbox, as an administrator would set it up; write its files."""
    folder.mkdir(exist_ok=True)
    app = ask(f"{url}/sandbox/app")
    secrets = {
        "superoffice-app-token": app["client_secret"],
        "superoffice-system-token": app["system_token"],
        "superoffice-private-key": app["private_key"],
        "liaison-api-key": "bench-api-key",
        "bench-key": API_KEY,
    }
    (folder / "secrets.yaml").touch(mode=0o600)
    (folder / "secrets.yaml").write_text(json.dumps(secrets))  # JSON is YAML
    (folder / "hooks.yaml").write_text(json.dumps(HOOKS))
    environment = {
        "SUPEROFFICE_URL": url,
        "SUPEROFFICE_TENANT": app["tenant"],
        "SUPEROFFICE_CALLS_PER_SECOND": "0",
        "SECRETS": f"file:{folder}/secrets.yaml",
        "LEDGER": f"sqlite:{folder}/ledger.db",
        "HOOKS": f"{folder}/hooks.yaml",
        "THREADS": "80",
    }
    return Contestant("Liaison", "webhook", "main.py", environment)


def milliseconds(connection, kind, number, wanted="updated"):
    """Send a submission with a comment that none had before; return how long its answer took."""
    hook, fields = BODIES[kind]
    body = json.dumps({**fields, "comment": f"Signed up, number {number}"})
    headers = {**JSON, "X-Api-Key": API_KEY}
    began = time.perf_counter()
    connection.request("POST", f"/hooks/{hook}", body, headers)
    answer = connection.getresponse()
    content = answer.read()
    elapsed = time.perf_counter() - began
    if answer.status != 200 or json.loads(content)["status"] != wanted:
        raise NotMeasured(f"a relation was not {wanted}:\n{answer.status} {content.decode()[:2000]}")
    return 1000 * elapsed


def measure_lookups(around, report, plan):
    """Send one submission after another, of each kind in turn, to an instance that is warm."""
    folder = around.folder / "lookups"
    with sandbox() as url, serving(liaison(url, folder), free_port(), folder) as server:
        wait_until_up(server)
        report.others.append(wait_for_quiet())
        with contextlib.closing(http.client.HTTPConnection("127.0.0.1", server.port, timeout=20)) as connection:
            for number in range(WARM_UP):
                for kind in BODIES:
                    milliseconds(connection, kind, f"{number}, unhurried", wanted="updated" if number else "created")
            ask(f"{url}/sandbox/faults", DELAY)
            for number in range(plan.lookups):
                for kind in BODIES:
                    report.note(SECTION, kind, "liaison", milliseconds(connection, kind, number))
