"""When a delivery is tried again: the delay grows, and what SuperOffice asks for counts."""

from __future__ import annotations

import pytest

from schemas.ledger import Delivery
from services.errors import InDoubt, NoTime, PairBusy, SuperOfficeUnavailable, TenantDown
from services.retries import JITTER, LONGEST, next_try
from services.settings import read_settings

NOW = 1_000_000.0


@pytest.fixture
def delay(settings):
    """Return how long it takes from an error to the next try, with 30 seconds for the first."""
    known = read_settings({**settings, "SECRETS": "file:x", "LEDGER": "sqlite:x", "RETRY_DELAY": "30"})

    def measure(error, tries=0):
        delivery = Delivery("id", "here", "hook", NOW, "a", NOW, tries=tries)
        return next_try(delivery, error, NOW, known) - NOW

    return measure


@pytest.mark.parametrize(
    ("error", "tries", "expected"),
    [
        (InDoubt("", retry_after=1), 0, 30),
        (InDoubt("", retry_after=1), 3, 240),
        (InDoubt("", retry_after=1), 500, LONGEST),
        (SuperOfficeUnavailable("", retry_after=900), 0, 900),
        (SuperOfficeUnavailable("", retry_after=90_000), 0, LONGEST),
        (TenantDown("", retry_after=60), 0, 30),
        (PairBusy("", retry_after=5), 9, 30),
        (NoTime("", retry_after=5), 9, 30),
    ],
)
def test_the_delay_is_the_longer_one(delay, error, tries, expected):
    """Our own doubles; Retry-After counts where it is longer, but for a tenant that is down: that is asked for once."""
    assert expected * (1 - JITTER) <= delay(error, tries) <= min(expected * (1 + JITTER), LONGEST)
