"""`./liaison deploy` with the real gcloud: what arrives at Google, what a second run does, and what is said of failures."""

from __future__ import annotations

import copy
import json
import os
import re
import signal
import subprocess
from typing import Any, NamedTuple

import pytest
import yaml

from commands.deploy.installation import Installation, fill_in
from tests.deploying import HOOKS, Checkout
from tests.examples import ROOT
from tests.google_cloud.gcloud import find
from tests.google_cloud.policies import roles
from tests.google_cloud.server import RunningGoogle, start
from tests.google_cloud.state import State
from tests.processes import served

pytestmark = [pytest.mark.check, pytest.mark.timeout(500)]

PLACE = "projects/my-project/locations/europe-west1"
NAMES = ("webhook", "deliver", "redeliver")
ASKED = (
    "superoffice-app-token",
    "superoffice-system-token",
    "superoffice-private-key",
    "liaison-api-key",
    "signup-key",
)


def account(name):
    """Return a service account as a member of IAM's."""
    return f"serviceAccount:liaison-{name}@my-project.iam.gserviceaccount.com"


class Deployed(NamedTuple):
    """A Google Cloud after a first run, what that printed, and the values that were typed."""

    google: RunningGoogle
    state: State
    settings: dict[str, str]
    values: dict[str, str]
    run: subprocess.CompletedProcess[str]
    asked: list[Any]


@pytest.fixture(scope="module")
def health(tmp_path_factory, running_sandbox):
    """Serve the webhook as Google would, and give its address."""
    folder = tmp_path_factory.mktemp("served")
    (folder / "hooks.yaml").write_text(yaml.safe_dump(HOOKS))
    (folder / "secrets.yaml").write_text(yaml.safe_dump(secret_values(running_sandbox)))
    (folder / "secrets.yaml").chmod(0o600)
    files = {"SECRETS": f"file:{folder / 'secrets.yaml'}", "HOOKS": str(folder / "hooks.yaml")}
    with served({**settings_of(running_sandbox), **files}, folder / "log") as address:
        yield address


def settings_of(sandbox):
    """Return what an administrator sets before the first run."""
    return {"SUPEROFFICE_URL": sandbox.url, "SUPEROFFICE_TENANT": sandbox.tenant_id}


def secret_values(sandbox):
    """Return what SuperOffice gave, and two secrets of one's own."""
    app = sandbox.app
    values = (app["client_secret"], app["system_token"], app["private_key"].strip(), "k-4711", "k-0815")
    return dict(zip(ASKED, values, strict=True))


@pytest.fixture(scope="module")
def deployed(tmp_path_factory, running_sandbox, health):
    """Deploy into a new project, and type the secrets when they are asked for."""
    find()
    settings, values = settings_of(running_sandbox), secret_values(running_sandbox)
    with start() as google:
        google.state.addresses["liaison-webhook"] = health
        checkout = Checkout(tmp_path_factory.mktemp("first"), **google.environment, **settings)
        typed = "\n".join(["y", *(values[name] for name in ASKED), ""])
        run = checkout.deploy(sent=typed)
        yield Deployed(google, copy.deepcopy(google.state), settings, values, run, list(google.requests))


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
    return Checkout(tmp_path, **google.environment)


@pytest.fixture
def wanted():
    """Return serverless.yaml, its variables filled in."""
    return fill_in(yaml.safe_load((ROOT / "serverless.yaml").read_text("utf-8")), Installation("my-project"), {})


def essence(state):
    """Return what is there, without what each making has of its own: etags, times, uploads, the order of members."""
    kinds = ("accounts", "policies", "queues", "jobs", "databases", "fields", "indexes", "sinks", "metrics", "run")
    there = {kind: getattr(state, kind) for kind in kinds}
    there["functions"] = {name: function.resource for name, function in state.functions.items()}
    there["secrets"] = {name: [version.value for version in secret.versions] for name, secret in state.secrets.items()}
    return _plain(json.loads(json.dumps(there, default=bytes.decode)))


CHANGING = {
    "etag",
    "uniqueId",
    "object",
    "createTime",
    "updateTime",
    "uid",
    "generation",
    "revision",
    "name",
    "version",
}


def _plain(told):
    if isinstance(told, dict):
        return {key: _plain(value) for key, value in sorted(told.items()) if key not in CHANGING}
    if isinstance(told, list):
        return sorted((_plain(value) for value in told), key=str)
    return told


def test_the_first_run_is_well(deployed):
    """An administrator sees that it answers, that the login works, and what to paste where."""
    assert deployed.run.returncode == 0, deployed.run.stdout + deployed.run.stderr
    assert "there is a ticket" in deployed.run.stdout
    assert "✗" not in deployed.run.stdout
    assert "https://europe-west1-my-project.cloudfunctions.net/liaison-webhook/hooks/signup" in deployed.run.stdout


def test_no_secret_is_shown_or_sent_elsewhere(deployed):
    """What was typed is in Secret Manager, under the installation's name, and nowhere else."""
    secrets = {name.rpartition("/")[2]: one.versions[0].value for name, one in deployed.state.secrets.items()}
    others = [told for told in deployed.asked if not told[2].endswith(":addVersion")]
    elsewhere = f"{deployed.run.stdout}{deployed.run.stderr}{others}"

    assert {name: value.decode().strip() for name, value in secrets.items()} == {
        f"liaison-{name}": value for name, value in deployed.values.items()
    }
    assert not any(line in elsewhere for value in deployed.values.values() for line in value.splitlines())


@pytest.mark.parametrize("name", NAMES)
def test_a_function_is_as_serverless_yaml_says(deployed, wanted, name):
    """What arrives at Google is what stands in the file."""
    function, google = wanted["functions"][name], wanted["custom"]["functions"][name]["serviceConfig"]
    body = next(
        body
        for method, _, path, body in deployed.asked
        if method == "POST" and path.endswith("/functions") and body["buildConfig"]["entryPoint"] == name
    )
    config = body["serviceConfig"]
    variables = {**wanted["provider"]["environment"], **function["environment"], **deployed.settings}

    assert body["buildConfig"]["runtime"] == wanted["provider"]["runtime"]
    assert body["buildConfig"]["serviceAccount"].endswith("/" + wanted["custom"]["build"]["serviceAccount"])
    assert config["availableMemory"] == f"{function['memorySize']}Mi"
    assert f"{config['timeoutSeconds']}s" == function["timeout"]
    assert config["serviceAccountEmail"] == function["serviceAccountEmail"]
    assert {key: config.get(key, 0) for key in google} == google
    assert config["environmentVariables"] == {name: value for name, value in variables.items() if value}


def test_who_may_call_what(deployed):
    """The webhook is open; who calls the others is the queue and the scheduler alone."""
    policies = {name: deployed.state.policies[f"{PLACE}/services/liaison-{name}"]["bindings"] for name in NAMES}
    callers = {name: [(each["role"], each["members"]) for each in bindings] for name, bindings in policies.items()}
    caller = [("roles/run.invoker", [account("invoker")])]

    assert callers == {"webhook": [("roles/run.invoker", ["allUsers"])], "deliver": caller, "redeliver": caller}


def test_who_may_read_and_write_what(deployed):
    """Secrets one by one, the ledger's database alone, and one queue."""
    state, project = deployed.state, deployed.state.policies["projects/my-project"]["bindings"]
    readers = {
        name.rpartition("/liaison-")[2]: state.policies[name]["bindings"][0]["members"] for name in state.secrets
    }
    every = sorted(map(account, NAMES))

    assert readers["superoffice-private-key"] == every
    assert readers["signup-key"] == readers["liaison-api-key"] == [account("webhook")]
    assert [(each["members"], each["condition"]["expression"]) for each in project if "condition" in each] == [
        (every, 'resource.name=="projects/my-project/databases/liaison"')
    ]
    assert {each["role"] for each in project if set(each["members"]) & set(every)} == {"roles/datastore.user"}
    assert roles(state, f"{PLACE}/queues/liaison", account("webhook")) == {"roles/cloudtasks.enqueuer"}


def test_the_queue_and_the_schedule(deployed, wanted):
    """Rate, patience, who calls and for whom the proof is."""
    queue, job = (
        deployed.state.queues[f"{PLACE}/queues/liaison"],
        deployed.state.jobs[f"{PLACE}/jobs/liaison-redeliver"],
    )
    said, when = wanted["custom"]["queue"], wanted["custom"]["schedule"]

    assert {key: queue["rateLimits"][key] for key in said["rateLimits"]} == said["rateLimits"]
    assert queue["retryConfig"] == said["retryConfig"]
    assert {key: job[key] for key in ("schedule", "timeZone", "attemptDeadline")}.items() <= when.items()
    assert {key: job["httpTarget"][key] for key in when["httpTarget"]} == when["httpTarget"]


def test_the_ledger_and_the_log(deployed, wanted):
    """Database, indexes, expiry; and no address that was called goes into the request log."""
    state, told = deployed.state, json.loads((ROOT / "firestore.indexes.json").read_text("utf-8"))
    fields = {name.partition("/collectionGroups/")[2]: field for name, field in state.fields.items()}
    exclusions = state.sinks["projects/my-project/sinks/_Default"]["exclusions"]

    assert state.databases["projects/my-project/databases/liaison"]["locationId"] == "europe-west1"
    assert len(state.indexes) == len(told["indexes"])
    assert fields["parts/fields/expire_at"]["ttlConfig"]
    assert not fields["deliveries/fields/*"]["indexConfig"].get("indexes")
    assert [each["filter"] for each in exclusions] == [wanted["custom"]["exclusion"]["filter"]]


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
    assert "--role=roles/cloudtasks.admin" in refused.stderr


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
    settings = {"SUPEROFFICE_URL": "https://online.superoffice.com", "SUPEROFFICE_TENANT": "Cust26759"}
    unpaid = checkout.deploy("--yes", "--secrets-file", secrets, **settings)

    assert "There is no project other-project" in nowhere.stderr
    assert "https://console.cloud.google.com/billing/linkedaccount?project=my-project" in unpaid.stderr


def test_a_door_that_is_open_is_refused(checkout, google):
    """Where IAM lets everybody call `deliver`, nothing is deployed, and the line that closes it is told."""
    google.state.policies[f"{PLACE}/services/liaison-deliver"]["bindings"][0]["members"].append("allUsers")
    refused = checkout.deploy("--yes")

    assert (refused.returncode, google.changes) == (1, [])
    assert "gcloud run services remove-iam-policy-binding liaison-deliver --region=europe-west1" in refused.stderr


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
