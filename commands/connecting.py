"""What `./liaison connect` is to connect to, and the proof that it works before anything is stored."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping, Sequence
from contextlib import suppress
from typing import NamedTuple

import click

from commands import printing
from commands.check import try_superoffice
from commands.local_files import LEDGER
from commands.where import Where
from services.errors import InvalidSettings, LiaisonError, LoginRefused
from services.secret_store import SecretStore, open_store
from services.settings import ONSITE_PATH, is_safe_url, read_settings

LOGIN_HOST = "https://{}.superoffice.com"
# SuperOffice docs, "Troubleshooting": AuthorizeErrorCode. Which words come with a code is not documented.
ADVICE = {
    "InvalidSignature": "The key does not belong to this app, or not in this environment: take the private key whose"
    " public half is registered for it.",
    "InvalidTimestamp": "The clock of this machine is off: set it.",
    "Revoked": "The approval was withdrawn, or is not known yet: approve the app again.",
    "Denied": "The client secret is not the one of this app in this environment, or the tenant denies it access.",
    "Expired": "The approval has ended: approve the app again.",
    "NeedsReapproval": "The app was changed since, and has to be approved again.",
}


class Target(NamedTuple):
    """The login host, how to log in there, and where the secrets go; `tenant` is empty where any will do."""

    url: str
    tenant: str
    login: str
    secrets: str

    def with_tenant(self, tenant: str) -> Target:
        """Return the same with the tenant that approved."""
        return self._replace(tenant=tenant)

    def is_that_of(self, where: Where) -> bool:
        """Tell whether the settings lead to the same login host."""
        return self.url == _address(where)

    def settings(self) -> dict[str, str]:
        """Return the settings that lead there, with a ledger for commands that run on this machine."""
        return {
            "SUPEROFFICE_URL": self.url,
            "SUPEROFFICE_TENANT": self.tenant,
            "SUPEROFFICE_LOGIN": self.login,
            "SECRETS": self.secrets,
            "LEDGER": f"sqlite:{LEDGER}",
        }


def find_target(
    where: Where, environment: str | None, tenant: str | None, login: str | None, secrets: str | None
) -> Target:
    """Put together what was said, and what the settings say of the same address; raise InvalidSettings."""
    known = _address(where)
    url = LOGIN_HOST.format(environment) if environment else known
    if not url:
        raise InvalidSettings("Say which SuperOffice: --environment online (or sod, qaonline), or start `make run`.")
    if url.endswith(ONSITE_PATH):
        raise InvalidSettings(
            "An onsite installation has no app to approve. Store its user instead:"
            " ./liaison secret superoffice-username, and superoffice-password."
        )
    if not is_safe_url(url):
        raise InvalidSettings("SUPEROFFICE_URL: This is an https:// address, such as https://online.superoffice.com.")
    same = where.environ if url == known else {}
    logins = [login, same.get("SUPEROFFICE_LOGIN", "").strip()]
    return Target(
        url=url,
        tenant=(tenant or same.get("SUPEROFFICE_TENANT", "")).strip(),
        login=next((one for one in logins if one in ("system-user", "refresh-token")), "system-user"),
        secrets=_find_secrets(where, secrets, is_same=url == known),
    )


def _address(where: Where) -> str:
    return where.environ.get("SUPEROFFICE_URL", "").strip().rstrip("/")


def _find_secrets(where: Where, given: str | None, *, is_same: bool) -> str:
    """Find where the secrets go: never those of a real tenant to the sandbox's file."""
    known = where.environ.get("SECRETS", "").strip() if is_same or not where.is_sandbox else ""
    location = given or known or os.environ.get("SECRETS", "").strip()
    if not location:
        raise InvalidSettings(
            "Say where the secrets go: --secrets gcp://PROJECT (Secret Manager), or --secrets file:secrets.yaml."
        )
    return location


def read_stored(location: str, names: Sequence[str]) -> dict[str, str]:
    """Return those of the secrets that are there and that we may read."""
    store, found = open_store(location), {}
    for name in names:
        with suppress(LiaisonError), printing.log_aside():
            found[name] = store.text(name)
    return found


def prove(target: Target, values: Mapping[str, str], where: Where) -> None:
    """Ask for the tenant's state, log in and make a call, with values that are not stored yet; raise LoginRefused."""
    settings = read_settings(target.settings())
    speaks_of = where if target.is_that_of(where) else Where({}, "")
    for finding in try_superoffice(settings, SecretStore(_Given(values)), speaks_of):
        click.echo(printing.verdict(finding.ok, f"{click.style(finding.check, bold=True)}: {finding.detail}"))
        if not finding.ok:
            advice = [words for name, words in ADVICE.items() if re.search(rf"\b{name}\b", finding.detail)]
            raise LoginRefused(" ".join([*advice, "Nothing was stored. Mend it, and run the command again."]))


class _Given:
    """Secrets that are at hand: a source for the store, as a file is one."""

    is_far = False

    def __init__(self, values: Mapping[str, str]):
        self._values = values

    def newest(self, name: str, pinned: int | None) -> tuple[bytes, int]:  # noqa: ARG002 - no version is pinned here
        """Return the value; every one that a login asks for is there."""
        return self._values[name].encode(), 0

    def before(self, name: str, number: int) -> bytes | None:  # noqa: ARG002
        """Return nothing: there is one value of each."""
        return None

    def stamp(self) -> object:
        """Return nothing: they do not change."""
        return None
