"""Orders for the process that kills itself: each is one child of `tests.crash_program`, and tells what it came to."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import yaml

from tests.examples import ROOT


class Program:
    """The process, Liaison's settings in it, and the sandbox that they are about."""

    def __init__(self, process: subprocess.Popen, settings: Mapping[str, str], sandbox: Any, folder: Path):
        self._process = process
        self.folder = folder
        self.settings = dict(settings)
        self.sandbox = sandbox

    def run(self, *acts: tuple[Any, ...], **more: Any) -> dict[str, Any]:
        """Have a new child do this; `ahead`, `dies_at` and `dies_on_the_way` as the program has them."""
        order = {"settings": self.settings, "sandbox": self.sandbox.url, "acts": acts, **more}
        self._process.stdin.write(json.dumps(order) + "\n")
        self._process.stdin.flush()
        came = json.loads(self._process.stdout.readline())
        assert not came["failed"], "see what it wrote on stderr"
        return came


@contextmanager
def program(folder: Path, hooks: Mapping[str, Any], secrets: Mapping[str, str], sandbox: Any) -> Iterator[Program]:
    """Start the process for these hooks, in front of the sandbox's onsite tenant."""
    for name, written in (("secrets.yaml", secrets), ("hooks.yaml", hooks)):
        (folder / name).write_text(yaml.safe_dump(dict(written), sort_keys=False))
        (folder / name).chmod(0o600)
    settings = {
        "SUPEROFFICE_URL": sandbox.onsite_url,
        "SUPEROFFICE_LOGIN": "basic",
        "SUPEROFFICE_CALLS_PER_SECOND": "0",
        "SECRETS": f"file:{folder}/secrets.yaml",
        "HOOKS": f"{folder}/hooks.yaml",
        "LEDGER": f"sqlite:{folder}/ledger.db",
    }
    environment = {name: os.environ[name] for name in ("PATH", "HOME", "FIRESTORE_EMULATOR_HOST") if name in os.environ}
    command = [sys.executable, "-m", "tests.crash_program"]
    pipes: dict[str, Any] = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
    with (folder / "log").open("w") as log:
        process = subprocess.Popen(command, cwd=ROOT, env=environment, stderr=log, **pipes)
        try:
            yield Program(process, settings, sandbox, folder)
        finally:
            process.kill()
            process.communicate()


def held(sandbox: Any) -> Counter[tuple[Any, ...]]:
    """Count what the tenant holds: relations by what they say, and companies and persons by name."""
    sides = ("SourceContactId", "SourcePersonId", "DestinationContactId", "DestinationPersonId")
    names = {number: each["Name"] for number, each in sandbox.companies.items()}
    people = {number: f"{each['Firstname']} {each['Lastname']}" for number, each in sandbox.persons.items()}
    told: Counter[tuple[Any, ...]] = Counter(("company", name) for name in names.values())
    told.update(("person", name) for name in people.values())
    for relation in sandbox.relations.values():
        ends = [relation[side] and (people if "Person" in side else names)[relation[side]] for side in sides]
        told[("relation", *ends, relation["RelationDefinitionId"], relation["Comment"])] += 1
    return told
