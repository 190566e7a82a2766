"""Secrets by name: fetched once, kept for ten minutes, refetched when they fail, told to nobody else."""

from __future__ import annotations

import copy
import logging
import math
import re
import threading
import time
from collections.abc import Callable, Iterable
from contextlib import suppress
from typing import NamedTuple, Protocol, TypeVar

from services.errors import SecretStoreDown, SecretUnusable
from services.secret_sources import open_source

KEPT = 600.0  # seconds a value is used before it is fetched anew
LAST_RESORT = 3600.0  # seconds a value is used at most, and only while the store is down
FAILED = 5.0  # seconds a failure is remembered, so that an outage slows one request in a while, not each
RENEWED = 30.0  # seconds between two renewals of one secret: a stranger's wrong proofs are cheap for us
AT_ONCE = 8  # threads that fetch side by side

# The names that Secret Manager takes, whatever the store: a hooks.yaml works with all three.
_NAME = re.compile(r"([A-Za-z0-9_-]{1,255})(?:@([1-9][0-9]{0,9}))?")

_Done = TypeVar("_Done")
_logger = logging.getLogger("liaison.secrets")


def open_store(location: str, *, clock: Callable[[], float] = time.monotonic) -> SecretStore:
    """Return the store that the setting SECRETS names. Nothing is opened or asked before the first use."""
    return SecretStore(open_source(location), clock=clock)


class Source(Protocol):
    """Where secrets come from. Each call asks anew; SecretStoreDown is raised where asking again may help."""

    def newest(self, name: str, pinned: int | None) -> tuple[bytes, int]:
        """Return the newest value, or that of the pinned version, and the version's number."""

    def before(self, name: str, number: int) -> bytes | None:
        """Return the value before version `number`, if there is one that counts."""

    is_far: bool  # whether waiting for several side by side is worth the threads

    def stamp(self) -> object:
        """Return what changes when kept values are out of date; always the same where only time tells."""


class _Version(NamedTuple):
    """One value of a secret, checked and cut."""

    text: str
    number: int = 0

    def __repr__(self) -> str:
        return f"version {self.number}"


class _Answer(NamedTuple):
    """What the source said: a version, that there is none (for the one before), or why it is unusable."""

    at: float
    stamp: object
    version: _Version | None = None
    error: SecretUnusable | None = None

    def told(self) -> _Version | None:
        if self.error:
            raise copy.copy(self.error)  # a copy: threads that share one would share its traceback
        return self.version


class _Slot:
    """The answer that is kept for one secret. Who holds `lock` is the only one to fetch it."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.lock = threading.Lock()
        self.answer: _Answer | None = None
        self.changed_at = self.renewed_at = -math.inf

    def keep(self, new: _Answer) -> _Answer:
        """Put the new answer in the old one's place, and note when the value changed with it."""
        old, self.answer = self.answer, new
        if old and old.version and new.version and new.version.text != old.version.text:
            self.changed_at = new.at
        return new


class _Outage(NamedTuple):
    """The source did not answer. Until then nobody asks it again."""

    until: float
    error: SecretStoreDown


class SecretStore:
    """The secrets of one source. Safe to share between threads; made before a fork, used after it."""

    def __init__(self, source: Source, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._source = source
        self._clock = clock
        self._slots: dict[tuple[str, str], _Slot] = {}
        self._outage: _Outage | None = None

    def __repr__(self) -> str:
        return f"SecretStore({self._source!r})"

    def text(self, name: str) -> str:
        """Return the newest value of `name`, or the value of version 3 of `name@3`; never an empty one.

        SecretUnusable says what the operator must mend; SecretStoreDown, that it may go by itself.
        """
        return self._newest(name).text

    def proofs(self, name: str) -> tuple[bytes, ...]:
        """Return the values that prove a sender: the newest, then the one before it while that is enabled."""
        newest = self._newest(name)
        before = None if "@" in name else self._before(name, newest.number)
        return tuple(version.text.encode() for version in (newest, before) if version)

    @property
    def is_far(self) -> bool:
        """Whether fetching several side by side saves time."""
        return self._source.is_far

    def fetch(self, names: Iterable[str]) -> None:
        """Fetch those that are not kept, side by side.

        What fails is told when that secret is asked for.
        """
        stamp = self._source.stamp()
        missing = [name for name in names if not self._is_fresh(self._slot(name).answer, stamp)]
        self._each(self._fetch, missing)

    def renew(self, names: Iterable[str]) -> bool:
        """Fetch anew what may be out of date, and return whether a value changed just now.

        "Just now" is since the last renewal was allowed: of several threads whose proof failed with the
        old value only one fetches, and all of them learn that there is another to try.
        """
        return any(self._each(self._renew, names))

    def _each(self, work: Callable[[str], _Done], names: Iterable[str]) -> list[_Done]:
        """Do the work for every name, side by side where each of them has to be waited for."""
        each = list(dict.fromkeys(names))
        if len(each) < 2 or not self._source.is_far:
            return [work(name) for name in each]
        from concurrent.futures import ThreadPoolExecutor

        with ThreadPoolExecutor(min(len(each), AT_ONCE), "secrets") as pool:
            return list(pool.map(work, each))

    def _fetch(self, name: str) -> None:
        with suppress(SecretUnusable, SecretStoreDown):
            self._newest(name)

    def _renew(self, name: str) -> bool:
        slot = self._slot(name)
        with slot.lock, suppress(SecretUnusable, SecretStoreDown):
            if self._clock() - slot.renewed_at >= RENEWED:
                slot.renewed_at = self._clock()
                self._ask(slot, self._source.stamp(), self._reading(name))
        return self._clock() - slot.changed_at < RENEWED

    def _newest(self, name: str) -> _Version:
        version = self._kept(self._slot(name), self._source.stamp(), self._reading(name))
        assert version is not None  # noqa: S101 - only the version before may be none
        return version

    def _before(self, name: str, number: int) -> _Version | None:
        """Return the version before, or none: whatever is wrong with it must not harm the newest."""

        def read() -> _Version | None:
            try:
                value = self._source.before(name, number)
                return None if value is None else _Version(_text(name, value))
            except SecretUnusable as error:
                _logger.warning("secret %s: the version before %s does not count: %s", name, number, error)
                return None

        try:
            return self._kept(self._slot(name, "before"), (self._source.stamp(), number), read)
        except SecretStoreDown:
            return None

    def _reading(self, name: str) -> Callable[[], _Version]:
        def read() -> _Version:
            parts = _NAME.fullmatch(name)
            if not parts:
                # not quoted: what stands in a name's place may be the secret itself, pasted
                raise SecretUnusable(
                    "A secret is named by letters, digits, - and _ (and @3 to pin version 3), but one of those"
                    " asked for is not. Is it the secret itself? Store it, and write its name there."
                )
            value, number = self._source.newest(parts[1], int(parts[2]) if parts[2] else None)
            return _Version(_text(name, value), number)

        return read

    def _slot(self, name: str, which: str = "newest") -> _Slot:
        return self._slots.get((name, which)) or self._slots.setdefault((name, which), _Slot(name))

    def _is_fresh(self, answer: _Answer | None, stamp: object) -> bool:
        if answer is None or answer.stamp != stamp:
            return False
        return self._clock() - answer.at < (FAILED if answer.error else KEPT)

    def _kept(self, slot: _Slot, stamp: object, read: Callable[[], _Version | None]) -> _Version | None:
        """Return what is kept, or let one thread fetch while the others wait for what it gets."""
        answer = slot.answer
        if answer and self._is_fresh(answer, stamp):
            return answer.told()
        resort = self._last_resort(answer, stamp) if self._outage else None
        if not slot.lock.acquire(blocking=resort is None):
            return resort.told() if resort else None  # another thread finds out whether the outage is over
        try:
            answer = slot.answer
            if not (answer and self._is_fresh(answer, stamp)):
                answer = self._ask(slot, stamp, read)
            return answer.told()
        finally:
            slot.lock.release()

    def _ask(self, slot: _Slot, stamp: object, read: Callable[[], _Version | None]) -> _Answer:
        """Ask the source. In an outage go on with what there is, and ask again only after a while."""
        if outage := self._outage:
            if self._clock() < outage.until:
                return self._go_on(slot, stamp, outage.error)
            self._outage = _Outage(self._clock() + FAILED, outage.error)  # one thread asks for them all
        version, error = None, None
        try:
            version = read()
        except SecretUnusable as unusable:
            error = unusable
        except SecretStoreDown as down:
            self._outage = _Outage(self._clock() + FAILED, down)
            resort = self._go_on(slot, stamp, down)
            age = self._clock() - resort.at
            _logger.warning("secret %s: %s The value of %.0f s ago is used on.", slot.name, down, age)
            return resort
        self._outage = None
        return slot.keep(_Answer(self._clock(), stamp, version, error))

    def _go_on(self, slot: _Slot, stamp: object, down: SecretStoreDown) -> _Answer:
        resort = self._last_resort(slot.answer, stamp)
        if resort is None:
            raise copy.copy(down)
        return resort

    def _last_resort(self, answer: _Answer | None, stamp: object) -> _Answer | None:
        """Return the answer if it may still serve while the store is down."""
        if answer is None or answer.error or answer.stamp != stamp:
            return None
        return answer if self._clock() - answer.at < LAST_RESORT else None


def _text(name: str, value: bytes) -> str:
    """Return the value as text, without the white space that editors and `echo` leave around it."""
    try:
        text = value.decode("utf-8-sig").strip()
    except UnicodeDecodeError:
        # `from None`: the decoder's error carries the value
        raise SecretUnusable(
            f"The secret {name!r} is not text in UTF-8. Store it as text: a key as PEM or Base64."
        ) from None
    if not text:
        raise SecretUnusable(f"The secret {name!r} is empty. Store its value anew.")
    return text
