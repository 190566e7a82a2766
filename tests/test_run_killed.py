"""`make run` in rough hands: killed, started twice, with files that change or are of no use."""

from __future__ import annotations

import signal
import subprocess
from pathlib import Path

import pytest

from tests.test_run import READY, copy_of_the_repository, free_ports, is_taken, left_behind, make_run


@pytest.fixture
def own_copy(tmp_path) -> Path:
    """Make a copy for one test alone."""
    return copy_of_the_repository(tmp_path)


@pytest.mark.check
def test_what_it_started_does_not_outlive_it(own_copy):
    """Killed, it can end nothing itself; the ports are free all the same, and it starts again, but not twice."""
    with make_run(own_copy, free_ports()) as first:
        assert first.end(signal.SIGKILL) == -signal.SIGKILL

    assert left_behind(first) == []
    with make_run(own_copy, first.port) as again, make_run(own_copy, free_ports()) as second:
        second.process.wait(10)

    assert READY in again.printed
    assert second.printed.startswith("Another `make run` is at work in this folder: ")


@pytest.mark.check
def test_it_ends_with_its_make(own_copy):
    """A make that is killed leaves nothing running behind the prompt."""
    shell = ["/bin/sh", "-c", 'MAKELEVEL=1 .venv/bin/python -m commands.run --port "$1"; :', "sh"]
    make = subprocess.Popen([*shell, str(port := free_ports())], cwd=own_copy, stdout=subprocess.PIPE, text=True)
    while READY not in make.stdout.readline():
        pass
    make.kill()

    assert "Stopped." in make.communicate(timeout=20)[0]
    assert not is_taken(port)


@pytest.mark.check
@pytest.mark.parametrize("name", ["hooks.yaml", "senders.yaml"])
def test_a_change_that_does_not_count_yet_is_said(own_copy, name):
    """Whoever writes a hook while it runs learns that it has to start again."""
    with make_run(own_copy, free_ports()) as run:
        (own_copy / name).write_text("")

        assert any(line.startswith(f"{name} has changed: ") for line in run.process.stdout)  # beside other lines


@pytest.mark.parametrize("name", ["var", "var/secrets.yaml/x", "var/run.env/x"])
def test_a_file_that_is_of_no_use_is_named(own_copy, name):
    """What stands in the way in var/ is said in a sentence, without a traceback."""
    (own_copy / name).parent.mkdir(parents=True, exist_ok=True)
    (own_copy / name).touch()
    with make_run(own_copy, free_ports()) as run:
        run.process.wait(20)

    assert run.process.returncode == 1
    assert f"{own_copy / name}".removesuffix("/x") + " cannot be used: " in run.printed
    assert "Traceback" not in run.printed
