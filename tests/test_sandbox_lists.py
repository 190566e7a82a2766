"""The sandbox's list of relation definitions: every pair, in one language or in all, what is deleted included."""

from __future__ import annotations

import pytest

from tests.sandbox_api import Online


@pytest.fixture
def api(sandbox):
    """Open the online tenant's API."""
    with Online(sandbox) as session:
        yield session


@pytest.mark.parametrize(
    ("pair", "ids"),
    [
        ("CC", [18, 19, 30, 33, 36, 40, 45]),
        ("CP", [21, 30]),
        ("PC", [18, 24, 30, 39]),
        ("PP", [27, 30, 36]),
        ("pp", [27, 30, 36]),
    ],
)
def test_lists_the_definitions_for_a_pair(api, pair, ids):
    """The list of both ways of asking holds what fits the pair; what is deleted is there too, and says so."""
    one = api.get(f"MDOList/contactrelationdefinition?additional={pair}").json()
    request = {"name": "contactrelationdefinition", "additionalInfo": pair, "forceFlatList": True}

    assert [item["Id"] for item in one] == ids
    assert api.post("Agents/MDO/GetList", json=request).json() == one
    assert [item["Id"] for item in one if item["Deleted"]] == [33] * (33 in ids)
    assert api.post("Agents/MDO/GetList", json={**request, "onlyHistory": True}).json() == []


def test_a_definition_has_both_texts(api):
    """The passive text travels in ExtraInfo; `query` looks into the active one."""
    path = "MDOList/contactrelationdefinition?additional=CC&query=partner"
    items = api.get(path, headers={"Accept-Language": "en"}).json()

    assert [(item["Name"], item["ExtraInfo"]) for item in items] == [("Partner of", "Has partner")]


def test_a_definition_may_have_no_languages(api):
    """A text that was entered before there was a second language comes bare, whatever is asked for."""
    for headers in ({}, {"Accept-Language": "en"}):
        items = api.get("MDOList/contactrelationdefinition?additional=CC&flat=true", headers=headers).json()

        assert [(item["Name"], item["ExtraInfo"]) for item in items if item["Id"] == 45] == [
            ("Leverandør til", "Har leverandør")
        ]


@pytest.mark.parametrize(
    "path",
    [
        "MDOList/contactrelationdefinition",
        "MDOList/contactrelationdefinition?additional=XX",
        "MDOList/contactrelationdefinition?additional=CC&flat=maybe",
        "MDOList/category?additional=CC",
    ],
)
def test_refuses_lists_it_cannot_give(api, path):
    """The pair is mandatory, and there is one list."""
    assert api.get(path).status_code == 400
