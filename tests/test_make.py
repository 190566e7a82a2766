"""The Makefile, where it must speak for itself: a Python that will not do, the list of targets, `make clean`."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent


def make(target: str, folder: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run a target of the Makefile in a folder."""
    command = [shutil.which("make"), "-C", folder, "--no-print-directory", target]
    return subprocess.run(
        command, env={**os.environ, **environment}, capture_output=True, text=True, check=False, timeout=50
    )


PYTHONS = {
    "too old": ('test "$1" = --version && echo Python 3.9.6', "Python 3.11 or newer, and here is Python 3.9.6:"),
    "absent": ("exit 127", "Python 3.11 or newer, and here is none:"),
    "without venv": ('case "$2" in *ensurepip*) exit 1;; esac', "apt install python3-venv"),
}


@pytest.mark.parametrize("case", PYTHONS)
def test_a_python_that_will_not_do_is_said_so(tmp_path, case):
    """A machine with an old Python, or Debian's without venv, gets a sentence with the way out."""
    script, sentence = PYTHONS[case]
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin/python3").write_text(f"#!/bin/sh\n{script}\n")
    (tmp_path / "bin/python3").chmod(0o755)
    for name in ("Makefile", "requirements.txt"):
        shutil.copy(ROOT / name, tmp_path)
    outcome = make("install", tmp_path, PATH=str(tmp_path / "bin"))

    assert outcome.returncode != 0
    assert sentence in outcome.stderr


def test_make_clean_removes_what_was_made(tmp_path):
    """var/ and .venv go; what is the user's stays."""
    shutil.copy(ROOT / "Makefile", tmp_path)
    for name in ("var/secrets.yaml", ".venv/bin/python", "hooks.yaml"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).touch()
    make("clean", tmp_path)

    assert sorted(path.name for path in tmp_path.iterdir()) == ["Makefile", "hooks.yaml"]


def test_make_alone_lists_every_target(tmp_path):
    """Whoever types `make` sees all there is, and nothing happens."""
    shutil.copy(ROOT / "Makefile", tmp_path)
    targets = {"run", "install", "test", "check", "bench", "fuzz", "lock", "clean"}

    assert {line.split()[1] for line in make("help", tmp_path).stdout.splitlines()} == targets
