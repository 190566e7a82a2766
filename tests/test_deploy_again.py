"""`./liaison deploy` run again with the real gcloud, cut off, refused and undone; and the script that it prints."""

from __future__ import annotations

import copy
import os
import re
import signal
import subprocess

import pytest

from tests.deploying import ONLINE, Checkout
from tests.deployments import ASKED, PLACE, essence
from tests.google_cloud.gcloud import warm_path
from tests.google_cloud.policies import roles
from tests.google_cloud.state import State

pytestmark = [pytest.mark.check, pytest.mark.timeout(500), pytest.mark.xdist_group("deployed")]


@pytest.fixture
def google(deployed):
    """Give the Google Cloud as it was after the first run."""
    google = deployed.google
    google.recover()
    google.state = copy.deepcopy(deployed.state)
    google.requests.clear()
    yield google
    google.recover()
    assert google.unknown == []


@pytest.fixture
def checkout(tmp_path, google):
    """Return a checkout whose settings are those that were deployed."""
    return Checkout(tmp_path, PATH=warm_path(), **google.environment)


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


def test_a_right_that_is_missing_is_named(checkout, google):
    """Google's refusal becomes the right, and the line that grants it."""
    google.state.denied.add("cloudtasks.queues.list")
    refused = checkout.deploy("--yes")

    assert refused.returncode == 1
    assert "lacks the right cloudtasks.queues.list in the project my-project" in refused.stderr
    assert "--member=user:operator@example.com --role=roles/cloudtasks.admin" in refused.stderr


def test_a_quota_that_is_used_up_is_said(checkout, google):
    """Too many calls for Google is no crash."""
    google.fail("GET", "/services", 429, "RATE_LIMIT_EXCEEDED", times=100)
    refused = checkout.deploy("--yes")

    assert refused.returncode == 1
    assert "A quota of the project my-project is used up" in refused.stderr


def test_another_project_and_no_billing(checkout, google):
    """The two mistakes of a first day are said in words."""
    nowhere = checkout("deploy", "--project", "other-project", "--yes")
    google.state = State()
    google.state.projects["my-project"].billing = False
    secrets = checkout.write("mine.yaml", dict.fromkeys(ASKED, "x"))
    unpaid = checkout.deploy("--yes", "--secrets-file", secrets, **ONLINE)

    assert "There is no project other-project" in nowhere.stderr
    assert "https://console.cloud.google.com/billing/linkedaccount?project=my-project" in unpaid.stderr


def test_a_pipeline_is_told_which_secrets_are_missing(checkout, google):
    """Nobody is there to be asked: they are named, and nothing is made."""
    google.state = State()
    refused = checkout.deploy("--yes", **ONLINE)

    assert (refused.returncode, google.changes) == (1, [])
    assert f"These secrets have no value yet: {', '.join(ASKED)}. Give them with --secrets-file FILE." in refused.stderr


def test_a_door_that_is_open_is_refused(checkout, google):
    """Where IAM lets everybody call `deliver`, nothing is deployed, and the line that closes it is told."""
    google.state.policies[f"{PLACE}/services/liaison-deliver"]["bindings"][0]["members"].append("allUsers")
    refused = checkout.deploy("--yes")

    assert (refused.returncode, google.changes) == (1, [])
    assert "gcloud run services remove-iam-policy-binding liaison-deliver --region=europe-west1" in refused.stderr


def test_another_region_is_no_accident(checkout, google):
    """Whoever forgets --region does not get a second installation of the same name."""
    refused = checkout.deploy("--yes", "--region", "europe-west4")

    assert (refused.returncode, google.changes) == (1, [])
    assert "is in the region europe-west1 already. Give --region europe-west1" in refused.stderr


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


def test_operators_and_alerts(checkout, google):
    """An operator has what `./liaison --project` needs, and an alert goes to whom was said."""
    words = ("--yes", "--operator", "ada@example.com", "--alert", "on-call@example.com")
    ran = checkout.deploy(*words)
    google.requests.clear()
    again = checkout.deploy(*words)
    project = roles(google.state, "projects/my-project", "user:ada@example.com")
    (policy,), (channel,) = google.state.alerts.values(), google.state.channels.values()

    assert (ran.returncode, again.returncode, google.changes) == (0, 0, [])
    assert project == {"roles/datastore.user", "roles/cloudfunctions.viewer", "roles/serviceusage.serviceUsageConsumer"}
    assert channel["labels"] == {"email_address": "on-call@example.com"}
    assert policy["notificationChannels"] == [channel["name"]]
    assert "liaison-waits-for-an-operator" in policy["conditions"][0]["conditionThreshold"]["filter"]


def test_other_commands_speak_to_what_was_deployed(checkout):
    """Their settings come from the functions; an installation that is not there is named."""
    told = checkout("--project", "my-project", "check", GOOGLE_APPLICATION_CREDENTIALS="/nonexistent").stdout
    nothing = checkout("--project", "my-project", "--name", "other", "check")

    assert "secrets from gcp://my-project?prefix=liaison-; settings from the project my-project" in told.splitlines()[0]
    assert "✓ IAM: not everybody may call deliver and redeliver" in told
    assert "There is no function other-webhook in the project my-project" in nothing.stderr


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
