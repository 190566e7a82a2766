"""Runs gcloud, the Google Cloud CLI: never through a shell, and a secret only by its standard input."""

from __future__ import annotations

import json
import os
import subprocess
import time
from collections.abc import Mapping, Sequence
from typing import Any

from commands.deploy.complaints import CALLER, complaint
from commands.deploy.resource import FILLED, Line
from commands.run import ROOT
from services.errors import LiaisonError

PATIENCE = 1200.0  # seconds: a build takes two or three minutes, and Google gives up on one after ten or so
MISSING = "gcloud: command not found"
PAUSE = 5.0  # seconds before something new is tried again
TRIES = 7
# Google says so of what was made a moment ago: an account, an API that was switched on, two rights in one place.
_NOT_YET = ("does not exist", "SERVICE_DISABLED", "concurrent policy changes")
_THERE_ALREADY = ("ALREADY_EXISTS", "already exists", "alreadyExists", "HTTPError 409")


class GcloudRefused(LiaisonError):
    """Gcloud, or Google, did not do what was asked. `told` is gcloud's own text."""

    reason = "gcloud-refused"

    def __init__(self, told: str, words: Sequence[str], project: str, caller: str = "") -> None:
        detail = complaint(told, words, project)
        super().__init__(detail.replace(CALLER, caller) if caller else detail)
        self.told = told


class Gcloud:
    """Gcloud, for one project."""

    def __init__(self, project: str, environ: Mapping[str, str] = os.environ, *, pause: float = PAUSE) -> None:
        self.project = project
        self._pause = pause
        self._environ = {**environ, "CLOUDSDK_CORE_DISABLE_PROMPTS": "1", "CLOUDSDK_CORE_LOG_HTTP": "false"}

    def read(self, *words: str) -> Any:
        """Return what a line tells, from its JSON."""
        told = self._run((*words, "--format=json")).strip()
        return json.loads(told) if told else []

    def run(self, line: Line, value: str = "") -> None:
        """Run a line that makes, changes or removes something; `value` is for its standard input."""
        words = line.words
        if line.fill:
            filled = self._run(line.fill).strip().partition("\n")[0]
            words = tuple(word.replace(FILLED, filled) for word in words)
        for left in reversed(range(TRIES)):
            try:
                self._run(words, value)
            except GcloudRefused as error:
                if line.once and any(sign in error.told for sign in _THERE_ALREADY):
                    return
                if not (left and any(sign in error.told for sign in _NOT_YET)):
                    raise
                time.sleep(self._pause)
            else:
                return

    def text(self, *words: str) -> str:
        """Return what a line prints."""
        return self._run(words)

    def _caller(self) -> str:
        """Return who is logged in, as IAM writes it."""
        command = ["gcloud", "config", "get", "account"]
        asked = subprocess.run(command, env=self._environ, capture_output=True, timeout=60, check=False)  # noqa: S603
        email = asked.stdout.decode("utf-8", "replace").strip()
        return f"{'serviceAccount' if email.endswith('.gserviceaccount.com') else 'user'}:{email}" if email else ""

    def _run(self, words: Sequence[str], value: str = "") -> str:
        command = ["gcloud", *words, f"--project={self.project}"]
        try:
            done = subprocess.run(  # noqa: S603 - no shell, and each word is an argument of its own
                command,
                cwd=ROOT,
                env=self._environ,
                input=value.encode(),
                capture_output=True,
                timeout=PATIENCE,
                check=False,
            )
        except FileNotFoundError as error:
            raise GcloudRefused(MISSING, words, self.project) from error
        except subprocess.TimeoutExpired as error:
            raise GcloudRefused("TIMED OUT", words, self.project) from error
        if done.returncode:
            raise GcloudRefused(done.stderr.decode("utf-8", "replace"), words, self.project, self._caller())
        return done.stdout.decode("utf-8", "replace")
