"""`./liaison secret NAME`: a new value is stored, and the one before it is ended."""

from __future__ import annotations

import sys

import pytest
import yaml

from tests.command_line import CommandLine
from tests.examples import HOOKS, ROOT
from tests.secret_manager import start
from tests.terminal import type_into

SECRETS = {"example-key": "old", "superoffice-app-token": "token"}


@pytest.fixture
def liaison(tmp_path, settings):
    """Return the command line in front of a file with two secrets."""
    return CommandLine(tmp_path, settings, SECRETS, HOOKS)


def stored(liaison):
    """Return what the file of secrets says."""
    return yaml.safe_load((liaison.folder / "secrets.yaml").read_text())


def on_terminal(liaison, *answers):
    """Store a secret as a person does, who answers each prompt that ends so."""
    command = [sys.executable, "-P", "-m", "commands.liaison", "secret", "example-key"]
    environment = {**liaison.environment, "PYTHONPATH": str(ROOT), "TERM": "dumb"}
    return type_into(command, environment, liaison.folder, *answers)


def test_a_rotation_from_a_script(liaison):
    """The value comes by stdin; the one before proves senders until it is ended, and it says so."""
    told = liaison("secret", "example-key", stdin=b"new\n").stdout
    between = stored(liaison)["example-key"]
    ended = liaison("secret", "example-key", "--end-previous").stdout

    assert (between, stored(liaison)["example-key"]) == (["new", "old"], "new")
    assert "It takes effect at once" in told
    assert "until: ./liaison secret example-key --end-previous" in told
    assert "the value before is ended" in ended


def test_a_person_is_asked_twice_and_sees_nothing(liaison):
    """What was typed is on no screen."""
    code, screen = on_terminal(liaison, ("example-key:", "s3cret-typed"), ("confirmation:", "s3cret-typed"))

    assert code == 0, screen
    assert stored(liaison)["example-key"] == ["s3cret-typed", "old"]
    assert "s3cret" not in screen


@pytest.mark.check
def test_a_slip_is_asked_for_again(liaison):
    """Two values that differ are not stored."""
    first = (("example-key:", "one"), ("confirmation:", "two"))
    again = (("example-key:", "three"), ("confirmation:", "three"))
    code, screen = on_terminal(liaison, *first, *again)

    assert code == 0, screen
    assert stored(liaison)["example-key"][0] == "three"


@pytest.mark.check
def test_secret_manager_gets_a_version(liaison):
    """And says when that takes effect; the one before is disabled only when told."""
    manager = start()
    manager.add("example-key", "old")
    environment = {**manager.environment(), "SECRETS": manager.location()}
    told = liaison("secret", "example-key", stdin=b"new", **environment).stdout
    ended = liaison("secret", "example-key", "--end-previous", **environment).stdout
    again = liaison("secret", "example-key", "--end-previous", **environment).stdout
    manager.stop()

    assert "stored as version 2 in Secret Manager. It takes effect within ten minutes" in told
    assert "version 1 is disabled" in ended
    assert "there is none before to end" in again


@pytest.mark.check
@pytest.mark.parametrize(
    ("name", "value", "environment", "told"),
    [
        ("example-key", b"", {}, "Nothing came by stdin"),
        ("example-key", b" \n", {}, "Nothing came by stdin"),
        ("example-key", b"\xff", {}, "not text in UTF-8"),
        ("example-key", b"x" * 65_537, {}, "longer than 65,536 bytes"),
        ("superoffice-private-key", b"MIIEvQ", {}, "instead of a PEM or XML cannot be read"),
        ("superoffice-private-key", b"-----BEGIN", {}, "ends too early"),
        ("example-key", b"new", {"SECRETS": ""}, "SECRETS is not set"),
        ("example-key", b"new", {"SECRETS": "vault:x"}, "SECRETS does not say where"),
        ("example-key", b"new", {"SECRETS": "file:/nowhere/secrets.yaml"}, "There is no folder /nowhere"),
    ],
)
def test_what_cannot_be_stored_is_said(liaison, name, value, environment, told):
    """And the file stays as it was."""
    outcome = liaison("secret", name, stdin=value, **environment)

    assert outcome.returncode == 1
    assert told in outcome.stderr
    assert stored(liaison) == SECRETS


@pytest.mark.check
def test_a_value_in_the_names_place_is_not_printed(liaison):
    """Nobody's secret ends up on a screen or in a log."""
    outcome = liaison("secret", "s3cret!", stdin=b"x")

    assert outcome.returncode == 2
    assert "s3cret" not in outcome.stdout + outcome.stderr


@pytest.mark.check
def test_a_name_that_nothing_uses_is_said(liaison):
    """It is stored nevertheless: the hook may come later."""
    outcome = liaison("secret", "exampel-key", stdin=b"new")

    assert "No hook and no login uses a secret of this name: exampel-key" in outcome.stdout
    assert stored(liaison)["exampel-key"] == "new"


@pytest.mark.check
def test_the_apps_key_becomes_pem(liaison, sandbox):
    """In whatever form it is pasted; a login's secret has no value before that counts."""
    pem = sandbox.app["private_key"]
    outcome = liaison("secret", "superoffice-private-key", stdin=pem.encode())

    assert stored(liaison)["superoffice-private-key"] == pem
    assert "--end-previous" not in outcome.stdout
