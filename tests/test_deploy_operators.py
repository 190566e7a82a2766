"""After deploying: whoever looks after it may do so from a machine of their own, with `./liaison --project`."""

from __future__ import annotations

import os

import pytest

from services.ledger.opening import open_ledger
from tests.deployments import essence
from tests.firestore_emulator import HOST, emulator
from tests.google_cloud.policies import roles
from tests.ledgers import bring

pytestmark = [pytest.mark.check, pytest.mark.timeout(500), pytest.mark.xdist_group("deployed")]

ADA = "user:ada@example.com"
SEEING = ("roles/cloudfunctions.viewer", "roles/browser", "roles/serviceusage.serviceUsageConsumer")


def test_an_operator_may_do_what_the_commands_need(checkout, google, deployed):
    """Each right is on one thing, or lets see the project; a second run changes nothing, and all can be taken away."""
    words = ("--yes", "--operator", "ada@example.com")
    ran = checkout.deploy(*words)
    project = roles(google.state, "projects/my-project", ADA)
    google.requests.clear()
    again, changed = checkout.deploy(*words), google.changes
    everywhere = {role for name in google.state.policies for role in roles(google.state, name, ADA)}
    gone = checkout("destroy", "--project", "my-project", "--yes", "--operator", "ada@example.com")

    assert (ran.returncode, again.returncode, changed, gone.returncode) == (0, 0, [], 0), gone.stderr
    assert project == {"roles/datastore.user", *SEEING}
    assert everywhere - project == {
        "roles/secretmanager.secretAccessor",
        "roles/secretmanager.secretVersionManager",
        "roles/cloudtasks.enqueuer",
        "roles/iam.serviceAccountUser",
        "roles/run.viewer",
    }
    assert essence(google.state) == essence(deployed.state)


def test_an_alert_goes_to_whom_was_said(checkout, google):
    """By e-mail, when a log line means work for an operator; a second run makes no second one."""
    words = ("--yes", "--alert", "on-call@example.com")
    ran = checkout.deploy(*words)
    google.requests.clear()
    again = checkout.deploy(*words)
    (policy,), (channel,) = google.state.alerts.values(), google.state.channels.values()

    assert (ran.returncode, again.returncode, google.changes) == (0, 0, [])
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


@pytest.mark.parametrize(
    ("words", "told"),
    [
        ((), "secrets to gcp://my-project?prefix=liaison-"),
        (
            ("--environment", "online"),
            "A tenant at https://online.superoffice.com, secrets to gcp://my-project?prefix=l",
        ),
    ],
)
def test_connecting_again_renews_what_was_deployed(checkout, words, told):
    """Also for another environment of SuperOffice; who has no right to write there is told so before anything else."""
    refused = checkout("--project", "my-project", "connect", *words, GOOGLE_APPLICATION_CREDENTIALS="/nonexistent")

    assert refused.returncode == 1
    assert told in refused.stdout
    assert "gcloud auth application-default login" in refused.stderr


def test_an_operator_sees_the_deliveries(checkout, deployed):
    """`./liaison --project` reads the ledger that the deployed functions write."""
    emulator()
    ledger = open_ledger("firestore://my-project/liaison")
    told = bring(ledger, environment=" ".join(deployed.settings.values()), hook="signup")
    ledger.store.close()
    shown = checkout("--project", "my-project", "deliveries", **{HOST: os.environ[HOST]})

    assert shown.returncode == 0, shown.stdout + shown.stderr
    assert told.claim.delivery.id in shown.stdout
