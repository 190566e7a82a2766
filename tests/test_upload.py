"""What is uploaded to Google is what the functions need and nothing else, and each function starts from it."""

from __future__ import annotations

import os
import subprocess
import sys
from contextlib import contextmanager
from zipfile import ZipFile

import pytest
import requests
import yaml

from commands.deploy.installation import Installation, read_file
from tests.examples import KEY
from tests.processes import free_port, running, wait_for
from tests.upload import LYING_AROUND, check_out, list_upload, needed

pytestmark = [pytest.mark.check, pytest.mark.timeout(600)]
DEPLOYED = read_file(Installation("my-project"), {})
TARGETS = sorted(function.target for function in DEPLOYED.functions.values())
# `shop` is a preset of the user's own: whoever can send to this hook has both files.
SENDERS = """
shop:
  title: The shop
  verify: {header: X-Api-Key}
  unpack: {root: order}
"""
HOOKS = """
shop:
  from: shop
  verify: {secret: example-key}
  relation:
    definition: 18
    source: {company: {id: "{customer}"}}
    destination: {company: {id: 4}}
"""
IMPORT_ALL = """
import importlib, pathlib
for path in sorted(pathlib.Path().rglob("*.py")):
    importlib.import_module(".".join(path.with_suffix("").parts).removesuffix(".__init__"))
"""


@pytest.fixture(scope="module")
def checkout(tmp_path_factory):
    """Make the checkout of somebody who deploys."""
    return check_out(tmp_path_factory.mktemp("checkout") / "liaison", HOOKS, SENDERS)


@pytest.fixture(scope="module")
def listed(checkout, tmp_path_factory):
    """Ask gcloud what it would upload."""
    return list_upload(checkout, tmp_path_factory.mktemp("config"))


@pytest.fixture(scope="module")
def source(checkout, listed, tmp_path_factory):
    """Pack that and unpack it elsewhere, as the upload does; returns the folder."""
    folder = tmp_path_factory.mktemp("source")
    with ZipFile(folder / "source.zip", "w") as archive:
        for name in listed:
            archive.write(checkout / name, name)
    with ZipFile(folder / "source.zip") as archive:
        archive.extractall(folder / "workspace")
    return folder / "workspace"


@pytest.fixture(scope="module")
def python(source, tmp_path_factory):
    """Make an environment with nothing in it but the uploaded requirements; returns its Python."""
    folder = tmp_path_factory.mktemp("environment")
    python = folder / "bin/python"
    subprocess.run([sys.executable, "-m", "venv", folder], check=True)
    install = ["install", "--quiet", "--require-hashes", "--requirement", source / "requirements.txt"]
    subprocess.run([python, "-m", "pip", *install], check=True, timeout=500)
    return python


@pytest.fixture
def start(source, python, settings, secrets, tmp_path):
    """Return a starter: it serves a target as the platform does, told by the environment alone."""
    secrets_file = tmp_path / "secrets.yaml"
    secrets_file.write_text(yaml.safe_dump(secrets))
    secrets_file.chmod(0o600)
    ours = {"SECRETS": f"file:{secrets_file}", "LEDGER": f"sqlite:{tmp_path / 'ledger.db'}", "HOOKS": "hooks.yaml"}

    @contextmanager
    def serve(target):
        port = free_port()
        theirs = {"FUNCTION_TARGET": target, "FUNCTION_SIGNATURE_TYPE": "http", "FUNCTION_SOURCE": "main.py"}
        environment = {"PATH": os.environ["PATH"], "HOME": str(tmp_path), "PORT": str(port), "THREADS": "8"}
        environment |= {**theirs, **settings, **ours}
        with running([python.parent / "functions-framework"], tmp_path / "log", cwd=source, env=environment) as process:
            wait_for(f"http://127.0.0.1:{port}", process)
            yield f"http://127.0.0.1:{port}"

    return serve


def test_what_the_functions_need_is_uploaded(listed):
    """All of the code, and the user's two files although git ignores them."""
    assert needed() <= listed
    assert {"hooks.yaml", "senders.yaml"} <= listed


def test_nothing_else_is_uploaded(checkout, listed):
    """No sandbox, test, benchmark or command; no secret and no person's data leaves the machine with the code."""
    assert listed <= needed()
    assert listed.isdisjoint(LYING_AROUND)
    assert all((checkout / name).exists() for name in LYING_AROUND)  # though it all lay there


def test_the_requirements_suffice(source, python):
    """Every module can be imported, also those that are imported late, and no two packages contradict each other."""
    subprocess.run([python, "-m", "pip", "check"], check=True)
    done = subprocess.run([python, "-c", IMPORT_ALL], cwd=source, capture_output=True, text=True, check=False)

    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.parametrize("target", TARGETS)
def test_each_function_starts(start, target):
    """The platform's start line brings up every function of serverless.yaml, and it answers in our own words."""
    with start(target) as url:
        answer = requests.post(url, json={}, timeout=20)

    assert answer.status_code < 500
    assert answer.headers["Content-Type"].partition(";")[0] in {"application/json", "application/problem+json"}


def test_the_webhook_serves_the_users_own_hook(start, sandbox):
    """What was uploaded is enough to save a relation through a preset of the user's own."""
    order = {"order": {"customer": 686}}
    with start("webhook") as url:
        health = requests.get(f"{url}/health", timeout=20)
        answer = requests.post(f"{url}/hooks/shop", json=order, headers={"X-Api-Key": KEY}, timeout=20)

    assert (health.status_code, answer.json()["status"]) == (200, "created")
    assert sandbox.counts["created"] == 1
