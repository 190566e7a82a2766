"""The real gcloud, which comes with the Google Cloud CLI: found, and run against the Google Cloud on this machine.

Where it is missing the tests that need it are skipped and say so; where CI is set, they fail instead.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from typing import Any

import pytest

from tests.google_cloud.server import RunningGoogle, start
from tests.google_cloud.state import PROJECT

ACCOUNT = f"liaison-webhook@{PROJECT}.iam.gserviceaccount.com"
ENABLED = "artifactregistry cloudbuild cloudfunctions cloudscheduler cloudtasks firestore iam run secretmanager"


def find() -> str:
    """Return the path of gcloud."""
    gcloud = shutil.which("gcloud")
    if gcloud is None:
        missing = (
            "This needs the Google Cloud CLI, and there is no gcloud here: https://cloud.google.com/sdk/docs/install"
        )
        if os.environ.get("CI"):
            pytest.fail(missing)
        pytest.skip(missing)
    return gcloud


def ready() -> RunningGoogle:
    """Return a Google Cloud in which every API is enabled, with one service account, ACCOUNT."""
    google = start()
    google.state.projects[PROJECT].services |= {f"{name}.googleapis.com" for name in ENABLED.split()}
    name = f"projects/{PROJECT}/serviceAccounts/{ACCOUNT}"
    google.state.accounts[ACCOUNT] = {"name": name, "projectId": PROJECT, "email": ACCOUNT, "uniqueId": "1"}
    return google


def run(google: RunningGoogle, *words: str, sent: str = "") -> subprocess.CompletedProcess[str]:
    """Run one command on `my-project`, with no prompts; `sent` goes to its standard input."""
    environment = {**os.environ, **google.environment, "CLOUDSDK_CORE_DISABLE_PROMPTS": "1"}
    command = [find(), *words, f"--project={PROJECT}", "--format=json"]
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
