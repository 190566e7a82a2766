"""serverless.yaml: what it says of the functions is complete, sound, and true of the code."""

from __future__ import annotations

import ast
import copy
from pathlib import Path

import pytest
import yaml
from marshmallow import ValidationError

from commands.deploy.installation import Installation, fill_in
from schemas.serverless import Deployment, read_deployment
from services.ledger.opening import open_ledger
from services.secret_store import open_store
from services.settings import SETTINGS_NAMES, read_settings

ROOT = Path(__file__).parent.parent
OF_THE_FRAMEWORK = {"THREADS"}  # functions-framework's own setting
OF_THE_PLATFORM = {"K_SERVICE"}  # set by Cloud Run itself
SUPEROFFICE_ALLOWS = 10  # calls a second for one tenant
CALLS_OF_A_DELIVERY = 5  # companies, persons, the relation that may be there, the save, and one renewal of the ticket


@pytest.fixture
def written() -> dict:
    """serverless.yaml with values for its variables."""
    given = {"SUPEROFFICE_URL": "https://online.superoffice.com", "SUPEROFFICE_TENANT": "Cust26759"}
    return fill_in(yaml.safe_load((ROOT / "serverless.yaml").read_text("utf-8")), Installation("my-project"), given)


@pytest.fixture
def deployment(written) -> Deployment:
    """serverless.yaml as it is meant."""
    return read_deployment(written)


def test_every_function_of_main_is_deployed(deployment):
    """Each function that the framework can start has its block."""
    main = ast.parse((ROOT / "main.py").read_text(encoding="utf-8"))
    functions = [node for node in main.body if isinstance(node, ast.FunctionDef)]
    targets = {node.name for node in functions if "functions_framework.http" in map(ast.unparse, node.decorator_list)}

    assert targets == {function.target for function in deployment.functions.values()}


def test_a_thread_for_each_request(deployment):
    """With fewer threads than the concurrency, requests would wait in line for nothing."""
    for function in deployment.functions.values():
        assert function.environment["THREADS"] == str(function.concurrency)


def test_concurrency_has_a_whole_cpu(deployment):
    """Cloud Run allows more than one request at a time only from one CPU up."""
    assert all(float(function.cpu) >= 1 for function in deployment.functions.values())


def test_all_instances_together_keep_to_the_tenants_rate(deployment):
    """Each instance holds to its share, and all shares together are what SuperOffice allows."""
    shares = [
        function.max_instances * int(function.environment["SUPEROFFICE_CALLS_PER_SECOND"])
        for function in deployment.functions.values()
    ]

    assert min(shares) > 0  # 0 would be no limit at all
    assert sum(shares) <= SUPEROFFICE_ALLOWS


def test_the_queue_dispatches_what_deliver_can_carry(deployment):
    """Each dispatch is a delivery of five calls at most, and what is dispatched at a time has a thread waiting."""
    deliver = deployment.functions["deliver"]
    share = deliver.max_instances * int(deliver.environment["SUPEROFFICE_CALLS_PER_SECOND"])

    assert deployment.queue.rate * CALLS_OF_A_DELIVERY <= share
    assert deployment.queue.concurrent <= deliver.max_instances * deliver.concurrency


def test_redeliver_is_done_before_it_is_called_again(deployment):
    """The scheduler waits as long as the function may take, and calls every minute."""
    seconds = deployment.functions["redeliver"].timeout_seconds

    assert deployment.schedule.attempt_deadline == f"{seconds}s"
    assert (deployment.schedule.schedule, seconds) == ("* * * * *", 60)


def test_only_the_webhook_is_open(deployment):
    """The others are called by the account that the queue and the scheduler prove themselves as, and by nobody else."""
    invokers = {name: function.invokers for name, function in deployment.functions.items()}
    caller = (f"serviceAccount:{deployment.invoker}",)

    assert invokers == {"webhook": ("allUsers",), "deliver": caller, "redeliver": caller}
    assert deployment.schedule.service_account == deployment.invoker
    assert deployment.functions["webhook"].environment["QUEUE"].endswith(f"&service_account={deployment.invoker}")


def test_each_function_is_somebody_of_its_own(deployment):
    """What one may do the others may not."""
    accounts = {function.service_account for function in deployment.functions.values()}

    assert len(accounts | {deployment.invoker, deployment.build.service_account}) == 5


def test_every_setting_is_one_that_is_read(deployment):
    """A variable that nothing reads is a mistake that nobody would notice."""
    for function in deployment.functions.values():
        assert function.environment.keys() - OF_THE_FRAMEWORK <= SETTINGS_NAMES


def test_every_setting_can_be_given(deployment):
    """Whatever the deployer decides has a variable; the rest is the deployment's own."""
    assert function_settings(deployment) >= SETTINGS_NAMES - OF_THE_PLATFORM


def function_settings(deployment):
    """Return the names of all variables."""
    return {name for function in deployment.functions.values() for name in function.environment}


def test_the_environment_is_accepted(deployment):
    """The settings that a deployment gets are ones the function starts with, and its secrets are its own."""
    for function in deployment.functions.values():
        assert read_settings(function.environment).secrets == "gcp://my-project?prefix=liaison-"
        assert open_store(function.environment["SECRETS"])
        assert open_ledger(function.environment["LEDGER"])


def _change(written: dict, path: str, value: object) -> dict:
    changed = copy.deepcopy(written)
    *above, last = path.split(".")
    place = changed
    for key in above:
        place = place[key]
    place[last] = value
    return changed


MISTAKES = [
    ("regoin", "eu", "regoin: regoin is not known here"),
    ("provider.nmae", "x", "provider.nmae: nmae is not known here; did you mean name?"),
    ("functions.webhook.memorysize", 512, "functions.webhook.memorysize: memorysize is not known here; did you"),
    ("functions.webhook.memorySize", 500, "functions.webhook.memorySize: Must be one of"),
    ("functions.webhook.timeout", 60, "functions.webhook.timeout: Not a valid string."),
    ("functions.webhook.environment.THREADS", 80, "functions.webhook.environment.THREADS: This must be text"),
    ("functions.webhook.events", [], "functions.webhook.events: "),
    ("functions.console", {"handler": "console"}, "functions.console.timeout: Missing data"),
    ("custom.functions", {}, "functions.webhook: It must also be in custom.functions."),
    (
        "custom.functions.webhook.serviceConfig.maxInstances",
        5,
        "custom.functions.webhook.serviceConfig.maxInstances: maxInstances is not known here; did you mean maxIns",
    ),
    ("custom.queue.rateLimits.maxDispatchesPerSecond", 0, "custom.queue.rateLimits.maxDispatchesPerSecond: Must be"),
    ("custom.queue.retryConfig.minBackoff", 30, "custom.queue.retryConfig.minBackoff: Not a valid string."),
    ("custom.schedule.httpTarget.uri", "http://h", "custom.schedule.httpTarget.uri: "),
    ("custom.schedule.httpTarget.oidc", {}, "custom.schedule.httpTarget.oidc: oidc is not known here; did you mean oi"),
    ("custom.database.fields", {"parts.expire_at": {}}, "custom.database.fields.parts.expire_at: This is collectionG"),
    ("custom.database.type", "DATASTORE_MODE", "custom.database.type: Must be equal to FIRESTORE_NATIVE."),
    (
        "custom.functions.webhook.secrets",
        [{"liaison-api-key": "s3cret"}],
        "custom.functions.webhook.secrets.0: Not a valid string.",
    ),
    (
        "custom.functions.webhook.secrets",
        ["-----BEGIN PRIVATE KEY-----"],
        "custom.functions.webhook.secrets.0: This must be a secret's name",
    ),
]


@pytest.mark.parametrize(("path", "value", "message"), MISTAKES)
def test_a_mistake_is_named_with_its_path(written, path, value, message):
    """Whoever edits the file is told where the mistake is and what was probably meant."""
    with pytest.raises(ValidationError) as caught:
        read_deployment(_change(written, path, value))

    assert any(line.startswith(message) for line in caught.value.messages)


@pytest.mark.parametrize("written", [None, [], "liaison", 5])
def test_what_is_no_mapping_is_refused(written):
    """An empty or garbled file is said to be one."""
    with pytest.raises(ValidationError, match="must be a mapping"):
        read_deployment(written)


def test_the_package_holds_what_is_uploaded(deployment):
    """The Serverless Framework and gcloud are told the same."""
    lines = (ROOT / ".gcloudignore").read_text(encoding="utf-8").splitlines()
    gcloud = {line.strip("!/") for line in lines if line.startswith("!")}

    assert gcloud == {pattern.removesuffix("/**") for pattern in deployment.uploads if pattern[0] != "!"}
