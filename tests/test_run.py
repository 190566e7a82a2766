"""`make run` as a newcomer meets it: in a copy of the repository, as real processes, with the line it prints."""

from __future__ import annotations

import contextlib
import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
import yaml

from commands.sweeper import EVERY

ROOT = Path(__file__).parent.parent
READY = "Ctrl-C stops it all."


def copy_of_the_repository(folder: Path) -> Path:
    """Copy what git knows or would take, as a clone has it, and lend it our .venv."""
    names = subprocess.check_output(["git", "ls-files", "-co", "--exclude-standard", "-z"], cwd=ROOT, text=True)
    for name in filter(None, names.split("\0")):
        if (ROOT / name).is_file():  # a file deleted but not yet committed is listed too
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, folder / name)
    (folder / ".venv").symlink_to(Path(sys.prefix))
    return folder


def free_ports() -> int:
    """Find a port that is free together with the one ten above."""
    while True:
        with socket.socket() as first, socket.socket() as second:
            first.bind(("127.0.0.1", 0))
            port = first.getsockname()[1]
            with contextlib.suppress(OSError, OverflowError):
                second.bind(("127.0.0.1", port + 10))
                return port


@dataclass
class Run:
    """A `make run` that has said it is ready: what it printed, and the folder and port it runs in."""

    process: subprocess.Popen[str]
    port: int
    folder: Path
    printed: str

    @property
    def line(self) -> str:
        """The line to try."""
        return re.search(r"^curl .*$", self.printed, re.MULTILINE)[0]

    def try_line(self) -> dict:
        """Paste the line into a shell; return the answer."""
        answer = subprocess.run(["/bin/sh", "-c", self.line], capture_output=True, text=True, check=True)
        return json.loads(answer.stdout)

    def set_state(self, name: str) -> None:
        """Bring the made-up tenant into another state, such as OfflineMaintenance."""
        address = f"http://127.0.0.1:{self.port + 10}/sandbox/state"
        kind = {"Content-Type": "application/json"}
        told = urllib.request.Request(address, json.dumps({"state": name}).encode(), kind, method="PUT")
        urllib.request.urlopen(told, timeout=10).close()

    def sandbox_page(self) -> str:
        """Return the sandbox's page, which shows what the tenant holds."""
        with urllib.request.urlopen(f"http://127.0.0.1:{self.port + 10}/", timeout=10) as page:
            return page.read().decode()

    def end(self, number: signal.Signals = signal.SIGINT) -> int:
        """Send a signal, as Ctrl-C does, and return the exit code; what was printed last is kept."""
        self.process.send_signal(number)
        self.printed += self.process.communicate(timeout=20)[0]
        return self.process.returncode


@contextlib.contextmanager
def make_run(folder: Path, port: int, **environment: str) -> Iterator[Run]:
    """Start what `make run` starts and read until it is ready, or until it gave up."""
    process = subprocess.Popen(
        [folder / ".venv/bin/python", "-m", "commands.run", "--port", str(port)],
        cwd=folder,
        env={**os.environ, **environment},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    printed = ""
    while READY not in printed and (line := process.stdout.readline()):
        printed += line
    try:
        yield Run(process, port, folder, printed)
    finally:
        process.terminate()
        process.communicate(timeout=20)


@pytest.fixture(scope="module")
def copy(tmp_path_factory) -> Path:
    """Make one copy of the repository, in which the tests run one after the other."""
    return copy_of_the_repository(tmp_path_factory.mktemp("liaison"))


@pytest.fixture(scope="module")
def running(copy) -> Iterator[Run]:
    """Start it once, with settings in the shell that belong to a real tenant."""
    real = {"SUPEROFFICE_TENANT": "Cust99999", "SECRETS": "gcp://real", "DEBUG": "not-a-flag"}
    with make_run(copy, free_ports(), **real) as run:
        yield run


def left_behind(run: Run) -> list[str]:
    """List the processes and ports of a run that are still there a moment after its end."""
    deadline = time.monotonic() + 5
    while (left := processes_of(run.folder)) and time.monotonic() < deadline:
        time.sleep(0.05)
    return left + [f"port {port}" for port in (run.port, run.port + 10) if is_taken(port)]


def processes_of(folder: Path) -> list[str]:
    """List the command lines that run with a folder's .venv."""
    listing = subprocess.run(["ps", "-A", "-ww", "-o", "pid=,args="], capture_output=True, text=True, check=True)
    return [line for line in listing.stdout.splitlines() if f"{folder}/.venv" in line]


def is_taken(port: int) -> bool:
    """Tell whether somebody listens there."""
    with socket.socket() as caller:
        return caller.connect_ex(("127.0.0.1", port)) == 0


@pytest.mark.check
@pytest.mark.skipif(not os.environ.get("CI") and not shutil.which("curl"), reason="curl is not installed")
def test_the_printed_line_saves_a_relation(running):
    """What a newcomer pastes works the first time, and SuperOffice holds the relation."""
    answer = running.try_line()

    assert answer["status"] == "created"
    assert answer["relation"]["SourceContactId"] == 686
    assert "Met at the trade fair" in running.sandbox_page()


SHELLS = [shell for shell in ("sh", "dash", "bash", "zsh", "ksh") if shutil.which(shell)]


@pytest.mark.parametrize("shell", SHELLS)
def test_the_printed_line_has_a_new_key_in_every_shell(running, shell):
    """Each run of it is a submission of its own, so none is taken for a repeat of another."""
    line = running.line.replace("curl", "printf '%s\\n'", 1)
    runs = [subprocess.run([shell, "-uc", line], capture_output=True, text=True, check=True) for _ in "ab"]
    keys = {re.search("^Idempotency-Key: ([0-9a-f]{16})$", run.stdout, re.MULTILINE)[1] for run in runs}

    assert len(keys) == 2


def test_settings_of_a_real_tenant_are_left_out(running):
    """A shell that is set up for production cannot make the sandbox's webhook write there."""
    assert "SECRETS, SUPEROFFICE_TENANT of your environment" in running.printed
    assert "Cust00001" in running.printed
    assert "Cust99999" not in running.printed


def test_the_files_lead_to_the_sandbox(running):
    """The command line finds the running sandbox by var/run.env."""
    settings = dict(line.split("=", 1) for line in (running.folder / "var/run.env").read_text().splitlines())

    assert settings["SUPEROFFICE_URL"] == f"http://127.0.0.1:{running.port + 10}"
    assert settings["SECRETS"] == "file:var/secrets.yaml"
    assert settings["PORT"] == str(running.port)


def test_what_is_kept_is_the_owners_alone(running):
    """Secrets and people's data on a shared machine are nobody else's to read."""
    modes = {path.name: path.stat().st_mode & 0o777 for path in (running.folder / "var").glob("*.*")}

    assert (running.folder / "var").stat().st_mode & 0o777 == 0o700
    assert modes["secrets.yaml"] == modes["run.env"] == 0o600


def test_a_port_that_is_taken_is_said_so(running):
    """Whoever forgot that it runs already is told so, and how to run another; nothing is started."""
    with make_run(running.folder, running.port) as second:
        second.process.wait(10)

    assert second.process.returncode == 1
    assert re.fullmatch(rf"Port {running.port} is taken.*make run PORT=\d+.*\n", second.printed)


@pytest.mark.parametrize("port", ["http", "0", "70000", "8080.5", ""])
def test_what_is_no_port_is_said_so(copy, port):
    """A slip in PORT= gets a sentence and no traceback."""
    with make_run(copy, port) as run:
        run.process.wait(10)

    assert run.process.returncode == 1
    assert run.printed.startswith(f"PORT={port} is not a port; ")


@pytest.fixture
def own_copy(tmp_path) -> Path:
    """Make a copy for one test alone."""
    return copy_of_the_repository(tmp_path)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_ctrl_c_ends_all_that_it_started(own_copy, number):
    """Nothing goes on in the background, the ports are free again, and no traceback is shown."""
    with make_run(own_copy, free_ports()) as run:
        assert processes_of(own_copy)
        assert run.end(number) == 0

    assert left_behind(run) == []
    assert "Traceback" not in run.printed


def test_a_second_start_finds_everything_as_it_was(own_copy):
    """What one saved, the hooks one wrote and the secrets one added are there after a restart."""
    with make_run(own_copy, free_ports()) as first:
        first.try_line()
        first.end()
    secrets = yaml.safe_load((own_copy / "var/secrets.yaml").read_text())
    (own_copy / "var/secrets.yaml").write_text(yaml.dump(secrets | {"my-own": "kept"}))
    (own_copy / "hooks.yaml").write_text("# mine\n" + (own_copy / "hooks.yaml").read_text())

    with make_run(own_copy, first.port) as second:
        assert "Met at the trade fair" in second.sandbox_page()
        assert second.try_line()["relation"]
    assert yaml.safe_load((own_copy / "var/secrets.yaml").read_text()) == secrets | {"my-own": "kept"}
    assert (own_copy / "hooks.yaml").read_text().startswith("# mine\n")


@pytest.mark.check
@pytest.mark.skipif(not os.environ.get("CI") and not shutil.which("curl"), reason="curl is not installed")
def test_what_came_during_maintenance_is_saved_afterwards(own_copy):
    """The sender hears `queued`, and nobody has to do anything; a sweep that fails ends nothing."""
    with make_run(own_copy, free_ports()) as run:
        run.set_state("OfflineMaintenance")
        answers = [run.try_line()["status"] for _ in range(3)]
        assert answers == ["queued"] * 3
        assert "Met at the trade fair" not in run.sandbox_page()
        time.sleep(2 * EVERY)
        run.set_state("Running")
        deadline = time.monotonic() + 30
        while "Met at the trade fair" not in run.sandbox_page() and time.monotonic() < deadline:
            time.sleep(0.2)

        assert "Met at the trade fair" in run.sandbox_page()
        assert run.end() == 0


PARTS = [("sandbox", "-m sandbox"), ("webhook", "--target webhook"), ("sweeper", "-m commands.sweeper")]


@pytest.mark.parametrize(("name", "mark"), PARTS)
@pytest.mark.check
def test_a_part_that_dies_ends_the_run(own_copy, name, mark):
    """A half that runs on alone would only puzzle; the user is told which part ended."""
    with make_run(own_copy, free_ports()) as run:
        part = min(int(line.split()[0]) for line in processes_of(own_copy) if mark in line)
        os.kill(part, signal.SIGKILL)
        run.printed += run.process.communicate(timeout=20)[0]

    assert run.process.returncode == 1
    assert f"The {name} ended by SIGKILL" in run.printed
    assert left_behind(run) == []


def test_a_mistake_in_hooks_yaml_is_shown(own_copy):
    """The user's own hooks.yaml may be wrong: the reason is on the screen, and the sandbox stays up."""
    (own_copy / "hooks.yaml").write_text("example:\n  verfy: none\n")
    with make_run(own_copy, free_ports()) as run:
        assert "NOT READY: /health answers 500" in run.printed
        assert "did you mean verify?" in run.printed
        assert run.sandbox_page()
        assert run.end() == 0


def test_unreadable_secrets_are_shown(own_copy):
    """A slip in var/secrets.yaml is answered with its place and no traceback, and nothing is overwritten."""
    (own_copy / "var").mkdir()
    (own_copy / "var/secrets.yaml").write_text("a: [b\n")
    with make_run(own_copy, free_ports()) as run:
        run.process.wait(20)

    assert run.process.returncode == 1
    assert "secrets.yaml cannot be read" in run.printed
    assert "Traceback" not in run.printed
