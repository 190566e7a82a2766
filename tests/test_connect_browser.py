"""`./liaison connect` with a real browser: what an administrator sees, and what comes of each button."""

from __future__ import annotations

import pytest

from tests.chromium import Chromium
from tests.command_line import copy_repository
from tests.connecting import Connecting, free_port

pytestmark = [pytest.mark.check, pytest.mark.timeout(180)]


@pytest.fixture
def browser(tmp_path):
    """Start a browser that nobody has used."""
    chromium = Chromium(tmp_path / "profile")
    yield chromium
    chromium.close()


@pytest.fixture
def connecting(tmp_path, settings, sandbox):
    """Return the command, whose browser window is ours."""
    app = {
        "SUPEROFFICE_CLIENT_ID": sandbox.app["client_id"],
        "SUPEROFFICE_APP_TOKEN": sandbox.app["client_secret"],
        "SUPEROFFICE_PRIVATE_KEY": sandbox.app["private_key"],
    }
    running = Connecting(copy_repository(tmp_path / "a folder", settings, {"mine": "kept"}), app, free_port())
    yield running
    running.kill()


def test_approve(browser, connecting, sandbox):
    """The page says who asks for what, Approve leads back to this machine, and the login works."""
    browser.open(connecting.start())
    browser.await_text("May Liaison work in Cust00001?")
    browser.click("#approve")

    assert browser.await_text("Thank you")
    assert connecting.end() == 0, connecting.printed
    assert connecting.secrets["superoffice-system-token"] == sandbox.app["system_token"]


def test_deny(browser, connecting):
    """Deny leads back too; page and terminal say what happened, and nothing is stored."""
    browser.open(connecting.start())
    browser.click("#deny")

    assert browser.await_text("The app was not approved")
    assert connecting.end() == 1
    assert connecting.secrets == {"mine": "kept"}


def test_paste(browser, connecting):
    """Without a listener the browser ends at an address of this machine that answers nothing: that one is pasted."""
    browser.open(connecting.start("--paste"))
    browser.click("#approve")
    connecting.say(browser.await_address("code=") + "\n")

    assert connecting.end() == 0, connecting.printed


def test_an_address_that_is_not_registered(browser, connecting):
    """The person is told, and sent nowhere."""
    browser.open(connecting.start().replace("callback", "elsewhere"))

    assert browser.await_text("Authorization error: InvalidRedirectUrl (2)")
