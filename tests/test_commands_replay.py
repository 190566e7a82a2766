"""`./liaison replay`: sent again from what came, with what an operator decides, and never twice."""

from __future__ import annotations

import time

import pytest
import yaml

from services.ledger.contract import Arrival, Entry
from tests.examples import HOOKS, KEY, PARTNERS

MAPPED = {
    "verify": {"header": "X-Api-Key", "secret": "example-key"},
    "relation": {
        "definition": "Partner of",
        "source": {"company": {"name": "{company}"}},
        "destination": {"company": {"id": 4}},
    },
}
HELD = {**HOOKS["example"], "existing": "update", "deliver": "held"}
RULES = {**HOOKS, "mapped": MAPPED, "held": HELD}


@pytest.fixture
def client(function):
    """Start the function with hooks of several kinds."""
    return function(RULES)


@pytest.fixture
def ambiguous(send):
    """Send a submission that fits two companies; return the delivery's id."""
    return send({"company": "Acme AS"}, "mapped").json["delivery"]


def test_an_operator_chooses_whom_an_ambiguous_party_means(operator, ambiguous, sandbox, ledger):
    """The id counts instead of what was sent, and is kept with the delivery."""
    outcome = operator("replay", ambiguous, "--source-company", "688")

    assert outcome.exit_code == 0, outcome.stderr
    assert "✓" in outcome.stdout
    assert "created" in outcome.stdout
    assert [relation["SourceContactId"] for relation in sandbox.relations.values()][-1] == 688
    assert ledger.ledger.get(ledger.environment, ambiguous).decision == {"source_company": 688}


def test_a_decision_counts_where_the_body_names_the_fields(operator, send, sandbox):
    """Each part of it, under the entity's own name."""
    refused = send({**PARTNERS, "SourceContactId": "Acme"}).json["delivery"]
    decided = ("--source-company", 687, "--source-person", 94, "--definition", 24)
    operator("replay", refused, *decided)

    newest = max(sandbox.relations.values(), key=lambda relation: relation["RelationId"])
    assert (newest["SourceContactId"], newest["SourcePersonId"], newest["RelationDefinitionId"]) == (687, 94, 24)
    assert newest["Comment"] == PARTNERS["Comment"]


def test_a_replay_goes_by_todays_hooks_yaml(operator, ambiguous, tmp_path, sandbox):
    """Whoever mended a rule sends what was refused again."""
    mended = {**MAPPED, "relation": {**MAPPED["relation"], "source": {"company": {"id": 686}}}}
    (tmp_path / "hooks.yaml").write_text(yaml.safe_dump({**RULES, "mapped": mended}))

    assert [result["status"] for result in operator.json("replay", ambiguous)] == ["created"]


def test_what_is_refused_again_is_exit_code_1(operator, ambiguous):
    """With the reason in words."""
    outcome = operator("replay", ambiguous)

    assert outcome.exit_code == 1
    assert "✗" in outcome.stdout
    assert "rejected" in outcome.stdout
    assert "company" in outcome.stdout


def test_all_of_a_status_are_replayed_in_their_order(operator, send, sandbox):
    """Oldest first, so that the newest about a pair wins; nothing of another hook."""
    other = send({"company": "Acme AS"}, "mapped").json["delivery"]
    held = [send({**PARTNERS, "Comment": comment}, "held").json["delivery"] for comment in ("old", "new")]
    results = operator.json("replay", "--status", "held", "--hook", "held", "--yes")

    assert [result["delivery"] for result in results] == held
    assert [result["status"] for result in results] == ["created", "updated"]
    assert sandbox.relations[results[1]["relation"]]["Comment"] == "new"
    assert [row["delivery"] for row in operator.json("deliveries", "--status", "rejected")] == [other]


def test_an_older_one_does_not_undo_what_came_later(operator, send, sandbox):
    """The newest submission about a pair counts, whenever the older one comes to its turn: no call is made for it."""
    older = send({**PARTNERS, "Comment": "old"}, "held").json["delivery"]
    newer = send({**PARTNERS, "Comment": "new"}, "held").json["delivery"]
    relation = operator.json("replay", newer)[0]["relation"]
    calls = sum(call["path"].count("/api/v1/") for call in sandbox.calls)

    assert operator.json("replay", older)[0]["status"] == "superseded"
    assert sum(call["path"].count("/api/v1/") for call in sandbox.calls) == calls
    assert sandbox.relations[relation]["Comment"] == "new"


@pytest.mark.parametrize(("typed", "status"), [("y\n", "created"), ("n\n", "held")])
def test_many_are_asked_for(operator, send, typed, status):
    """A slip must not send hundreds."""
    send(PARTNERS, "held")
    outcome = operator("replay", "--status", "held", stdin=typed)

    assert "Replay 1 deliveries that are held?" in outcome.stdout
    assert operator.json("deliveries")[0]["status"] == status


def test_a_replay_is_never_a_second_relation(operator, send, sandbox):
    """What was saved is found again, and by `add`, where nothing could be found, it is refused."""
    sent, kept = send(PARTNERS), send({**PARTNERS, "SourceContactId": 11}, "held").json["delivery"]
    operator("replay", kept)
    count = len(sandbox.relations)
    outcome = operator("replay", sent.json["delivery"])

    assert operator.json("replay", kept)[0]["status"] == "unchanged"
    assert outcome.exit_code == 1
    assert "would make another" in outcome.stdout
    assert f"Correct relation {sent.json['relation']['RelationId']} in SuperOffice" in outcome.stdout
    assert len(sandbox.relations) == count


def test_a_save_in_doubt_is_looked_for_first(operator, send, sandbox, ledger):
    """The answer was lost and the work was done: nothing is saved again, whoever asks for it."""
    sandbox.fault(path="SaveContactRelation", drop="after")
    queued = send().json["delivery"]
    count = len(sandbox.relations)

    assert operator.json("replay", queued)[0]["status"] == "created"
    assert len(sandbox.relations) == count


@pytest.fixture
def moved(operator, send):
    """Save a submission, and have an operator decide on another company; return both relations and the delivery."""
    saved = send(PARTNERS, "held").json["delivery"]
    first = operator.json("replay", saved)[0]["relation"]
    return first, operator.json("replay", saved, "--source-company", 11)[0], saved


def test_a_replay_to_others_tells_of_the_relation_that_stays(operator, moved, sandbox, client):
    """Liaison deletes nothing by itself: the operator hears which relation it is, and where to remove it."""
    first, second, saved = moved
    shown = client.get(f"/deliveries/{saved}", headers={"Authorization": "Bearer an-api-key"}).json

    assert second["status"] == "created"
    assert {first, second["relation"]} <= set(sandbox.relations)
    [warning] = second["warnings"]
    assert warning.startswith(f"Relation {first}, which this was saved as before, is still in SuperOffice.")
    assert (shown["warnings"], shown["earlier_relations"]) == ([warning], [first])
    assert f"as relation {first}, still in SuperOffice" in operator("show", saved).stdout


def test_the_relation_that_stays_is_not_forgotten(operator, moved, sandbox):
    """Whatever comes in between: a decision that is refused, a later replay, the same once more."""
    first, second, saved = moved
    refused = operator("replay", saved, "--source-company", 99999)
    assert (refused.exit_code, f"as relation {first}, {second['relation']}" in operator("show", saved).stdout) == (
        1,
        True,
    )
    operator("replay", saved, "--source-company", 11, "--later")
    operator("redeliver")
    assert f"as relation {first}, still" in operator("show", saved).stdout

    outcome = operator("replay", saved, "--source-company", 23)
    left = [line for line in outcome.stdout.splitlines() if "is still in SuperOffice" in line]
    assert [line.split()[2] for line in left] == [f"{first},", f"{second['relation']},"]


def test_the_same_once_more_leaves_nothing_behind(operator, send):
    """A replay that finds its own relation has nothing to warn of."""
    saved = send(PARTNERS, "held").json["delivery"]
    results = [operator.json("replay", saved)[0] for _ in range(3)]

    assert [result["status"] for result in results] == ["created", "unchanged", "unchanged"]
    assert not any("warnings" in result for result in results)
    assert "saved before" not in operator("show", saved).stdout


def test_each_field_that_is_to_blame_is_told(operator, ambiguous):
    """The operator is the one who can mend them, and need not ask again."""
    outcome = operator("replay", ambiguous, "--source-company", 99999, "--destination-person", 94)
    told = [line.split()[1] for line in outcome.stdout.splitlines() if line.startswith("  !")]

    assert told == ["source.company.id:", "destination.person.id:", "definition:"]


def test_a_decision_can_be_taken_back(operator, ambiguous, ledger):
    """What was sent counts again."""
    operator("replay", ambiguous, "--source-company", 99999)
    assert "name found 2" not in operator("replay", ambiguous).stdout
    assert "name found 2" in operator("replay", ambiguous, "--as-sent").stdout
    assert not ledger.ledger.get(ledger.environment, ambiguous).decision


def test_later_leaves_it_to_others(operator, ambiguous, sandbox, ledger):
    """It is due at once, with the decision."""
    assert operator.json("replay", ambiguous, "--source-company", 687, "--later")[0]["status"] == "queued"
    delivery = ledger.ledger.get(ledger.environment, ambiguous)

    assert (delivery.status, delivery.decision) == ("queued", {"source_company": 687})
    assert operator.json("redeliver")["delivered"] == 1


def test_an_outage_ends_the_replay(operator, send, sandbox):
    """One tries, and the others are left as they are, which is said."""
    for comment in "abc":
        send({**PARTNERS, "Comment": comment}, "held")
    sandbox.set_state("OfflineMaintenance")
    outcome = operator("replay", "--status", "held", "--yes")

    assert outcome.exit_code == 1
    assert "Not replayed: 2." in outcome.stdout
    assert [result["status"] for result in operator.json("replay", "--status", "held", "--yes")] == ["queued"]
    assert len(operator.json("deliveries", "--status", "held")) == 1


def test_what_is_under_way_is_said(operator, ambiguous, ledger, send):
    """Two must not work on one delivery."""
    held = send(PARTNERS, "held").json["delivery"]
    ledger.ledger.replay(ledger.environment, held, 0.0)
    ledger.ledger.claim(ledger.environment, held, time.time())
    outcome = operator("replay", held)

    assert outcome.exit_code == 1
    assert "is being delivered at this moment" in outcome.stdout


def test_what_was_emptied_is_said(operator, ambiguous, ledger):
    """There is nothing left to send, and the rest goes on."""
    ledger.ledger.purge(1e10)
    outcome = operator("replay", ambiguous)

    assert outcome.exit_code == 1
    assert "no longer kept" in outcome.stdout


def test_the_beginning_of_an_id_will_do(operator, ambiguous, send):
    """As long as it is the only one that begins so."""
    send({"company": "Acme AS", "more": 1}, "mapped")

    assert operator.json("replay", ambiguous[:20].lower(), "--source-company", 687)[0]["delivery"] == ambiguous
    outcome = operator("replay", ambiguous[:3])
    assert outcome.exit_code == 2
    assert "2 deliveries begin with" in outcome.stderr


def test_another_tenants_is_not_replayed(operator, client, ledger):
    """It stays with the tenant it came in for."""
    arrival = Arrival("example", b"{}")
    [opened] = ledger.ledger.open("https://other.example Cust1", arrival, [Entry(None, "f")], 1.0)

    assert operator("replay", opened.delivery.id).exit_code == 2


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ((), "Name deliveries"),
        (("01J", "--status", "dead"), "Name deliveries"),
        (("--status", "created"), "created"),
        (("01J", "--hook", "example"), "--hook goes with"),
        (("--status", "dead", "--json"), "--yes"),
        (("--status", "dead", "--yes", "--definition", "18"), "about one delivery"),
        (("01J", "01K", "--source-company", "5"), "about one delivery"),
        (("01J", "--source-company", "0"), "0"),
        (("01J", "--source-company", "Acme"), "'Acme' is not a valid id"),
        (("01J", "--source-company", "5", "--as-sent"), "decide anew"),
        (("01J",), "has no delivery 01J"),
        (("%",), "has no delivery %"),
    ],
)
def test_a_mistake_in_the_call_is_exit_code_2(operator, arguments, words):
    """And nothing is sent."""
    outcome = operator("replay", *arguments)

    assert outcome.exit_code == 2
    assert words in outcome.stderr


def test_nothing_to_replay_is_no_mistake(operator, client):
    """A script may ask each night."""
    outcome = operator("replay", "--status", "dead", "--yes")

    assert (outcome.exit_code, outcome.stdout.splitlines()[-1]) == (0, "There is nothing to replay.")
    assert KEY not in outcome.stdout
