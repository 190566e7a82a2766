"""Everything a handler needs, put together once in the process that serves."""

from __future__ import annotations

import time
from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, NamedTuple, TypeVar

from schemas.hooks import Hook
from schemas.verification import secret_names
from services import logs
from services.errors import InvalidSettings, SecretUnusable
from services.hooks import Hooks, read_hooks
from services.ledger.ledger import Ledger
from services.ledger.locks import Locks
from services.ledger.opening import open_ledger
from services.outage import Outage
from services.secret_store import SecretStore, open_store
from services.senders.oidc import GoogleKeys
from services.settings import HOOKS_FILE, Settings, given_settings, read_settings
from services.superoffice.client import WebApi
from services.superoffice.directory import Directory
from services.superoffice.logins import secrets_needed

if TYPE_CHECKING:
    from services.google_tasks import TaskQueue

BEHIND_THE_QUEUE = 120.0  # seconds
_Made = TypeVar("_Made")


class Services(NamedTuple):
    """The parts, made from one set of settings; `clock` tells Unix time."""

    settings: Settings
    hooks: Hooks
    secrets: SecretStore
    webapi: WebApi
    directory: Directory
    google_keys: GoogleKeys
    ledger: Ledger
    outage: Outage
    queue: TaskQueue | None = None
    clock: Callable[[], float] = time.time

    @property
    def sweep_lead(self) -> float:
        """The seconds by which a sweep lets the queue go first; without a queue it is the one that comes."""
        return 0.0 if self.queue is None else BEHIND_THE_QUEUE

    def fetch_secrets(self, hook: Hook) -> None:
        """Fetch what a webhook needs, side by side, as far as it is not kept: one by one they add up."""
        if self.secrets.is_far:
            self.secrets.fetch((*secret_names(hook.verify), *secrets_needed(self.settings)))

    def unsound(self) -> tuple[str, ...]:
        """Say what is wrong in hooks.yaml and with the secrets on this machine; calls nothing outside."""
        return (*self.hooks.mistakes, *self.unusable_secrets())

    def unusable_secrets(self) -> tuple[str, ...]:
        """Say which of the secrets on this machine are missing, empty or cannot be read; others are not asked for."""
        mistakes = []
        if self.settings.google_project is None:
            names = dict.fromkeys(name for hook in self.hooks.sound for name in secret_names(hook.verify))
            for name in (*names, *secrets_needed(self.settings)):
                try:
                    self.secrets.text(name)
                except SecretUnusable as error:
                    mistakes.append(error.detail)
        return tuple(mistakes)


def open_services(clock: Callable[[], float] = time.time) -> Services:
    """Read the settings and hooks.yaml, and make the parts; nothing is called yet.

    Raises InvalidSettings naming every mistake, also those in what a setting names.
    """
    logs.take_over()
    given = given_settings()
    mistakes: list[str] = []
    settings = _noting(mistakes, read_settings)
    for name, look in (("SECRETS", open_store), ("LEDGER", open_ledger), ("QUEUE", _queue)):
        if name in given:
            _noting(mistakes, partial(look, given[name]))
    hooks = _noting(mistakes, partial(read_hooks, given.get("HOOKS", HOOKS_FILE)))
    if settings is None or hooks is None or mistakes:
        raise InvalidSettings(" ".join(mistakes))
    secrets = open_store(settings.secrets)
    return assemble(settings, secrets, WebApi(settings, secrets), clock, hooks=hooks)


def _noting(mistakes: list[str], look: Callable[[], _Made]) -> _Made | None:
    """Return what is made; where a setting is wrong, note it and return None."""
    try:
        return look()
    except InvalidSettings as error:
        mistakes.append(error.detail)
        return None


def _queue(location: str) -> TaskQueue | None:
    from services.task_queue import open_queue  # what few need is imported when it is asked for

    return open_queue(location)


def assemble(
    settings: Settings,
    secrets: SecretStore,
    webapi: WebApi,
    clock: Callable[[], float] = time.time,
    *,
    hooks: Hooks | None = None,
) -> Services:
    """Put the parts together around a WebAPI; `clock` tells Unix time to all of them. Raises InvalidSettings.

    `hooks` are those of the settings, where they were read already.
    """
    ledger = open_ledger(
        settings.ledger, retain_days=settings.retain_days, retain_refused_days=settings.retain_refused_days
    )
    locks = Locks(ledger.store, settings.environment, clock)
    directory = Directory(webapi, country=settings.country, language=settings.superoffice_language, locks=locks)
    outage = Outage(ledger, settings.environment, clock)
    queue = _queue(settings.queue) if settings.queue else None
    hooks = hooks or read_hooks(settings.hooks)
    return Services(settings, hooks, secrets, webapi, directory, GoogleKeys(), ledger, outage, queue, clock)
