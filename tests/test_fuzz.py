"""The fuzzer without its engine: its corpus, and what it says where there is none."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from fuzz import targets
from fuzz.__main__ import CORPUS, OF
from fuzz.rules import hooks, written_hooks
from tests.examples import ROOT


@pytest.mark.parametrize("target", ["bodies", "proofs", "files"])
def test_the_corpus_is_taken_or_refused(target):
    """What the fuzzer begins with is all of it answered."""
    run, seeds = getattr(targets, target)(), sorted((CORPUS / OF[target]).iterdir())
    for seed in seeds:
        run(seed.read_bytes())

    assert len(seeds) > 4


def test_every_hook_that_is_fuzzed_is_sound():
    """A hook with a mistake would answer 500 before anything is tried."""
    assert hooks().keys() == written_hooks().keys()


@pytest.mark.parametrize(("ci", "code"), [("", 0), ("true", 1)])
def test_says_where_there_is_no_fuzzer(ci, code):
    """On a Python without a wheel it is skipped in words; in CI that is a failure."""
    command = [sys.executable, "-S", "-m", "fuzz"]  # -S: nothing that was installed
    outcome = subprocess.run(
        command, cwd=ROOT, env={**os.environ, "CI": ci}, capture_output=True, text=True, check=False
    )

    assert (outcome.returncode, outcome.stdout[:8]) == (code, "Skipped:")


@pytest.mark.parametrize(
    ("status", "headers", "body"),
    [
        ("500 INTERNAL SERVER ERROR", [], b"{}"),
        ("404 NOT FOUND", [], b"{}"),
        ("302 FOUND", [], b"{}"),
        ("200 OK", [("X-Hook-Secret", "a\r\nb: c")], b"{}"),
        ("400 BAD REQUEST", [], b'{"detail": ""}'),
        ("200 OK", [], b"<html>"),
    ],
)
def test_knows_a_wrong_answer(status, headers, body):
    """What no sender may get is a finding."""
    with pytest.raises((targets.Wrong, ValueError)):
        targets.check_answer(status, headers, body)
