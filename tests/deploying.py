"""A checkout with hooks of its own, from which `./liaison deploy` is run as people do."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import yaml

from tests.examples import ROOT

PACKAGES = ("commands", "handlers", "schemas", "services")
FILES = ("main.py", "requirements.txt", "serverless.yaml", "firestore.indexes.json", ".gcloudignore")
HOOKS = {"signup": {"verify": {"header": "X-Api-Key", "secret": "signup-key"}}}
ONLINE = {"SUPEROFFICE_URL": "https://online.superoffice.com", "SUPEROFFICE_TENANT": "Cust26759"}


class Checkout:
    """A folder with all that is deployed; calling it runs a command there."""

    def __init__(self, folder: Path, **environment: str) -> None:
        self.folder = folder
        for package in PACKAGES:
            shutil.copytree(ROOT / package, folder / package, ignore=shutil.ignore_patterns("__pycache__"))
        for name in FILES:
            shutil.copy(ROOT / name, folder)
        self.write("hooks.yaml", HOOKS)
        self.environment = {"PATH": os.environ["PATH"], "HOME": str(folder), "COLUMNS": "110", **environment}

    def write(self, name: str, told: object) -> Path:
        """Write a YAML file into the folder."""
        path = self.folder / name
        path.write_text(yaml.safe_dump(told))
        return path

    def change(self, name: str, old: str, new: str) -> None:
        """Change a text in one of the files, everywhere."""
        text = (self.folder / name).read_text(encoding="utf-8")
        assert old in text
        (self.folder / name).write_text(text.replace(old, new), encoding="utf-8")

    def start(self, *words: object, stdin: int = subprocess.DEVNULL, **changed: str) -> subprocess.Popen[str]:
        """Begin a command of ./liaison."""
        command = [sys.executable, "-P", "-m", "commands.liaison", *map(str, words)]
        environment = {"PYTHONPATH": str(self.folder), **self.environment, **changed}
        return subprocess.Popen(
            command,
            cwd=self.folder,
            env=environment,
            stdin=stdin,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,  # so that it can be killed with the gcloud that it started
        )

    def __call__(self, *words: object, sent: str | None = None, **changed: str) -> subprocess.CompletedProcess[str]:
        """Run a command of ./liaison for `my-project`."""
        process = self.start(*words, stdin=subprocess.DEVNULL if sent is None else subprocess.PIPE, **changed)
        out, err = process.communicate(sent, timeout=400)
        assert "Traceback" not in err, err
        return subprocess.CompletedProcess(process.args, process.returncode, out, err)

    def deploy(self, *words: object, **options: str) -> subprocess.CompletedProcess[str]:
        """Run `./liaison deploy` for `my-project`."""
        return self("deploy", "--project", "my-project", *words, **options)
