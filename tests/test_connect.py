"""`./liaison connect`: from the app's papers to a login that works, and in words where that cannot be."""

from __future__ import annotations

import os
import re
import socket

import pytest
import requests
import yaml
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
)

from tests.command_line import copy_repository
from tests.connecting import Connecting, as_xml, browse, free_port
from tests.secret_manager import start
from tests.terminal import type_into

KEY, OLD = "superoffice-private-key", {"example-key": "kept", "superoffice-app-token": "old"}


@pytest.fixture
def connecting(tmp_path, settings, sandbox):
    """Return the command beside a sandbox, with the app's papers in its environment and old secrets in the file."""
    root = copy_repository(tmp_path / "a folder", settings, OLD)
    (root / "var/secrets.yaml").write_text("# mine\n" + yaml.safe_dump(OLD))
    app = {
        "SUPEROFFICE_CLIENT_ID": sandbox.app["client_id"],
        "SUPEROFFICE_APP_TOKEN": sandbox.app["client_secret"],
        "SUPEROFFICE_PRIVATE_KEY": sandbox.app["private_key"],
    }
    running = Connecting(root, app, free_port())
    yield running
    running.kill()


def new_key():
    """Make a key that belongs to no app."""
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()


def test_an_approval_is_stored_and_works(connecting, sandbox):
    """The login is tried before it is done; other secrets and comments stay."""
    assert connecting.run() == 0, connecting.printed
    app = sandbox.app
    assert connecting.secrets == {
        **OLD,
        "superoffice-app-token": app["client_secret"],
        "superoffice-client-id": app["client_id"],
        "superoffice-system-token": app["system_token"],
        KEY: app["private_key"],
    }
    assert (connecting.root / "var/secrets.yaml").read_text().startswith("# mine\n")
    assert sandbox.counts["GET User/currentPrincipal"] == 1


@pytest.mark.check
def test_what_it_prints_leads_on_and_tells_no_secret(connecting, sandbox):
    """Settings are printed and written for what comes next; neither key, token nor secret is shown."""
    connecting.run()

    assert connecting.settings == {
        "SUPEROFFICE_URL": sandbox.url,
        "SUPEROFFICE_TENANT": "Cust00001",
        "SUPEROFFICE_LOGIN": "system-user",
        "SECRETS": "file:var/secrets.yaml",
        "LEDGER": "sqlite:var/ledger.db",
    }
    assert "  SUPEROFFICE_TENANT=Cust00001\n" in connecting.printed
    names = ("client_secret", "system_token", "refresh_token")
    assert not [name for name in names if sandbox.app[name] in connecting.printed]
    assert "PRIVATE KEY" not in connecting.printed


@pytest.mark.check
def test_a_refresh_token_is_stored_instead(connecting, sandbox):
    """With that login neither key nor system token is asked for or kept."""
    assert connecting.run("--login", "refresh-token", SUPEROFFICE_PRIVATE_KEY=None) == 0, connecting.printed
    assert connecting.secrets["superoffice-refresh-token"] == sandbox.app["refresh_token"]
    assert not {KEY, "superoffice-system-token"} & connecting.secrets.keys()
    assert connecting.settings["SUPEROFFICE_LOGIN"] == "refresh-token"


@pytest.mark.check
@pytest.mark.parametrize(
    "write", [as_xml, str, lambda pem: as_xml(pem).replace("><", ">\n  <"), lambda pem: f"\ufeff{pem}"]
)
def test_the_key_is_taken_as_people_have_it(connecting, sandbox, write):
    """From a file beside which the command is run, as PEM or as the portal's XML."""
    (connecting.root.parent / "app.key").write_text(write(sandbox.app["private_key"]))

    assert connecting.run("--key-file", "app.key", SUPEROFFICE_PRIVATE_KEY=None) == 0, connecting.printed
    assert connecting.secrets[KEY] == sandbox.app["private_key"]


@pytest.mark.check
def test_without_a_terminal_all_is_read_from_stdin(connecting, sandbox):
    """Client id, secret, the key last; and then the address that was pasted."""
    app = sandbox.app
    papers = f"{app['client_id']}\n{app['client_secret']}\n{app['private_key']}"
    connecting.app = {}
    back = browse(connecting.start("--paste", stdin=papers), follow=False).headers["Location"]
    connecting.say(f"{back}\n")

    assert connecting.end() == 0, connecting.printed
    assert connecting.secrets[KEY] == app["private_key"]


@pytest.mark.check
def test_a_person_is_asked_and_sees_no_secret(connecting, sandbox, tmp_path):
    """Only the client id is shown; the key is named by its file, or pasted line by line."""
    command = [str(connecting.root / "liaison"), "connect", "--port", str(connecting.port)]
    environment = {"PATH": os.environ["PATH"], "TERM": "dumb"}
    papers = (("client id:", "the-id"), ("as stored):", "s3cret"), ("(PEM or XML):", new_key().rstrip()))
    with socket.create_server(("127.0.0.1", connecting.port)):
        code, screen = type_into(command, environment, tmp_path, *papers)

    assert (code, "the-id" in screen) == (1, True)
    assert "cannot be used" in screen  # so all was asked for, and the port comes next
    assert not {"s3cret", "PRIVATE KEY"} & set(re.findall(r"s3cret|PRIVATE KEY", screen))


@pytest.mark.check
def test_a_browser_is_opened(connecting, tmp_path, sandbox):
    """With the very address that is printed."""
    browser = tmp_path / "browser"
    browser.write_text(f'#!/bin/sh\nprintf %s "$1" > {tmp_path}/opened\n')
    browser.chmod(0o755)
    address = connecting.start(BROWSER=f"{browser} %s")
    browse(address)

    assert connecting.end() == 0, connecting.printed
    assert (tmp_path / "opened").read_text() == address


@pytest.mark.check
def test_the_answer_may_be_posted(connecting):
    """An app can be registered so that SuperOffice's page posts the answer back."""
    back = browse(connecting.start(), follow=False).headers["Location"]
    address, _, query = back.partition("?")
    headers = {"Content-Type": "application/x-www-form-urlencoded"}

    assert requests.post(address, data=query, headers=headers, timeout=10).status_code == 200
    assert connecting.end() == 0, connecting.printed


@pytest.mark.check
def test_a_second_run_changes_nothing(connecting):
    """What is stored is not asked for again, and stays as it is; that is said."""
    connecting.run()
    before = (connecting.root / "var/secrets.yaml").read_text()
    connecting.app = {}

    assert connecting.run() == 0
    assert (connecting.root / "var/secrets.yaml").read_text() == before
    assert connecting.printed.count(": unchanged") == 4


@pytest.mark.check
def test_a_folder_takes_the_secrets_too(connecting, tmp_path, sandbox):
    """Wherever --secrets says; the sandbox's file is left alone."""
    (tmp_path / "mounted").mkdir()

    assert connecting.run("--secrets", f"dir:{tmp_path}/mounted") == 0, connecting.printed
    assert (tmp_path / "mounted/superoffice-system-token").read_text() == sandbox.app["system_token"]
    assert connecting.secrets == OLD


@pytest.mark.check
def test_secret_manager_takes_the_secrets_too(connecting, sandbox):
    """Secrets that are not there yet are made; who may only write needs no right to read."""
    manager = start()
    manager.deny("superoffice-app-token")
    manager.add("superoffice-app-token", "old")
    code = connecting.run("--secrets", manager.location(), **manager.environment())
    manager.stop()

    assert code == 0, connecting.printed
    assert manager.versions["superoffice-system-token"] == [sandbox.app["system_token"].encode()]
    assert "superoffice-app-token: stored as version 2 in Secret Manager" in connecting.printed
    assert connecting.settings["SECRETS"] == manager.location()


def test_an_answer_of_another_run_does_not_end_it(connecting):
    """A wrong state is told to the browser; the command goes on waiting for the right one."""
    address = connecting.start()
    callback = f"http://127.0.0.1:{connecting.port}/callback"
    wrong = requests.get(callback, params={"state": "x", "code": "y"}, timeout=10)
    stray = requests.get(f"http://127.0.0.1:{connecting.port}/favicon.ico", timeout=10)
    browse(address)

    assert (wrong.status_code, stray.status_code) == (400, 404)
    assert "does not belong to the approval" in wrong.text
    assert connecting.end() == 0, connecting.printed


def fault(**told):
    """Have the sandbox misbehave before the run."""
    return lambda sandbox: sandbox.fault(**told)


@pytest.mark.check
@pytest.mark.parametrize(
    ("harm", "arguments", "environment", "told"),
    [
        (None, ("--tenant", "Cust99999"), {}, "approved in Cust00001, and Cust99999 was to approve it"),
        (None, (), {"SUPEROFFICE_PRIVATE_KEY": new_key()}, "The key does not belong to this app"),
        (None, (), {"SUPEROFFICE_PRIVATE_KEY": "x"}, "This is no private key"),
        (None, (), {"SUPEROFFICE_APP_TOKEN": "x"}, "does not know this client id with this client secret"),
        (lambda s: s.set_clock(login=3600), (), {}, "The clock of this machine is off"),
        (lambda s: s.set_clock(login=-3600), (), {}, "The clock of this machine is off"),
        (lambda s: s.set_state("Suspended"), (), {}, "not running"),
        (fault(path="oauth/tokens", status=400, body={"error": "invalid_grant"}), (), {}, "The code is no longer good"),
        (fault(path="oauth/tokens", status=400, body={"error": "x\x1b[1m"}), (), {}, "does not redeem the code (x"),
        (fault(path="oauth/tokens", body="<html>"), (), {}, "gave no id token"),
        (fault(path="oauth/tokens", drop="before"), (), {}, "SuperOffice gave no answer"),
        (fault(path="jwks", status=500), (), {}, "login keys"),
        (None, ("--login", "system-user", "--key-file", "nowhere.pem"), {}, "nowhere.pem cannot be read"),
        (None, ("--secrets", "vault:x"), {}, "SECRETS does not say where"),
        (None, ("--secrets", "file:/nowhere/secrets.yaml"), {}, "There is no folder /nowhere"),
        (None, ("--environment", "online"), {}, "Say where the secrets go"),
        (None, (), {"SUPEROFFICE_CLIENT_ID": None}, "nothing was given"),
        (None, (), {"SUPEROFFICE_URL": "https://crm.example/api/v1"}, "no app to approve"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_what_goes_wrong_is_said_and_nothing_is_stored(connecting, sandbox, harm, arguments, environment, told):
    """Each is a sentence and a next step; the secrets that were there go on working."""
    if harm:
        harm(sandbox)

    assert connecting.run(*arguments, **environment) == 1
    assert told in " ".join(connecting.printed.split())
    assert "\x1b" not in connecting.printed
    assert (connecting.secrets, connecting.settings) == (OLD, None)


def test_a_denial_is_said(connecting):
    """On the page that the browser comes back to, and in the terminal."""
    page = browse(connecting.start(), "deny")

    assert connecting.end() == 1
    assert "Not approved" in page.text
    assert "The app was not approved (access_denied: The app was not approved)" in connecting.printed
    assert connecting.secrets == OLD


@pytest.mark.check
def test_a_port_that_is_taken_is_said(connecting):
    """With what else can be done."""
    with socket.create_server(("127.0.0.1", connecting.port)):
        assert connecting.run() == 1
    assert f"Port {connecting.port} cannot be used" in connecting.printed
    assert "--paste" in connecting.printed


@pytest.mark.check
def test_a_pasted_address_of_another_run_is_refused(connecting):
    """Its state is another one."""
    connecting.start("--paste")
    connecting.say(f"http://127.0.0.1:{connecting.port}/callback?code=x&state=y\n")

    assert connecting.end() == 1
    assert "does not belong to the approval" in connecting.printed
