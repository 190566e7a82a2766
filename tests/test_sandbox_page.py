"""The sandbox's page for people."""

from __future__ import annotations

import pytest
import requests

from tests.sandbox_api import PARTNER, Online


@pytest.fixture
def page(sandbox):
    """Return a reader of the page."""
    return lambda: requests.get(f"{sandbox.url}/", timeout=10).text


def test_shows_what_the_tenant_holds(page, sandbox):
    """Companies, persons, definitions, relations with names, and the last calls; looking at it is not a call."""
    with Online(sandbox) as session:
        session.save()
    shown = page()

    assert all(words in shown for words in ("Liaison Demo AS", "Ada Lovelace", "Has partner", "Since 2019"))
    assert "POST /Cust00001/api/v1/Agents/Relation/SaveContactRelation" in shown
    assert sandbox.counts.total() == 2


def test_escapes_everything(page, sandbox):
    """Neither a comment nor a path can bring markup in."""
    with Online(sandbox) as session:
        session.save({**PARTNER, "Comment": "<script>alert(1)</script>"})
        session.get("<img src=x>")
    shown = page()

    assert "&lt;script&gt;alert(1)" in shown
    assert "<script" not in shown
    assert "<img" not in shown


def test_needs_nothing_from_elsewhere(page):
    """No script, font or picture is loaded."""
    assert "//" not in page().replace("http://127.0.0.1", "")


def test_answers_a_probe(sandbox):
    """HEAD has the length of the page and no page; a browser's icon is answered, not counted."""
    head = requests.head(f"{sandbox.url}/", timeout=10)

    assert (head.status_code, head.content) == (200, b"")
    assert int(head.headers["Content-Length"]) > 1000
    assert requests.get(f"{sandbox.url}/favicon.ico", timeout=10).status_code == 204
