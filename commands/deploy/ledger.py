"""The ledger's database in Firestore: its indexes, what needs none, and what is removed when its time has come."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from commands.deploy.gcloud import Gcloud
from commands.deploy.resource import Resource, line
from commands.run import ROOT
from schemas.serverless import Deployment

DATABASE, INDEX, FIELD, EXPIRY = "database", "index", "index of a field", "expiry"
_LANE = "database"


def database(deployment: Deployment) -> list[Resource]:
    """Return the database, with its expiries, and the indexes that firestore.indexes.json names."""
    wanted = deployment.database
    name = f"--database={wanted.name}"
    made = Resource(
        DATABASE,
        wanted.name,
        stage=3,
        lane=_LANE,
        make=(line("firestore", "databases", "create", name, f"--location={wanted.location}", once=True),),
        undo=(line("firestore", "databases", "delete", name),),
        wanted={"type": wanted.type},  # one that is there stays where it is
    )
    told = json.loads((ROOT / "firestore.indexes.json").read_text(encoding="utf-8"))
    fields = [_field(name, field) for field in told["fieldOverrides"]]
    expiries = [_expiry(name, group, path) for group, path in wanted.expiries]
    return [made, *fields, *expiries, *(_index(name, index) for index in told["indexes"])]


def _field(database_flag: str, field: Mapping[str, Any]) -> Resource:
    group, path = field["collectionGroup"], field["fieldPath"]
    where = (f"--collection-group={group}", database_flag, "--async")
    change = line("firestore", "indexes", "fields", "update", path, "--disable-indexes", *where)
    return Resource(
        FIELD, f"{group}.{path}", stage=3, lane=_LANE, make=(change,), change=(change,), wanted={"indexes": 0}
    )


def _expiry(database_flag: str, group: str, path: str) -> Resource:
    where = (f"--collection-group={group}", database_flag, "--async")
    return Resource(
        EXPIRY,
        f"{group}.{path}",
        stage=3,
        lane=_LANE,
        make=(line("firestore", "fields", "ttls", "update", path, "--enable-ttl", *where),),
    )


def _index(database_flag: str, index: Mapping[str, Any]) -> Resource:
    flags = [
        f"--field-config=field-path={field['fieldPath']},order={field['order'].lower()}" for field in index["fields"]
    ]
    group = index["collectionGroup"]
    scope = f"--query-scope={index['queryScope'].lower()}"
    words = ("firestore", "indexes", "composite", "create", f"--collection-group={group}", scope, *flags)
    return Resource(
        INDEX,
        _index_name(group, index["queryScope"], index["fields"]),
        stage=3,
        lane=_LANE,
        make=(line(*words, database_flag, "--async", once=True),),
    )


def look_for_databases(gcloud: Gcloud) -> dict[tuple[str, str], Mapping[str, Any]]:
    """Return the project's databases."""
    listed = gcloud.read("firestore", "databases", "list")
    return {(DATABASE, told["name"].rpartition("/")[2]): {"type": told.get("type")} for told in listed}


def look_for_indexes(gcloud: Gcloud, name: str) -> dict[tuple[str, str], Mapping[str, Any]]:
    """Return the indexes of several fields that a database has or is making."""
    listed = gcloud.read("firestore", "indexes", "composite", "list", f"--database={name}")
    return {(INDEX, _index_name(_group(told), told["queryScope"], told["fields"])): {} for told in listed}


def look_for_fields(gcloud: Gcloud, name: str) -> dict[tuple[str, str], Mapping[str, Any]]:
    """Return the fields whose indexes are not the usual ones."""
    listed = gcloud.read("firestore", "indexes", "fields", "list", f"--database={name}")
    return {
        (FIELD, _field_name(told)): {"indexes": len(told.get("indexConfig", {}).get("indexes", ()))} for told in listed
    }


def look_for_expiries(gcloud: Gcloud, name: str) -> dict[tuple[str, str], Mapping[str, Any]]:
    """Return the fields that tell when their document ends."""
    listed = gcloud.read("firestore", "fields", "ttls", "list", f"--database={name}")
    return {(EXPIRY, _field_name(told)): {} for told in listed}


def _group(told: Mapping[str, Any]) -> str:
    return str(told["name"]).partition("/collectionGroups/")[2].partition("/")[0]


def _field_name(told: Mapping[str, Any]) -> str:
    return f"{_group(told)}.{str(told['name']).rpartition('/fields/')[2]}"


def _index_name(group: str, scope: str, fields: Any) -> str:
    """Name an index by its fields; Google itself adds the document's name at the end."""
    paths = [
        f"{field['fieldPath']} {'↓' if field.get('order') == 'DESCENDING' else '↑'}"
        for field in fields
        if field["fieldPath"] != "__name__"
    ]
    return f"{group} by {', '.join(paths)}" + ("" if scope == "COLLECTION" else " (in all collections)")
