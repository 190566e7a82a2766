"""What the ledger notes by the way: requests refused at the door, sweeps, and outages of the whole tenant."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest

from services.ledger.contract import Refusal
from services.ledger.notes import Sweep
from services.ledger.opening import open_ledger
from tests.ledgers import BOTH, ELSEWHERE, HERE, NOW, opened


@pytest.fixture(params=BOTH)
def ledger(request, tmp_path):
    """Give an empty ledger, one of each kind in turn."""
    with opened(request.param, tmp_path) as ledger:
        yield ledger


def test_the_last_hundred_refusals_are_kept(ledger):
    """For each hook, newest first; those that come at the same moment are all there."""
    lines = [Refusal(NOW + number, "form", 401, "not-proven", number) for number in range(150)]
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda line: ledger.door.refuse(HERE, line), lines[:100]))
    for line in lines[100:]:
        ledger.door.refuse(HERE, line)
    last = lines[0]._replace(hook="last")  # with which all go that were left waiting, where the store was slow
    assert any(ledger.door.refuse(HERE, last) for _ in range(5))

    assert ledger.door.refusals(HERE, "form")[:50] == tuple(reversed(lines[100:]))
    assert len(set(ledger.door.refusals(HERE, "form"))) == 100
    assert ledger.door.refusals(HERE, "other") == ()


def test_a_ledger_that_is_down_costs_no_time(tmp_path):
    """Strangers hear 401 as ever; their lines wait for the next one."""
    (tmp_path / "var").write_text("")
    ledger, started = open_ledger(f"sqlite:{tmp_path / 'var' / 'ledger.db'}"), time.monotonic()
    with ThreadPoolExecutor(30) as pool:
        told = list(pool.map(lambda size: ledger.door.refuse(HERE, Refusal(NOW, "form", 401, "x", size)), range(30)))
    (tmp_path / "var").unlink()

    assert (set(told), time.monotonic() - started < 5) == ({False}, True)
    assert ledger.door.refuse(HERE, Refusal(NOW, "form", 401, "x", 30))
    assert {line.size for line in ledger.door.refusals(HERE, "form")} == set(range(31))
    ledger.store.close()


def test_a_sweep_is_noted(ledger):
    """`/status` asks when the last one ran, for this tenant."""
    ledger.swept(HERE, NOW)
    ledger.swept(HERE, NOW + 60)

    assert (ledger.sweep(HERE), ledger.sweep(ELSEWHERE)) == (Sweep(NOW + 60), Sweep())


def test_an_outage_is_news_once(ledger):
    """Not by each delivery; and its end tells how long it was."""
    with ThreadPoolExecutor(8) as pool:
        news = list(pool.map(lambda _: ledger.outage_begins(HERE, NOW, "superoffice-unavailable"), range(8)))

    assert sum(news) == 1
    assert (ledger.sweep(HERE).outage_since, ledger.sweep(HERE).outage_reason) == (NOW, "superoffice-unavailable")
    assert (ledger.outage_ends(HERE, NOW + 600), ledger.outage_ends(HERE, NOW + 601)) == (600, None)


def test_an_outage_uses_up_nobodys_days(ledger):
    """Time that is over, time that goes on, and time before the submission came."""
    ledger.outage_begins(HERE, NOW, "down")
    ledger.outage_ends(HERE, NOW + 100)
    ledger.outage_begins(HERE, NOW + 1000, "down")
    sweep = ledger.sweep(HERE)

    assert sweep.time_counted(NOW + 50, NOW + 200) == 100
    assert sweep.time_counted(NOW + 50, NOW + 2000) == 900
    assert replace(sweep, outage_since=None).time_counted(NOW + 50, NOW + 2000) == 1900
    assert sweep.time_counted(NOW, NOW - 5) == 0
