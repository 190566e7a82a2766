"""Everything a handler needs, put together once in the process that serves."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import NamedTuple

from schemas.hooks import Hook
from schemas.verification import secret_names
from services import logs
from services.errors import SecretUnusable
from services.hooks import Hooks, read_hooks
from services.secret_store import SecretStore, open_store
from services.senders.oidc import GoogleKeys
from services.settings import Settings, read_settings
from services.superoffice.client import WebApi
from services.superoffice.directory import Directory
from services.superoffice.logins import secrets_needed


class Services(NamedTuple):
    """The parts, made from one set of settings; `clock` tells Unix time."""

    settings: Settings
    hooks: Hooks
    secrets: SecretStore
    webapi: WebApi
    directory: Directory
    google_keys: GoogleKeys
    clock: Callable[[], float] = time.time

    def fetch_secrets(self, hook: Hook) -> None:
        """Fetch what a webhook needs, side by side, as far as it is not kept: one by one they add up."""
        self.secrets.fetch((*secret_names(hook.verify), *secrets_needed(self.settings)))

    def unsound(self) -> tuple[str, ...]:
        """Say what is wrong in hooks.yaml and with the secrets on this machine; calls nothing outside."""
        mistakes = list(self.hooks.mistakes)
        if self.settings.google_project is None:
            names = dict.fromkeys(name for hook in self.hooks.sound for name in secret_names(hook.verify))
            for name in (*names, *secrets_needed(self.settings)):
                try:
                    self.secrets.text(name)
                except SecretUnusable as error:
                    mistakes.append(error.detail)
        return tuple(mistakes)


def open_services() -> Services:
    """Read the settings and hooks.yaml, and make the parts; nothing is called yet. Raises InvalidSettings."""
    logs.take_over()
    settings = read_settings()
    secrets = open_store(settings.secrets)
    return assemble(settings, secrets, WebApi(settings, secrets))


def assemble(settings: Settings, secrets: SecretStore, webapi: WebApi) -> Services:
    """Put the parts together around a WebAPI. Raises InvalidSettings."""
    directory = Directory(webapi, country=settings.country, language=settings.superoffice_language)
    return Services(settings, read_hooks(settings.hooks), secrets, webapi, directory, GoogleKeys())
