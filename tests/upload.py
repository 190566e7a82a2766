"""The checkout of somebody who deploys, and what Google's own tool takes of it."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

from tests.examples import ROOT
from tests.tools import need

TOP = ["main.py", "requirements.txt", "hooks.yaml", "senders.yaml"]
PACKAGES = ["handlers", "schemas", "services"]
# What may lie around besides what git keeps: secrets, the ledger, what other tools leave.
LYING_AROUND = ["secrets.yaml", "var/secrets.yaml", "var/ledger.db", ".env", ".venv/bin/python", ".git/config"]
LYING_AROUND += ["node_modules/a/main.py", "handlers/__pycache__/webhook.cpython-312.pyc", "key.pem"]
LEFT_OUT = shutil.ignore_patterns(".git", ".venv", "var", "node_modules", "__pycache__", ".*_cache", ".hypothesis")


def check_out(folder: Path, hooks: str, senders: str) -> Path:
    """Make a checkout that holds everything: ours, the user's own files, and what lies around."""
    shutil.copytree(ROOT, folder, ignore=LEFT_OUT)
    for name in LYING_AROUND:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).touch()
    (folder / "hooks.yaml").write_text(hooks, encoding="utf-8")
    (folder / "senders.yaml").write_text(senders, encoding="utf-8")
    return folder


def needed() -> set[str]:
    """Name every file that the functions run on."""
    files = {path for package in PACKAGES for path in (ROOT / package).rglob("*") if path.is_file()}
    return {*TOP, *(path.relative_to(ROOT).as_posix() for path in files if path.suffix != ".pyc")}


def list_upload(folder: Path, config: Path) -> set[str]:
    """Ask gcloud, which needs no login for that, what it would upload from a checkout."""
    need("gcloud", install="the Google Cloud CLI")
    listed = subprocess.run(
        ["gcloud", "meta", "list-files-for-upload", "."],
        cwd=folder,
        env={**os.environ, "CLOUDSDK_CONFIG": str(config)},
        capture_output=True,
        text=True,
        check=True,
    )
    return set(listed.stdout.splitlines())
