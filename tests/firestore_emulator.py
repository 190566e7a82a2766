"""Google's own Firestore emulator, which comes with the Google Cloud CLI: found, started once, and asked over gRPC.

Where it is missing the tests that need it are skipped and say so; where CI is set, they fail instead.
"""

from __future__ import annotations

import atexit
import os
import shutil
import signal
import socket
import subprocess
import time
from functools import cache
from pathlib import Path

import pytest

COMPONENT = "platform/cloud-firestore-emulator/cloud_firestore_emulator"
HOST = "FIRESTORE_EMULATOR_HOST"
INSTALL = "gcloud components install cloud-firestore-emulator (or the package google-cloud-cli-firestore-emulator)"


def emulator() -> str:
    """Return the address of the running emulator, which the client finds in the environment too."""
    command = find()
    if isinstance(command, str):
        if os.environ.get("CI"):
            pytest.fail(command)
        pytest.skip(command)
    os.environ[HOST] = _start(command)
    return os.environ[HOST]


def find() -> Path | str:
    """Return the emulator's command, or in words what is missing."""
    gcloud = shutil.which("gcloud")
    if gcloud is None:
        return "The Firestore emulator comes with the Google Cloud CLI, and there is no gcloud here."
    command = Path(gcloud).resolve().parent.parent / COMPONENT
    if not command.exists():
        return f"The Google Cloud CLI is here without the Firestore emulator. Run: {INSTALL}"
    if shutil.which("java") is None:
        return "The Firestore emulator needs Java, and there is none here."
    return command


@cache
def _start(command: Path) -> str:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    process = subprocess.Popen(
        ["bash", command, "start", "--host=127.0.0.1", f"--port={port}"],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
        env={**os.environ, "JAVA_TOOL_OPTIONS": "-Xmx512m"},
    )
    atexit.register(_stop, process)
    ends = time.monotonic() + 40
    while time.monotonic() < ends:
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return f"127.0.0.1:{port}"
        time.sleep(0.1)
    raise RuntimeError("The Firestore emulator does not start.")


def _stop(process: subprocess.Popen[bytes]) -> None:
    """End the shell and the Java that it started."""
    os.killpg(process.pid, signal.SIGKILL)
    process.wait()
