"""The container is really built, holds what it needs and nothing else, and serves from a read-only file system."""

from __future__ import annotations

import os
import shutil
import subprocess
from contextlib import contextmanager

import pytest
import requests
import yaml

from commands.deploy.installation import Installation, read_file
from tests.container import base_image, build
from tests.examples import HOOKS, KEY, PARTNERS, ROOT
from tests.processes import free_port, running, wait_for
from tests.upload import check_out, needed

pytestmark = [pytest.mark.check, pytest.mark.timeout(900)]
DEPLOYED = read_file(Installation("my-project"), {})
TARGETS = sorted(function.target for function in DEPLOYED.functions.values())
WRITES = (
    "for file in var/x /liaison/x /tmp/x /etc/liaison/x .venv/x; do touch $file 2>/dev/null && echo $file; done; id -u"
)


@pytest.fixture(scope="module")
def image(tmp_path_factory):
    """Build it from a checkout in which everything lies around, once."""
    folder = tmp_path_factory.mktemp("container")
    yield build(folder, check_out(folder / "liaison", "", ""))
    subprocess.run(
        ["buildah", "--root", f"{folder}/store", "--runroot", f"{folder}/run", "umount", "--all"], check=True
    )
    shutil.rmtree(folder, ignore_errors=True)  # a gigabyte


@pytest.fixture
def container(image, settings, secrets, tmp_path):
    """Return a maker of lines that run in the container, the user's files being mounted."""
    user = int(image.config["User"].partition(":")[0])
    etc, var = tmp_path / "etc", tmp_path / "var"
    for folder in (etc, var):
        folder.mkdir()
    os.chown(var, user, user)
    (etc / "hooks.yaml").write_text(yaml.safe_dump(HOOKS))
    (etc / "secrets.yaml").write_text(yaml.safe_dump(secrets))
    (etc / "secrets.yaml").chmod(0o600)
    os.chown(etc / "secrets.yaml", user, user)
    return lambda line, **more: image.command(line, etc, var, **{**settings, **more})


@pytest.fixture
def serve(image, container, tmp_path):
    """Return a starter: it runs the image's own command for a target, and gives the address."""

    @contextmanager
    def start(target):
        port = free_port()
        command = container(image.config["Cmd"], FUNCTION_TARGET=target, PORT=str(port))
        with running(command, tmp_path / "log") as process:
            wait_for(f"http://127.0.0.1:{port}", process)
            yield f"http://127.0.0.1:{port}"

    return start


@pytest.fixture
def ask_health(image, container):
    """Return the engine's own question: it runs the image's health check, whose exit code is the answer."""
    _form, *line = image.config["Healthcheck"]["Test"]
    return lambda url: subprocess.run(
        container(line, PORT=url.rpartition(":")[2]), timeout=30, stderr=subprocess.DEVNULL, check=False
    )


def test_it_holds_what_it_needs_and_nothing_else(image):
    """The functions and the command line; no secret, no hook and nobody's data is built in."""
    liaison = image.root / "liaison"
    files = {path.relative_to(liaison).as_posix() for path in liaison.rglob("*") if path.is_file()}
    ours = {name for name in files if not name.startswith(".venv/") and not name.endswith(".pyc")}
    commands = {path.relative_to(ROOT).as_posix() for path in (ROOT / "commands").rglob("*.py")}

    assert ours == (needed() | commands | {"liaison"}) - {"hooks.yaml", "senders.yaml"}
    assert any(name.startswith("services/__pycache__/settings.") for name in files)  # compiled: it starts at once


def test_it_is_built_on_the_python_of_serverless_yaml():
    """The container runs on what the deployed functions run on."""
    (runtime,) = {function.runtime for function in DEPLOYED.functions.values()}

    assert base_image(ROOT) == f"python:{runtime[6]}.{runtime[7:]}-slim"


def test_it_can_write_into_var_alone(container):
    """It is nobody's administrator, and all but the ledger's folder is read-only to it."""
    done = subprocess.run(container(["sh", "-c", WRITES]), capture_output=True, text=True, timeout=30, check=True)

    assert done.stdout.split() == ["var/x", "10001"]


@pytest.mark.parametrize("target", TARGETS)
def test_one_image_serves_each_function(serve, target):
    """FUNCTION_TARGET chooses; each answers in our own words."""
    with serve(target) as url:
        answer = requests.post(url, json={}, timeout=20)

    assert answer.status_code < 500
    assert answer.headers["Content-Type"].partition(";")[0] in {"application/json", "application/problem+json"}


def test_it_saves_a_relation(serve, ask_health, sandbox):
    """The webhook serves the mounted hooks with the mounted secrets, and its health check says so."""
    with serve("webhook") as url:
        answer = requests.post(f"{url}/hooks/example", json=PARTNERS, headers={"X-Api-Key": KEY}, timeout=20)

        assert answer.json()["status"] == "created"
        assert ask_health(url).returncode == 0


def test_its_health_check_tells_what_is_wrong(serve, ask_health, tmp_path):
    """A hook with a mistake makes the container unhealthy."""
    with (tmp_path / "etc/hooks.yaml").open("a") as hooks:
        hooks.write("broken: {verify: {hedder: X-Api-Key}}\n")
    with serve("webhook") as url:
        assert ask_health(url).returncode != 0


def test_the_command_line_is_in_it(container):
    """An operator can ask the running container what is set up: `docker exec liaison ./liaison check`."""
    done = subprocess.run(container(["./liaison", "check"]), capture_output=True, text=True, timeout=60, check=False)

    assert (done.returncode, done.stderr) == (0, ""), done.stdout
