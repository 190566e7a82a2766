"""The benchmark: every part of it runs, and comes to a figure for every bar."""

from __future__ import annotations

import pytest

from bench import contestants, warm
from bench.__main__ import BARS, SECTIONS, Plan, measure
from bench.processes import HAS_PROC
from bench.report import Report


@pytest.mark.check
@pytest.mark.timeout(300)
def test_every_bar_is_measured(tmp_path):
    """A benchmark that has ceased to run would go unnoticed until somebody asks it."""
    plan = Plan(SECTIONS, (warm.BUSY, warm.SLOW), blocks=1, rounds=1, cold_rounds=1, memory_rounds=1, lookups=2)
    found = Report()
    with contestants.surroundings(tmp_path) as around:
        measure(around, plan, found, same=False)

    unmeasured = [bar.name for bar in BARS if found.judged(bar) is None]
    assert unmeasured == [] or not HAS_PROC
