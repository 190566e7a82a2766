"""One fault run: submissions to Liaison in front of a failing SuperOffice, sweeps until nothing waits, and a count."""

import contextlib
import itertools
import json
import random
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import requests

from bench.load import API_KEY
from bench.lookups import JSON, ask, liaison, sandbox
from bench.processes import REPOSITORY, Contestant, NotMeasured, serving
from bench.warm import free_port, wait_until_up
from services.errors import LedgerDown
from services.ledger.opening import open_ledger

IN_FLIGHT = 8
SENDER_TRIES = 4  # the first one and three more
IMPATIENT = 0.2  # of the tries of a sender that tries again are given up before the answer comes
MOST_SWEEPS = 400
COMPANIES = (4, 11, 23, 57, 686, 687, 688, 701, 1881, 720, 721, 730, 731, 735, 740, 750, 751)  # of a fresh sandbox
DEFINITIONS = (18, 19)
PAIRS = tuple((*pair, definition) for definition in DEFINITIONS for pair in itertools.combinations(COMPANIES, 2))
FEW = 10  # pairs, where several submissions are about each
SAVES = ("/SaveContactRelation", "/api/v1/Relation/")  # a new one, and a change to one
UNAVAILABLE = {"status": 503, "headers": {"Retry-After": "1"}}

# What may happen to a call, and how probably; else it is done and answered 200.
AS_MEASURED = ((0.25, UNAVAILABLE), (0.10, {"drop": "after"}), (0.05, {"delay": 0.1}))
FAULTS = {
    "saves": (SAVES, AS_MEASURED),
    "saves and look-ups": ((None,), AS_MEASURED),
    "500, done or not": ((None,), ((0.15, {"status": 500}), (0.15, {"status": 500, "work": True}))),
    "done after the caller has gone": (SAVES, ((0.25, {"delay": 1.5}), (0.10, {"drop": "after"}))),
}


@dataclass(frozen=True)
class Case:
    """What is sent and how, and what goes wrong.

    `sender`: `once`, `keyed` (tries again, with an Idempotency-Key) or `unkeyed` (tries again). `about`: each
    submission is about another pair, several are about each (`few`), or they have the same comment too (`same`).
    """

    sender: str = "once"
    existing: str = "update"
    faults: str = "saves"
    about: str = "many"
    seed: int = 1
    number: int = 150

    def submissions(self):
        """Return the bodies, in the order in which they are sent."""
        pairs = PAIRS if self.about == "many" else PAIRS[:FEW]
        comment = "Signed up" if self.about == "same" else "Signed up, number {}"
        return [
            {
                "SourceContactId": source,
                "DestinationContactId": destination,
                "RelationDefinitionId": definition,
                "Comment": comment.format(number),
            }
            for number, (source, destination, definition) in zip(range(self.number), itertools.cycle(pairs))
        ]


@dataclass(frozen=True)
class Result:
    """What became of a case: `unanswered` senders never had a 200."""

    lost: int
    doubled: int
    unanswered: int
    sweeps: int
    statuses: dict


@dataclass(frozen=True)
class Stand:
    """Liaison in front of a sandbox: the addresses, its ledger, and the file that its clock goes by."""

    sandbox: str
    webhook: str
    redeliver: str
    ledger: object
    environment: str
    ahead: Path

    def move_clock(self, seconds):
        """Have Liaison and SuperOffice live so much later than this machine."""
        new = self.ahead.with_suffix(".new")
        new.write_text(str(seconds))
        new.replace(self.ahead)
        requests.put(f"{self.sandbox}/sandbox/clock", json={"ahead": seconds}, timeout=5).raise_for_status()


@contextlib.contextmanager
def standing(folder, ledger="", answer_within=4):
    """Start a sandbox and both functions, with an empty ledger: a file, or the one that is named."""
    folder.mkdir(parents=True, exist_ok=True)
    ahead = folder / "ahead"
    ahead.write_text("0")
    with contextlib.ExitStack() as stack:
        url = stack.enter_context(sandbox())
        plain = liaison(url, folder)
        hook = {"verify": {"header": "X-Api-Key", "secret": "bench-key"}, "answer_within": answer_within}
        (folder / "hooks.yaml").write_text(json.dumps({how: {**hook, "existing": how} for how in ("update", "add")}))
        environment = {**plain.environment, "CLOCK_AHEAD": str(ahead), "PYTHONPATH": str(REPOSITORY)}
        environment |= {"LEDGER": ledger} if ledger else {}
        environment |= {name: value for name, value in _emulator().items() if ledger}
        addresses, servers = {}, []
        for target in ("webhook", "redeliver"):
            (folder / target).mkdir(exist_ok=True)
            contestant = Contestant(target, target, "bench/clocked.py", environment)
            servers.append(stack.enter_context(serving(contestant, free_port(), folder / target)))
            addresses[target] = f"http://127.0.0.1:{servers[-1].port}"
        for server in servers:
            wait_until_up(server)
        opened = open_ledger(environment["LEDGER"])
        stack.callback(opened.store.close)
        yield Stand(
            url, **addresses, ledger=opened, environment=f"{url} {environment['SUPEROFFICE_TENANT']}", ahead=ahead
        )


LATE = 4.0  # seconds; the latest save takes 1.5, and longer on a busy machine


def run(case, folder, ledger=""):
    """Run a case from its beginning to its end, and count."""
    with standing(folder, ledger, answer_within=1 if "gone" in case.faults else 4) as stand:
        for told in _faults(case):
            ask(f"{stand.sandbox}/sandbox/faults", told)
        bodies = case.submissions()
        with ThreadPoolExecutor(IN_FLIGHT) as senders:
            answers = list(senders.map(lambda row: _send(*row, case, stand), enumerate(bodies)))
        if "gone" in case.faults:
            time.sleep(LATE)  # what SuperOffice is still at must not look as if it were a minute old
        sweeps = _sweep_until_nothing_waits(stand)
        relations = ask(f"{stand.sandbox}/sandbox")["relations"]
    lost, doubled = _count(case, bodies, answers, relations)
    statuses = Counter(answer["status"] for answer in answers if answer)
    return Result(lost, doubled, answers.count(None), sweeps, dict(statuses))


def _emulator():
    """Return where Firestore's emulator is, for a process that is to use it."""
    import os

    return {name: value for name, value in os.environ.items() if name == "FIRESTORE_EMULATOR_HOST"}


def _faults(case):
    """Yield what the sandbox is told; a fault that passes a call by leaves it to the next."""
    paths, faults = FAULTS[case.faults]
    for path in paths:
        left = 1.0
        for number, (chance, fault) in enumerate(faults):
            yield {"path": path, "times": 0, "chance": chance / left, "seed": 10 * case.seed + number, **fault}
            left -= chance


def _send(number, body, case, stand):
    """Send as this kind of sender does; return the answer that it had in the end, or None."""
    chances = random.Random(f"{case.seed}/{number}")
    headers = {**JSON, "X-Api-Key": API_KEY, **({"Idempotency-Key": f"id-{number}"} if case.sender == "keyed" else {})}
    for _ in range(SENDER_TRIES if case.sender != "once" else 1):
        gives_up = case.sender != "once" and chances.random() < IMPATIENT
        with contextlib.suppress(requests.RequestException):
            told = requests.post(
                f"{stand.webhook}/hooks/{case.existing}",
                json.dumps(body),
                headers=headers,
                timeout=(5, chances.choice((0.001, 0.02, 0.2))) if gives_up else 30,
            )
            if told.status_code == 200:
                return told.json()
    return None


def _sweep_until_nothing_waits(stand):
    """Sweep, and put the clock on to when the next delivery is due; return how many sweeps it took."""
    ahead, left = 0.0, None
    for number in range(MOST_SWEEPS):
        told = requests.post(stand.redeliver, timeout=90)
        if told.status_code != 503:  # the ledger was down, so the next one has it all
            told.raise_for_status()
        due_since = None
        with contextlib.suppress(LedgerDown):
            left = stand.ledger.store.backlog(stand.environment)
            if left.waiting_since is None:
                return number + 1
            due_since = left.due_since
        ahead = max(ahead + 5, (due_since or 0.0) - time.time() + 5)
        stand.move_clock(ahead)
    raise NotMeasured(f"After {MOST_SWEEPS} sweeps there still wait {left and left.counts}.")


def _count(case, bodies, answers, relations):
    """Return how many are lost and how many doubled: of each pair, and of each comment where they differ."""

    def about(body):
        pair = tuple(sorted((body["SourceContactId"], body["DestinationContactId"])))
        return (*pair, body["RelationDefinitionId"], body["Comment"])

    wanted = Counter(about(body) for body in bodies)
    if case.existing == "update":
        newest = {}
        for body, answer in zip(bodies, answers, strict=True):
            pair, arrived = about(body)[:3], answer["delivery"] if answer else ""
            newest[pair] = max(newest.get(pair, ("", "")), (arrived, body["Comment"]))
        wanted = Counter({(*pair, comment): 1 for pair, (_, comment) in newest.items()})
    there = Counter(about(relation) for relation in relations)
    return sum((wanted - there).values()), sum((there - wanted).values())
