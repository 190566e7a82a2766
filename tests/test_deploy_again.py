"""`./liaison deploy` run again with the real gcloud, cut off and undone; and the script that it prints."""

from __future__ import annotations

import os
import re
import signal
import subprocess

import pytest

from tests.deployments import PLACE, essence
from tests.google_cloud.state import State

pytestmark = [pytest.mark.check, pytest.mark.timeout(500), pytest.mark.xdist_group("deployed")]


def test_a_second_run_changes_nothing(checkout, google):
    """It says so, with settings from what was deployed, and sends nothing that changes anything."""
    again = checkout.deploy("--yes")

    assert again.returncode == 0, again.stdout + again.stderr
    assert "Nothing to make and nothing to change." in again.stdout
    assert google.changes == []


def test_only_what_differs_is_changed(checkout, google, deployed):
    """More memory for one function, and a queue that somebody deleted, are put right; the rest is left alone."""
    checkout.change(
        "serverless.yaml", "memorySize: 512\n    timeout: 60s # the", "memorySize: 1024\n    timeout: 60s # the"
    )
    del google.state.queues[f"{PLACE}/queues/liaison"], google.state.policies[f"{PLACE}/queues/liaison"]
    ran = checkout.deploy("--yes")
    patched = [path.rpartition("/")[2] for method, _, path, _ in google.changes if method == "PATCH"]

    assert ran.returncode == 0, ran.stdout + ran.stderr
    assert "change function liaison-webhook: memory: 512Mi → 1024Mi\n" in ran.stdout
    assert patched == ["liaison-webhook"]
    assert (
        google.state.functions[f"{PLACE}/functions/liaison-webhook"].resource["serviceConfig"]["availableMemory"]
        == "1024Mi"
    )
    assert essence(google.state)["queues"] == essence(deployed.state)["queues"]


def test_a_run_that_was_killed_goes_on(checkout, google, deployed):
    """Killed in the middle and run again, it ends where one run ends, and makes nothing twice."""
    google.state = State()
    google.state.addresses = deployed.state.addresses
    secrets = checkout.write("mine.yaml", deployed.values)
    words = ("deploy", "--project", "my-project", "--yes", "--secrets-file", secrets)
    process = checkout.start(*words, **deployed.settings)
    google.drop_after(25, lambda: os.killpg(process.pid, signal.SIGKILL))
    process.communicate(timeout=200)
    google.recover()
    again = checkout(*words, **deployed.settings)

    assert process.returncode == -signal.SIGKILL
    assert again.returncode == 0, again.stdout + again.stderr
    assert "as it must be:" in again.stdout
    assert essence(google.state) == essence(deployed.state)


def test_a_run_that_was_interrupted_says_how_to_go_on(checkout, google, deployed):
    """Whoever presses Ctrl-C in the middle is told that nothing is lost."""
    google.state = State()
    secrets = checkout.write("mine.yaml", deployed.values)
    words = ("deploy", "--project", "my-project", "--yes", "--secrets-file", secrets)
    process = checkout.start(*words, **deployed.settings)
    google.drop_after(9, lambda: os.killpg(process.pid, signal.SIGINT))
    _, told = process.communicate(timeout=200)

    assert process.returncode == 1
    assert "Run the same command again: it goes on from here." in told
    assert "Traceback" not in told


def test_the_script_leaves_the_same_state(checkout, google, deployed):
    """Whoever reads before running has the same installation in the end, and can run it again."""
    google.state = State()
    google.state.addresses = deployed.state.addresses
    for name, value in deployed.values.items():
        (checkout.folder / name).write_text(f"{value}\n")
    script = checkout.deploy("--dry-run", **deployed.settings).stdout
    environment = {**checkout.environment, "SECRETS_FOLDER": str(checkout.folder)}
    ran = subprocess.run(
        ["sh", "-s"], input=script, cwd=checkout.folder, env=environment, capture_output=True, text=True, check=False
    )

    assert ran.returncode == 0, ran.stdout + ran.stderr
    assert essence(google.state) == essence(deployed.state)


def test_two_installations_live_side_by_side(checkout, google, deployed):
    """The second takes nothing from the first, and stays when that is taken down, though its name begins alike."""
    google.state.addresses["liaison-two-webhook"] = google.state.addresses["liaison-webhook"]
    secrets = checkout.write("mine.yaml", deployed.values)
    second = checkout.deploy("--yes", "--name", "liaison-two", "--secrets-file", secrets, **deployed.settings)
    google.requests.clear()
    first = checkout.deploy("--yes")
    unchanged = google.changes == []
    gone = checkout("destroy", "--project", "my-project", "--yes", "--with-secrets", "--with-ledger")
    still = checkout.deploy("--yes", "--name", "liaison-two")

    assert (second.returncode, first.returncode, gone.returncode) == (0, 0, 0), second.stdout + second.stderr
    assert unchanged
    assert "Nothing to make and nothing to change." in still.stdout
    assert {name.partition("/secrets/")[2][:12] for name in google.state.secrets} == {"liaison-two-"}


def test_destroying_keeps_secrets_and_ledger(checkout, google):
    """What was made is gone, without a trace in the project's rights; what cannot be made again is kept."""
    ran = checkout("destroy", "--project", "my-project", sent="y\n")
    state = google.state
    rights = [each for name, policy in state.policies.items() for each in policy.get("bindings", [])]

    assert ran.returncode == 0, ran.stdout + ran.stderr
    assert not any((state.functions, state.run, state.queues, state.jobs, state.accounts, rights))
    assert not state.sinks["projects/my-project/sinks/_Default"].get("exclusions")
    assert (len(state.secrets), list(state.databases)) == (5, ["projects/my-project/databases/liaison"])
    assert re.search(r"Kept: the secrets liaison-.*\nKept: the ledger", ran.stdout)


def test_destroying_all_of_it(checkout, google):
    """Told by name, it takes the secrets and the ledger too."""
    ran = checkout("--project", "my-project", "destroy", "--yes", "--with-secrets", "--with-ledger")

    assert ran.returncode == 0, ran.stdout + ran.stderr
    assert not any((google.state.secrets, google.state.databases, google.state.functions))
