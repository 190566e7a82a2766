"""`make bench`: runs both contestants side by side and prints a table, then a line for each bar."""

import argparse
import signal
import sys
import tempfile
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path

from bench import cold, contestants, ledger, lookups, report, senders, warm
from bench.load import NotMeasured
from bench.processes import CORES, HAS_PROC, PINNED, QUIET, REPOSITORY, on_core

SECTIONS = ("throughput", "latency", "cpu", "cold", "memory", "ledger", "senders", "lookups")
FILE, GOOGLE, SYSTEM_USER = (
    "secrets in a file",
    "secrets in Secret Manager",
    "secrets in a file, and the system user's login",
)
BARS = (
    report.Bar("throughput, 16 connections, the same THREADS", (warm.THROUGHPUT, str(warm.BUSY)), 1.0, True),
    report.Bar("... 64 connections, SuperOffice takes 50 ms", (warm.THROUGHPUT, str(warm.SLOW)), 1.0, True),
    report.Bar("... and the plain function at its default", (warm.THROUGHPUT, warm.SLOW_DEFAULT), 3.5, True),
    report.Bar("start to first saved relation, secrets in a file", (cold.SAVED, FILE), 1.1, False),
    report.Bar("start to first saved relation, Secret Manager", (cold.SAVED, GOOGLE), 1.1, False),
    report.Bar("memory, secrets in a file", (warm.MEMORY, FILE), 1.5, False),
    report.Bar("memory, Secret Manager", (warm.MEMORY, GOOGLE), 1.5, False),
    report.Bar(
        "looking first, 16 connections, the plain function not looking", (ledger.SECTION, ledger.LOOKING), 0.6, True
    ),
    report.Bar("queued, 16 connections", (ledger.SECTION, ledger.QUEUED), 2.0, True),
    report.Bar("answered at half load, ms (p99)", (ledger.LATE, ledger.HALF), 50, False, "nothing", digits=0),
    report.Bar("finding what is due among a million, ms", (ledger.DUE, ledger.MILLION), 10, False, "nothing", digits=0),
    report.Bar("throughput, 16 connections, signed by a preset", (senders.STANDARD, str(warm.BUSY)), 1.0, True),
    report.Bar("... 64 connections, SuperOffice takes 50 ms", (senders.STANDARD, str(warm.SLOW)), 1.0, True),
    report.Bar("reading a delivery of Typeform / a whole webhook", senders.COST, 0.10, False, senders.WHOLE, digits=2),
    report.Bar("names until updated, ms (p50)", (lookups.SECTION, lookups.NAMES), 260, False, "nothing", digits=0),
    report.Bar("ids until updated, ms (p50)", (lookups.SECTION, lookups.IDS), 130, False, "nothing", digits=0),
)


@dataclass(frozen=True)
class Plan:
    """What is measured, and how often."""

    sections: tuple
    cases: tuple
    blocks: int
    rounds: int
    cold_rounds: int
    memory_rounds: int
    lookups: int


def arguments():
    """Read the command line."""
    parser = argparse.ArgumentParser(prog="bench", description="Liaison beside the plain function.")
    parser.add_argument("--quick", action="store_true", help="about a minute, and rough")
    parser.add_argument("--only", choices=SECTIONS, help="this part alone")
    parser.add_argument("--same", action="store_true", help="the plain function in both seats: what is chance")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write all figures of all rounds there")
    return parser.parse_args()


def planned(asked):
    """Size the plan for these arguments so that all of it takes four to five minutes."""
    sections = (asked.only,) if asked.only else SECTIONS
    cases = (warm.BUSY, warm.SLOW) if asked.quick else (warm.BUSY, warm.SLOW, *warm.OTHERS)
    if asked.only == "cpu":
        cases = (warm.BUSY,)
    if asked.quick:
        return Plan(sections, cases, blocks=1, rounds=3, cold_rounds=3, memory_rounds=1, lookups=10)
    return Plan(sections, cases, blocks=3, rounds=4, cold_rounds=15, memory_rounds=3, lookups=40)


def measure(around, plan, found, same):
    """Run every part of the plan and note its figures."""
    pairs = {
        FILE: {"plain": contestants.plain(around), "liaison": contestants.liaison(around)},
        GOOGLE: {"plain": contestants.plain_google(around), "liaison": contestants.liaison_google(around)},
    }
    if same:
        pairs = {name: seats | {"liaison": seats["plain"]} for name, seats in pairs.items()}
    if {"throughput", "latency", "cpu"} & set(plan.sections):
        warm.measure_load(around, pairs[FILE], found, plan)
    if "memory" in plan.sections:
        warm.measure_memory(around, pairs, found, plan)
    if "cold" in plan.sections:
        alone = {} if same else {SYSTEM_USER: {"liaison": contestants.liaison(around, login="system-user")}}
        cold.measure_cold(around, pairs | alone, found, plan)
    if "ledger" in plan.sections and not same:
        ledger.measure_ledger(around, pairs[FILE], found, plan)
    if "senders" in plan.sections:
        signed = {"liaison": contestants.liaison(around, hooks=contestants.SENDERS)}
        senders.measure_senders(around, pairs[FILE] | ({} if same else signed), found, plan)
    if "lookups" in plan.sections and not same:
        lookups.measure_lookups(around, found, plan)


def heading():
    """Say what the figures were measured on."""
    framework = metadata.version("functions-framework")
    place = f"the server on core {CORES[0]}, all else on {CORES[1]}" if PINNED else "nothing pinned to a core"
    print(f"Python {sys.version.split()[0]}, functions-framework {framework}, THREADS=80, {place}\n", flush=True)


def print_out(asked, found):
    """Print the table, the bars and what may spoil them; write the JSON where it was asked for."""
    print(report.table(found))
    bars = [bar for bar in BARS if not asked.only or found.judged(bar) is not None]
    if bars:
        heading_of_bars = "Bars, as Liaison / plain where nothing else is said"
        print(f"\n{heading_of_bars:64} wanted   found\n{report.verdicts(found, bars)}")
    if max(found.others, default=0) > QUIET:
        print("\nOther programs were busy meanwhile: run it again when they are not.")
    if not HAS_PROC:
        print("\nMemory and processor time are read from /proc, which this system has not.")
    if asked.quick:
        print("\nA quick run is rough: trust the full one.")
    if asked.json:
        asked.json.write_text(report.as_json(found, BARS))


def main():
    """Measure and print; 0 if it measured, whatever the bars say."""
    asked = arguments()
    if not (REPOSITORY / "main.py").exists() and not asked.same:
        sys.exit("There is no main.py to measure; `--same` measures the plain function against itself.")
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    heading()
    found = report.Report()
    with (
        on_core(1),
        tempfile.TemporaryDirectory(prefix="liaison-bench-") as folder,
        contestants.surroundings(Path(folder)) as around,
    ):
        measure(around, planned(asked), found, asked.same)
    print_out(asked, found)


if __name__ == "__main__":
    try:
        main()
    except NotMeasured as error:
        sys.exit(f"not measured: {error}")
    except KeyboardInterrupt:
        print("\nstopped", file=sys.stderr)
        sys.exit(130)
