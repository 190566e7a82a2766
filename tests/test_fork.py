"""The real server loads the source, forks, and fetches its secrets from Secret Manager: a channel made before hangs."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest
import requests
import yaml

from tests.examples import HOOKS, KEY, PARTNERS
from tests.processes import served
from tests.secret_manager import start


@pytest.fixture
def manager(secrets):
    """Run Secret Manager with all that the function needs."""
    running = start()
    for name, value in secrets.items():
        running.add(name, value)
    yield running
    running.stop()


@pytest.mark.parametrize("starts", [3, pytest.param(30, marks=pytest.mark.check)])
@pytest.mark.timeout(300)
def test_every_start_fetches_after_its_fork(manager, settings, tmp_path, starts):
    """Started again and again, each process saves its first webhook."""
    hooks = tmp_path / "hooks.yaml"
    hooks.write_text(yaml.safe_dump(HOOKS))
    given = {
        **settings,
        **manager.environment(),
        "SECRETS": manager.location(),
        "LEDGER": f"sqlite:{tmp_path}/ledger.db",
        "HOOKS": str(hooks),
    }

    def first_answer(number):
        with served(given, tmp_path / f"log-{number}") as url:
            return requests.post(f"{url}/hooks/example", json=PARTNERS, headers={"X-Api-Key": KEY}, timeout=30).json()

    with ThreadPoolExecutor(2) as pool:
        assert [answer["status"] for answer in pool.map(first_answer, range(starts))] == ["created"] * starts
    assert sum("/example-key/" in path for path in manager.accesses) == starts
