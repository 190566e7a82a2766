"""The ledgers that one suite runs over, and what tests put into them."""

from __future__ import annotations

import hashlib
import itertools
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from schemas.ledger import Trouble
from services.ledger.contract import Arrival, Claim, Entry, Opened
from services.ledger.ledger import Ledger
from services.ledger.opening import open_ledger
from tests.firestore_emulator import emulator

NOW = 1_780_000_000.0
HERE = "https://online.superoffice.com Cust26759"
ELSEWHERE = "https://sod.superoffice.com Cust26759"
BOTH = ("sqlite", pytest.param("firestore", marks=pytest.mark.check))
DOWN = Trouble(NOW, "superoffice-unavailable", "SuperOffice is in maintenance.")
REFUSED = Trouble(NOW, "invalid-submission", "Ada Lovelace is not known here.")
_projects = itertools.count(1)


@contextmanager
def opened(kind: str, folder: Path) -> Iterator[Ledger]:
    """Open an empty ledger of this kind."""
    location = f"sqlite:{folder / 'var' / 'ledger.db'}"
    if kind == "firestore":
        emulator()
        location = f"firestore://project-{next(_projects)}/liaison"
    ledger = open_ledger(location)
    yield ledger
    ledger.store.close()


def bring(
    ledger: Ledger, key: str | None = "id-1", now: float = NOW, *, body: bytes = b"{}", **options: object
) -> Opened:
    """Open one submission of the hook `form`. `seconds`: the key is a hash that counts for so long."""
    seconds = options.pop("seconds", None)
    environment = options.pop("environment", HERE)
    arrival = Arrival(str(options.pop("hook", "form")), body, "application/json", {"X-Form": "7"}, "a=1")
    (told,) = ledger.open(environment, arrival, [Entry(key, hashlib.sha256(body).hexdigest(), seconds)], now, **options)
    return told


def saving(ledger: Ledger, key: str, now: float = NOW, pair: str = "686|4|12") -> Claim:
    """Open one submission whose save is about to go out."""
    claim = ledger.hold_pair(bring(ledger, key, now).claim, pair, now, wanted={"Comment": "Signed up"})
    assert claim is not None
    assert claim.is_marked
    return claim


def created(ledger: Ledger, key: str, now: float = NOW, **options: object):
    """Open one submission and settle it as created."""
    claim = ledger.hold_pair(bring(ledger, key, now, **options).claim, "686|4|12", now, wanted={})
    return ledger.settle(claim, "created", {"status": "created", "relation": {"RelationId": 888}}, now)
