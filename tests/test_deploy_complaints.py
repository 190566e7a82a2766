"""What gcloud and Google complain of is said in words: what is wrong, and what to do next."""

from __future__ import annotations

import pytest

from commands.deploy.complaints import complaint
from commands.deploy.gcloud import MISSING

LIST = ("secrets", "list")
DEPLOY = ("functions", "deploy", "liaison-webhook", "--gen2", "--region=mars-west1")

# Each as gcloud 528 and the APIs word it.
TOLD = {
    "no tool": (LIST, MISSING, "https://cloud.google.com/sdk/docs/install"),
    "not logged in": (
        LIST,
        "ERROR: (gcloud.secrets.list) You do not currently have an active account selected.\nPlease run:\n\n"
        "  $ gcloud auth login\n\nto obtain new credentials.",
        "You are not logged in to Google Cloud, or no longer. Run `gcloud auth login`",
    ),
    "login ran out": (
        LIST,
        "ERROR: (gcloud.secrets.list) There was a problem refreshing your current auth tokens: ('invalid_grant: Bad"
        " Request', {'error': 'invalid_grant'})\nPlease run:\n\n  $ gcloud auth login",
        "Run `gcloud auth login`",
    ),
    "token refused": (
        LIST,
        "ERROR: (gcloud.secrets.list) UNAUTHENTICATED: Request had invalid authentication credentials. Expected OAuth 2"
        " access token, login cookie or other valid authentication credential.",
        "Run `gcloud auth login`",
    ),
    "wrong project": (
        ("projects", "get-iam-policy", "my-project"),
        "ERROR: (gcloud.projects.get-iam-policy) [ada@example.com] does not have permission to access projects instance"
        " [my-project] (or it may not exist): The caller does not have permission.",
        "There is no project my-project, or this account may not see it. `gcloud projects list`",
    ),
    "no such project": (
        ("services", "list"),
        "ERROR: (gcloud.services.list) NOT_FOUND: Project 'my-project' not found or deleted. This command is"
        " authenticated as ada@example.com",
        "There is no project my-project",
    ),
    "no billing": (
        ("services", "enable", "run.googleapis.com"),
        "ERROR: (gcloud.services.enable) FAILED_PRECONDITION: Billing account for project '123456789012' is not found."
        " Billing must be enabled for activation of service(s) 'run.googleapis.com' to proceed.",
        "https://console.cloud.google.com/billing/linkedaccount?project=my-project",
    ),
    "billing ended": (
        LIST,
        "ERROR: (gcloud.secrets.list) PERMISSION_DENIED: This API method requires billing to be enabled. Please enable"
        " billing on project #my-project by visiting https://console.developers.google.com/billing/enable then retry.",
        "has no billing account",
    ),
    "no API": (
        LIST,
        "ERROR: (gcloud.secrets.list) PERMISSION_DENIED: Secret Manager API has not been used in project 123456789012"
        " before or it is disabled. Enable it by visiting https://console.developers.google.com/apis/api/"
        "secretmanager.googleapis.com/overview?project=123456789012 then retry.\n"
        "- '@type': type.googleapis.com/google.rpc.ErrorInfo\n  reason: SERVICE_DISABLED",
        "Run `gcloud services enable secretmanager.googleapis.com --project=my-project`",
    ),
    "a right, named": (
        ("secrets", "create", "liaison-liaison-api-key"),
        "ERROR: (gcloud.secrets.create) [ada@example.com] does not have permission to access projects instance"
        " [my-project] (or it may not exist): Permission 'secretmanager.secrets.create' denied for resource"
        " 'projects/my-project' (or it may not exist).",
        "lacks the right secretmanager.secrets.create in the project my-project. An owner of the project grants it"
        " with: gcloud projects add-iam-policy-binding my-project --member=user:YOUR-ADDRESS"
        " --role=roles/secretmanager.admin --condition=None",
    ),
    "a right, in the other words": (
        ("tasks", "queues", "list"),
        "ERROR: (gcloud.tasks.queues.list) PERMISSION_DENIED: The principal (user or service account) lacks IAM"
        ' permission "cloudtasks.queues.list" for the resource "projects/my-project/locations/europe-west1/queues" (or'
        " the resource may not exist).",
        "lacks the right cloudtasks.queues.list in the project my-project",
    ),
    "a right, not named": (
        ("tasks", "queues", "create", "liaison"),
        "ERROR: (gcloud.tasks.queues.create) PERMISSION_DENIED: The principal lacks what it takes.",
        "a right for `gcloud tasks queues create liaison` in the project my-project. An owner of the project grants it"
        " with: gcloud projects add-iam-policy-binding my-project --member=user:YOUR-ADDRESS"
        " --role=roles/cloudtasks.admin",
    ),
    "acting as an account": (
        DEPLOY,
        "ERROR: (gcloud.functions.deploy) ResponseError: status=[403], code=[Ok], message=[Caller is missing"
        " permission 'iam.serviceaccounts.actAs' on service account projects/-/serviceAccounts/l@p.iam.example.com.",
        "roles/iam.serviceAccountUser",
    ),
    "no region": (
        DEPLOY,
        "ERROR: (gcloud.functions.deploy) ResponseError: status=[403], code=[Ok], message=[Permission denied on"
        " 'locations/mars-west1' (or it may not exist).]",
        "The region mars-west1 is not one, or does not have this service. `gcloud functions regions list`",
    ),
    "no queue there": (
        ("tasks", "queues", "create", "liaison", "--location=mars-west1"),
        "ERROR: (gcloud.tasks.queues.create) NOT_FOUND: Location 'mars-west1' is not a valid location.",
        "The region mars-west1 is not one",
    ),
    "quota": (
        LIST,
        "ERROR: (gcloud.secrets.list) RESOURCE_EXHAUSTED: Quota exceeded for quota metric 'Read requests' and limit"
        " 'Read requests per minute' of service 'secretmanager.googleapis.com'",
        "A quota of the project my-project is used up (`gcloud secrets list`). Wait a minute",
    ),
    "own domain only": (
        DEPLOY,
        "ERROR: (gcloud.functions.deploy) FAILED_PRECONDITION: One or more users named in the policy do not belong to a"
        " permitted customer.",
        "iam.allowedPolicyMemberDomains",
    ),
    "build": (
        DEPLOY,
        "ERROR: (gcloud.functions.deploy) OperationError: code=3, message=Build failed with status: FAILURE and"
        " message: pip did not work. For more details see the logs at"
        " https://console.cloud.google.com/cloud-build/builds;region=europe-west1/abc?project=123456789012.",
        "https://console.cloud.google.com/cloud-build/builds;region=europe-west1/abc?project=123456789012 tells why",
    ),
    "queue deleted": (
        ("tasks", "queues", "create", "liaison"),
        "ERROR: (gcloud.tasks.queues.create) FAILED_PRECONDITION: The queue cannot be created because a queue with this"
        " name existed too recently.",
        "Give another name to --name",
    ),
    "database deleted": (
        ("firestore", "databases", "create"),
        "ERROR: (gcloud.firestore.databases.create) FAILED_PRECONDITION: Database ID 'liaison' is not available in"
        " project 'my-project'. Please retry in 298 seconds.",
        "A database of this name was deleted just now",
    ),
    "no alpha": (
        ("alpha", "monitoring", "policies", "list"),
        "ERROR: (gcloud.alpha.monitoring) You do not currently have this command group installed.  Using it requires"
        " the installation of components: [alpha]",
        "gcloud components install alpha beta",
    ),
    "not deployed": (
        ("functions", "describe", "liaison-webhook", "--gen2", "--region=europe-west1"),
        "ERROR: (gcloud.functions.describe) ResponseError: status=[404], code=[Ok], message=[Resource 'projects/"
        "my-project/locations/europe-west1/functions/liaison-webhook' was not found]",
        "There is no function liaison-webhook in the project my-project",
    ),
    "no network": (
        LIST,
        "ERROR: gcloud crashed (ConnectionError): HTTPSConnectionPool(host='secretmanager.googleapis.com', port=443):"
        " Max retries exceeded with url: /v1/projects/my-project/secrets",
        "Google cannot be reached from here",
    ),
    "something else": (
        ("tasks", "queues", "create", "liaison"),
        "WARNING: x\nERROR: (gcloud.tasks.queues.create) INVALID_ARGUMENT: Queue.rate_limits must be positive",
        "`gcloud tasks queues create liaison` did not work. Google says: INVALID_ARGUMENT: Queue.rate_limits must be"
        " positive. Mend that",
    ),
}


@pytest.mark.parametrize(("words", "told", "said"), TOLD.values(), ids=TOLD)
def test_a_complaint_is_said_in_words(words, told, said):
    """Whoever deploys reads what is wrong and what to do, and not a stack of codes."""
    assert said in complaint(told, words, "my-project")


def test_no_complaint_shows_values():
    """What is said of a line is what it does: neither settings nor e-mail addresses."""
    words = ("functions", "deploy", "liaison-webhook", "ada@example.com", "--set-env-vars=^|^COUNTRY=NO")

    assert complaint("what?", words, "p").startswith("`gcloud functions deploy liaison-webhook` did not work.")
