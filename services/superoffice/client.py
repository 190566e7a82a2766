"""The WebAPI: one call, with all that goes with each, and the one quick retry where it is safe."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from types import MappingProxyType
from typing import Any, NamedTuple

from services.deadline import Deadline
from services.errors import InDoubt, LiaisonError, SecretStoreDown, SecretUnusable, SuperOfficeUnavailable
from services.secret_store import SecretStore
from services.settings import Settings
from services.superoffice.answers import Busy, TicketRefused, WebApiAnswer, WrongHost, error_words, failure
from services.superoffice.connections import NotConnected
from services.superoffice.login import TicketHolder
from services.superoffice.logins import APP_TOKEN, open_ticket_holder, secrets_needed
from services.superoffice.rate import RateLimit
from services.superoffice.tenant import Tenant
from services.superoffice.transport import LEAST, Transport

CALL = 20.0  # seconds; SuperOffice itself calls a relation's save slow at 5
LONGEST_QUICK_PAUSE = 2  # seconds of Retry-After that a sender is made to wait


class Call(NamedTuple):
    """One call of `/api/v1`; `body` goes as JSON. `route_may_lack`: statuses that say the server is too old for it."""

    method: str
    path: str
    body: Any = None
    params: Mapping[str, str] = MappingProxyType({})
    headers: Mapping[str, str] = MappingProxyType({})
    changes: bool = False
    route_may_lack: frozenset[int] = frozenset()


class WebApi:
    """Calls `/api/v1/…` of the tenant. Worst case of a call: the deadline it is given, or 20 s.

    `clock` is the one that its deadlines run by.
    """

    def __init__(
        self,
        settings: Settings,
        secrets: SecretStore,
        *,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
    ):
        transport = Transport(pool_size=settings.threads)
        self.own_associate: int | None = None
        self._settings = settings
        self._secrets = secrets
        self._transport = transport
        self._tenant = Tenant(settings, transport)
        self._tickets: TicketHolder = open_ticket_holder(settings, secrets, transport)
        self._rate = RateLimit(settings.superoffice_calls_per_second, clock=clock, sleep=sleep)
        self._sleep = sleep
        zone = settings.superoffice_time_zone
        own = {
            "Accept-Language": settings.superoffice_language,
            "SO-Culture": settings.superoffice_culture,
            # Without the offset nobody could tell when a relation came into being.
            "SO-TimeZone": f"{zone}, includeTZOffset" if zone else "",
        }
        self._own_headers = {name: value for name, value in own.items() if value}

    def send(self, call: Call, deadline: Deadline) -> WebApiAnswer:
        """Call, and once more for each cause that surely left nothing done and can be mended at once.

        Returns a success; raises what any other answer means (see answers.py). A lost answer is InDoubt only where
        the call `changes` something.
        """
        mended: set[type[LiaisonError]] = set()
        while True:
            base = self._tenant.base(deadline)
            authorization = self._tickets.authorization(deadline)
            try:
                return self._attempt(call, base, authorization, deadline)
            except LiaisonError as error:
                if type(error) not in mended and self._mend(error, base, authorization, deadline):
                    mended.add(type(error))
                    continue
                if isinstance(error, InDoubt) and not call.changes:
                    raise SuperOfficeUnavailable(error.detail) from error
                raise

    def _attempt(self, call: Call, base: str, authorization: str, deadline: Deadline) -> WebApiAnswer:
        self._rate.wait(deadline)
        sent = {**self._own_headers, "Authorization": authorization, **call.headers}
        if not self._settings.is_onsite:
            sent["SO-AppToken"] = self._secrets.text(APP_TOKEN)
        answer = self._transport.send(
            call.method,
            base + call.path,
            time_limit=min(CALL, deadline.remaining()),
            headers=sent,
            params=call.params,
            body=call.body,
        )
        error = failure(answer, lambda words: self._without_secrets(words, authorization))
        if error and not (answer.status in call.route_may_lack and error_words(answer) is None):
            raise error
        return answer

    def _without_secrets(self, words: str, authorization: str) -> str:
        """Hide the ticket and the login's secrets, should SuperOffice quote what was sent; they are kept at hand."""
        hidden = [authorization.partition(" ")[2]]
        for name in secrets_needed(self._settings):
            with suppress(SecretUnusable, SecretStoreDown):
                hidden.append(self._secrets.text(name))
        for secret in sorted(filter(None, hidden), key=len, reverse=True):
            words = words.replace(secret, "…")
        return words

    def _mend(self, error: LiaisonError, base: str, authorization: str, deadline: Deadline) -> bool:
        """Remove the cause where that is quick; tell whether the same call may go again."""
        if isinstance(error, NotConnected | WrongHost | InDoubt):
            self._tenant.forget(base)
            return not isinstance(error, InDoubt)
        if isinstance(error, Busy):
            self._tenant.forget(base)  # a tenant that goes into maintenance says so first with 503
        if isinstance(error, TicketRefused):
            self._tickets.refused(authorization, deadline)
            return True
        if isinstance(error, Busy) and error.retry_after <= min(LONGEST_QUICK_PAUSE, deadline.remaining() - LEAST):
            self._sleep(error.retry_after)
            return True
        return False
