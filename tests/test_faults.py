"""The fault run: SuperOffice is busy, drops lines and answers late, senders give up and try again; nothing is lost.

`python -m bench.faults` runs all of it with several seeds and prints a table.
"""

from __future__ import annotations

import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest

from bench.fault_run import Case, run
from bench.faults import CASES, run_in
from services.redelivery import sweep
from tests.examples import HOOKS, KEY, PARTNERS
from tests.faulty_line import FaultyLine
from tests.firestore_emulator import HOST, emulator

EACH_OTHER_SEED = [replace(case, seed=number) for number, case in enumerate(CASES, 1)]
OVER_FIRESTORE = [case for case in EACH_OTHER_SEED if case.faults == "saves and look-ups"]


def name(case):
    """Name a case in the test's report."""
    return f"{case.sender}, {case.existing}, {case.faults}, {case.about}"


def test_nothing_is_lost_or_doubled_while_superoffice_fails(tmp_path):
    """A quarter of the calls is refused, a tenth done without an answer: each submission is one relation in the end."""
    result = run(Case("keyed", "add", number=16), tmp_path)

    assert (result.lost, result.doubled, result.unanswered) == (0, 0, 0)
    assert result.statuses["queued"] > 0


@pytest.mark.check
@pytest.mark.parametrize("case", EACH_OTHER_SEED, ids=name)
def test_over_sqlite(case, tmp_path):
    """150 submissions, 8 in flight, from senders of each kind: 0 lost, 0 doubled."""
    result = run(case, tmp_path)

    assert (result.lost, result.doubled, result.unanswered) == (0, 0, 0)


@pytest.mark.check
@pytest.mark.timeout(180)
@pytest.mark.parametrize("case", OVER_FIRESTORE, ids=name)
def test_over_firestore(case, tmp_path):
    """The same over the ledger for many instances, in Google's own emulator."""
    emulator()
    result = run_in("firestore", case, tmp_path)

    assert (result.lost, result.doubled, result.unanswered) == (0, 0, 0)


def test_what_another_instance_has_tried_is_looked_into(send, sandbox):
    """An array's item that a sweep with a faster clock took up, and left in doubt, is not blindly saved again."""
    items = [{**PARTNERS, "DestinationContactId": company} for company in (4, 11)]
    sandbox.fault(path="SaveContactRelation", delay=0.5)
    with ThreadPoolExecutor() as sender:
        told = sender.submit(send, items)
        while not sandbox.counts["SaveContactRelation"]:
            time.sleep(0.01)
        sandbox.fault(path="SaveContactRelation", drop="after")
        services = sys.modules["main"].services()
        sweep(services._replace(clock=lambda: time.time() + 10))
        told.result()

    assert len(sandbox.relations) == 2


@pytest.mark.parametrize("zone", ["", "Europe/Oslo", "America/New_York"])
def test_what_was_done_is_found_in_every_time_zone(function, sandbox, zone):
    """Whether a relation came into being since an attempt is told by its date, in whatever zone."""
    client = function(SUPEROFFICE_TIME_ZONE=zone)
    sandbox.fault(path="SaveContactRelation", drop="after")
    client.post("/hooks/example", json=PARTNERS, headers={"X-Api-Key": KEY})
    services = sys.modules["main"].services()
    summary = sweep(services._replace(clock=lambda: time.time() + 120))

    assert (summary.delivered, len(sandbox.relations)) == (1, 1)


@pytest.mark.parametrize("existing", ["update", "add"])
def test_what_is_corrected_after_a_doubt(function, sandbox, existing):
    """A refused one whose first save was done comes again with another comment: that is what its relation says."""
    client = function({"example": {**HOOKS["example"], "existing": existing}})

    def post(comment):
        headers = {"X-Api-Key": KEY, "Idempotency-Key": "id-1"}
        return client.post("/hooks/example", json={**PARTNERS, "Comment": comment}, headers=headers).json

    sandbox.fault(path="SaveContactRelation", drop="after")
    assert post("Since 2019")["status"] == "queued"
    sandbox.fault(path="Archive", status=400)
    services = sys.modules["main"].services()
    assert sweep(services._replace(clock=lambda: time.time() + 120)).rejected == 1
    post("Since 2021")

    assert [relation["Comment"] for relation in sandbox.relations.values()] == ["Since 2021"]


@pytest.mark.check
@pytest.mark.timeout(180)
def test_over_firestore_on_a_bad_line(tmp_path, monkeypatch):
    """While answers of the ledger get lost too: whoever was told that it is kept finds it done, once."""
    line = FaultyLine(emulator())
    monkeypatch.setenv(HOST, line.address)
    ended = threading.Event()

    def spoil():
        while not ended.wait(1.0):
            line.fault = "cut"

    with ThreadPoolExecutor() as spoiler:
        spoiler.submit(spoil)
        try:
            result = run_in("firestore", Case("keyed", "add", "saves and look-ups", number=40), tmp_path)
        finally:
            ended.set()
    line.close()
    assert line.lost > 3
    assert result.doubled == 0
    assert result.lost <= result.unanswered
