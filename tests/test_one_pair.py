"""Many submissions about one pair at the same moment, in two processes: one relation comes of them."""

from __future__ import annotations

import itertools
import os
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack

import pytest
import requests
import yaml

from tests.examples import KEY, PARTNERS
from tests.firestore_emulator import HOST, emulator
from tests.ledgers import BOTH
from tests.processes import served

pytestmark = pytest.mark.check

VERIFY = {"header": "X-Api-Key", "secret": "example-key"}
HOOKS = {
    "example": {"verify": VERIFY, "answer_within": 10},
    "newco": {
        "verify": VERIFY,
        "answer_within": 10,
        "missing": "create",
        "relation": {
            "definition": "Partner of",
            "source": {"company": {"name": "{company}"}, "person": {"email": "{email}"}},
            "destination": {"company": {"id": 4}},
            "comment": "{comment}",
        },
    },
}
EVA = {"company": "Newco", "email": "eva@newco.example", "comment": "Signed up"}
_projects = itertools.count(1)


@pytest.fixture(params=BOTH)
def rush(request, tmp_path, settings, secrets):
    """Return a sender of many at once to two processes on one ledger; it returns their answers, once all is done."""
    for name, written in (("secrets.yaml", secrets), ("hooks.yaml", HOOKS)):
        (tmp_path / name).write_text(yaml.safe_dump(written, sort_keys=False))
        (tmp_path / name).chmod(0o600)
    files = {"SECRETS": f"file:{tmp_path}/secrets.yaml", "HOOKS": f"{tmp_path}/hooks.yaml"}
    ledger = {"LEDGER": f"sqlite:{tmp_path}/ledger.db"}
    if request.param == "firestore":
        emulator()
        ledger = {"LEDGER": f"firestore://pairs-{next(_projects)}/liaison", HOST: os.environ[HOST]}
    own = {**settings, **files, **ledger, "RETRY_DELAY": "1"}
    with ExitStack() as stack:
        webhooks = [stack.enter_context(served(own, tmp_path / f"log{number}")) for number in (1, 2)]
        sweeper = stack.enter_context(served(own, tmp_path / "log3", "redeliver"))

        def send(hook, payloads):
            def post(row):
                number, payload = row
                headers = {"X-Api-Key": KEY, "Idempotency-Key": f"id-{number}"}
                url = f"{webhooks[number % 2]}/hooks/{hook}"
                return requests.post(url, json=payload, headers=headers, timeout=30)

            for url in webhooks:
                requests.get(url, timeout=30)
            with ThreadPoolExecutor(len(payloads)) as senders:
                answers = list(senders.map(post, enumerate(payloads)))
            _sweep_until_nothing_is_due(sweeper)
            return answers

        yield send


def _sweep_until_nothing_is_due(url):
    """Sweep for as long as something was, or may soon be."""
    quiet = 0
    while quiet < 2:
        time.sleep(1.2)
        swept = requests.post(url, timeout=60).json()
        quiet = 0 if swept["due"] or swept["left"] else quiet + 1


def test_fifty_at_once_are_one_relation(rush, sandbox):
    """Each is accepted, one of them makes the relation, and in the end it says what the newest one said."""
    answers = rush("example", [{**PARTNERS, "Comment": f"Number {number}"} for number in range(50)])
    newest = max(answers, key=lambda answer: answer.json()["delivery"])

    assert {answer.status_code for answer in answers} == {200}
    assert [relation["Comment"] for relation in sandbox.relations.values()] == [f"Number {answers.index(newest)}"]
    assert sandbox.counts["created"] == 1


def test_the_same_new_company_and_person_are_made_once(rush, sandbox):
    """Twenty submissions that bring somebody new: one company, one person, one relation."""
    answers = rush("newco", [EVA] * 20)

    assert {answer.status_code for answer in answers} == {200}
    counts = sandbox.counts
    assert (counts["created_companies"], counts["created_persons"], counts["created"]) == (1, 1, 1)
