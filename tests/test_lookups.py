"""Look-ups for drop-downs: what is listed, for whom, in which order, and what happens where it cannot be."""

from __future__ import annotations

import json
import time

import pytest
import yaml

from handlers import lookups
from services.secret_files import LOOKED_AT

OWNER = {"Authorization": "Bearer an-api-key"}


@pytest.fixture
def ask(client):
    """Return an asker that knows the key: `ask("companies?search=acme")`."""
    return asker(client)


def asker(client):
    """Return an asker of this function."""
    return lambda path, headers=OWNER, method="GET": client.open(f"/lookups/{path}", method=method, headers=headers)


def test_a_definition_shows_both_its_texts(ask):
    """A relation reads from either end."""
    assert ask("definitions?pair=PP").json[0] == {
        "id": 27,
        "name": "Reports to",
        "passive": "Is manager of",
        "label": "Reports to / Is manager of (27)",
    }


def test_a_company_shows_what_tells_it_from_others(ask):
    """Two of one name differ in department and id."""
    assert ask("companies?search=oslo").json == [
        {
            "id": 687,
            "name": "Acme AS",
            "department": "Oslo",
            "number": "10687",
            "orgnr": "318 444 021 MVA",
            "label": "Acme AS, Oslo (687)",
        }
    ]


@pytest.mark.parametrize("query", ["", "?search=", "?search=%20%20", "?search=&page=&page=0"])
def test_without_a_search_all_are_listed_by_name(ask, query):
    """Tools send a parameter that nobody filled in; the deleted companies are left out all the same."""
    names = [choice["name"] for choice in ask(f"companies{query}").json]

    assert names == sorted(names, key=str.casefold)
    assert len(names) == 17


def test_a_person_shows_the_company(ask):
    """There are many of one name."""
    assert ask("persons?search=ada").json == [
        {
            "id": 90,
            "name": "Ada Lovelace",
            "company": "Acme",
            "department": "",
            "company_id": 686,
            "label": "Ada Lovelace, Acme (90)",
        }
    ]


@pytest.mark.parametrize("path", ["definitions?pair=CC&page=1", "companies?page=1", "persons?page=99999"])
def test_a_page_beyond_the_end_is_empty(ask, path):
    """So a tool knows that it has them all."""
    assert (ask(path).status_code, ask(path).json) == (200, [])


@pytest.mark.parametrize(
    ("path", "count"),
    [
        ("persons?company=687&search=", 3),
        ("persons?company=%20687%20", 3),
        ("persons?search=ola%20hansen&company=687&page=0", 2),
        ("companies?search=acme%20%20oslo%20", 1),
    ],
)
def test_parameters_narrow_the_list(ask, path, count):
    """Together, and however tools pad them."""
    assert len(ask(path).json) == count


@pytest.mark.parametrize(
    ("path", "fields"),
    [
        ("definitions", ["pair"]),
        ("definitions?pair=", ["pair"]),
        ("definitions?pair=cc", ["pair"]),
        ("definitions?pair=CX&page=x", ["page", "pair"]),
        ("definitions?pair=CC&search=x", ["search"]),
        ("companies?page=-1", ["page"]),
        ("companies?page=1.5", ["page"]),
        ("companies?page=1_0", ["page"]),
        ("companies?page=%D9%A1", ["page"]),
        ("companies?page=100000", ["page"]),
        ("companies?serach=acme", ["serach"]),
        (f"companies?search={'a' * 101}", ["search"]),
        ("companies?search=a%00b", ["search"]),
        ("persons?company=Acme", ["company"]),
        ("persons?company=0", ["company"]),
        ("persons?company=42.9", ["company"]),
        (f"persons?company={2**31}", ["company"]),
        (f"persons?company={'9' * 5000}", ["company"]),
    ],
)
def test_a_wrong_parameter_is_named(ask, sandbox, path, fields):
    """The answer says what to send instead, and SuperOffice never hears of it."""
    answer = ask(path)

    assert (answer.status_code, answer.content_type) == (422, "application/problem+json")
    assert sorted(mistake["field"] for mistake in answer.json["errors"]) == fields
    assert len(answer.json["detail"]) < 250
    assert sandbox.calls == []


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"Authorization": ""},
        {"Authorization": "Bearer"},
        {"Authorization": "Bearer wrong"},
        {"Authorization": "Bearer \xe5n-api-key"},
        {"Authorization": "Basic an-api-key"},
        {"X-Api-Key": "an-api-key"},
    ],
)
@pytest.mark.parametrize("path", ["definitions?pair=CC", "companies", "persons?company=x"])
def test_a_stranger_learns_nothing(ask, sandbox, path, headers):
    """Neither choices nor what is wrong with the parameters."""
    answer = ask(path, headers)

    assert (answer.status_code, answer.json["type"]) == (401, "urn:liaison:problem:not-proven")
    assert answer.headers["WWW-Authenticate"].startswith("Bearer")
    assert sandbox.calls == []


def test_a_new_key_counts_at_once(ask, secrets, tmp_path):
    """A rotation needs no deployment, and the key before it counts as well."""
    assert ask("definitions?pair=CC").status_code == 200
    (tmp_path / "secrets.yaml").write_text(yaml.safe_dump({**secrets, "liaison-api-key": ["a-new-one", "an-api-key"]}))

    assert ask("companies", {"Authorization": "Bearer a-new-one"}).status_code == 200
    time.sleep(2 * LOOKED_AT)
    assert ask("companies").status_code == 200


def test_without_a_key_the_look_ups_are_closed(function, capfd):
    """A missing secret lets nobody in; the operator reads in the log what to do, a stranger is not told."""
    ask = asker(function(hold_back=["liaison-api-key"]))

    assert ask("companies", {}).status_code == 401
    assert ask("companies").status_code == 500
    assert "liaison-api-key" in capfd.readouterr().out


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "PATCH", "OPTIONS"])
def test_look_ups_are_asked_for_with_get(ask, method):
    """Any other method is told which."""
    answer = ask("companies", method=method)

    assert (answer.status_code, answer.headers["Allow"]) == (405, "GET, HEAD")


def test_head_is_get_without_the_body(ask):
    """Some tools test an address so."""
    answer = ask("companies", method="HEAD")

    assert (answer.status_code, answer.content_type, answer.data) == (200, "application/json", b"")


@pytest.mark.parametrize("path", ["", "nothing", "companies/", "companies/4", "Companies"])
def test_an_unknown_look_up_is_no_404(ask, path):
    """It is 400, as any unknown address is, and lists nothing."""
    answer = ask(path)

    assert (answer.status_code, answer.json["type"]) == (400, "urn:liaison:problem:unknown-hook")


@pytest.mark.parametrize("path", ["definitions?pair=CC", "companies", "persons"])
@pytest.mark.parametrize("fault", [{"status": 503}, {"status": 429, "headers": {"Retry-After": "7"}}, {"body": "<p>"}])
def test_an_outage_of_superoffice_is_told(ask, sandbox, path, fault):
    """Nothing is kept for later here: the tool asks again."""
    sandbox.fault(times=0, **fault)
    answer = ask(path)

    assert (answer.status_code, answer.headers["Retry-After"].isdigit()) == (503, True)


def test_nobody_waits_longer_than_the_deadline(ask, sandbox, monkeypatch):
    """It is ten seconds, less here."""
    monkeypatch.setattr(lookups, "ANSWER_WITHIN", 0.5)
    ask("definitions?pair=CC")  # logs in
    sandbox.fault(delay=5, times=0)
    started = time.monotonic()

    assert ask("companies").status_code == 503
    assert time.monotonic() - started < 2


def test_the_tenants_rate_limit_holds(function):
    """A drop-down is opened as often as people like; SuperOffice allows so many calls a second."""
    ask = asker(function(SUPEROFFICE_CALLS_PER_SECOND="2"))
    started = time.monotonic()
    for _ in range(3):
        assert ask("companies").status_code == 200

    assert time.monotonic() - started > 1


def test_the_log_has_the_count_and_not_the_words(ask, capfd):
    """What somebody searched for is nobody's business."""
    ask("companies?search=oslo")
    ask("persons?search=bergen&page=x")

    out = capfd.readouterr().out
    lines = [json.loads(line) for line in out.splitlines()]
    told = [(line["event"], line["route"], line.get("count"), line.get("reason")) for line in lines]
    assert told == [
        ("looked-up", "/lookups/companies", 1, None),
        ("not-looked-up", "/lookups/persons", None, "invalid-submission"),
    ]
    assert "oslo" not in out
    assert "bergen" not in out
