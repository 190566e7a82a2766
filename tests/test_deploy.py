"""`./liaison deploy`, before anything is asked of Google: the script, the secrets, and what is refused at once."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys

import pytest

from tests.deploying import ONLINE, Checkout
from tests.examples import ROOT

NOWHERE = {"PATH": "/nonexistent", **ONLINE}  # no gcloud, no login
PEM = "\n".join(["-----BEGIN PRIVATE KEY-----", "MIIE" * 16, "MIIE" * 16, "-----END PRIVATE KEY-----"])


@pytest.fixture
def checkout(tmp_path):
    """Return a checkout on a machine without gcloud."""
    return Checkout(tmp_path, **NOWHERE)


def read_until(terminal, sign):
    """Return what is written to a terminal, up to a sign."""
    seen = ""
    while sign not in seen:
        seen += os.read(terminal, 4096).decode()
    return seen


def test_the_script_needs_no_gcloud_and_no_login(checkout):
    """It can be read before anything is installed, and says the same each time."""
    printed = checkout.deploy("--dry-run")

    assert (printed.returncode, printed.stderr) == (0, "")
    assert printed.stdout.startswith("#!/bin/sh\n")
    assert printed.stdout == checkout.deploy("--dry-run").stdout


def test_the_script_has_each_line_of_the_plan(checkout):
    """What is printed is what would be run."""
    printed = checkout.deploy("--dry-run", "--alert", "on-call@example.com").stdout
    functions = re.findall(r"^run gcloud functions deploy (\S+) .* --entry-point=(\S+) ", printed, re.MULTILINE)

    assert functions == [
        ("liaison-deliver", "deliver"),
        ("liaison-redeliver", "redeliver"),
        ("liaison-webhook", "webhook"),
    ]
    assert "secret liaison-signup-key signup-key\n" in printed  # named in hooks.yaml
    assert len(re.findall(r"gcloud firestore indexes composite create ", printed)) == 7
    assert printed.index("once gcloud tasks queues create") < printed.index("run gcloud functions deploy")


@pytest.mark.check
@pytest.mark.skipif(not os.environ.get("CI") and not shutil.which("shellcheck"), reason="shellcheck is not installed")
def test_the_script_is_sound(checkout):
    """The checker of shell scripts finds nothing to say."""
    words = ("--dry-run", "--alert", "on-call@example.com", "--operator", "ada@example.com")
    printed = checkout.deploy(*words, PUBLIC_URL="https://it's.example.com/a b").stdout
    checked = subprocess.run(["shellcheck", "-"], input=printed, capture_output=True, text=True, check=False)

    assert (checked.returncode, checked.stdout) == (0, "")


def test_a_missing_setting_is_named(checkout):
    """Where neither the environment nor the functions before have it, it says which."""
    refused = checkout.deploy("--dry-run", SUPEROFFICE_TENANT="")

    assert refused.returncode == 1
    assert "SUPEROFFICE_TENANT: This is required" in refused.stderr


def test_a_mistake_in_the_hooks_is_refused(checkout):
    """What would answer 500 is not deployed."""
    checkout.write("hooks.yaml", {"signup": {"verify": {"header": "X", "secert": "k"}}})
    refused = checkout.deploy("--dry-run")

    assert (refused.returncode, refused.stdout) == (1, "")
    assert "did you mean secret?" in refused.stderr


def test_without_gcloud_it_says_where_to_get_it(checkout):
    """Whoever has never used Google Cloud is told what to install and what to run."""
    refused = checkout.deploy()

    assert refused.returncode == 1
    assert "https://cloud.google.com/sdk/docs/install" in refused.stderr
    assert "gcloud auth login" in refused.stderr


@pytest.mark.parametrize(
    ("told", "message"),
    [
        ("- a\n", "must be a mapping"),
        ("a: [\n", "line 2"),
        ("superoffice-app-token: 12345\n", "superoffice-app-token is not text"),
    ],
)
def test_a_secrets_file_that_cannot_be_used_is_refused(checkout, tmp_path, told, message):
    """Its mistakes are told without its values."""
    (tmp_path / "mine.yaml").write_text(told)
    refused = checkout.deploy("--secrets-file", tmp_path / "mine.yaml")

    assert refused.returncode == 1
    assert message in refused.stderr
    assert "12345" not in refused.stderr


def test_a_secret_is_asked_for_without_showing_it(checkout):
    """A key of several lines can be pasted; neither it nor anything else that is typed is seen."""
    ours, theirs = os.openpty()
    script = "from commands.deploy.secrets import ask; print({k: len(v) for k, v in ask(['a', 'b']).items()})"
    command = [sys.executable, "-c", script]
    process = subprocess.Popen(command, cwd=ROOT, stdin=theirs, stdout=theirs, stderr=theirs)
    os.close(theirs)
    seen = read_until(ours, "Secret a: ")
    os.write(ours, PEM.encode() + b"\n")
    seen += read_until(ours, "Secret b: ")
    os.write(ours, b"s3cret\n")
    seen += read_until(ours, "}")
    process.wait(20)
    os.close(ours)

    assert f"{{'a': {len(PEM)}, 'b': 6}}" in seen
    assert "s3cret" not in seen
    assert "MIIE" not in seen


def test_what_connect_found_out_is_deployed(checkout):
    """The settings that `./liaison connect` wrote down need not be typed; the sandbox's are not for Google."""
    (checkout.folder / "var").mkdir()
    told = "SUPEROFFICE_URL=https://sod.superoffice.com\nSUPEROFFICE_TENANT=Cust11111\nSECRETS=file:secrets.yaml\n"
    for name in ONLINE:
        del checkout.environment[name]
    (checkout.folder / "var/connect.env").write_text(told)
    printed = checkout.deploy("--dry-run").stdout
    (checkout.folder / "var/connect.env").write_text(told.replace("https://sod.superoffice.com", "http://127.0.0.1:1"))

    assert "SUPEROFFICE_TENANT=Cust11111|SUPEROFFICE_URL=https://sod.superoffice.com" in printed
    assert "SECRETS=gcp://my-project?prefix=liaison-" in printed
    assert checkout.deploy("--dry-run").returncode == 1
