"""The sandbox's REST resources: bare entities, patches, conditions, and lists."""

from __future__ import annotations

from email.utils import format_datetime

import pytest

from tests.sandbox_api import PARTNER, Online


@pytest.fixture
def api(sandbox):
    """Open the online tenant's API."""
    with Online(sandbox) as session:
        yield session


@pytest.fixture
def path(api):
    """Store a relation and return its address."""
    return f"Relation/{api.save().json()['RelationId']}"


def test_posts_a_bare_entity(api, sandbox):
    """The answer has links beside the twenty fields, and whatever id was sent, a new one."""
    created = api.post("Relation", json={**PARTNER, "relationId": 4711}).json()

    assert list(sandbox.relations) == [created["RelationId"]] != [4711]
    assert api.get(f"Relation/{created['RelationId']}").json() == created
    assert created["_Links"]["Self"].endswith(f"/relation/{created['RelationId']}")


@pytest.mark.parametrize("method", ["GET", "PUT", "PATCH", "DELETE"])
def test_an_unknown_relation_is_not_found(api, method):
    """REST tells the truth by status, with the documented error object."""
    answer = api.request(method, "Relation/4711", json=PARTNER)

    assert answer.status_code == 404
    assert answer.json()["ErrorType"] == "SoNotFoundException"


def test_puts_the_whole_row(api, path):
    """What is left out of a PUT is reset; the id of the address counts."""
    entity = {**PARTNER, "RelationId": 0}
    del entity["Comment"]

    assert api.put(path, json=entity).json()["Comment"] == ""
    assert api.put(path, json=[]).status_code == 400


@pytest.mark.parametrize(
    "patch",
    [
        {"Comment": "Since 2020"},
        {"comment": "Since 2020"},
        [{"op": "replace", "path": "/Comment", "value": "Since 2020"}],
        [{"op": "add", "path": "comment", "value": "Since 2020"}],
        [
            {"op": "test", "path": "/SourceContactId", "value": 686},
            {"op": "replace", "path": "/Comment", "value": "Since 2020"},
        ],
    ],
    ids=str,
)
def test_patches_one_field(api, path, patch):
    """Both kinds of patch change what they name and leave the rest."""
    patched = api.patch(path, json=patch).json()

    assert patched["Comment"] == "Since 2020"
    assert (patched["SourceContactId"], patched["RelationDefinitionId"]) == (686, 18)
    assert api.get(path).json() == patched


@pytest.mark.parametrize("patch", [{"Comment": None}, [{"op": "remove", "path": "/Comment"}]], ids=str)
def test_a_patch_can_empty_a_field(api, path, patch):
    """A removed field goes back to its default."""
    assert api.patch(path, json=patch).json()["Comment"] == ""


@pytest.mark.parametrize(
    ("patch", "status"),
    [
        ([{"op": "test", "path": "/Comment", "value": "Other"}, {"op": "remove", "path": "/Comment"}], 409),
        ([{"op": "remove", "path": "/Comment"}, {"op": "test", "path": "/Comment", "value": "Since 2019"}], 409),
        ([{"op": "move", "from": "/Comment", "path": "/ActiveText"}], 400),
        ([{"op": "replace", "path": "/Comment"}], 400),
        ([{"op": "replace", "path": "/Glops", "value": 1}], 400),
        ([{}], 400),
        (["Comment"], 400),
        ("Comment", 400),
        ({"DestinationContactId": 99999}, 400),
        ({"DestinationContactId": "Acme"}, 400),
    ],
    ids=str,
)
def test_a_patch_that_fails_changes_nothing(api, path, patch, status):
    """409 is for a test that failed, 400 for what is no patch or makes no relation."""
    before = api.get(path).json()

    assert api.patch(path, json=patch).status_code == status
    assert api.get(path).json() == before


def test_deletes(api, path, sandbox):
    """204 without a body."""
    answer = api.delete(path)

    assert (answer.status_code, answer.content) == (204, b"")
    assert sandbox.relations == {}


def test_conditions_are_kept(api, path):
    """A relation that changed since is not overwritten, one that did not is not sent again."""
    past, future = (format_datetime(moment, usegmt=True) for moment in _around_now())

    for method in ("PUT", "PATCH", "DELETE"):
        assert api.request(method, path, json=PARTNER, headers={"If-Unmodified-Since": past}).status_code == 412
    assert api.patch(path, json={"Comment": "x"}, headers={"If-Unmodified-Since": future}).status_code == 200
    assert api.get(path, headers={"If-Modified-Since": future}).status_code == 304
    assert api.get(path, headers={"If-Modified-Since": past}).status_code == 200


def test_lists_relations_from_every_side(api):
    """The archive's rows have a text as their key; a company's list has its persons' relations too."""
    employs = {
        "SourceContactId": 686,
        "DestinationContactId": 686,
        "DestinationPersonId": 90,
        "RelationDefinitionId": 21,
    }
    first, second = (api.save(entity).json()["RelationId"] for entity in (PARTNER, employs))

    assert _keys(api.get("Relation")) == _keys(api.get("Contact/686/Relations")) == [str(first), str(second)]
    assert _keys(api.get("Contact/4/Relations")) == [str(first)]
    assert _keys(api.get("Person/90/Relations")) == [str(second)]
    assert _keys(api.get("Person/91/Relations")) == []


def test_a_list_comes_in_pages(api):
    """`$top` and `$skip` cut it, `$select` picks columns, and a link leads on."""
    for _ in range(3):
        api.save()
    page = api.get("Relation?$top=1&$skip=1&$select=relationComment").json()

    assert page["value"] == [{"PrimaryKey": "889", "EntityName": "relation", "relationComment": "Since 2019"}]
    assert page["odata.nextLink"].endswith("?$top=1&$select=relationComment&$skip=2")


@pytest.mark.parametrize("path", ["Contact/99999/Relations", "Person/99999/Relations"])
def test_a_list_of_nobody_is_not_found(api, path):
    """An unknown company or person is 404."""
    assert api.get(path).status_code == 404


def test_gives_defaults(api):
    """The same blank entity as the agent's."""
    assert api.get("Relation/default").json()["RelationId"] == 0


def test_tells_who_calls(api):
    """A system user has no person behind it."""
    principal = api.get("User/currentPrincipal").json()

    assert (principal["UserType"], principal["PersonId"]) == ("SystemAssociate", 0)
    assert principal["DatabaseContextIdentifier"] == "Cust00001"


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [("GET", "Glops", 404), ("DELETE", "Relation", 405), ("GET", "Relation/-1", 404), ("GET", "/Relation", 404)],
)
def test_what_is_not_there(api, method, path, status):
    """Unknown addresses and methods are told in JSON."""
    answer = api.request(method, path)

    assert answer.status_code == status
    assert answer.json()["Message"]


def _keys(answer):
    return [row["PrimaryKey"] for row in answer.json()["value"]]


def _around_now():
    import datetime

    now = datetime.datetime.now(datetime.UTC)
    return now - datetime.timedelta(hours=1), now + datetime.timedelta(hours=1)


@pytest.mark.parametrize(
    ("zone", "offset"), [("America/New_York", ""), ("America/New_York, includeTZOffset", "-05:00"), ("", "+01:00")]
)
def test_dates_are_in_the_zone_that_is_wished(api, zone, offset):
    """Without `includeTZOffset` such a date does not tell which zone that is."""
    saved = api.save(headers={"SO-TimeZone": zone} if zone else {}).json()

    assert saved["CreatedDate"].partition(".")[2][7:] == offset
