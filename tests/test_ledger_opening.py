"""Which ledger a setting means."""

from __future__ import annotations

import pytest

from services.errors import InvalidSettings
from services.ledger.opening import open_ledger


@pytest.mark.parametrize(
    "location",
    [
        "sqlite:var/ledger.db",
        "sqlite:/srv/liaison/ledger.db",
        "firestore://my-project/liaison",
        "firestore://my-project/(default)",
    ],
)
def test_finds_the_ledger(location):
    """One of two kinds, where it says."""
    assert repr(open_ledger(location).store) == location


@pytest.mark.parametrize(
    "location",
    [
        "",
        "sqlite:",
        "ledger.db",
        "postgres://my-project/liaison",
        "firestore://my-project",
        "firestore:///liaison",
        "firestore://my-project/Liaison",
        "firestore://my-project/liaison/more",
    ],
)
def test_says_how_a_ledger_is_written(location):
    """The message names the setting, and shows both kinds."""
    with pytest.raises(InvalidSettings, match=r"^LEDGER: .* sqlite:var/ledger.db, or firestore://my-project/liaison.$"):
        open_ledger(location)


def test_days_are_counted_in_seconds():
    """What was delivered is kept for its days, what was refused for its own."""
    ledger = open_ledger("sqlite:var/ledger.db", retain_days=7, retain_refused_days=14)

    assert ledger.retained == {"accepted": 7 * 86400, "refused": 14 * 86400}
