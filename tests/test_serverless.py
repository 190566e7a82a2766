"""serverless.yaml: what it says of the functions is complete, sound, and true of the code."""

from __future__ import annotations

import ast
import copy
import re
from pathlib import Path

import pytest
import yaml
from marshmallow import ValidationError

from schemas.serverless import Deployment, read_deployment
from services.settings import SETTINGS_NAMES, read_settings

ROOT = Path(__file__).parent.parent
OF_THE_FRAMEWORK = {"THREADS"}  # functions-framework's own setting
SUPEROFFICE_ALLOWS = 10  # calls a second for one tenant


@pytest.fixture
def written() -> dict:
    """serverless.yaml as YAML gives it."""
    return yaml.safe_load((ROOT / "serverless.yaml").read_text(encoding="utf-8"))


@pytest.fixture
def deployment(written) -> Deployment:
    """serverless.yaml as it is meant."""
    return read_deployment(written)


def test_every_function_is_in_main(deployment):
    """What is deployed can be started: main.py has a function of that name."""
    main = ast.parse((ROOT / "main.py").read_text(encoding="utf-8"))
    targets = {node.name for node in main.body if isinstance(node, ast.FunctionDef)}

    assert {function.target for function in deployment.functions.values()} <= targets


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


def test_every_setting_is_one_that_is_read(deployment):
    """A variable that nothing reads is a mistake that nobody would notice."""
    for function in deployment.functions.values():
        assert function.environment.keys() - OF_THE_FRAMEWORK <= SETTINGS_NAMES


def test_the_environment_is_accepted(deployment):
    """The settings that a deployment gets are ones the function starts with."""
    for function in deployment.functions.values():
        environment = {name: _resolve(value) for name, value in function.environment.items()}
        assert read_settings(environment | {"SUPEROFFICE_TENANT": "Cust26759"}).secrets == "gcp://my-project"


def _resolve(value: str) -> str:
    """Put in the defaults of the Serverless Framework's variables."""
    value = value.replace("${self:provider.project}", "my-project")
    return re.sub(r"\$\{env:\w+, '([^']*)'\}", r"\1", value)


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
