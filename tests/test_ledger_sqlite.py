"""The ledger in SQLite where it hurts: killed, locked out, out of room, in the wrong place, of another version."""

from __future__ import annotations

import resource
import signal
import sqlite3
import stat
import subprocess
import sys
import threading
import time
from contextlib import closing, contextmanager

import pytest

from services.errors import LedgerDown
from services.ledger.opening import open_ledger
from services.ledger.sqlite import SqliteStore
from services.ledger.sqlite_schema import MIGRATIONS
from tests.examples import ROOT
from tests.ledger_writer import ENVIRONMENT
from tests.ledgers import HERE, bring

PATIENT = 5  # seconds: no call may take longer, whatever is wrong


@pytest.fixture
def path(tmp_path):
    """Give a place for a ledger."""
    return tmp_path / "var" / "ledger.db"


@pytest.fixture
def at():
    """Return an opener of ledgers, which are closed in the end."""
    opened = []

    def open_at(path):
        opened.append(open_ledger(f"sqlite:{path}"))
        return opened[-1]

    yield open_at
    for ledger in opened:
        ledger.store.close()


@pytest.fixture
def ledger(path, at):
    """Give a ledger with one submission in it."""
    ledger = at(path)
    bring(ledger, "id-0")
    return ledger


@contextmanager
def refused():
    """Expect LedgerDown within bounded time, with words for the sender that name no file."""
    started = time.monotonic()
    with pytest.raises(LedgerDown) as caught:
        yield caught
    assert time.monotonic() - started < PATIENT
    assert "/" not in caught.value.detail


def write_in_a_process(path, prefix, number):
    """Start a process that writes into the ledger."""
    command = [sys.executable, "-m", "tests.ledger_writer", str(path), prefix, str(number)]
    return subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True)


@pytest.mark.parametrize("rounds", [6, pytest.param(60, marks=pytest.mark.check)])
@pytest.mark.timeout(300)
def test_what_was_told_to_be_on_disk_is_there_after_kill_9(ledger, path, rounds):
    """Killed in the middle of its writes again and again, at any moment."""
    told = {}
    for count in range(rounds):
        with write_in_a_process(path, f"round-{count}", 10_000) as process:
            process.stdout.readline()
            time.sleep(0.1 + 0.037 * count % 0.3)
            process.send_signal(signal.SIGKILL)
            told |= dict(line.split() for line in process.stdout.read().splitlines() if len(line.split()) == 2)
    keys = ledger.store.keys(ENVIRONMENT, "form", told)
    rows = ledger.store.deliveries(key.delivery for key in keys.values())

    assert len(told) > 10 * rounds
    assert keys.keys() == told.keys()
    assert {rows[key.delivery].status for name, key in keys.items() if told[name] == "created"} == {"created"}
    assert all(rows[key.delivery].saves for name, key in keys.items() if told[name] == "marked")
    assert all(ledger.store.content(row.content).body == row.key.encode() * 50 for row in rows.values())
    with closing(sqlite3.connect(path)) as connection:
        assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)


def test_what_was_told_to_be_on_disk_survives_a_power_cut(ledger):
    """SQLite waits for the disk at each commit: `FULL` is 2."""
    with ledger.store._reading() as connection:
        told = [connection.execute(f"PRAGMA {name}").fetchone()[0] for name in ("synchronous", "journal_mode")]

    assert told == [2, "wal"]


def test_two_processes_share_one_ledger(ledger, path):
    """Both get the same submissions at the same moment: each is new to one of them, and delivered by that one."""
    with write_in_a_process(path, "id", 200) as one, write_in_a_process(path, "id", 200) as other:
        told = [line.split() for process in (one, other) for line in process.stdout]

    assert sorted(key for key, what in told if what == "new") == sorted(f"id-{count}" for count in range(200))
    assert sum(what == "created" for _, what in told) == 200


def test_another_process_that_comes_and_goes_takes_nothing_along(ledger, path):
    """Closing the last connection throws the WAL away: nobody may take itself for the last while we have ours."""
    with ledger.store._reading(), ledger.store._reading():  # two threads that read at once
        pass
    look = f"from services.ledger.opening import open_ledger as o; o('sqlite:{path}').store.deliveries(['x'])"
    subprocess.run([sys.executable, "-c", look], cwd=ROOT, check=True)
    bring(ledger, "id-1")

    with closing(sqlite3.connect(path)) as connection:
        assert connection.execute("SELECT count(*) FROM delivery").fetchone() == (2,)


def test_is_its_owners_alone(ledger, path):
    """Submissions hold people's data."""
    modes = {file.name: stat.S_IMODE(file.stat().st_mode) for file in path.parent.iterdir()}

    assert modes == {"ledger.db": 0o600, "ledger.db-wal": 0o600, "ledger.db-shm": 0o600}
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700


def test_takes_an_open_file_for_itself(path, at):
    """One that was copied there with anybody's rights."""
    path.parent.mkdir()
    path.touch(mode=0o644)
    bring(at(path))

    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_opens_nothing_before_it_is_asked(path):
    """It may be made before a fork, and costs nothing where it is not needed."""
    threads = threading.active_count()
    open_ledger(f"sqlite:{path}")

    assert not path.parent.exists()
    assert threading.active_count() == threads


@pytest.mark.check
def test_a_lock_that_stays_is_told_in_time(ledger, path):
    """Nothing is half-written, nothing is written later on, and it works again when the lock is gone."""
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        with refused() as caught:
            bring(ledger, "id-1")
        other.execute("ROLLBACK")

    assert "locked" in caught.value.why
    assert ledger.store.keys(HERE, "form", ["id-1"]) == {}
    assert bring(ledger, "id-1").how == "new"


@pytest.mark.check
def test_no_thread_is_left_waiting_for_a_lock(ledger, path):
    """All of thirty requests have their answer in time, those too that wait behind others."""
    outcomes = []

    def attempt(number):
        with refused():
            bring(ledger, f"id-{number}")
        outcomes.append(number)

    threads = [threading.Thread(target=attempt, args=(number,)) for number in range(1, 31)]
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(PATIENT)
    assert len(outcomes) == 30


def test_a_full_disk_is_told(ledger, path):
    """What could not be written is not there, what was there still is, and it goes on when there is room."""
    was = resource.getrlimit(resource.RLIMIT_FSIZE)
    try:
        resource.setrlimit(resource.RLIMIT_FSIZE, ((path.parent / "ledger.db-wal").stat().st_size, was[1]))
        with refused() as caught:
            bring(ledger, "id-1", body=b"x" * 100_000)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, was)

    assert "disk" in caught.value.why
    assert ledger.store.keys(HERE, "form", ["id-1"]) == {}
    assert [bring(ledger, key).how for key in ("id-0", "id-1")] == ["known", "new"]


def is_a_folder(path):
    """Put a folder where the file should be."""
    path.mkdir(parents=True)


def has_no_folder(path):
    """Put a file where the folder should be."""
    path.parent.write_text("")


def is_something_else(path):
    """Put another file there."""
    path.parent.mkdir()
    path.write_bytes(b"This is no ledger, but a letter. " * 100)


def is_newer(path):
    """Put a ledger there that a later version has made."""
    path.parent.mkdir()
    with closing(sqlite3.connect(path)) as connection:
        connection.execute(f"PRAGMA user_version = {len(MIGRATIONS) + 1}")


@pytest.mark.parametrize("spoil", [is_a_folder, has_no_folder, is_something_else, is_newer])
@pytest.mark.parametrize("use", [bring, lambda ledger: ledger.get(HERE, "01J")])
def test_an_unusable_place_is_told(path, at, spoil, use):
    """The operator hears which file, and what to do."""
    spoil(path)
    with refused() as caught:
        use(at(path))

    assert str(path) in caught.value.why or "newer version" in caught.value.why


def test_comes_back_when_the_place_is_mended(path, at):
    """Without a restart."""
    has_no_folder(path)
    ledger = at(path)
    with refused():
        bring(ledger)
    path.parent.unlink()

    assert bring(ledger).how == "new"


def test_a_deleted_file_is_not_written_to(ledger, path, at):
    """What is told to be on disk must not lie in a file without a name."""
    for file in path.parent.iterdir():
        file.unlink()
    told = bring(ledger, "id-1")

    assert at(path).get(HERE, told.delivery.id).key == "id-1"
    assert ledger.get(HERE, told.delivery.id).key == "id-1"


def test_many_can_make_the_same_ledger_at_once(path):
    """Processes that start together on a new machine."""
    stores = [SqliteStore(path) for _ in range(8)]
    threads = [threading.Thread(target=store.deliveries, args=(["01J"],)) for store in stores]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert [store.note(HERE, "sweep") for store in stores] == [None] * 8
    for store in stores:
        store.close()
