"""What a test does without its tool: it is skipped and says why, and fails where CI is set."""

from __future__ import annotations

import pytest

from tests.firestore_emulator import emulator
from tests.tools import need


@pytest.mark.parametrize(("told", "outcome"), [("", pytest.skip.Exception), ("true", pytest.fail.Exception)])
@pytest.mark.parametrize("ask", [emulator, lambda: need("gcloud", install="the Google Cloud CLI")])
def test_a_missing_tool_is_said(monkeypatch, tmp_path, ask, told, outcome):
    """Nobody takes a test that did not run for one that passed."""
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setenv("CI", told)
    with pytest.raises(outcome, match="no gcloud"):
        ask()
