"""Which installation the command line speaks to: that of `--project`, else of the environment, else of this machine."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass

import click

from commands.deploy.gcloud import Gcloud
from commands.deploy.installation import Installation, read_file
from commands.local_files import CONNECT_ENV, RUN_ENV, read_settings_file
from commands.run import ROOT, own_environ
from services.errors import InvalidSettings
from services.settings import SETTINGS_NAMES

_USER = re.compile(r"//[^/@]*@")  # user and password in an address


@dataclass(frozen=True)
class Where:
    """The settings as an environment, and where they come from; `source` is empty where there are none."""

    environ: Mapping[str, str]
    source: str

    @property
    def is_sandbox(self) -> bool:
        """Whether this is the made-up tenant on this machine."""
        return self.source.startswith("make run")


def find_settings(environ: Mapping[str, str] = os.environ) -> Where:
    """Find the settings, and make the repository the current folder: their paths are relative to it.

    Of `make run` and `./liaison connect` the one that was done last counts; both count if they are about one address.
    """
    os.chdir(ROOT)
    if installation := chosen_installation():
        return _deployed(installation, environ)
    if environ.get("SUPEROFFICE_URL", "").strip():
        return Where(environ, "the environment")
    sandbox, connected = read_settings_file(RUN_ENV), read_settings_file(CONNECT_ENV)
    left, _ = own_environ(environ)  # as in `make run`: SECRETS of a real tenant have no business with the sandbox
    if sandbox and sandbox["SUPEROFFICE_URL"] == connected.get("SUPEROFFICE_URL"):
        return Where({**left, **sandbox, **connected}, f"make run ({RUN_ENV}) and ./liaison connect ({CONNECT_ENV})")
    if connected and not (sandbox and RUN_ENV.stat().st_mtime > CONNECT_ENV.stat().st_mtime):
        given = {name: value for name, value in environ.items() if value.strip()}
        return Where({**connected, **given}, f"./liaison connect ({CONNECT_ENV})")
    return Where({**left, **sandbox}, f"make run ({RUN_ENV})") if sandbox else Where(environ, "")


def chosen_installation() -> Installation | None:
    """Return what `./liaison --project ID` names."""
    context = click.get_current_context(silent=True)
    chosen = context.find_root().obj if context else None
    return chosen if isinstance(chosen, Installation) else None


def _deployed(installation: Installation, environ: Mapping[str, str]) -> Where:
    """Return the settings that `./liaison deploy` gave to the functions."""
    region = f"--region={read_file(installation, {}).region}"
    name = f"{installation.name}-webhook"
    told = Gcloud(installation.project).read("functions", "describe", name, "--gen2", region)
    settings = told.get("serviceConfig", {}).get("environmentVariables", {})
    if not settings.get("SUPEROFFICE_URL"):
        raise InvalidSettings(f"The function {name} has no settings: run `./liaison deploy` for this project.")
    left, _ = own_environ(environ)
    others = {key: value for key, value in left.items() if key not in SETTINGS_NAMES}
    return Where({**others, **settings}, f"the project {installation.project} ({name})")


def say_where(where: Where) -> None:
    """Print the first line of every command: which tenant, which ledger, which secrets, and who says so."""
    if not where.source:
        click.secho(
            "No settings: set SUPEROFFICE_URL, LEDGER and SECRETS, run `./liaison connect`,"
            " or start the sandbox with `make run`.",
            dim=True,
        )
        return
    tenant = where.environ.get("SUPEROFFICE_TENANT") or "onsite"
    url = _USER.sub("//", where.environ["SUPEROFFICE_URL"])
    secrets = where.environ.get("SECRETS") or "no secrets"
    ledger = where.environ.get("LEDGER") or "no ledger"
    told = f"{tenant} at {url}, ledger {ledger}, secrets from {secrets}; settings from {where.source}"
    click.secho(told, dim=True)


def hooks_file(where: Where) -> str:
    """Return where hooks.yaml is, also where other settings are wrong."""
    return where.environ.get("HOOKS", "").strip() or "hooks.yaml"
