"""The ticket: one for the process, shared by all threads, and renewed once for all of them when it is refused."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import NamedTuple

from services.deadline import Deadline
from services.errors import LoginRefused, SuperOfficeUnavailable

PAUSE_AFTER_REFUSAL = 5.0  # seconds in which a login that was refused is not tried again: accounts lock


class Ticket(NamedTuple):
    """What goes into `Authorization`; `until` is a moment of the monotonic clock."""

    authorization: str
    until: float = float("inf")


Login = Callable[[Deadline], Ticket]


class TicketHolder:
    """Gets a ticket by `login` at first use and keeps it; `reload` fetches the credentials anew."""

    def __init__(self, login: Login, reload: Callable[[], bool], clock: Callable[[], float] = time.monotonic):
        self._login = login
        self._reload = reload
        self._clock = clock
        self._lock = threading.Lock()
        self._ticket: Ticket | None = None
        self._refusal: tuple[float, str] = (float("-inf"), "")

    def authorization(self, deadline: Deadline) -> str:
        """Return the header's value; raise LoginRefused, or SuperOfficeUnavailable where no ticket came in time."""
        ticket = self._ticket
        if ticket is None or ticket.until <= self._clock():
            ticket = self._renew(ticket, deadline)
        return ticket.authorization

    def refused(self, authorization: str, deadline: Deadline) -> str:
        """Return a new ticket for one that SuperOffice refused; another thread may have it already."""
        ticket = self._ticket
        if ticket is not None and ticket.authorization == authorization:
            self._reload()
            ticket = self._renew(ticket, deadline)
        renewed = self.authorization(deadline) if ticket is None else ticket.authorization
        if renewed == authorization:
            why = "SuperOffice refuses the login: check the secrets that SUPEROFFICE_LOGIN needs."
            self._refusal, self._ticket = (self._clock(), why), None
            raise LoginRefused(why)
        return renewed

    def _renew(self, old: Ticket | None, deadline: Deadline) -> Ticket:
        if not self._lock.acquire(timeout=deadline.remaining()):
            raise SuperOfficeUnavailable("No ticket from SuperOffice came in time.")
        try:
            ticket = self._ticket
            if ticket is None or ticket is old:
                self._ticket = ticket = self._log_in(deadline)
            return ticket
        finally:
            self._lock.release()

    def _log_in(self, deadline: Deadline) -> Ticket:
        when, why = self._refusal
        if self._clock() - when < PAUSE_AFTER_REFUSAL:
            raise LoginRefused(why)
        try:
            return self._login(deadline)
        except LoginRefused as error:
            self._refusal = (self._clock(), error.detail)
            raise
