"""The fixtures: a sandbox tenant over real HTTP, the function in front of it, and a way to send to it."""

from __future__ import annotations

import copy
import json
import time

import functions_framework
import hypothesis
import pytest
import yaml

from sandbox.server import start
from services.ledger.contract import Arrival, Entry, Wanted
from services.ledger.opening import open_ledger
from tests.command_line import Operator
from tests.deploying import Checkout
from tests.deployments import deploy_first
from tests.examples import HOOKS, KEY, PARTNERS, ROOT
from tests.google_cloud.gcloud import warm_path

# How quick an example is says more of the machine, and what else it does, than of our code.
hypothesis.settings.register_profile(
    "unhurried",
    hypothesis.settings.default,
    deadline=None,
    suppress_health_check=[hypothesis.HealthCheck.too_slow],
)
hypothesis.settings.load_profile("unhurried")


@pytest.fixture(scope="session")
def running_sandbox():
    """One tenant for all tests: it takes a tenth of a second to start."""
    running = start()
    yield running
    running.close()


@pytest.fixture
def sandbox(running_sandbox):
    """Give the tenant as it was when it was new."""
    running_sandbox.reset()
    return running_sandbox


@pytest.fixture(scope="session")
def deployed(tmp_path_factory, running_sandbox):
    """Give a Google Cloud after the first run of `./liaison deploy`."""
    yield from deploy_first(tmp_path_factory, running_sandbox)


@pytest.fixture
def google(deployed):
    """Give the Google Cloud as it was after the first run."""
    google = deployed.google
    google.recover()
    google.state = copy.deepcopy(deployed.state)
    google.requests.clear()
    yield google
    google.recover()
    assert google.unknown == []


@pytest.fixture
def checkout(tmp_path, google):
    """Return a checkout in front of it; the settings are those that were deployed."""
    return Checkout(tmp_path, PATH=warm_path(), **google.environment)


@pytest.fixture
def secrets(sandbox):
    """Give what an administrator would have got from SuperOffice, and the key of the example hook."""
    app = sandbox.app
    return {
        "superoffice-app-token": app["client_secret"],
        "superoffice-system-token": app["system_token"],
        "superoffice-private-key": app["private_key"],
        "superoffice-client-id": app["client_id"],
        "superoffice-refresh-token": app["refresh_token"],
        "superoffice-username": app["username"],
        "superoffice-password": app["password"],
        "superoffice-ticket": app["ticket"],
        "liaison-api-key": "an-api-key",
        "example-key": KEY,
    }


@pytest.fixture
def settings(sandbox):
    """Give the settings of a function in front of the sandbox's online tenant."""
    return {
        "SUPEROFFICE_URL": sandbox.url,
        "SUPEROFFICE_TENANT": sandbox.tenant_id,
        "SUPEROFFICE_CALLS_PER_SECOND": "0",
    }


@pytest.fixture
def function(tmp_path, monkeypatch, settings, secrets):
    """Return a maker of test clients: `function(hooks, SETTING=…)` is the webhook as it starts with these.

    `target` is another one of the functions.
    """

    def make(hooks=None, *, hold_back=(), target="webhook", **changed):
        own = {name: value for name, value in secrets.items() if name not in hold_back}
        secrets_file = tmp_path / "secrets.yaml"
        secrets_file.write_text(yaml.safe_dump(own))
        secrets_file.chmod(0o600)
        hooks_file = tmp_path / "hooks.yaml"
        written = HOOKS if hooks is None else hooks
        hooks_file.write_text(written if isinstance(written, str) else yaml.safe_dump(written, sort_keys=False))
        files = {"SECRETS": f"file:{secrets_file}", "HOOKS": str(hooks_file), "LEDGER": f"sqlite:{tmp_path}/ledger.db"}
        given = {**settings, **files, **changed}
        for name, value in given.items():
            monkeypatch.setenv(name, value) if value else monkeypatch.delenv(name, raising=False)
        return functions_framework.create_app(target, str(ROOT / "main.py")).test_client()

    return make


@pytest.fixture
def client(function):
    """Start the function with its example hook."""
    return function()


@pytest.fixture
def send(client):
    """Return a sender that knows the key: `send(payload)` posts JSON to the example hook."""

    def post(payload=PARTNERS, hook="example", **options):
        options.setdefault("data", json.dumps(payload))
        options.setdefault("content_type", "application/json")
        headers = {"X-Api-Key": KEY, **options.pop("headers", {})}
        return client.post(f"/hooks/{hook}", headers=headers, **options)

    return post


@pytest.fixture
def operator(client):
    """Return the command line of whoever looks after the function under test."""
    return Operator()


class Look:
    """The ledger of the function under test, as an operator's tool would open it."""

    def __init__(self, folder, environment):
        self.ledger = open_ledger(f"sqlite:{folder}/ledger.db")
        self.environment = environment

    def delivery(self, answer):
        """Return the delivery that an answer is about."""
        return self.ledger.get(self.environment, answer.json["delivery"])

    def all(self, **wanted):
        """Return the deliveries, oldest first."""
        return self.ledger.store.find(self.environment, Wanted(**wanted), 1000)[::-1]


@pytest.fixture
def ledger(tmp_path, settings):
    """Open the ledger that the function writes."""
    look = Look(tmp_path, f"{settings['SUPEROFFICE_URL']} {settings['SUPEROFFICE_TENANT']}")
    yield look
    look.ledger.store.close()


@pytest.fixture
def keep(ledger):
    """Return a keeper of submissions that wait for a sweep; it returns the delivery's id."""

    def write(company, ago=60.0, hook="example", environment=None, **options):
        arrival = Arrival(hook, json.dumps({**PARTNERS, "SourceContactId": company}).encode(), "application/json")
        place, now = environment or ledger.environment, time.time() - ago
        [opened] = ledger.ledger.open(place, arrival, [Entry(None, "f")], now, claim=False, **options)
        return opened.delivery.id

    return write
