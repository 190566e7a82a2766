"""What keeps `./liaison deploy` from it, with the real gcloud: each is a sentence and a next step."""

from __future__ import annotations

import pytest

from tests.deploying import ONLINE
from tests.deployments import ASKED, PLACE
from tests.google_cloud.state import State

pytestmark = [pytest.mark.check, pytest.mark.timeout(500), pytest.mark.xdist_group("deployed")]


def test_a_right_that_is_missing_is_named(checkout, google):
    """Google's refusal becomes the right, and the line that grants it."""
    google.state.denied.add("cloudtasks.queues.list")
    refused = checkout.deploy("--yes")

    assert refused.returncode == 1
    assert "lacks the right cloudtasks.queues.list in the project my-project" in refused.stderr
    assert "--member=user:operator@example.com --role=roles/cloudtasks.admin" in refused.stderr


def test_a_quota_that_is_used_up_is_said(checkout, google):
    """Too many calls for Google is no crash."""
    google.fail("GET", "/queues$", 429, "RATE_LIMIT_EXCEEDED", times=100)
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


def in_no_region(google):
    """Have no queues in one of the regions."""
    google.state = State()
    google.state.absent["cloudtasks.googleapis.com"] = {"europe-north1"}


def without_right(google):
    """Take a right away that every command needs."""
    google.state.denied.add("cloudfunctions.functions.get")


def without_api(google):
    """Switch an API off that is needed to see what there is."""
    google.state.projects["my-project"].services.discard("cloudfunctions.googleapis.com")


REGION = ("--region", "europe-north1")
CHECK, DEPLOY = ("--project", "my-project", "check"), ("deploy", "--project", "my-project", "--yes")


@pytest.mark.parametrize(
    ("harm", "words", "environment", "told"),
    [
        (None, DEPLOY, {"CLOUDSDK_AUTH_ACCESS_TOKEN_FILE": ""}, "Run `gcloud auth login`"),
        (in_no_region, (*DEPLOY, *REGION), ONLINE, "The region europe-north1 is not one, or does not have this"),
        (without_api, CHECK, {}, "Run `gcloud services enable cloudfunctions.googleapis.com --project=my-project`"),
        (without_right, CHECK, {}, "--member=user:operator@example.com --role=roles/cloudfunctions.viewer"),
    ],
    ids=["not logged in", "region", "API", "right"],
)
def test_what_keeps_gcloud_from_it_is_said(checkout, google, harm, words, environment, told):
    """Each is a sentence and a next step."""
    if harm:
        harm(google)
    secrets = checkout.write("mine.yaml", dict.fromkeys(ASKED, "x"))
    given = ("--secrets-file", secrets) if "deploy" in words else ()
    refused = checkout(*words, *given, **environment)

    assert refused.returncode == 1
    assert told in refused.stderr


def test_a_pipeline_is_told_which_secrets_are_missing(checkout, google):
    """Nobody is there to be asked: they are named, and nothing is made."""
    google.state = State()
    refused = checkout.deploy("--yes", **ONLINE)

    assert (refused.returncode, google.changes) == (1, [])
    assert f"These secrets have no value yet: {', '.join(ASKED)}. Give them with --secrets-file FILE." in refused.stderr


def test_what_does_not_answer_is_said(checkout, google):
    """Though all is there as it must be, it is not well; and where to look is told."""
    service = google.state.functions[f"{PLACE}/functions/liaison-webhook"].resource
    service["serviceConfig"]["uri"] = service["url"] = "http://127.0.0.1:9"
    ran = checkout.deploy("--yes")

    assert ran.returncode == 1
    assert "✗ http://127.0.0.1:9 does not answer; the log tells why: gcloud functions logs read liaison-w" in ran.stdout


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


def test_whoever_says_no_has_changed_nothing(checkout, google, deployed):
    """The plan is shown before anything is made; where nobody can be asked, it says how to agree."""
    google.state = State()
    no, silence = (checkout.deploy(sent=sent, **deployed.settings) for sent in ("n\n", ""))

    assert (no.returncode, silence.returncode, google.changes) == (1, 1, [])
    assert "+ make function liaison-webhook\n" in no.stdout
    assert "Nothing was done." in no.stderr
    assert "give --yes" in silence.stderr
