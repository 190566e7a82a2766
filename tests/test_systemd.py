"""The units of systemd, as far as they can be tried without it: its own checker reads them, and their lines are run."""

from __future__ import annotations

import shlex
import shutil
import subprocess
from configparser import ConfigParser

import pytest
import requests
import yaml

from commands.liaison import liaison
from services.settings import SETTINGS_NAMES
from tests.examples import HOOKS, KEY, PARTNERS, ROOT
from tests.processes import free_port, running, wait_for
from tests.tools import need

UNITS = ROOT / "deploy/systemd"
NAMES = ["liaison-webhook.service", "liaison-redeliver.service", "liaison-redeliver.timer"]
OF_THE_FRAMEWORK = {"HOST", "PORT", "THREADS"}
EXPOSURE = 20  # in tenths: systemd calls up to 4.9 "OK", and an ordinary service has 9.6


@pytest.fixture
def placed(tmp_path):
    """Copy everything as the README says, but into a folder; returns a reader of the files' new text."""
    places = {"/opt/liaison": ROOT, "/etc/liaison": tmp_path / "etc", "/var/lib/liaison": tmp_path / "state"}
    shutil.copytree(UNITS, tmp_path / "units")
    for folder in (tmp_path / "etc", tmp_path / "state"):
        folder.mkdir()
    for path in (tmp_path / "units").rglob("*.*"):
        if path.is_file():
            text = path.read_text(encoding="utf-8")
            for place, stand_in in places.items():
                text = text.replace(place, str(stand_in))
            path.write_text(text, encoding="utf-8")
    return tmp_path


def service(folder, name):
    """Read the [Service] part of a unit, that of all of them included."""
    unit = ConfigParser(interpolation=None, delimiters="=")
    unit.optionxform = str
    unit.read([folder / "units/liaison-.service.d/common.conf", folder / "units" / name], encoding="utf-8")
    return unit["Service"]


def variables(path):
    """Read an EnvironmentFile."""
    lines = path.read_text(encoding="utf-8").splitlines()
    return dict(line.split("=", 1) for line in lines if line and line[0] != "#")


def analyze(folder, *arguments):
    """Run systemd's checker over the units."""
    need("systemd-analyze", install="the package systemd")
    command = ["systemd-analyze", "--no-pager", *arguments]
    return subprocess.run(command, cwd=folder / "units", capture_output=True, text=True, timeout=50, check=False)


@pytest.mark.check
def test_systemd_understands_them(placed):
    """It knows every key and value, and every command is there."""
    verified = analyze(placed, "verify", *(f"./{name}" for name in NAMES))

    assert (verified.returncode, verified.stdout + verified.stderr) == (0, "")


@pytest.mark.check
@pytest.mark.parametrize(
    ("wrong", "named"),
    [
        ("NoNewPrivilege=yes", "NoNewPrivilege"),
        ("ProtectSystem=stricct", "stricct"),
        ("ExecStartPre=/opt/none", "/opt/none"),
    ],
)
def test_systemd_names_a_mistake_in_them(placed, wrong, named):
    """The check is a real one, also of what stands in the part for all of them."""
    with (placed / "units/liaison-.service.d/common.conf").open("a", encoding="utf-8") as common:
        common.write(f"{wrong}\n")

    assert named in analyze(placed, "verify", f"./{NAMES[0]}").stderr


@pytest.mark.check
@pytest.mark.parametrize("name", NAMES[:2])
def test_they_are_shut_in(placed, name):
    """By systemd's own measure they can do next to nothing but call out and write to the ledger's folder."""
    measured = analyze(placed, "security", "--offline=yes", f"--threshold={EXPOSURE}", f"./{name}")

    assert measured.returncode == 0, measured.stdout


@pytest.mark.check
def test_the_webhook_starts(placed, sandbox, settings, secrets):
    """The line and the settings that systemd is given serve the hooks and save relations."""
    port = str(free_port())
    unit, environment = service(placed, NAMES[0]), variables(placed / "units/liaison.env")
    (placed / "etc/hooks.yaml").write_text(yaml.safe_dump(HOOKS), encoding="utf-8")
    (placed / "etc/secrets.yaml").write_text(yaml.safe_dump(secrets), encoding="utf-8")
    (placed / "etc/secrets.yaml").chmod(0o600)
    environment |= {**settings, **dict([unit["Environment"].split("=")]), "PORT": port, "PATH": "/usr/bin:/bin"}
    command = shlex.split(unit["ExecStart"])
    with running(command, placed / "log", cwd=unit["WorkingDirectory"], env=environment) as process:
        wait_for(f"http://127.0.0.1:{port}", process)
        health = requests.get(f"http://127.0.0.1:{port}/health", timeout=20)
        url, key = f"http://127.0.0.1:{port}/hooks/example", {"X-Api-Key": KEY}
        answer = requests.post(url, json=PARTNERS, headers=key, timeout=20)

    assert (health.status_code, answer.json()["status"]) == (200, "created")


def test_the_timer_starts_a_command_that_there_is(placed):
    """What systemd calls every minute is a part of the command line."""
    program, command = shlex.split(service(placed, NAMES[1])["ExecStart"])

    assert program == str(ROOT / "liaison")
    assert command in liaison.commands


def test_the_settings_are_ones_that_are_read():
    """Each line of liaison.env means something to somebody."""
    assert variables(UNITS / "liaison.env").keys() - OF_THE_FRAMEWORK <= SETTINGS_NAMES
