"""Tools that are not Python: a test that needs one is skipped where it is missing, and fails where CI is set."""

from __future__ import annotations

import os
import shutil
from typing import NoReturn

import pytest


def need(*commands: str, install: str) -> None:
    """Go on only where all commands are there; `install` names the packages to install."""
    missing = [command for command in commands if shutil.which(command) is None]
    if missing:
        give_up(f"There is no {' and no '.join(missing)} on this machine; install {install}.")


def give_up(reason: str) -> NoReturn:
    """Skip, or fail in CI."""
    pytest.fail(reason) if os.environ.get("CI") else pytest.skip(reason)
