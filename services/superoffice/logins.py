"""The other three ways to log in: OAuth 2 with a refresh token; a user's name and password; a ticket that is given.

Source: SuperOffice docs, "Authentication" (online: authorization code flow, refreshing; onsite: Basic, SOTicket).
"""

from __future__ import annotations

import base64
import time
from collections.abc import Mapping

from services.deadline import Deadline
from services.errors import LoginRefused, SuperOfficeUnavailable
from services.secret_store import SecretStore
from services.settings import Settings
from services.superoffice.login import Login, Ticket, TicketHolder
from services.superoffice.system_user import LOGIN_CALL, system_user
from services.superoffice.system_user import SECRETS as SYSTEM_USER_SECRETS
from services.superoffice.transport import Transport

RENEW_BEFORE = 60.0  # seconds before its end an access token is renewed
APP_TOKEN = "superoffice-app-token"  # noqa: S105 - the name of a secret
SECRETS_OF = {
    "system-user": SYSTEM_USER_SECRETS,
    "refresh-token": (APP_TOKEN, "superoffice-client-id", "superoffice-refresh-token"),
    "basic": ("superoffice-username", "superoffice-password"),
    "ticket": ("superoffice-ticket",),
}


def secrets_needed(settings: Settings) -> tuple[str, ...]:
    """Name the secrets that this login, and every call to an online tenant, needs."""
    names = SECRETS_OF[settings.superoffice_login]
    return names if settings.is_onsite or APP_TOKEN in names else (APP_TOKEN, *names)


def open_ticket_holder(settings: Settings, secrets: SecretStore, transport: Transport) -> TicketHolder:
    """Return the holder of the ticket that SUPEROFFICE_LOGIN stands for."""
    match settings.superoffice_login:
        case "system-user":
            login = system_user(settings, secrets, transport)
        case "refresh-token":
            login = refresh_token(settings, secrets, transport)
        case "basic":
            login = basic(secrets)
        case _:
            login = given_ticket(secrets)
    return TicketHolder(login, lambda: secrets.renew(secrets_needed(settings)))


def refresh_token(settings: Settings, secrets: SecretStore, transport: Transport) -> Login:
    """Return the OAuth 2 login: an access token for a refresh token (RFC 6749, section 6), renewed before it ends."""

    def log_in(deadline: Deadline) -> Ticket:
        form = {
            "grant_type": "refresh_token",
            "client_id": secrets.text("superoffice-client-id"),
            "client_secret": secrets.text(APP_TOKEN),
            "refresh_token": secrets.text("superoffice-refresh-token"),
        }
        url = f"{settings.superoffice_url}/login/common/oauth/tokens"
        answer = transport.ask("POST", url, form=form, time_limit=min(LOGIN_CALL, deadline.remaining()))
        if answer.status in (400, 401, 403):
            raise LoginRefused("SuperOffice refuses the refresh token: the app has to be approved again.")
        told = answer.json() if answer.is_success else None
        if not isinstance(told, Mapping) or not isinstance(told.get("access_token"), str):
            raise SuperOfficeUnavailable("SuperOffice's login gave no access token.")
        return Ticket(f"Bearer {told['access_token']}", time.monotonic() + _lifetime(told.get("expires_in")))

    return log_in


def _lifetime(expires_in: object) -> float:
    """Return the seconds to use an access token for: all but the last minute, or half of a very short one."""
    try:
        seconds = float(str(expires_in))
    except ValueError:
        seconds = 1200.0  # the shortest that SuperOffice's pages name
    return max(seconds - RENEW_BEFORE, seconds / 2)


def basic(secrets: SecretStore) -> Login:
    """Return the login with a user's name and password (RFC 7617), for onsite installations."""

    def log_in(_: Deadline) -> Ticket:
        pair = f"{secrets.text('superoffice-username')}:{secrets.text('superoffice-password')}"
        return Ticket(f"Basic {base64.b64encode(pair.encode()).decode()}")

    return log_in


def given_ticket(secrets: SecretStore) -> Login:
    """Return the login with a ticket that somebody else keeps alive, such as an onsite service."""

    def log_in(_: Deadline) -> Ticket:
        return Ticket(f"SOTicket {secrets.text('superoffice-ticket')}")

    return log_in
