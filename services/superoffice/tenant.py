"""Where the tenant lives: SuperOffice Online moves tenants between hosts, and its state endpoint tells where.

Source: SuperOffice docs, "Checking the tenant status" (developer portal, best practices).
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any, NamedTuple

from services.deadline import Deadline
from services.errors import SuperOfficeUnavailable, TenantDown
from services.logs import log
from services.settings import Settings, is_safe_url
from services.superoffice.answers import WebApiAnswer
from services.superoffice.transport import Transport

SHORTEST, LONGEST = 10.0, 86_400.0  # seconds an answer is obeyed, whatever its ValidUntil says
STATE_CALL = 5.0  # seconds


class _Place(NamedTuple):
    base: str
    until: float  # wall clock, as ValidUntil is


class Tenant:
    """The base address of the WebAPI, up to and with `/v1`: asked for once, and shared by all threads."""

    def __init__(self, settings: Settings, transport: Transport, clock: Callable[[], float] = time.time):
        self._url = settings.superoffice_url
        self._name = settings.superoffice_tenant
        self._onsite = settings.is_onsite
        self._transport = transport
        self._clock = clock
        self._lock = threading.Lock()
        self._place: _Place | None = None

    def base(self, deadline: Deadline) -> str:
        """Return where to call; raise SuperOfficeUnavailable where the tenant is not running or does not tell."""
        if self._onsite:
            return self._url
        if not (place := self._current()):
            if not self._lock.acquire(timeout=deadline.remaining()):
                raise SuperOfficeUnavailable("The state of the SuperOffice tenant was not told in time.")
            try:
                place = self._current() or self._ask(deadline)
            finally:
                self._lock.release()
        return place.base

    def forget(self, base: str) -> None:
        """Ask again before the next call, unless another thread has done so since `base` was given out."""
        place = self._place
        if place and place.base == base:
            self._place = None

    def _current(self) -> _Place | None:
        place = self._place
        return place if place and place.until > self._clock() else None

    def _ask(self, deadline: Deadline) -> _Place:
        url = f"{self._url}/api/state/{self._name}"
        answer = self._transport.ask("GET", url, time_limit=min(STATE_CALL, deadline.remaining()))
        state = answer.json() if answer.is_success else None
        if not isinstance(state, Mapping):
            raise self._unknown(answer)
        if state.get("IsRunning") is not True:
            log("WARNING", "tenant-not-running", tenant=self._name, state=str(state.get("State"))[:40])
            raise TenantDown("The SuperOffice tenant is not running at the moment.", retry_after=60)
        base = f"{str(state.get('Api') or '').rstrip('/')}/v1"
        if not is_safe_url(base):
            raise self._unknown(answer)
        self._place = _Place(base, self._valid_until(state))
        return self._place

    def _unknown(self, answer: WebApiAnswer) -> TenantDown:
        message = "Check SUPEROFFICE_URL and SUPEROFFICE_TENANT: the state of the tenant was not told."
        log("ERROR", "tenant-unknown", message, tenant=self._name, status=answer.status)
        return TenantDown("The state of the SuperOffice tenant is not known at the moment.")

    def _valid_until(self, state: Mapping[str, Any]) -> float:
        now = self._clock()
        try:
            told = datetime.fromisoformat(str(state.get("ValidUntil"))[:19]).replace(tzinfo=UTC).timestamp()
        except ValueError:
            told = now
        return now + min(max(told - now, SHORTEST), LONGEST)
