"""`./liaison show`: what came, what was made of it, each try, and who may be meant."""

from __future__ import annotations

import json

import pytest
import yaml

from services.ledger.contract import Arrival, Entry
from tests.examples import HOOKS, KEY, PARTNERS

MAPPED = {
    "verify": {"header": "X-Api-Key", "secret": "example-key"},
    "relation": {
        "definition": "Partner of",
        "source": {"company": {"name": "{company}"}, "person": {"name": "{who}"}},
        "destination": {"company": {"id": 4}},
        "comment": "About {topics}",
    },
}
RULES = {**HOOKS, "mapped": MAPPED}


@pytest.fixture
def client(function):
    """Start the function with a hook that looks people up."""
    return function(RULES)


def titles(text):
    """Return the sections that were printed."""
    return [line for line in text.splitlines()[1:] if line[:1].isupper()]


def flat(text):
    """Return the lines without their columns."""
    return [" ".join(line.split()) for line in text.splitlines()]


def test_people_see_it_in_sections(operator, send):
    """A refused one: where it stands, what came, the names, the templates, who may be meant, each try, the answer."""
    sent = send({"Company": "Acme AS", "topics": ["Boats", "Blåbær"]}, "mapped").json["delivery"]
    seen = operator("show", sent).stdout

    assert titles(seen) == [
        *(f"Delivery {sent}", "What came", "Names you can use", "What the templates gave", "What would be sent"),
        *("Who may be meant as source.company", "Tries that failed", "The answer as it stands now"),
    ]
    assert "status rejected: refused for good; waits for you" in flat(seen)
    assert '"Blåbær"' in flat(seen)
    assert 'company "Acme AS"' in flat(seen)
    assert 'relation.comment About {topics} "About Boats, Blåbær"' in flat(seen)


def test_those_who_fit_are_listed_to_choose_from(operator, send):
    """Looked up again, with what tells them apart, and how to say who is meant."""
    sent = send({"company": "Acme AS"}, "mapped").json["delivery"]

    assert operator.json("show", sent)["candidates"] == {
        "source.company": [
            {"id": 687, "name": "Acme AS", "company": "", "department": "Oslo", "city": "Oslo"},
            {"id": 688, "name": "Acme AS", "company": "", "department": "Bergen", "city": "Bergen"},
        ]
    }
    seen = operator("show", sent).stdout
    assert f"To choose one: ./liaison replay {sent} --source-company ID" in flat(seen)
    assert "687 Acme AS Oslo Oslo" in flat(seen)


def test_people_of_a_company_are_listed_too(operator, send):
    """Two of one name, of whom a decision about the company is kept."""
    sent = send({"company": "Acme AS", "who": "Ola Hansen"}, "mapped").json["delivery"]
    operator("replay", sent, "--source-company", 687)
    told = operator.json("show", sent)

    assert told["decision"] == {"source_company": 687}
    assert [one["id"] for one in told["candidates"]["source.person"]] == [94, 95]


def test_what_was_saved_shows_its_answer(operator, send, sandbox):
    """Nothing is looked up again, for it is done."""
    answer = send()
    calls = len(sandbox.calls)
    told = operator.json("show", answer.json["delivery"])

    assert (told["status"], told["answer"]) == ("created", answer.json)
    assert told["request"]["body"] == PARTNERS
    assert told["made"]["names"]["comment"] == "Since 2019"
    assert len(sandbox.calls) == calls


def test_what_waits_shows_each_try_and_what_would_be_sent(operator, send, sandbox):
    """With its time, its reason and its words; SuperOffice is asked, and nothing sent to it."""
    sandbox.fault(status=500, times=1, path="SaveContactRelation")
    sent = send().json["delivery"]
    saves = sandbox.counts["SaveContactRelation"]
    told = operator.json("show", sent)

    assert [(trouble["reason"], trouble["at"][:2]) for trouble in told["troubles"]] == [("in-doubt", "20")]
    assert "SuperOffice answered 500; it may or may not have done it." in flat(operator("show", sent).stdout)
    assert told["in_doubt_since"]
    assert told["made"]["request"]["path"].endswith("SaveContactRelation")
    assert sandbox.counts["SaveContactRelation"] == saves


def test_a_form_and_an_unreadable_body_are_shown_as_they_came(operator, client):
    """A form by its fields, and what cannot be read as text."""
    headers = {"X-Api-Key": KEY}
    form = client.post("/hooks/example", data={"SourceContactId": "Blåbær"}, headers=headers).json["delivery"]
    text = client.post("/hooks/example", data='{"a": \x1b1', content_type="application/json", headers=headers)

    assert operator.json("show", form)["request"]["body"] == {"SourceContactId": "Blåbær"}
    seen = operator("show", text.json["delivery"]).stdout
    assert '{"a": \\u001b1' in flat(seen)
    assert any("not valid JSON" in line for line in flat(seen))


def test_an_item_of_an_array_shows_its_own_part(operator, send):
    """The other items are other deliveries."""
    answer = send([PARTNERS, {**PARTNERS, "SourceContactId": "Acme"}]).json["results"][1]
    seen = operator("show", answer["delivery"]).stdout

    assert "item 2 of an array" in seen
    assert operator.json("show", answer["delivery"])["request"]["body"]["SourceContactId"] == "Acme"


def test_what_was_emptied_says_so(operator, send, ledger):
    """Ids and outcome stay."""
    sent = send({"company": "Acme AS"}, "mapped").json["delivery"]
    ledger.ledger.purge(1e10)
    outcome = operator("show", sent)

    assert outcome.exit_code == 0
    assert "What came is no longer kept." in outcome.stdout
    assert "Acme" not in outcome.stdout


def test_a_hook_that_has_gone_is_said(operator, send, tmp_path):
    """What came is shown all the same."""
    sent = send({"company": "Acme AS"}, "mapped").json["delivery"]
    (tmp_path / "hooks.yaml").write_text(yaml.safe_dump(HOOKS))
    seen = operator("show", sent).stdout

    assert "mapped is not in hooks.yaml any more" in seen
    assert '"company": "Acme AS"' in seen


def test_superoffice_need_not_be_there(operator, send, sandbox):
    """What came and why it waits is in the ledger."""
    sandbox.set_state("OfflineMaintenance")
    sent = send({"company": "Acme"}, "mapped").json["delivery"]
    outcome = operator("show", sent)

    assert outcome.exit_code == 0
    assert "SuperOffice as a whole has been away since" in outcome.stdout


def test_the_proof_is_not_shown(operator, send):
    """It was never kept."""
    assert KEY not in operator("show", send().json["delivery"], "--json").stdout


def test_the_answer_is_short_for_people(operator, send):
    """What SuperOffice tells of each field is for a script; what was saved is for both."""
    sent = send().json
    seen = operator("show", sent["delivery"]).stdout

    assert "FieldProperties" in sent["relation"]
    assert "FieldProperties" not in seen
    assert f'"RelationId": {sent["relation"]["RelationId"]},' in flat(seen)


def test_a_long_body_is_cut_for_people(operator, send):
    """A script has all of it."""
    sent = send({**PARTNERS, "more": list(range(500))}).json["delivery"]

    assert "more lines: --json shows them all" in operator("show", sent).stdout
    assert len(operator.json("show", sent)["request"]["body"]["more"]) == 500


@pytest.mark.parametrize("text", ["01J9ZQ3V5K8N2R4T6W8Y0A1B2C", "9", "x y", "\x1b[31m", ""])
def test_an_unknown_id_is_exit_code_2(operator, send, text):
    """And another tenant's is as unknown."""
    send()
    outcome = operator("show", text)

    assert outcome.exit_code == 2
    assert "has no delivery" in outcome.stderr
    assert "\x1b" not in outcome.stderr


def test_another_tenants_is_unknown(operator, client, ledger):
    """One ledger may serve several."""
    arrival = Arrival("example", json.dumps(PARTNERS).encode())
    [opened] = ledger.ledger.open("https://other.example Cust1", arrival, [Entry(None, "f")], 1.0)

    assert operator("show", opened.delivery.id).exit_code == 2
