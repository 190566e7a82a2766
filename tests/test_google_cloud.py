"""The Google Cloud on this machine: the real gcloud works against it as it does against Google's own."""

from __future__ import annotations

import json
import os
import signal
import subprocess

import pytest

from tests.google_cloud.gcloud import ACCOUNT, ask, find, ready, refusal
from tests.google_cloud.policies import roles
from tests.google_cloud.secrets import HOST
from tests.google_cloud.state import AT_FIRST

pytestmark = pytest.mark.check

PLACE = "projects/my-project/locations/europe-west1"


@pytest.fixture
def google():
    """Give a Google Cloud in which every API is enabled; what gcloud asks beyond it is a fault of this one."""
    with ready() as google:
        yield google
        assert google.unknown == []


def test_projects(google):
    """A project is described with its number and its billing; another is one that the caller may not see."""
    assert ask(google, "projects describe my-project")["projectNumber"] == "123456789012"
    assert [one["projectId"] for one in ask(google, "projects list")] == ["my-project"]
    assert ask(google, "billing projects describe my-project")["billingEnabled"] is True
    assert "does not have permission to access projects instance [other]" in refusal(google, "projects describe other")


def test_services(google):
    """An API that is enabled is listed; without a billing account, or for a name that is none, it is not enabled."""
    project = google.state.projects["my-project"]
    project.services = set(AT_FIRST)

    ask(google, "services enable run.googleapis.com cloudtasks.googleapis.com")
    project.billing = False
    refused = refusal(google, "services enable cloudbuild.googleapis.com")
    listed = {one["config"]["name"] for one in ask(google, "services list --enabled")}

    assert listed == {*AT_FIRST, "run.googleapis.com", "cloudtasks.googleapis.com"}
    assert "UREQ_PROJECT_BILLING_NOT_FOUND" in refused


def test_closed_gates(google):
    """What is not enabled, not paid for, not allowed or not there is refused in Google's words."""
    google.state.projects["my-project"].services.discard("cloudtasks.googleapis.com")
    google.state.denied.add("secretmanager.secrets.list")

    disabled = refusal(google, "tasks queues list --location=europe-west1")
    denied = refusal(google, "secrets list")
    nowhere = refusal(google, "functions describe webhook --region=mars-west1")
    google.state.projects["my-project"].billing = False
    unpaid = refusal(google, "secrets describe key")

    assert "SERVICE_DISABLED" in disabled
    assert "Cloud Tasks API has not been used in project 123456789012 before" in disabled
    assert "Permission 'secretmanager.secrets.list' denied" in denied
    assert "Permission denied on 'locations/mars-west1'" in nowhere
    assert "BILLING_DISABLED" in unpaid


def test_accounts(google):
    """A service account is made once, and what it was allowed is marked when it is gone."""
    account = "liaison-operator@my-project.iam.gserviceaccount.com"
    member = f"--member=serviceAccount:{account}"
    condition = '--condition=expression=resource.name=="projects/my-project/databases/liaison",title=ledger'
    grant = "projects add-iam-policy-binding my-project --role=roles/datastore.user"

    early = refusal(google, grant, member, condition)
    made = ask(google, "iam service-accounts create liaison-operator --display-name=Operator")
    again = refusal(google, "iam service-accounts create liaison-operator")
    granted = ask(google, grant, member, condition)

    assert f"Service account {account} does not exist." in early
    assert made == ask(google, f"iam service-accounts describe {account}")
    assert "already exists" in again
    assert granted["bindings"][0]["condition"]["title"] == "ledger"
    assert {one["email"] for one in ask(google, "iam service-accounts list")} == {account, ACCOUNT}

    ask(google, f"iam service-accounts delete {account}")
    assert ask(google, "projects get-iam-policy my-project")["bindings"][0]["members"][0].startswith("deleted:")


def test_bindings(google, tmp_path):
    """A binding on an account or the project is added and taken away; a policy that changed meanwhile is not lost."""
    on_account = f"iam service-accounts %s {ACCOUNT} --role=roles/iam.serviceAccountUser --member=user:ada@example.com"
    ask(google, on_account % "add-iam-policy-binding")
    assert ask(google, f"iam service-accounts get-iam-policy {ACCOUNT}")["bindings"][0]["members"] == [
        "user:ada@example.com"
    ]
    ask(google, on_account % "remove-iam-policy-binding")
    assert "bindings" not in ask(google, f"iam service-accounts get-iam-policy {ACCOUNT}")

    on_project = "projects %s my-project --role=roles/viewer --member=user:ada@example.com --condition=None"
    ask(google, on_project % "add-iam-policy-binding")
    stale = tmp_path / "policy.json"
    stale.write_text(json.dumps({"etag": "ACAB", "bindings": []}))
    assert "concurrent policy changes" in refusal(google, f"projects set-iam-policy my-project {stale}")
    assert roles(google.state, "projects/my-project", "user:ada@example.com") == {"roles/viewer"}


def test_secrets(google):
    """A secret has versions, each is read as it was written until it is disabled, and its policy is its own."""
    assert "NOT_FOUND" in refusal(google, "secrets describe key")
    ask(google, "secrets create key --replication-policy=automatic --labels=installation=liaison")
    assert "already exists" in refusal(google, "secrets create key --replication-policy=automatic")
    ask(google, "secrets versions add key --data-file=-", sent="first")
    ask(google, "secrets versions add key --data-file=-", sent="second")
    ask(google, "secrets versions disable 1 --secret=key")
    grant = "secrets add-iam-policy-binding key --role=roles/secretmanager.secretAccessor"
    ask(google, grant, f"--member=serviceAccount:{ACCOUNT}")

    assert [one["state"] for one in ask(google, "secrets versions list key")] == ["ENABLED", "DISABLED"]
    assert "DISABLED state" in refusal(google, "secrets versions access 1 --secret=key")
    assert ask(google, "secrets versions describe latest --secret=key")["name"].endswith("/versions/2")
    assert [one.value for one in google.state.secrets["projects/my-project/secrets/key"].versions] == [
        b"first",
        b"second",
    ]
    assert ask(google, "secrets get-iam-policy key")["bindings"][0]["members"] == [f"serviceAccount:{ACCOUNT}"]
    assert [one["labels"] for one in ask(google, "secrets list")] == [{"installation": "liaison"}]
    ask(google, "secrets delete key")
    assert google.state.secrets == {}


def test_queues(google):
    """A queue is made, changed in one point, shown with who may add to it, and deleted."""
    there = "--location=europe-west1"
    assert "Queue does not exist" in refusal(google, "tasks queues describe liaison", there)
    ask(google, "tasks queues create liaison --max-dispatches-per-second=5 --max-attempts=100", there)
    ask(google, "tasks queues update liaison --max-concurrent-dispatches=3", there)
    grant = f"tasks queues add-iam-policy-binding liaison --member=serviceAccount:{ACCOUNT}"
    ask(google, grant, "--role=roles/cloudtasks.enqueuer", there)

    queue = ask(google, "tasks queues describe liaison", there)
    assert queue == google.state.queues[f"{PLACE}/queues/liaison"] == ask(google, "tasks queues list", there)[0]
    assert queue["rateLimits"] == {"maxDispatchesPerSecond": 5, "maxBurstSize": 1, "maxConcurrentDispatches": 3}
    assert roles(google.state, queue["name"], f"serviceAccount:{ACCOUNT}") == {"roles/cloudtasks.enqueuer"}
    ask(google, "tasks queues delete liaison", there)
    assert google.state.queues == {}
    assert "not a valid location" in refusal(google, "tasks queues describe liaison --location=mars-west1")


def test_jobs(google):
    """A job calls a URL with an identity token; what an update does not name stays as it was."""
    there = "--location=europe-west1"
    token = ["--oidc-token-audience=https://redeliver.example", f"--oidc-service-account-email={ACCOUNT}"]
    call = "scheduler jobs create http redeliver --uri=https://redeliver.example/ --attempt-deadline=60s"
    ask(google, call, "--schedule=* * * * *", *token, there)
    ask(google, "scheduler jobs update http redeliver", "--schedule=*/5 * * * *", there)

    job = ask(google, "scheduler jobs describe redeliver", there)
    assert job == google.state.jobs[f"{PLACE}/jobs/redeliver"] == ask(google, "scheduler jobs list", there)[0]
    assert job["httpTarget"]["oidcToken"] == {
        "audience": "https://redeliver.example",
        "serviceAccountEmail": ACCOUNT,
    }
    assert (job["schedule"], job["attemptDeadline"]) == ("*/5 * * * *", "60s")
    ask(google, "scheduler jobs delete redeliver", there)
    assert "Job not found" in refusal(google, "scheduler jobs describe redeliver", there)


def test_faults(google):
    """A call that was made to fail fails so often and no more, and for what it was made to fail."""
    google.fail("POST", "/secrets$", 429, "RATE_LIMIT_EXCEEDED")

    assert "Quota exceeded" in refusal(google, "secrets create key --replication-policy=automatic")
    ask(google, "secrets create key --replication-policy=automatic")
    assert [asked[:3] for asked in google.changes] == [("POST", HOST, "/v1/projects/my-project/secrets")] * 2


SCRIPT = "for name in a b c; do gcloud secrets create $name --replication-policy=automatic --project=my-project; done"


def test_cut_off(google):
    """After so many changes the line is dead, a run ends there, and what was done before is there for the next."""
    find()
    google.drop_after(2, then=lambda: os.killpg(script.pid, signal.SIGKILL))
    environment = {**os.environ, **google.environment}
    script = subprocess.Popen(["sh", "-c", SCRIPT], env=environment, stderr=subprocess.DEVNULL, start_new_session=True)

    assert script.wait() == -signal.SIGKILL
    google.recover()
    assert [name.rpartition("/")[2] for name in google.state.secrets] == ["a", "b"]
    assert len(ask(google, "secrets list")) == 2
