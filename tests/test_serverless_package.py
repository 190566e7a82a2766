"""The tool that serverless.yaml was made for takes it as it is, and makes of it what it says."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from pathlib import Path
from zipfile import ZipFile

import pytest
import yaml

from commands.deploy.installation import Installation, read_file
from tests.examples import ROOT
from tests.tools import need
from tests.upload import check_out, needed

pytestmark = [pytest.mark.check, pytest.mark.timeout(600)]
FRAMEWORK = Path(__file__).parent / "serverless_package"
WRITTEN = (ROOT / "serverless.yaml").read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def checkout(tmp_path_factory):
    """Install the framework and its plugin into a checkout, once; returns the folder."""
    need("node", "npm", install="Node 20 or later")
    folder = check_out(tmp_path_factory.mktemp("serverless") / "liaison", "", "")
    for name in ("package.json", "package-lock.json"):
        shutil.copy(FRAMEWORK / name, folder)
    shutil.rmtree(folder / "node_modules")
    install = ["npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund"]
    done = subprocess.run(install, cwd=folder, capture_output=True, text=True, timeout=500, check=False)
    assert done.returncode == 0, done.stderr
    return folder


@pytest.fixture(scope="module")
def package(checkout):
    """Return a packer: the exit code and what was printed for a text of serverless.yaml."""

    def run(text):
        (checkout / "serverless.yaml").write_text(text, encoding="utf-8")
        ours = ("GOOGLE_", "SUPEROFFICE_", "SLS_", "SERVERLESS_")  # nothing of this machine's decides
        environment = {name: value for name, value in os.environ.items() if not name.startswith(ours)}
        done = subprocess.run(
            ["npx", "--no-install", "serverless", "package"],
            cwd=checkout,
            env={**environment, "SLS_TELEMETRY_DISABLED": "1", "SLS_NOTIFICATIONS_MODE": "off"},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        return done.returncode, done.stdout + done.stderr

    return run


@pytest.fixture(scope="module")
def packed(checkout, package):
    """Package serverless.yaml as it is; returns the folder that the framework writes."""
    code, said = package(WRITTEN)
    assert code == 0, said
    assert "Warning" not in said
    return checkout / ".serverless"


@pytest.fixture(scope="module")
def functions():
    """Give the functions as serverless.yaml says them, variables put in as the framework does."""
    return read_file(Installation("my-project"), {}).functions


def expected(function):
    """Return what the framework's template says of one of our functions."""
    properties = {
        "parent": "projects/my-project/locations/europe-west1",
        "entryPoint": function.target,
        "runtime": function.runtime,
        "availableMemoryMb": function.memory,
        "timeout": f"{function.timeout_seconds}s",
        "serviceAccountEmail": function.service_account,
        "environmentVariables": dict(function.environment),
        "minInstances": function.min_instances,
        "maxInstances": function.max_instances,
    }
    return {name: value for name, value in properties.items() if value}  # it leaves out what is 0


def test_the_template_says_what_serverless_yaml_says(packed, functions):
    """Every function, with its runtime, memory, time limit, account, environment and numbers of instances."""
    template = yaml.safe_load((packed / "configuration-template-update.yml").read_text(encoding="utf-8"))
    _bucket, *made = template["resources"]
    of_the_upload = {"function", "sourceArchiveUrl", "labels", "httpsTrigger"}

    assert {function["name"]: without(of_the_upload, function["properties"]) for function in made} == {
        f"liaison-dev-{name}": expected(function) for name, function in functions.items()
    }
    assert all("httpsTrigger" in function["properties"] for function in made)


def without(keys, mapping):
    """Leave some keys out."""
    return {key: value for key, value in mapping.items() if key not in keys}


def test_the_package_holds_what_the_functions_need(packed):
    """Nothing is missing in its archive, and no secret goes with it."""
    with ZipFile(packed / "liaison.zip") as archive:
        assert set(archive.namelist()) == needed()


MISTAKES = {
    "an event that the platform has not": ("- http: webhook", "- httpp: webhook", "unsupported function event"),
    "a memory size that it has not": ("memorySize: 512", "memorySize: 8192", "memorySize"),
    "a runtime that it has not": ("runtime: python312", "runtime: python27", "provider.runtime"),
    "a key that nobody knows": ("    timeout:", "    timeuot: 1s\n    timeout:", "timeuot"),
}


@pytest.mark.parametrize("mistake", MISTAKES)
def test_a_mistake_ends_it(package, mistake):
    """The framework's check is a real one: it stops at what is wrong, and names it."""
    right, wrong, named = MISTAKES[mistake]
    assert right in WRITTEN
    code, said = package(WRITTEN.replace(right, wrong))

    assert code == 1
    assert named in said


def test_the_versions_are_those_that_serverless_yaml_names():
    """What is run here is what the file says it was made for."""
    versions = json.loads((FRAMEWORK / "package.json").read_text())["dependencies"]

    assert versions["serverless"].startswith(yaml.safe_load(WRITTEN)["frameworkVersion"] + ".")
    assert f"serverless-google-cloudfunctions {versions['serverless-google-cloudfunctions']}" in WRITTEN
