"""Group commit: many threads, one write to the disk, and each is told what became of its own."""

from __future__ import annotations

import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from services.errors import LedgerDown
from services.ledger.contract import Gone
from services.ledger.group_commit import GroupCommit


class Disk:
    """A disk. It remembers what was written together; `go` lets writes end, after `takes`; `fails` is raised by it."""

    def __init__(self, takes=0.0):
        self.takes = takes
        self.written = []
        self.begun = threading.Event()
        self.go = threading.Event()
        self.fails = None

    def write(self, jobs):
        """Write the jobs; their versions are what was written."""
        self.begun.set()
        self.go.wait(10)
        time.sleep(self.takes)
        if self.fails:
            raise self.fails
        self.written.append({job.changes[0].id for job in jobs})
        for job in jobs:
            job.versions = (job.changes[0].id,)


@pytest.fixture
def disk():
    """Give a disk on which the first write has not ended yet."""
    return Disk()


def run(group, number):
    """Write one change, and return what is told: its version, or what went wrong."""
    try:
        return group.run([Gone(f"change-{number}", 1)])[0]
    except (LedgerDown, RuntimeError) as error:
        return type(error)


def start(pool, group, disk, numbers):
    """Let the first write begin, and then the others wait behind it."""
    first = pool.submit(run, group, 0)
    assert disk.begun.wait(5)
    others = [pool.submit(run, group, number) for number in numbers]
    ends = time.monotonic() + 5
    while len(group._queue) < len(others) and time.monotonic() < ends:
        time.sleep(0.001)
    return [first, *others]


def test_who_waits_is_written_together(disk):
    """While one write goes on, those that come gather for the next, and each gets its own answer."""
    group = GroupCommit(disk.write, patience=5)
    with ThreadPoolExecutor(10) as pool:
        told = start(pool, group, disk, range(1, 10))
        disk.go.set()

    assert disk.written == [{"change-0"}, {f"change-{number}" for number in range(1, 10)}]
    assert [one.result() for one in told] == [f"change-{number}" for number in range(10)]


def test_who_gives_up_is_not_written(disk):
    """A sender that was told 503 will send again."""
    group = GroupCommit(disk.write, patience=0.05)
    with ThreadPoolExecutor(3) as pool:
        told = start(pool, group, disk, [1, 2])
        assert [one.result(5) for one in told[1:]] == [LedgerDown] * 2
        disk.go.set()

    assert disk.written == [{"change-0"}]
    assert run(group, 3) == "change-3"


def test_a_write_that_breaks_leaves_nobody_waiting(disk):
    """Those that shared it are told, those behind it have their turn."""
    group = GroupCommit(disk.write, patience=5)
    with ThreadPoolExecutor(3) as pool:
        told = start(pool, group, disk, [1, 2])
        disk.fails = RuntimeError("The disk has gone.")
        disk.go.set()

    outcomes = [one.result() for one in told]
    assert outcomes[0] is RuntimeError
    assert sorted(outcome.__name__ for outcome in outcomes[1:]) == ["LedgerDown", "RuntimeError"]


def test_all_of_many_threads_have_their_turn():
    """Under load, too, nothing is left behind and nothing is written twice."""
    disk = Disk()
    disk.go.set()
    group = GroupCommit(disk.write, patience=20)
    with ThreadPoolExecutor(32) as pool:
        told = list(pool.map(lambda number: run(group, number), range(3000)))

    assert told == [f"change-{number}" for number in range(3000)]
    assert sum(len(together) for together in disk.written) == 3000


def test_who_keeps_coming_together_is_waited_for():
    """Eight threads that write over and over come to share every write, the one that leads it with them."""
    disk = Disk(takes=0.001)
    disk.go.set()
    group = GroupCommit(disk.write, patience=20, pause=0.3)
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda start: [run(group, number) for number in range(start, start + 50)], range(0, 400, 50)))

    assert sum(map(len, disk.written)) == 400
    assert len(disk.written) < 70


class InterruptedOnce:
    """A lock of which the first wait ends in Ctrl-C."""

    def __init__(self, lock):
        self.lock = lock
        self.release = lock.release
        self.is_new = True

    def acquire(self, blocking=True, timeout=-1):
        """Take the lock."""
        if blocking and self.is_new:
            self.is_new = False
            raise KeyboardInterrupt
        return self.lock.acquire(blocking, timeout)


def test_who_is_interrupted_while_he_waits_for_others_harms_nobody():
    """Those that come later are counted anew."""
    disk = Disk(takes=0.001)
    disk.go.set()
    group = GroupCommit(disk.write, patience=20)
    group._crowd, group._gathered = 3, InterruptedOnce(group._gathered)
    with pytest.raises(KeyboardInterrupt):
        group.run([Gone("change-x", 1)])
    with ThreadPoolExecutor(4) as pool:
        told = list(pool.map(lambda number: run(group, number), range(400)))

    assert told == [f"change-{number}" for number in range(400)]
