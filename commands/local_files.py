"""The files that `make run` makes on one's own machine: secrets, settings, and a first hooks.yaml."""

from __future__ import annotations

import fcntl
import os
import secrets
import shlex
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

from commands.stack import Failed
from services.private_file import write_private
from services.yaml_edit import write_yaml

FOLDER = Path("var")
SECRETS = FOLDER / "secrets.yaml"
LEDGER = FOLDER / "ledger.db"
RUN_ENV = FOLDER / "run.env"
CONNECT_ENV = FOLDER / "connect.env"
EXAMPLE_HOOKS = Path("hooks.example.yaml")
HOOKS = Path("hooks.yaml")
EXAMPLE = "example"  # the hook of hooks.example.yaml that the printed line calls

HEADER = "# Made by `make run`. The sandbox's own secrets are kept as the sandbox has them; keys of yours stay.\n"


def make_folder(root: Path) -> None:
    """Make var/, which holds secrets and people's data, its owner's alone."""
    (root / FOLDER).mkdir(mode=0o700, exist_ok=True)
    (root / FOLDER).chmod(0o700)


def claim_folder(root: Path) -> None:
    """Hold var/ until this process ends; raise Failed where another one does.

    Of two sandboxes each would overwrite what the other keeps there.
    """
    make_folder(root)
    held = os.open(root / FOLDER, os.O_RDONLY)  # for good: the lock ends with the process, however that ends
    try:
        fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        raise Failed("Another `make run` is at work in this folder: end that one first, with Ctrl-C there.") from error
    except OSError:
        os.close(held)  # a file system that knows no locks


def copy_hooks(root: Path) -> bool:
    """Give a new user the example's hooks.yaml; one that is there is theirs. Tell whether it was copied."""
    if (root / HOOKS).exists():
        return False
    shutil.copyfile(root / EXAMPLE_HOOKS, root / HOOKS)
    return True


def write_secrets(root: Path, app: Mapping[str, str]) -> dict[str, Any]:
    """Bring var/secrets.yaml up to date with the sandbox's app, and return all that it holds."""
    path = root / SECRETS
    known = _read_mapping(path) if path.exists() else {}
    wanted = known | {
        "superoffice-app-token": app["client_secret"],
        "superoffice-system-token": app["system_token"],
        "superoffice-private-key": app["private_key"],
        "superoffice-client-id": app["client_id"],  # so that `./liaison connect` need not ask
    }
    for name in ("liaison-api-key", _example_verify(root)["secret"]):
        wanted[name] = wanted.get(name) or secrets.token_urlsafe(24)
    if wanted != known:  # else the file stays as it is, comments included
        write_private(path, HEADER + write_yaml(wanted))
    path.chmod(0o600)
    return wanted


def write_settings(root: Path, settings: Mapping[str, str], file: Path = RUN_ENV) -> None:
    """Write var/run.env, by which `./liaison` finds the running sandbox, or a file like it."""
    write_private(root / file, "".join(f"{name}={value}\n" for name, value in settings.items()))


def read_settings_file(file: Path) -> dict[str, str]:
    """Return what such a file says; nothing where there is none."""
    lines = file.read_text(encoding="utf-8").splitlines() if file.is_file() else []
    pairs = (line.partition("=") for line in lines if "=" in line and not line.startswith("#"))
    return {name.strip(): value.strip() for name, _, value in pairs}


def example_header(root: Path, known: Mapping[str, Any]) -> str | None:
    """Return the header that the example hook asks for, or None where hooks.yaml has it no longer so."""
    verify = _example_verify(root)
    try:
        hooks = yaml.safe_load((root / HOOKS).read_text(encoding="utf-8"))
        hook = hooks[EXAMPLE]
        unchanged = hook["verify"] == verify and "relation" not in hook and "from" not in hook
    except (yaml.YAMLError, UnicodeDecodeError, TypeError, KeyError):
        return None  # /health says what is wrong with it
    value = known[verify["secret"]]
    newest = value[0] if isinstance(value, list) else value
    return f"{verify['header']}: {newest}" if unchanged else None


def curl_line(address: str, header: str) -> str:
    """Return one line that saves a relation as it stands, in sh, bash and zsh; each run has a new key."""
    body = (
        '{"SourceContactId": 686, "DestinationContactId": 4, "RelationDefinitionId": 18,'
        ' "Comment": "Met at the trade fair"}'
    )
    key = "$(od -An -N8 -tx1 /dev/urandom | tr -d ' \\n')"  # uuidgen and date's nanoseconds are not everywhere
    return (
        f"curl -sS -w '\\n' {shlex.quote(address)} -H {shlex.quote(header)}"
        f" -H 'Content-Type: application/json' -H \"Idempotency-Key: {key}\" -d '{body}'"
    )


def _example_verify(root: Path) -> dict[str, Any]:
    verify: dict[str, Any] = _read_mapping(root / EXAMPLE_HOOKS)[EXAMPLE]["verify"]
    return verify


def _read_mapping(path: Path) -> dict[str, Any]:
    try:
        content = yaml.safe_load(path.read_text(encoding="utf-8")) or {}
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise Failed(f"{path} cannot be read: {error}\nMend it, or delete it to have it made anew.") from error
    if not isinstance(content, dict):
        raise Failed(f"{path} is not a list of names and values; delete it to have it made anew.")
    return content
