"""`./liaison` itself: the script, where it finds its settings, and what it prints where."""

from __future__ import annotations

import os
import subprocess
import sys
from contextlib import suppress

import pytest

from tests.command_line import CommandLine, copy_repository
from tests.examples import HOOKS, ROOT


@pytest.fixture
def repository(tmp_path, settings, secrets):
    """Copy what the script needs into a folder, with what `make install` and `make run` leave there."""
    return copy_repository(tmp_path / "a folder", settings, secrets)


def run(script, *arguments, folder, **environment):
    """Run the script from a folder."""
    given = {"PATH": os.environ["PATH"], "COLUMNS": "110", **environment}
    return subprocess.run(
        [script, *arguments], cwd=folder, env=given, capture_output=True, text=True, check=False, timeout=50
    )


def read_all(terminal):
    """Return what was written to a terminal whose other end is closed."""
    seen = b""
    with suppress(OSError):  # Linux ends with EIO
        while chunk := os.read(terminal, 4096):
            seen += chunk
    os.close(terminal)
    return seen


def test_without_settings_it_speaks_to_the_sandbox(repository, tmp_path):
    """`make run` wrote down where it is; the paths there are the repository's, wherever one is."""
    outcome = run(repository / "liaison", "check", folder=tmp_path)

    assert outcome.returncode == 0, outcome.stdout + outcome.stderr
    assert outcome.stdout.splitlines()[0].endswith("settings from make run (var/run.env)")


def test_the_sandboxs_address_is_this_machines(repository, tmp_path):
    """Whoever tries a sender in the sandbox sees the address that works there."""
    outcome = run(repository / "liaison", "senders", "generic", folder=tmp_path)

    assert "http://127.0.0.1:9000/hooks/example" in outcome.stdout


def test_secrets_of_a_real_tenant_stay_out_of_the_sandbox(repository, tmp_path):
    """A shell that is set up in part for something else is not mixed with the sandbox's settings."""
    outcome = run(repository / "liaison", "check", folder=tmp_path, SECRETS="gcp://real", SUPEROFFICE_LOGIN="basic")

    assert outcome.returncode == 0, outcome.stdout
    assert "secrets from file:var/secrets.yaml;" in outcome.stdout


def test_the_environment_comes_first(repository, tmp_path, settings):
    """Where SUPEROFFICE_URL is set, nothing of the sandbox counts."""
    outcome = run(repository / "liaison", "check", folder=tmp_path, **settings)

    assert outcome.returncode == 1
    assert "settings from the environment" in outcome.stdout
    assert "SECRETS: This setting is required" in outcome.stdout


def test_without_any_settings_it_says_how_to_get_some(repository, tmp_path):
    """The list of senders needs none; what needs them says so."""
    (repository / "var/run.env").unlink()

    assert run(repository / "liaison", "senders", folder=tmp_path).returncode == 0
    assert "start the sandbox with `make run`" in run(repository / "liaison", "check", folder=tmp_path).stdout


def test_a_file_is_where_one_is_oneself(repository, tmp_path):
    """A file's name on the command line belongs to one's own folder, not to the repository."""
    (tmp_path / "body.json").write_text('{"RelationId": 1, "action": "delete"}')
    outcome = run(repository / "liaison", "try", "example", "body.json", "--no-proof", folder=tmp_path)

    assert outcome.returncode == 0, outcome.stderr


@pytest.mark.check
@pytest.mark.parametrize(
    ("url", "age", "words"),
    [
        ("https://nowhere.example", 0, "Cust2 at https://nowhere.example, ledger no ledger"),
        ("https://nowhere.example", 60, "Cust00001 at http://127.0.0.1"),
        (None, 60, "Cust2 at http://127.0.0.1"),
    ],
)
def test_what_was_connected_last_counts(repository, tmp_path, settings, url, age, words):
    """Of `make run` and `./liaison connect` the later one; both, where they are about the same address."""
    url = url or settings["SUPEROFFICE_URL"]
    told = f"SUPEROFFICE_URL={url}\nSUPEROFFICE_TENANT=Cust2\nSECRETS=file:other.yaml\n"
    connected = repository / "var/connect.env"
    connected.write_text(told)
    made = (repository / "var/run.env").stat().st_mtime
    os.utime(connected, (made + 1 - age, made + 1 - age))
    outcome = run(repository / "liaison", "secret", "key", "--end-previous", folder=tmp_path)

    assert outcome.stdout.startswith(words)


def test_the_script_may_be_called_through_a_link(repository, tmp_path):
    """A link in one's own bin is enough to have it everywhere."""
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin/liaison").symlink_to(tmp_path / "one more")
    (tmp_path / "one more").symlink_to("a folder/liaison")

    assert run(tmp_path / "bin/liaison", "--help", folder="/").returncode == 0


def test_modules_of_the_folder_one_is_in_do_not_count(repository, tmp_path):
    """A `yaml.py` or a `services/` of somebody else's project must not run here."""
    (tmp_path / "yaml.py").write_text("raise SystemExit('the wrong yaml')")

    assert run(repository / "liaison", "senders", folder=tmp_path).returncode == 0


@pytest.mark.parametrize("missing", [".venv", ".venv/bin/functions-framework"])
def test_without_venv_it_says_what_to_run(repository, tmp_path, missing):
    """A fresh clone answers in a sentence, and so does one whose set-up broke off."""
    (repository / missing).rename(tmp_path / "elsewhere")
    outcome = run(repository / "liaison", "check", folder=tmp_path)

    assert outcome.returncode == 1
    assert "run `make install` first" in outcome.stderr


@pytest.mark.parametrize(("environment", "coloured"), [({}, True), ({"NO_COLOR": "1"}, False)])
def test_colour_is_for_terminals_that_want_it(tmp_path, settings, secrets, environment, coloured):
    """A terminal gets ticks in green, unless NO_COLOR is set."""
    line = CommandLine(tmp_path, settings, secrets, HOOKS)
    terminal, end = os.openpty()
    command = [sys.executable, "-P", "-m", "commands.liaison", "check"]
    given = {**line.environment, "PYTHONPATH": str(ROOT), "TERM": "xterm", **environment}
    subprocess.run(command, env=given, cwd=tmp_path, stdout=end, stderr=end, check=True, timeout=50)
    os.close(end)

    assert (b"\x1b[32m" in read_all(terminal)) is coloured


def test_a_terminal_of_another_charset_is_no_reason_to_fail(tmp_path, settings, secrets):
    """What cannot be shown becomes a question mark."""
    line = CommandLine(tmp_path, settings, secrets, HOOKS)

    assert line("check", PYTHONIOENCODING="latin-1:strict").stdout.splitlines()[2].startswith("? settings")


@pytest.mark.parametrize(("arguments", "words"), [(("chekc",), "check"), (("check", "--jsn"), "--json")])
def test_a_wrong_call_is_exit_code_2(tmp_path, settings, secrets, arguments, words):
    """The command or option that was probably meant is named."""
    outcome = CommandLine(tmp_path, settings, secrets, HOOKS)(*arguments)

    assert outcome.returncode == 2
    assert words in outcome.stderr
