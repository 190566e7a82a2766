"""A process that writes into a ledger of SQLite as fast as it can, and says what it was told is on disk.

`python -m tests.ledger_writer FILE PREFIX NUMBER`: opens NUMBER submissions in 8 threads, `PREFIX-0` and so on, and
takes each through to its end; a line on stdout after each write: the key and what has come of it.
"""

from __future__ import annotations

import os
import sys
import time
from concurrent.futures import ThreadPoolExecutor

from services.ledger.contract import Arrival, Entry
from services.ledger.opening import open_ledger

ENVIRONMENT = "here"


def main(path: str, prefix: str, number: int) -> None:
    """Write all of them."""
    ledger = open_ledger(f"sqlite:{path}")

    def say(key: str, what: str) -> None:
        os.write(1, f"{key} {what}\n".encode())

    def deliver(key: str) -> None:
        (told,) = ledger.open(ENVIRONMENT, Arrival("form", key.encode() * 50), [Entry(key, key)], time.time())
        say(key, told.how)
        if told.claim is None:
            return
        claim = ledger.hold_pair(told.claim, key, time.time(), wanted={"Comment": key})
        say(key, "marked")
        ledger.settle(claim, "created", {"status": "created"}, time.time())
        say(key, "created")

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(deliver, [f"{prefix}-{count}" for count in range(number)]))


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], int(sys.argv[3]))
