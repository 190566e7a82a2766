"""Functions and the Cloud Run services behind them, on the Google Cloud on this machine: the real gcloud deploys."""

from __future__ import annotations

import io
import zipfile

import pytest

from tests.google_cloud.gcloud import ACCOUNT, ask, ready, refusal
from tests.google_cloud.policies import roles

pytestmark = pytest.mark.check

PLACE = "projects/my-project/locations/europe-west1"
REGION = "--region=europe-west1"


@pytest.fixture
def google():
    """Give a Google Cloud in which every API is enabled; what gcloud asks beyond it is a fault of this one."""
    with ready() as google:
        yield google
        assert google.unknown == []


@pytest.fixture
def source(tmp_path):
    """Give a folder with a function's source."""
    (tmp_path / "main.py").write_text("def webhook(request):\n    return 'ok'\n")
    (tmp_path / "requirements.txt").write_text("functions-framework\n")
    return tmp_path


def deploy(google, source, *words):
    """Deploy the function `webhook` with these flags."""
    return ask(google, f"functions deploy webhook --gen2 {REGION} --source={source}", *words)


NEW = ["--runtime=python312", "--trigger-http", "--allow-unauthenticated", f"--service-account={ACCOUNT}"]
NEW += ["--memory=512Mi", "--cpu=1", "--concurrency=80", "--set-env-vars=THREADS=80"]


def test_functions(google, source):
    """A function is built from what was uploaded, answers at its service, and is open to whom the policy says."""
    google.state.seconds = 0.5
    google.state.addresses["webhook"] = "http://127.0.0.1:8080"
    made = deploy(google, source, *NEW)
    changed = deploy(google, source, "--memory=1Gi")

    function = google.state.functions[f"{PLACE}/functions/webhook"]
    assert zipfile.ZipFile(io.BytesIO(function.source)).namelist() == ["main.py", "requirements.txt"]
    assert (
        made["serviceConfig"] | {"availableMemory": "1Gi", "revision": "webhook-00002-abc"} == changed["serviceConfig"]
    )
    assert ask(google, "functions list") == [changed] == [ask(google, f"functions describe webhook --gen2 {REGION}")]
    assert roles(google.state, f"{PLACE}/services/webhook", "allUsers") == {"roles/run.invoker"}
    service = ask(google, f"run services describe webhook {REGION}")
    assert service["status"]["url"] == changed["serviceConfig"]["uri"] == "http://127.0.0.1:8080"
    assert ask(google, "run services list") == ask(google, f"run services list {REGION}") == [service]
    ask(google, f"functions delete webhook --gen2 {REGION}")
    assert google.state.run == google.state.functions == {}


def test_invokers(google, source):
    """Who may call a function is its Cloud Run service's policy."""
    deploy(google, source, *NEW)
    binding = f"run services %s webhook {REGION} --role=roles/run.invoker --member=%s"
    ask(google, binding % ("remove-iam-policy-binding", "allUsers"))
    ask(google, binding % ("add-iam-policy-binding", f"serviceAccount:{ACCOUNT}"))
    google.state.own_domain_only = True

    assert "permitted customer" in refusal(google, binding % ("add-iam-policy-binding", "allUsers"))
    policy = ask(google, f"run services get-iam-policy webhook {REGION}")
    assert policy["bindings"] == [{"role": "roles/run.invoker", "members": [f"serviceAccount:{ACCOUNT}"]}]


def test_failed_builds(google, source):
    """A build that fails is told in the builder's words; the function is there and has failed."""
    google.state.broken_builds["webhook"] = "no matching distribution"
    refused = refusal(google, f"functions deploy webhook --gen2 {REGION} --source={source}", *NEW)

    assert "no matching distribution" in refused
    assert ask(google, f"functions describe webhook --gen2 {REGION}")["state"] == "FAILED"


def test_acting_as(google, source):
    """Whoever deploys a function must be allowed to act as its service account, and is told so."""
    google.state.denied.add("iam.serviceAccounts.actAs")

    refused = refusal(google, f"functions deploy webhook --gen2 {REGION} --source={source}", *NEW)

    assert f"missing permission 'iam.serviceaccounts.actAs' on service account {ACCOUNT}" in refused
