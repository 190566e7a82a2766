"""The tenant's companies, persons and definitions, as far as they are kept, and the means to look the rest up."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Hashable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from functools import cached_property
from typing import TYPE_CHECKING, Any, Generic, Protocol, TypeVar

from services.deadline import Deadline
from services.errors import NoTime, PairBusy
from services.superoffice.client import WebApi

if TYPE_CHECKING:
    from concurrent.futures import ThreadPoolExecutor

WORKERS = 16  # look-ups that are under way beside those in the threads of their submissions
DEFINITIONS_ARE_KEPT = 600.0  # seconds
PARTIES_ARE_KEPT = 60.0  # seconds
MOST_KEPT = 10_000

T = TypeVar("T")


class Kept(Generic[T]):
    """Values with the moment they were learnt; the oldest go first where there are too many."""

    def __init__(self, seconds: float, clock: Callable[[], float]):
        self._seconds = seconds
        self._clock = clock
        self._values: dict[Hashable, tuple[float, T]] = {}
        self._lock = threading.Lock()

    def get(self, key: Hashable, younger_than: float = float("inf")) -> T | None:
        """Return what is kept under a key, unless it is too old."""
        with self._lock:
            learnt, value = self._values.get(key, (float("-inf"), None))
        return value if self._clock() - learnt < min(self._seconds, younger_than) else None

    def put(self, key: Hashable, value: T) -> None:
        """Keep a value from now on."""
        with self._lock:
            self._values.pop(key, None)
            self._values[key] = (self._clock(), value)
            if len(self._values) > MOST_KEPT:
                del self._values[next(iter(self._values))]


class Turns:
    """Locks by name: whoever makes something that is found by a name waits for its turn with that name."""

    def __init__(self) -> None:
        self._taken: set[str] = set()
        self._changed = threading.Condition()

    @contextmanager
    def take(self, names: Sequence[str], deadline: Deadline) -> Iterator[None]:
        """Hold all these names at once; raise SuperOfficeUnavailable where they are not free in time."""
        wanted = set(names)
        with self._changed:
            if not self._changed.wait_for(lambda: not wanted & self._taken, deadline.remaining()):
                raise PairBusy("Another submission about the same party is still under way.", retry_after=1)
            self._taken |= wanted
        try:
            yield
        finally:
            with self._changed:
                self._taken -= wanted
                self._changed.notify_all()


class Locks(Protocol):
    """Locks that hold for all processes."""

    def take(self, names: Sequence[str], deadline: Deadline) -> AbstractContextManager[None]:
        """Hold all these names at once."""


class Directory:
    """What looking up needs: the WebAPI, what is kept of its answers, workers, and how people here write.

    `country` is an ISO code (`NO`) or empty, `language` an ISO code. Make it in the process that serves.
    """

    def __init__(
        self,
        webapi: WebApi,
        *,
        country: str = "",
        language: str = "en",
        clock: Callable[[], float] = time.monotonic,
        locks: Locks | None = None,
    ):
        self.webapi = webapi
        self.country = country.upper()
        self.language = language.lower()
        self.definitions: Kept[Any] = Kept(DEFINITIONS_ARE_KEPT, clock)
        self.parties: Kept[Any] = Kept(PARTIES_ARE_KEPT, clock)
        self.turns = Turns()
        self._locks = locks

    @contextmanager
    def making(self, names: Sequence[str], deadline: Deadline) -> Iterator[None]:
        """Be the only one, in this process and in all others, who makes something that is found by these names."""
        with self.turns.take(names, deadline):
            if self._locks is None:
                yield
                return
            with self._locks.take(names, deadline):
                yield

    @cached_property
    def _workers(self) -> ThreadPoolExecutor:
        """The pool, made at the first look-up: a cold start waits for its import."""
        from concurrent.futures import ThreadPoolExecutor

        return ThreadPoolExecutor(WORKERS, thread_name_prefix="look-up")

    def side_by_side(self, deadline: Deadline, *jobs: Callable[[], T]) -> list[T]:
        """Do the jobs at the same time, the first in this thread, and return what each returns.

        What no worker has begun by then is done in this thread too, so that a job may have jobs of its own.
        """
        from concurrent.futures import TimeoutError as NotDone

        others = [self._workers.submit(job) for job in jobs[1:]]
        done = []
        try:
            done += [job() for job in jobs[:1]]
            for other, job in zip(others, jobs[1:], strict=True):
                done.append(job() if other.cancel() else other.result(deadline.remaining()))
        except NotDone as error:
            raise NoTime("There was not enough time left to look everything up.") from error
        finally:
            for other in others:
                other.cancel()
        return done
