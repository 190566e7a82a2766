"""`./liaison deliveries`: what came, and what became of it."""

from __future__ import annotations

import time

import pytest

from services import finding
from services.ledger.contract import Arrival, Entry
from tests.examples import HOOKS, KEY, PARTNERS

RULES = {**HOOKS, "held": {**HOOKS["example"], "deliver": "held"}}
NOBODY = {**PARTNERS, "SourceContactId": "Acme", "Comment": "Blåbærtur"}


@pytest.fixture
def client(function):
    """Start the function with a hook that waits for an operator, too."""
    return function(RULES)


@pytest.fixture
def came(send):
    """Send three submissions: one that is saved, one that is refused, one that waits."""
    return [send(), send(NOBODY), send(PARTNERS, "held", headers={"Idempotency-Key": "order-7"})]


def ids(operator, *arguments):
    """Return the ids that are listed."""
    return [row["delivery"] for row in operator.json("deliveries", *arguments)]


def test_people_see_the_newest_first(operator, came):
    """A line each: id, time, hook, status, and what else tells most."""
    lines = operator("deliveries").stdout.splitlines()

    assert "ledger sqlite:" in lines[0]
    assert [line.split()[0] for line in lines[2:]] == [answer.json["delivery"] for answer in reversed(came)]
    assert "created" in lines[4]
    assert f"relation {came[0].json['relation']['RelationId']}" in lines[4]
    assert "rejected" in lines[3]
    assert "invalid-submission" in lines[3]


@pytest.mark.parametrize(
    ("arguments", "places"),
    [
        ((), [2, 1, 0]),
        (("--status", "created"), [0]),
        (("--status", "created", "--status", "held"), [2, 0]),
        (("--hook", "held"), [2]),
        (("--hook", "nothing"), []),
        (("--since", "1h"), [2, 1, 0]),
        (("--until", "1h"), []),
        (("--since", "2000-01-01", "--until", "2000-01-01"), []),
        (("--limit", "1"), [2]),
        (("--search", "ORDER-7"), [2]),
        (("--search", "invalid-submission"), [1]),
        (("--search", "blåbær"), [1]),
        (("--search", "since 2019"), [2, 0]),
        (("--search", "since 2019", "--limit", "1"), [2]),
        (("--search", "since 2019", "--status", "held"), [2]),
        (("--search", "nothing of that kind"), []),
    ],
)
def test_they_are_chosen_by_what_is_known(operator, came, arguments, places):
    """Status, hook, time, and words: also those that people typed."""
    assert ids(operator, *arguments) == [came[place].json["delivery"] for place in places]


@pytest.mark.parametrize("arguments", [(), ("--search", "x")])
def test_none_is_said(operator, client, arguments):
    """An empty ledger is no mistake."""
    outcome = operator("deliveries", *arguments)

    assert outcome.exit_code == 0
    assert "None." in outcome.stdout


def test_a_date_means_the_whole_day(operator, came):
    """From its beginning, and until its end."""
    today = time.strftime("%Y-%m-%d")

    assert len(ids(operator, "--since", today, "--until", today)) == 3


def test_a_search_of_an_array_finds_the_item(operator, send):
    """One request, and only the one that holds the word."""
    answer = send([PARTNERS, {**PARTNERS, "Comment": "Rosinante"}])

    assert ids(operator, "--search", "rosinante") == [answer.json["results"][1]["delivery"]]


@pytest.mark.parametrize("typed", ['the "new" one', "O'Brien", "100 %", "first line\nsecond", "a\\b", "🎉", "ÆRLIG"])
def test_words_are_found_as_they_were_typed(operator, send, typed):
    """Also those that JSON writes in another way."""
    sent = send({**PARTNERS, "answers": [{"text": f"It is {typed}."}]}).json["delivery"]
    send()

    assert ids(operator, "--search", typed.lower()) == [sent]


def test_a_ledger_that_is_not_there_is_said(operator, client, tmp_path):
    """A slip in LEDGER would look as if nothing had ever come."""
    first, second = (operator("deliveries", LEDGER=f"sqlite:{tmp_path}/other.db") for _ in range(2))

    assert (first.exit_code, "There is no ledger at" in first.stderr, "other.db" in first.stderr) == (0, True, True)
    assert "There is no ledger" not in second.stderr


def test_a_bounded_search_says_so(operator, came, monkeypatch):
    """Whoever finds nothing knows how far back was looked; a thousand, less here."""
    monkeypatch.setattr(finding, "LOOKED_INTO", 2)
    outcome = operator("deliveries", "--search", f"{PARTNERS['DestinationContactId']}")

    assert "were not looked into" in outcome.stdout
    assert "There are more" in operator("deliveries", "--limit", "2").stdout


def test_another_tenants_are_not_shown(operator, client, ledger):
    """One ledger may serve several, and test and production."""
    ledger.ledger.open("https://other.example Cust1", Arrival("example", b"{}"), [Entry(None, "f")], time.time())

    assert ids(operator) == []


def test_no_content_is_printed_for_a_script(operator, came):
    """Ids and outcomes alone; `show` has the rest."""
    rows = operator("deliveries", "--json").stdout

    assert "Blåbærtur" not in rows
    assert KEY not in rows


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("--status", "done"), "done"),
        (("--since", "yesterday"), "is no time"),
        (("--limit", "0"), "0"),
    ],
)
def test_a_mistake_in_the_call_is_exit_code_2(operator, arguments, words):
    """And says what may be written."""
    outcome = operator("deliveries", *arguments)

    assert outcome.exit_code == 2
    assert words in outcome.stderr


def test_a_ledger_that_is_down_is_said(operator, client, tmp_path):
    """In the words for its operator, which name the file."""
    (tmp_path / "ledger.db").write_bytes(b"no database at all" * 100)
    outcome = operator("deliveries")

    assert outcome.exit_code == 1
    assert "ledger.db" in outcome.stderr


def test_a_mistake_in_hooks_yaml_is_no_hindrance(operator, came, tmp_path):
    """What came is looked at while the rules are being mended."""
    (tmp_path / "hooks.yaml").write_text("example: {")

    assert len(ids(operator)) == 3
