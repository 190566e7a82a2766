"""The README keeps its word: each setting, status, command and example in it is real."""

from __future__ import annotations

import re
import subprocess
from importlib.metadata import distribution

import pytest
import yaml

from commands.liaison import liaison
from schemas.hooks import Hook, HookSchema, load_hooks
from schemas.signature import HmacSchema
from schemas.verification import VerificationField
from services.senders.presets import Presets
from services.settings import SETTINGS_NAMES
from services.superoffice.logins import SECRETS_OF
from tests.examples import ROOT

README = (ROOT / "README.md").read_text(encoding="utf-8")
CODE = re.findall(r"```yaml\n(.*?)```", README, re.DOTALL)


def section(title):
    """Return what stands below a heading, to the next one of any depth."""
    return re.split(r"^#+ ", README.split(f"# {title}\n", 1)[1], maxsplit=1, flags=re.MULTILINE)[0]


def first_cells(text):
    """Return the names in the first column of a section's table."""
    rows = re.findall(r"^\| (.*?) \|", text, re.MULTILINE)
    return {name for row in rows for name in re.findall(r"`([^`]+)`", row)}


def test_every_setting_is_there_and_no_other():
    """What is documented is read, and what is read is documented."""
    assert first_cells(section("Settings")) == SETTINGS_NAMES


def test_every_secret_is_there():
    """Each login's secrets stand in the table."""
    logins = {name for names in SECRETS_OF.values() for name in names}

    assert first_cells(section("Secrets")) == {*logins, "liaison-api-key"}


def test_every_key_of_a_hook_is_there_and_no_other():
    """What hooks.yaml may say is what the table says."""
    known = {field.data_key or name for name, field in HookSchema().fields.items()}

    assert first_cells(section("What a hook may say")) == known


def test_every_key_of_a_signature_is_there_and_no_other():
    """A tool of no list is described from this table alone."""
    assert first_cells(section("A tool that is in no list")) == {*HmacSchema().fields}


def test_every_status_is_there():
    """The statuses that other tests see are those of the table."""
    told = set(re.findall(r"\b[45]\d\d\b", " ".join(re.findall(r"^\| ([0-9, ]+) \|", README, re.MULTILINE))))

    assert told == {"400", "401", "405", "413", "415", "422", "500", "503"}


@pytest.mark.parametrize("target", sorted(set(re.findall(r"(?:^|`)make ([a-z]+)", README, re.MULTILINE))))
def test_every_make_target_exists(target):
    """Nobody is sent to a command that is not there."""
    listed = subprocess.run(["make", "--dry-run", target], cwd=ROOT, capture_output=True, text=True, check=False)

    assert "No rule to make target" not in listed.stderr


@pytest.mark.parametrize("command", sorted(set(re.findall(r"\./liaison ([a-z]+)", README, re.MULTILINE))))
def test_every_command_exists(command):
    """Nor to a part of the command line that is not there."""
    assert command in liaison.commands


def test_every_example_of_a_hook_is_sound():
    """Whoever copies one has a hook that works."""
    examples = {name: rules for code in CODE for name, rules in yaml.safe_load(code).items() if name != "verify"}

    assert len(examples) == 2
    assert all(isinstance(hook, Hook) for hook in load_hooks(examples, Presets(ROOT).find).values())


@pytest.mark.parametrize("line", re.findall(r"^verify: .*", README, re.MULTILINE))
def test_every_form_of_proof_is_sound(line):
    """Each line under "How a sender proves itself" can be copied."""
    assert VerificationField().deserialize(yaml.safe_load(line)["verify"]) is not None


def test_every_direct_requirement_has_its_line():
    """Each library says why it is here."""
    required = set(re.findall(r"^[\w-]+", (ROOT / "requirements.in").read_text(), re.MULTILINE))

    assert required == set(re.findall(r"^\| \[([\w-]+)\]\(https", README, re.MULTILINE))
    assert all(distribution(name) for name in required)


def test_every_test_that_shows_a_promise_is_there():
    """Whoever doubts a promise can run what shows it."""
    named = set(re.findall(r"`(tests/test_[a-z0-9_]+\.py)`", README))

    assert named
    assert {name for name in named if not (ROOT / name).is_file()} == set()
