"""Starts the function as the platform does: the framework's own command, in a process of its own."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import requests

from tests.examples import ROOT

FRAMEWORK = Path(sys.executable).parent / "functions-framework"


@contextmanager
def served(settings: Mapping[str, str], log: Path, target: str = "webhook") -> Iterator[str]:
    """Serve a target with these settings and give its address; its stdout goes to `log`. Ends it with SIGTERM."""
    port = free_port()
    command = [str(FRAMEWORK), "--target", target, "--source", str(ROOT / "main.py"), "--port", str(port)]
    environment = {"PATH": os.environ["PATH"], "HOME": os.environ.get("HOME", "/"), "THREADS": "80", **settings}
    with running(command, log, cwd=ROOT, env=environment) as process:
        wait_for(f"http://127.0.0.1:{port}", process)
        yield f"http://127.0.0.1:{port}"


def free_port() -> int:
    """Return a port that nobody listens on."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        return free.getsockname()[1]


@contextmanager
def running(command: Sequence[str | Path], log: Path, **options: Any) -> Iterator[subprocess.Popen[bytes]]:
    """Run a command, its output going to `log`, and end it with SIGTERM; `options` are those of Popen."""
    with log.open("w") as out:
        process = subprocess.Popen(command, stdout=out, stderr=subprocess.STDOUT, **options)
        try:
            yield process
        finally:
            process.terminate()
            with suppress(subprocess.TimeoutExpired):
                process.wait(10)
            process.kill()


def wait_for(url: str, process: subprocess.Popen[bytes], seconds: float = 30) -> None:
    """Wait until a process answers; raise where it ends first."""
    ends = time.monotonic() + seconds
    while time.monotonic() < ends and process.poll() is None:
        with suppress(requests.ConnectionError):
            requests.get(f"{url}/health", timeout=5)
            return
        time.sleep(0.02)
    raise RuntimeError(f"{url} does not answer; the process says {process.poll()}")
