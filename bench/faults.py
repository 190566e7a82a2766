"""`python -m bench.faults`: what is lost and what is doubled while SuperOffice fails, by ledger, sender and seed.

With FIRESTORE_EMULATOR_HOST in the environment over Firestore's emulator too. A run takes some seconds.
"""

import argparse
import os
import sys
import tempfile
import time
from pathlib import Path

from bench.fault_run import Case, run

CASES = (
    *(Case(sender, existing) for existing in ("update", "add") for sender in ("once", "keyed", "unkeyed")),
    *(Case("keyed", existing, "saves and look-ups") for existing in ("update", "add")),
    *(Case("once", existing, "500, done or not") for existing in ("update", "add")),
    *(Case("once", existing, "done after the caller has gone") for existing in ("update", "add")),
    Case("once", "update", "saves and look-ups", about="few"),
    Case("keyed", "add", "saves and look-ups", about="same"),
)
LEDGERS = ("sqlite", "firestore")
ROW = "{:10} {:8} {:8} {:32} {:6}"


def main():
    """Run every case with every seed, and print lost/doubled; exit with 1 where anything was."""
    parser = argparse.ArgumentParser(
        prog="bench.faults", description="What is lost and doubled while SuperOffice fails."
    )
    parser.add_argument("--seeds", type=int, default=3, help="how many")
    parser.add_argument("--ledger", choices=LEDGERS, help="this one alone")
    asked = parser.parse_args()
    ledgers = [asked.ledger] if asked.ledger else [name for name in LEDGERS if name == "sqlite" or _has_emulator()]
    print("Lost/doubled of 150 submissions, 8 in flight, by seed")
    print(ROW.format("ledger", "existing", "sender", "what fails", "about"), *range(1, asked.seeds + 1), sep="  ")
    bad = 0
    with tempfile.TemporaryDirectory() as folder:
        for name in ledgers:
            for case in CASES:
                print(ROW.format(name, case.existing, case.sender, case.faults, case.about), end="", flush=True)
                for seed in range(1, asked.seeds + 1):
                    result = run_in(name, Case(case.sender, case.existing, case.faults, case.about, seed), Path(folder))
                    bad += result.lost + result.doubled
                    print(f"  {result.lost}/{result.doubled}", end="", flush=True)
                print()
    return bad > 0


def run_in(ledger, case, folder):
    """Run a case over an empty ledger of this kind."""
    unique = f"run-{os.getpid()}-{time.monotonic_ns()}"
    return run(case, folder / unique, f"firestore://{unique}/liaison" if ledger == "firestore" else "")


def _has_emulator():
    return "FIRESTORE_EMULATOR_HOST" in os.environ


if __name__ == "__main__":
    sys.exit(main())
