"""The first `./liaison deploy` with the real gcloud: what arrives at Google is what serverless.yaml says."""

from __future__ import annotations

import json
import re

import pytest
import yaml

from commands.deploy.installation import Installation, fill_in
from tests.deployments import NAMES, PLACE, account
from tests.examples import ROOT
from tests.google_cloud.policies import roles

pytestmark = [pytest.mark.check, pytest.mark.timeout(500), pytest.mark.xdist_group("deployed")]


@pytest.fixture
def wanted():
    """Return serverless.yaml, its variables filled in."""
    return fill_in(yaml.safe_load((ROOT / "serverless.yaml").read_text("utf-8")), Installation("my-project"), {})


def test_the_first_run_shows_what_it_will_do_and_does(deployed):
    """The plan, the question, each thing as it is made, and the slow ones also when they are begun."""
    told = deployed.run.stdout
    planned, _, done = told.partition("Go ahead? [y/N]: ")
    apis, *things = re.findall(r"^[+~] (?:make|change) (.+)$", planned, re.MULTILINE)
    made = re.findall(rf"^✓ \d+/{len(things) + 1} (.+)$", done, re.MULTILINE)

    assert apis.startswith("APIs of the project: cloudfunctions.googleapis.com; run.g")
    assert sorted(["APIs of the project", *things]) == sorted(made)
    assert "… function liaison-webhook: takes two or three minutes\n" in done


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
    expiring = wanted["custom"]["database"]["fields"].keys()
    exclusions = state.sinks["projects/my-project/sinks/_Default"]["exclusions"]

    assert state.databases["projects/my-project/databases/liaison"]["locationId"] == "europe-west1"
    assert len(state.indexes) == len(told["indexes"])
    assert {f"collectionGroups/{name}" for name, field in fields.items() if field.get("ttlConfig")} == expiring
    assert not fields["deliveries/fields/*"]["indexConfig"].get("indexes")
    assert [each["filter"] for each in exclusions] == [wanted["custom"]["exclusion"]["filter"]]
