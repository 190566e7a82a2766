"""A real browser: headless Chromium, driven by chromedriver over the WebDriver protocol (w3.org/TR/webdriver2)."""

from __future__ import annotations

import os
import shutil
import subprocess
import time
from contextlib import suppress

import pytest
import requests

from tests.connecting import free_port

ARGUMENTS = (
    *("--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-dev-shm-usage"),
    *("--disable-background-networking", "--disable-component-update", "--disable-sync", "--no-proxy-server"),
)
ELEMENT = "element-6066-11e4-a52e-4f735466cecf"  # the name that the protocol gives an element's id


def find_programs():
    """Return where Chromium and its driver are; a test without them is skipped, and fails in CI."""
    browser = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
    driver = shutil.which("chromedriver")
    if not (browser and driver):
        reason = "Chromium and chromedriver are not on this machine (Debian: apt install chromium chromium-driver)."
        pytest.fail(reason) if os.environ.get("CI") else pytest.skip(reason)
    return browser, driver


class Chromium:
    """One browser window, with a profile of its own in `folder`."""

    def __init__(self, folder):
        browser, driver = find_programs()
        port = free_port()
        self._driver = subprocess.Popen(
            [driver, f"--port={port}"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True
        )
        self._base = f"http://127.0.0.1:{port}"
        self._await_driver()
        options = {"binary": browser, "args": [*ARGUMENTS, f"--user-data-dir={folder}"]}
        wanted = {"capabilities": {"alwaysMatch": {"browserName": "chrome", "goog:chromeOptions": options}}}
        self._base += f"/session/{self._call('POST', '/session', wanted)['sessionId']}"

    def open(self, address):
        """Go there, and wait until it is shown."""
        self._call("POST", "/url", {"url": address})

    def click(self, selector):
        """Press what a CSS selector finds; what that leads to may take a moment to show."""
        self._call("POST", f"/element/{self._find(selector)}/click", {})

    def await_text(self, words, seconds=20):
        """Return the text that a person sees, once it has these words in it."""
        return self._await(lambda: self._call("GET", f"/element/{self._find('body')}/text"), words, seconds)

    def await_address(self, part, seconds=20):
        """Return the address, once it has this in it."""
        return self._await(lambda: self._call("GET", "/url"), part, seconds)

    def close(self):
        """End the browser and its driver."""
        with suppress(requests.RequestException, AssertionError):
            self._call("DELETE", "")
        self._driver.terminate()
        self._driver.wait(10)

    def _await(self, look, words, seconds):
        ends, seen = time.monotonic() + seconds, ""
        while words not in seen and time.monotonic() < ends:
            with suppress(AssertionError):  # the page was replaced while we looked
                seen = look()
        assert words in seen, seen
        return seen

    def _find(self, selector):
        return self._call("POST", "/element", {"using": "css selector", "value": selector})[ELEMENT]

    def _call(self, method, path, body=None):
        answer = requests.request(method, self._base + path, json=body, timeout=50)
        assert answer.status_code == 200, answer.text
        return answer.json()["value"]

    def _await_driver(self):
        ends = time.monotonic() + 30
        while time.monotonic() < ends:
            with suppress(requests.ConnectionError):
                if requests.get(f"{self._base}/status", timeout=5).json()["value"]["ready"]:
                    return
            time.sleep(0.05)
        raise RuntimeError("chromedriver does not answer")
