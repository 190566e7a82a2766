"""The real gcloud, which comes with the Google Cloud CLI: found, and run against the Google Cloud on this machine."""

from __future__ import annotations

import atexit
import functools
import json
import os
import shutil
import socket
import subprocess
import tempfile
from pathlib import Path
from typing import Any

from tests.google_cloud import warm
from tests.google_cloud.server import RunningGoogle, start
from tests.google_cloud.state import PROJECT
from tests.tools import need

ACCOUNT = f"liaison-webhook@{PROJECT}.iam.gserviceaccount.com"
ENABLED = "artifactregistry cloudbuild cloudfunctions cloudscheduler cloudtasks firestore iam run secretmanager"


def find() -> None:
    """Go on only where gcloud is there."""
    need("gcloud", install="the Google Cloud CLI: https://cloud.google.com/sdk/docs/install")


@functools.cache
def warm_path() -> str:
    """Return a PATH on which gcloud is the real one, but loaded once for all calls (warm.py)."""
    find()
    folder = Path(tempfile.mkdtemp(prefix="gcloud-"))
    ask = ["gcloud", "info", "--format=value(basic.python_location,installation.sdk_root)"]
    environment = {**os.environ, "CLOUDSDK_CONFIG": str(folder / "config")}
    told = subprocess.run(ask, env=environment, capture_output=True, text=True, check=True).stdout
    python, root = told.strip().split("\t")
    caller = folder / "gcloud"
    caller.write_text(warm.CALLER.format(python=python, path=str(folder / "calls")))
    caller.chmod(0o755)
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(folder / "calls"))
        listener.listen(128)
        command = [python, "-IS", "-X", "utf8", warm.__file__, f"{root}/lib", str(listener.fileno())]
        server = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, pass_fds=[listener.fileno()]
        )

    def end() -> None:
        server.communicate()  # closes its stdin
        shutil.rmtree(folder)

    atexit.register(end)
    return f"{folder}:{os.environ['PATH']}"


def ready() -> RunningGoogle:
    """Return a Google Cloud in which every API is enabled, with one service account, ACCOUNT."""
    google = start()
    google.state.projects[PROJECT].services |= {f"{name}.googleapis.com" for name in ENABLED.split()}
    name = f"projects/{PROJECT}/serviceAccounts/{ACCOUNT}"
    google.state.accounts[ACCOUNT] = {"name": name, "projectId": PROJECT, "email": ACCOUNT, "uniqueId": "1"}
    return google


def run(google: RunningGoogle, *words: str, sent: str = "") -> subprocess.CompletedProcess[str]:
    """Run one command on `my-project`, with no prompts; `sent` goes to its standard input."""
    environment = {**os.environ, **google.environment, "PATH": warm_path(), "CLOUDSDK_CORE_DISABLE_PROMPTS": "1"}
    command = ["gcloud", *words, f"--project={PROJECT}", "--format=json"]
    return subprocess.run(command, env=environment, input=sent, capture_output=True, text=True, check=False, timeout=50)


def ask(google: RunningGoogle, line: str, *words: str, sent: str = "") -> Any:
    """Run the line's words and these; return what gcloud prints as JSON, or fail with what it says."""
    ended = run(google, *line.split(), *words, sent=sent)
    assert ended.returncode == 0, ended.stderr
    return json.loads(ended.stdout) if ended.stdout.strip() else None


def refusal(google: RunningGoogle, line: str, *words: str) -> str:
    """Run what must be refused; return what gcloud says."""
    ended = run(google, *line.split(), *words)
    assert ended.returncode != 0, ended.stdout
    return ended.stderr
