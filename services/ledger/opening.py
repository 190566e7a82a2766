"""Which ledger `LEDGER` means: a file of this machine, or a database in Firestore."""

from __future__ import annotations

import re

from services.errors import InvalidSettings
from services.ledger.contract import Store
from services.ledger.ledger import Ledger

# https://cloud.google.com/firestore/docs/manage-databases, "Database ID"
_FIRESTORE = re.compile(r"firestore://([a-z][a-z0-9.:-]{4,}[a-z0-9])/(\(default\)|[a-z][a-z0-9-]{2,61}[a-z0-9])/?")


def open_ledger(location: str, *, retain_days: float = 30, retain_refused_days: float = 90) -> Ledger:
    """Return the ledger; nothing is opened or called yet. Raises InvalidSettings."""
    return Ledger(_store(location), retain_days=retain_days, retain_refused_days=retain_refused_days)


def _store(location: str) -> Store:
    if location.startswith("sqlite:") and (path := location.removeprefix("sqlite:").strip()):
        from services.ledger.sqlite import SqliteStore

        return SqliteStore(path)
    if found := _FIRESTORE.fullmatch(location):
        from services.ledger.firestore import FirestoreStore

        return FirestoreStore(found[1], found[2])
    raise InvalidSettings(
        f"LEDGER: {location!r} is no ledger. Write sqlite:var/ledger.db, or firestore://my-project/liaison."
    )
