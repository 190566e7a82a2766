"""The ledger in one SQLite file: the embedded default, for any number of threads and processes of one machine.

WAL, so that readers and the one writer do not wait for each other; `synchronous=FULL`, so that what was committed
survives a power cut too. https://www.sqlite.org/wal.html, https://www.sqlite.org/pragma.html#pragma_synchronous
"""

from __future__ import annotations

import os
import sqlite3
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, TypeVar

from schemas.ledger import Content, Delivery, Key, Note, Pair
from services.errors import LedgerDown
from services.ledger import sqlite_queries as queries
from services.ledger.contract import Backlog, Change, Conflict, Due, Wanted
from services.ledger.group_commit import GroupCommit, Job
from services.ledger.sqlite_schema import migrate

PATIENCE = 1.5  # seconds for which a write waits for other processes, and at most as many for its turn before that
IDLE_READERS = 8  # connections that are kept open for reading
PRAGMAS = (
    "PRAGMA journal_mode = WAL",
    "PRAGMA synchronous = FULL",
    "PRAGMA secure_delete = ON",  # what is emptied is gone from the disk
    "PRAGMA journal_size_limit = 67108864",
    "PRAGMA cache_size = -16000",  # KiB
)
_BUSY = (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED)
_DAMAGED = (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB)
_SPOILT = (Conflict, ValueError, sqlite3.IntegrityError, sqlite3.ProgrammingError, sqlite3.DataError)
_SHUT = (sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_READONLY, sqlite3.SQLITE_PERM, sqlite3.SQLITE_AUTH)

T = TypeVar("T")


class _Connection(sqlite3.Connection):
    """A connection that knows which file it is on: one of the same name may be another by now."""

    file: tuple[int, int] | None = None  # device and inode


class SqliteStore:
    """Records in one file. Nothing is opened until the first call, so it may be made before a fork."""

    def __init__(self, path: str | Path, *, patience: float = PATIENCE) -> None:
        self.path = Path(path)
        self._patience = patience
        self._group = GroupCommit(self._write, patience=patience)
        self._lock = threading.Lock()
        self._writer: _Connection | None = None
        self._readers: list[_Connection] = []

    def __repr__(self) -> str:
        return f"sqlite:{self.path}"

    def commit(self, changes: Sequence[Change]) -> tuple[Any, ...]:
        """Write all or nothing, together with what other threads write."""
        return self._group.run(changes)

    def deliveries(self, ids: Iterable[str]) -> dict[str, Delivery]:
        """Return those that are there, by id."""
        with self._reading() as connection:
            return queries.deliveries(connection, ids)

    def keys(self, environment: str, hook: str, keys: Iterable[str]) -> dict[str, Key]:
        """Return those that are there, by key."""
        with self._reading() as connection:
            return queries.keys(connection, environment, hook, keys)

    def pairs(self, environment: str, names: Iterable[str]) -> dict[str, Pair]:
        """Return those that are there, by name."""
        with self._reading() as connection:
            return queries.pairs(connection, environment, names)

    def content(self, content_id: str) -> Content | None:
        """Return a request as it came."""
        with self._reading() as connection:
            return queries.content(connection, content_id)

    def note(self, environment: str, name: str) -> Note | None:
        """Return a note."""
        with self._reading() as connection:
            return queries.note(connection, environment, name)

    def due(self, environment: str, now: float, limit: int) -> list[Due]:
        """Return what is due, oldest arrival first."""
        with self._reading() as connection:
            return queries.due(connection, environment, now, limit)

    def find(self, environment: str, wanted: Wanted, limit: int) -> list[Delivery]:
        """Return what is wanted, newest first."""
        with self._reading() as connection:
            return queries.find(connection, environment, wanted, limit)

    def backlog(self, environment: str) -> Backlog:
        """Count what is not done."""
        with self._reading() as connection:
            return queries.backlog(connection, environment)

    def count(self, environment: str, hook: str, standing: str) -> int:
        """Count a hook's deliveries of this standing."""
        with self._reading() as connection:
            return queries.count(connection, environment, hook, standing)

    def closed(self, standing: str, before: float, limit: int) -> list[Delivery]:
        """Return deliveries of any environment that ended before then and were not emptied yet."""
        with self._reading() as connection:
            return queries.closed(connection, standing, before, limit)

    def close(self) -> None:
        """Close the file; the next call opens it again. Not while others write."""
        with self._lock:
            connections = [*self._readers, *([self._writer] if self._writer else [])]
            self._readers, self._writer = [], None
        for connection in connections:
            connection.close()

    def _write(self, jobs: list[Job]) -> None:
        """Write the jobs in one transaction. Nobody else writes in this process meanwhile."""
        try:
            if self._writer is None or self._is_elsewhere(self._writer):
                self.close()
                self._writer = self._connect()
                self._writer.execute("PRAGMA busy_timeout = 0")  # `_patiently` waits more fairly
            _commit_jobs(self._writer, jobs, self._patiently)
        except (sqlite3.Error, OSError, LedgerDown) as error:
            self.close()  # a connection that failed once may be anywhere; the next write opens a new one
            down = error if isinstance(error, LedgerDown) else self._down(error)
            for job in jobs:
                job.error = job.error or down

    @contextmanager
    def _reading(self) -> Iterator[sqlite3.Connection]:
        connection = self._reader()
        try:
            yield connection
        except sqlite3.Error as error:
            connection.close()
            raise self._down(error) from error
        with self._lock:
            if len(self._readers) < IDLE_READERS:
                self._readers.append(connection)
                return
        connection.close()

    def _reader(self) -> _Connection:
        """Return an idle connection, or a new one."""
        try:
            while True:
                with self._lock:
                    idle = self._readers.pop() if self._readers else None
                if idle is None:
                    return self._connect()
                if not self._is_elsewhere(idle):
                    return idle
                idle.close()
        except (sqlite3.Error, OSError) as error:
            raise self._down(error) from error

    def _is_elsewhere(self, connection: _Connection) -> bool:
        """Whether its file was deleted or replaced: what goes in there now would be lost."""
        try:
            return connection.file != _identity(self.path)
        except FileNotFoundError:
            return True

    def _connect(self) -> _Connection:
        _create(self.path)
        file = _identity(self.path)
        connection = sqlite3.connect(
            self.path, self._patience, isolation_level=None, check_same_thread=False, factory=_Connection
        )
        try:
            for pragma in PRAGMAS:
                self._patiently(lambda pragma=pragma: connection.execute(pragma))  # type: ignore[misc]
            migrate(connection)
        except BaseException:
            connection.close()
            raise
        connection.file = file
        return connection

    def _patiently(self, action: Callable[[], T]) -> T:
        """Do something again and again while other processes hold the file, for as long as patience lasts."""
        ends = time.monotonic() + self._patience
        pause = 0.0005
        while True:
            try:
                return action()
            except sqlite3.OperationalError as error:
                if _code(error) not in _BUSY or time.monotonic() + pause > ends:
                    raise
            time.sleep(pause)
            pause = min(pause * 1.5, 0.01)

    def _down(self, error: Exception) -> LedgerDown:
        """Say what an operator can do about it."""
        code = _code(error)
        if code in _BUSY:
            return LedgerDown(f"Another program holds {self.path} locked. Find out which: fuser {self.path}")
        if code == sqlite3.SQLITE_FULL:
            return LedgerDown(f"There is no room left for {self.path}. Make room on that disk.")
        if code in _DAMAGED:
            return LedgerDown(f"{self.path} is no ledger, or it is damaged. Put a sound copy there, or another path.")
        if code in _SHUT or isinstance(error, OSError):
            return LedgerDown(
                f"{self.path} cannot be opened or written ({error})."
                " Check that its folder is there, and that both belong to the user that runs Liaison."
            )
        return LedgerDown(f"{self.path} cannot be used ({error}). Check the disk that it is on.")


def _create(path: Path) -> None:
    """Make the file, and its folder where there is none, its owner's alone. SQLite gives -wal and -shm its mode."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    # Never opened where it is there: closing it would drop all the locks that this process has on it
    # (https://www.sqlite.org/howtocorrupt.html, 2.2), and another process would then throw the WAL away.
    with suppress(FileExistsError):
        os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_RDWR | os.O_CLOEXEC, 0o600))
    if path.stat().st_mode & 0o077:
        path.chmod(0o600)


def _identity(path: Path) -> tuple[int, int]:
    found = os.stat(path)
    return found.st_dev, found.st_ino


def _code(error: Exception) -> int:
    """Return the primary result code of an error, or 0 (https://www.sqlite.org/rescode.html)."""
    return (getattr(error, "sqlite_errorcode", None) or 0) & 0xFF


def _commit_jobs(
    connection: sqlite3.Connection, jobs: Sequence[Job], patiently: Callable[[Callable[[], Any]], Any]
) -> None:
    """Commit all jobs but those that cannot be written: each of these has its own error, and the others go on."""
    pending = list(jobs)
    while pending:
        patiently(lambda: connection.execute("BEGIN IMMEDIATE"))
        spoilt = _apply(connection, pending)
        if spoilt is None:
            connection.execute("COMMIT")
            return
        connection.execute("ROLLBACK")
        pending.remove(spoilt)


def _apply(connection: sqlite3.Connection, jobs: Iterable[Job]) -> Job | None:
    """Write the jobs' changes; stop at the first that cannot be written, and return it.

    A job that fails at its very first change has nothing to be undone, and the others need not be written again.
    """
    for job in jobs:
        versions: list[int | None] = []
        try:
            for change in job.changes if job.error is None else ():
                versions.append(queries.change(connection, change))
        except _SPOILT as error:
            job.error = error
            if versions:
                return job
        job.versions = tuple(versions)
    return None
