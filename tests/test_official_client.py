"""SuperOffice's own client library works against the sandbox: what it sends and reads is the real wire format."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from pathlib import Path

import pytest

from sandbox.server import start

pytestmark = [pytest.mark.check, pytest.mark.timeout(300)]
CLIENT = Path(__file__).parent / "official_client"


@pytest.fixture(scope="module")
def client(tmp_path_factory):
    """Copy the client and install its library; without Node that is skipped, except in CI."""
    if not (shutil.which("node") and shutil.which("npm")):
        reason = "Node and npm are not on this machine; install Node 20 or later to run SuperOffice's own client."
        pytest.fail(reason) if os.environ.get("CI") else pytest.skip(reason)
    folder = tmp_path_factory.mktemp("client") / "official_client"
    shutil.copytree(CLIENT, folder, ignore=shutil.ignore_patterns("node_modules"))
    run(["npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund"], folder)
    return folder


@pytest.fixture(scope="module")
def life(client):
    """Run a relation's whole life; returns what the library got from each call, and what the sandbox saw of it."""
    with start() as sandbox:
        results = json.loads(run(["node", "relations.mjs", sandbox.url], client))
        return {**results, "calls": sandbox.calls, "counts": sandbox.counts}


def run(command, folder):
    """Run to the end; a failure shows what was printed."""
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=240, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_lists_definitions(life):
    """Its only way to them is the MDO agent."""
    first = life["definitions"][0]

    assert (first["id"], first["name"], first["extraInfo"]) == (18, "Partner til", "Har partner")


def test_starts_from_defaults(life):
    """The blank entity has what the library expects of one."""
    assert (life["blank"]["relationId"], life["blank"]["comment"]) == (0, "")
    assert life["blank"]["fieldProperties"]["Comment"]["fieldLength"] == 254


def test_creates(life):
    """It reads ids, names, texts in its language, dates and rights."""
    created = life["created"]

    assert created["relationId"] > 0
    assert (created["sourceContactName"], created["destinationContactName"]) == ("Acme", "Liaison Demo AS")
    assert created["activeText"] == "Partner til"
    assert created["createdDate"].endswith("Z")
    assert created["createdBy"]["type"] == "SystemAssociate"


def test_updates_with_the_whole_entity(life):
    """It posts back everything it got, dates and all, in camelCase; the server keeps its own."""
    assert life["updated"]["comment"] == "Since 2020"
    assert life["updated"]["createdDate"] == life["created"]["createdDate"]
    assert life["updated"]["updatedDate"] > life["created"]["createdDate"]
    assert life["counts"]["created"] == life["counts"]["updated"] == life["counts"]["deleted"] == 1


def test_deletes(life):
    """What is gone is null to it, not an error."""
    assert life["gone"] is None


def test_is_refused(life):
    """An error reaches it with its status and SuperOffice's words."""
    assert (life["refused"]["status"], life["refused"]["Error"]) == (400, True)
    assert "99999" in life["refused"]["ErrorMessage"]


def test_sends_what_it_is_known_to_send(life):
    """A literal null as a body, SO-Language alone, the secret beside the ticket."""
    first = next(call for call in life["calls"] if call["operation"] == "CreateDefaultContactRelationEntity")

    assert (first["body"], first["headers"].get("Accept-Language")) == (None, None)
    assert first["headers"]["SO-Language"] == "no"
    assert {call["headers"]["Authorization"][:9] for call in life["calls"]} == {"SOTicket "}
