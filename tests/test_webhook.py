"""One webhook, from the sender to the tenant and back."""

from __future__ import annotations

import json

import pytest

from tests.examples import HOOKS, KEY, PARTNERS


def test_a_webhook_becomes_a_saved_relation(send, sandbox):
    """The sender is told the relation's id, and the tenant holds what was sent."""
    answer = send(PARTNERS)

    assert (answer.status_code, answer.content_type) == (200, "application/json")
    assert answer.json["status"] == "created"
    assert sandbox.relations[answer.json["relation"]["RelationId"]]["Comment"] == "Since 2019"


def test_the_wire_form_is_wrapped_and_in_pascal_case(send, sandbox):
    """The agent wants the entity in a wrapper, an id of 0 to create, and the app's token beside the ticket."""
    send(PARTNERS)

    call = sandbox.calls[-1]
    assert call["path"].endswith("/api/v1/Agents/Relation/SaveContactRelation")
    assert call["body"] == {"ContactRelationEntity": {"RelationId": 0, "Reversed": 0, **PARTNERS}}
    assert call["headers"]["SO-AppToken"] == sandbox.app["client_secret"]
    assert call["headers"]["Authorization"].startswith("SOTicket ")


@pytest.mark.parametrize(
    "spelling",
    [
        {"source_contact_id": 686, "destination_contact_id": 4, "relation_definition_id": 18},
        {"Source Contact ID": "686", "Destination Contact ID": "4", "Relation Definition ID": "18"},
        {"sourceContactId": 686, "destinationContactId": 4, "relationDefinitionId": 18},
        {"ContactRelationEntity": {"SourceContactId": 686, "DestinationContactId": 4, "RelationDefinitionId": 18}},
        {"contactRelation": {"sourceContactId": " 686 ", "destinationContactId": 4, "relationDefinitionId": 18}},
        {"relation": {"SourceContactId": 686, "DestinationContactId": 4}, "RelationDefinitionId": 18},
    ],
)
def test_every_spelling_means_the_same(send, sandbox, spelling):
    """People write the fields' names as their tool does, flat or wrapped, and ids as text."""
    assert send(spelling).json["status"] == "created"
    assert sandbox.calls[-1]["body"]["ContactRelationEntity"]["SourceContactId"] == 686


@pytest.mark.parametrize(
    ("content_type", "body"),
    [
        ("application/x-www-form-urlencoded", "SourceContactId=686&DestinationContactId=4&RelationDefinitionId=18"),
        ("application/x-www-form-urlencoded", json.dumps(PARTNERS)),
        ("text/plain", json.dumps(PARTNERS)),
        ("application/vnd.example+json", "\ufeff" + json.dumps(PARTNERS)),
        (
            "multipart/form-data; boundary=x",
            "".join(
                f'--x\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'
                for name, value in PARTNERS.items()
            )
            + "--x--\r\n",
        ),
    ],
)
def test_every_kind_of_body_is_read(send, content_type, body):
    """JSON, urlencoded and multipart, and JSON under a wrong label."""
    assert send(data=body.encode(), content_type=content_type).json["status"] == "created"


def test_every_mistake_is_named_at_once_in_the_senders_words(send):
    """One answer lists all that is wrong, so that nobody has to try five times."""
    answer = send({"source_contact_id": 42.9, "Destination Contact ID": "Acme", "Reversed": 7})

    assert answer.status_code == 422
    assert {error["field"] for error in answer.json["errors"]} == {
        "source_contact_id",
        "Destination Contact ID",
        "Reversed",
        "RelationDefinitionId",
    }


@pytest.mark.parametrize(
    "value", [42.9, True, "Acme", 0, -1, "0", "-1", "٤٢", "4 2", [42], {"id": 42}, 2**31, "9" * 5000]
)
def test_what_is_no_id_is_refused_by_name(send, value):
    """A wrong id is never rounded, cut or guessed."""
    answer = send({**PARTNERS, "SourceContactId": value})

    assert (answer.status_code, answer.json["errors"][0]["field"]) == (422, "SourceContactId")


def test_a_number_of_5000_digits_is_refused_by_name(send):
    """A number that no machine word holds is a wrong id, not a broken body."""
    answer = send(data=json.dumps(PARTNERS).replace("686", "6" * 5000))

    assert (answer.status_code, answer.json["errors"][0]["field"]) == (422, "SourceContactId")


@pytest.mark.parametrize("blank", ["", "   ", None])
def test_blank_means_not_given(send, sandbox, blank):
    """An empty field of a form is not a wrong id, nor a comment."""
    assert send({**PARTNERS, "SourcePersonId": blank, "Comment": blank}).json["status"] == "created"
    assert "SourcePersonId" not in sandbox.calls[-1]["body"]["ContactRelationEntity"]


def test_a_long_comment_is_cut_and_said_so(send, sandbox):
    """SuperOffice takes 254 characters; the sender learns that there were more."""
    answer = send({**PARTNERS, "Comment": "word " * 60})

    assert len(sandbox.calls[-1]["body"]["ContactRelationEntity"]["Comment"]) <= 254
    assert "cut to 254" in answer.json["warnings"][0]


def test_an_unknown_field_is_a_warning_with_the_name_that_was_meant(send):
    """A field that nobody reads is said, and does not stop the relation."""
    answer = send({**PARTNERS, "SourcePersonIds": 3})

    assert answer.json["warnings"] == ["The field SourcePersonIds was not recognised: did you mean SourcePersonId?"]


def test_an_update_changes_what_was_given_and_nothing_else(send, sandbox):
    """With a RelationId the comment that was not given stays."""
    relation = send(PARTNERS).json["relation"]["RelationId"]

    assert send({"RelationId": relation, "Reversed": 1}).json["status"] == "updated"
    assert sandbox.calls[-1]["method"] == "PATCH"
    assert (sandbox.relations[relation]["Comment"], sandbox.relations[relation]["Reversed"]) == ("Since 2019", 1)


@pytest.mark.parametrize("status", [404, 405, 501])
def test_an_update_reads_changes_and_saves_where_the_server_lacks_patch(send, sandbox, status):
    """A server older than PATCH is served with what it has, and nothing is lost there either."""
    relation = send(PARTNERS).json["relation"]["RelationId"]
    sandbox.fault(path="/v1/Relation/", status=status, body="<h1>no such route</h1>")

    assert send({"RelationId": relation, "Reversed": 1}).json["status"] == "updated"
    assert (sandbox.relations[relation]["Comment"], sandbox.relations[relation]["Reversed"]) == ("Since 2019", 1)


def test_an_update_of_an_unknown_relation_is_refused(send):
    """There is nothing to change, and nothing is made in its place."""
    answer = send({"RelationId": 999_999, "Comment": "x"})

    assert (answer.status_code, answer.json["type"]) == (422, "urn:liaison:problem:refused-by-superoffice")


def test_a_relation_is_deleted_by_its_id(send, sandbox):
    """`action: delete` takes the relation away."""
    relation = send(PARTNERS).json["relation"]["RelationId"]

    assert send({"RelationId": relation, "action": "delete"}).json["status"] == "deleted"
    assert relation not in sandbox.relations


def test_an_array_is_one_submission_each(send):
    """Each item has its own result, in order; a refused one is its own problem."""
    answer = send([PARTNERS, {**PARTNERS, "SourceContactId": "Acme"}, 7])

    assert answer.status_code == 200
    assert [result["status"] for result in answer.json["results"]] == ["created", 422, 422]


def test_an_array_of_refused_items_has_the_status_of_the_first(send):
    """A sender that looks only at the status learns that nothing was saved."""
    assert send([{}, {}]).status_code == 422


def test_an_empty_array_is_ignored(send, ledger):
    """There is nothing to do, and that is no mistake; that it came is kept."""
    answer = send([])

    assert answer.json == {"status": "ignored", "delivery": ledger.all()[0].id}
    assert ledger.delivery(answer).status == "ignored"


def test_answers_tell_a_stranger_nothing_out_of_superoffice(function):
    """Who is not proven hears what became of it, and no name or id of the tenant."""
    answer = function({"open": {"verify": "none"}}).post("/hooks/open", json=PARTNERS)

    assert set(answer.json) == {"status", "delivery"}


def test_who_is_not_proven_may_only_create(function):
    """With `verify: none` nobody can change or delete what others made."""
    client = function({"open": {"verify": "none"}})

    assert client.post("/hooks/open", json={"RelationId": 1, "Comment": "x"}).status_code == 422
    assert client.post("/hooks/open", json={"RelationId": 1, "action": "delete"}).status_code == 422


def test_a_hook_allows_what_it_says(function):
    """`allow` closes what is not listed, and the answer names the key."""
    client = function({"example": {**HOOKS["example"], "allow": ["update"]}})

    answer = client.post("/hooks/example", json=PARTNERS, headers={"X-Api-Key": KEY})
    assert answer.status_code == 422
    assert "allow" in answer.json["detail"]


def test_the_hook_named_default_answers_at_the_root(function):
    """`POST /` is for tools that take no path."""
    client = function({"default": HOOKS["example"]})

    assert client.post("/", json=PARTNERS, headers={"X-Api-Key": KEY}).json["status"] == "created"


def test_select_is_passed_on_with_the_relations_id(function, sandbox):
    """A hook asks SuperOffice for the fields it wants; the id always comes along."""
    client = function({"example": {**HOOKS["example"], "select": ["comment", "ActiveText"]}})

    answer = client.post("/hooks/example", json=PARTNERS, headers={"X-Api-Key": KEY})
    assert sandbox.calls[-1]["query"]["$select"] == "RelationId,Comment,ActiveText"
    assert set(answer.json["relation"]) == {"RelationId", "Comment", "ActiveText"}


def test_a_caller_can_only_narrow_what_the_hook_selects(function, sandbox):
    """`?$select=` asks for fewer fields than the hook, never for more."""
    client = function({"example": {**HOOKS["example"], "select": ["Comment", "ActiveText"]}})

    client.post("/hooks/example?$select=comment,CreatedBy", json=PARTNERS, headers={"X-Api-Key": KEY})
    assert sandbox.calls[-1]["query"]["$select"] == "RelationId,Comment"


def test_the_senders_languages_are_passed_on_where_the_hook_says_so(function, sandbox):
    """With `pass_headers` the caller's language wins over the setting."""
    client = function({"example": {**HOOKS["example"], "pass_headers": True}}, SUPEROFFICE_CULTURE="en-GB")

    client.post("/hooks/example", json=PARTNERS, headers={"X-Api-Key": KEY, "Accept-Language": "nb"})
    assert sandbox.calls[-1]["headers"]["Accept-Language"] == "nb"
    assert sandbox.calls[-1]["headers"]["SO-Culture"] == "en-GB"


def test_the_settings_rule_the_language_otherwise(send, sandbox):
    """What a sender's browser speaks is not what the CRM should answer in."""
    send(PARTNERS, headers={"Accept-Language": "nb"})

    assert sandbox.calls[-1]["headers"]["Accept-Language"] == "en"
