"""Runs `./liaison` as people do: a process of its own, with its settings in the environment."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from typing import Any

import yaml
from click.testing import CliRunner

from commands.liaison import liaison
from tests.examples import HOOKS, ROOT


def copy_repository(root, settings, secrets):
    """Copy what the script needs into a folder, with what `make install` and `make run` leave there."""
    for package in ("commands", "handlers", "schemas", "services"):
        shutil.copytree(ROOT / package, root / package, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "liaison", root)
    for folder in (".venv/bin", "var"):
        (root / folder).mkdir(parents=True)
    (root / ".venv/bin/python").write_text(f'#!/bin/sh\nexec "{sys.executable}" "$@"\n')
    (root / ".venv/bin/python").chmod(0o755)
    (root / ".venv/bin/functions-framework").touch()
    (root / "var/secrets.yaml").write_text(yaml.safe_dump(secrets))
    (root / "var/secrets.yaml").chmod(0o600)
    (root / "hooks.yaml").write_text(yaml.safe_dump(HOOKS))
    told = {
        **settings,
        "SECRETS": "file:var/secrets.yaml",
        "HOOKS": "hooks.yaml",
        "LEDGER": "sqlite:var/l.db",
        "PORT": "9000",
    }
    (root / "var/run.env").write_text("".join(f"{name}={value}\n" for name, value in told.items()))
    return root


class CommandLine:
    """The command line in front of one set of hooks and secrets, kept in a folder."""

    def __init__(self, folder, settings, secrets, hooks):
        self.folder = folder
        self.write("secrets.yaml", yaml.safe_dump(secrets)).chmod(0o600)
        self.write("hooks.yaml", hooks if isinstance(hooks, str) else yaml.safe_dump(hooks))
        files = {
            "SECRETS": f"file:{folder / 'secrets.yaml'}",
            "HOOKS": str(folder / "hooks.yaml"),
            "LEDGER": f"sqlite:{folder}/ledger.db",
        }
        self.environment = {"PATH": os.environ["PATH"], "COLUMNS": "110", **settings, **files}

    def write(self, name, text):
        """Write a file into the folder; text or bytes."""
        path = self.folder / name
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        return path

    def __call__(self, *arguments, stdin=b"", **environment) -> subprocess.CompletedProcess[str]:
        """Run a command; an empty setting counts as none."""
        command = [sys.executable, "-P", "-m", "commands.liaison", *map(str, arguments)]
        environment = {**self.environment, "PYTHONPATH": str(ROOT), **environment}
        given = stdin if isinstance(stdin, bytes) else json.dumps(stdin).encode()
        outcome = subprocess.run(
            command, cwd=self.folder, env=environment, input=given, capture_output=True, check=False, timeout=50
        )
        outcome.stdout, outcome.stderr = outcome.stdout.decode(), outcome.stderr.decode()
        assert "Traceback" not in outcome.stderr, outcome.stderr
        return outcome

    def json(self, *arguments, **options) -> Any:
        """Run a command for a script, and return what it prints."""
        return json.loads(self(*arguments, "--json", **options).stdout)


class Operator:
    """The same command line in this process, which is quicker: with the settings of the function under test."""

    def __call__(self, *arguments, stdin="", **environment):
        """Run a command; `exit_code`, `stdout` and `stderr` are as a process has them."""
        outcome = CliRunner().invoke(
            liaison, [*map(str, arguments)], input=stdin, env={"COLUMNS": "110", **environment}
        )
        assert outcome.exception is None or isinstance(outcome.exception, SystemExit), outcome.exc_info
        return outcome

    def json(self, *arguments, **options):
        """Run a command for a script, and return what it prints."""
        return json.loads(self(*arguments, "--json", **options).stdout)
