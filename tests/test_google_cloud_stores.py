"""Firestore, the log and its alerts, on the Google Cloud on this machine: the real gcloud sets them up."""

from __future__ import annotations

import json

import pytest

from tests.google_cloud.gcloud import ask, ready, refusal

pytestmark = pytest.mark.check


@pytest.fixture
def google():
    """Give a Google Cloud in which every API is enabled; what gcloud asks beyond it is a fault of this one."""
    with ready() as google:
        yield google
        assert google.unknown == []


DATABASE = "--database=liaison"
GROUPS = ("__default__", "notes")  # the first stands for all fields without settings of their own
INDEX = (
    "firestore indexes composite create --collection-group=deliveries --field-config=field-path=lane,order=ascending"
)
INDEX += " --field-config=field-path=due_at,order=descending"


@pytest.fixture
def database(google):
    """Give a new Firestore database."""
    ask(google, "firestore databases create --location=europe-west1", DATABASE)
    return "projects/my-project/databases/liaison"


def test_databases(google, database):
    """A database is made once, is described, and goes with all that is in it, unless it is protected."""
    assert "already exists" in refusal(google, "firestore databases create --location=europe-west1", DATABASE)
    assert ask(google, "firestore databases describe", DATABASE)["locationId"] == "europe-west1"
    assert [one["name"] for one in ask(google, "firestore databases list")] == [database]
    ask(google, "firestore databases update --delete-protection", DATABASE)
    assert "delete protection" in refusal(google, "firestore databases delete", DATABASE)
    ask(google, "firestore databases update --no-delete-protection", DATABASE)
    ask(google, "firestore databases delete", DATABASE)
    assert "does not exist" in refusal(google, "firestore databases describe", DATABASE)


def test_fields(google, database):
    """Documents of a group expire by one field, and a field can be left out of the indexes."""
    parts = f"{database}/collectionGroups/parts/fields"
    ttl = "firestore fields ttls update %s --collection-group=parts --enable-ttl"
    ask(google, ttl % "expire_at", DATABASE)
    assert "Only one field" in refusal(google, ttl % "other_at", DATABASE)
    ask(google, "firestore indexes fields update * --collection-group=notes --disable-indexes", DATABASE)

    expiring = ask(google, "firestore fields ttls list", DATABASE)
    assert [(one["name"], one["ttlConfig"]) for one in expiring] == [(f"{parts}/expire_at", {"state": "ACTIVE"})]
    assert expiring[0]["indexConfig"]["usesAncestorConfig"] is True
    own = ask(google, "firestore indexes fields list", DATABASE)
    assert [one["name"] for one in own] == [f"{database}/collectionGroups/{name}/fields/*" for name in GROUPS]
    assert [len(one["indexConfig"].get("indexes", [])) for one in own] == [3, 0]


def test_indexes(google, database):
    """A composite index is built once; while that goes on it is listed as being made."""
    google.state.seconds = 5
    ask(google, INDEX, "--async", DATABASE)
    assert [one["state"] for one in ask(google, "firestore indexes composite list", DATABASE)] == ["CREATING"]
    assert "already exists" in refusal(google, INDEX, "--async", DATABASE)
    google.state.seconds = 0
    ask(google, INDEX.replace("lane", "standing"), DATABASE)

    paths = [[field["fieldPath"] for field in one["fields"]] for one in google.state.indexes.values()]
    assert paths == [["lane", "due_at", "__name__"], ["standing", "due_at", "__name__"]]


def test_exclusions(google):
    """What the log leaves out is added to the default sink, changed and taken away."""
    update = "logging sinks update _Default"
    ask(google, update, '--add-exclusion=name=urls,filter=resource.type="cloud_run_revision"')
    assert "unique" in refusal(google, update, "--add-exclusion=name=urls,filter=severity<ERROR")
    ask(google, update, "--update-exclusion=name=urls,filter=severity<ERROR")

    assert ask(google, "logging sinks describe _Default")["exclusions"][0]["filter"] == "severity<ERROR"
    ask(google, update, "--remove-exclusions=urls")
    assert google.state.sinks["projects/my-project/sinks/_Default"]["exclusions"] == []


def test_alerts(google, tmp_path):
    """A policy watches a metric that is there already, and is found by its label."""
    policy = tmp_path / "policy.json"
    threshold = {"filter": 'metric.type="logging.googleapis.com/user/waiting"', "comparison": "COMPARISON_GT"}
    conditions = [{"displayName": "waiting", "conditionThreshold": threshold | {"duration": "0s"}}]
    labels = {"installation": "liaison"}
    policy.write_text(
        json.dumps({"displayName": "w", "combiner": "OR", "userLabels": labels, "conditions": conditions})
    )
    create = f"alpha monitoring policies create --policy-from-file={policy}"

    assert "Cannot find metric" in refusal(google, create)
    ask(google, "logging metrics create waiting --description=Waiting --log-filter=severity>=ERROR")
    ask(google, "logging metrics update waiting --description=Changed")
    made = ask(google, create)
    assert ask(google, "logging metrics list") == [ask(google, "logging metrics describe waiting")]
    assert ask(google, "alpha monitoring policies list", '--filter=userLabels.installation="liaison"') == [made]
    ask(google, "alpha monitoring policies delete", made["name"])
    ask(google, "logging metrics delete waiting")
    assert google.state.metrics == google.state.alerts == {}
