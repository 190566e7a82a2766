"""Which installation the command line speaks to: that of the environment, else the sandbox of `make run`."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import click

from commands.local_files import RUN_ENV
from commands.run import ROOT, own_environ

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
    """Find the settings, and make the repository the current folder: their paths are relative to it."""
    os.chdir(ROOT)
    if environ.get("SUPEROFFICE_URL", "").strip():
        return Where(environ, "the environment")
    if not RUN_ENV.is_file():
        return Where(environ, "")
    left, _ = own_environ(environ)  # as in `make run`: SECRETS of a real tenant have no business with the sandbox
    return Where({**left, **_read_env(RUN_ENV)}, f"make run ({RUN_ENV})")


def say_where(where: Where) -> None:
    """Print the first line of every command: which tenant, which secrets, and who says so."""
    if not where.source:
        click.secho("No settings: set SUPEROFFICE_URL and SECRETS, or start the sandbox with `make run`.", dim=True)
        return
    tenant = where.environ.get("SUPEROFFICE_TENANT") or "onsite"
    url = _USER.sub("//", where.environ["SUPEROFFICE_URL"])
    secrets = where.environ.get("SECRETS") or "no secrets"
    click.secho(f"{tenant} at {url}, secrets from {secrets}; settings from {where.source}", dim=True)


def hooks_file(where: Where) -> str:
    """Return where hooks.yaml is, also where other settings are wrong."""
    return where.environ.get("HOOKS", "").strip() or "hooks.yaml"


def _read_env(path: Path) -> dict[str, str]:
    lines = path.read_text(encoding="utf-8").splitlines()
    pairs = (line.partition("=") for line in lines if "=" in line and not line.startswith("#"))
    return {name.strip(): value.strip() for name, _, value in pairs}
