"""Firestore's administration: databases, the fields whose settings are their own, and composite indexes.

https://cloud.google.com/firestore/docs/reference/rest/v1/projects.databases
"""

from __future__ import annotations

import re
from typing import Any

from tests.google_cloud import operations
from tests.google_cloud.state import REGIONS, State
from tests.google_cloud.wire import Call, Refusal, Route, already_there, invalid, masked, not_found

HOST = "firestore.googleapis.com"
TIME = "2026-01-01T00:00:00Z"
LOCATIONS = {*REGIONS, "eur3", "nam5"}
DATABASE_ID = re.compile(r"\(default\)|[a-z][a-z0-9-]{2,61}[a-z0-9]")
METADATA = "type.googleapis.com/google.firestore.admin.v1."
# What the API fills in where a new database says nothing.
DEFAULTS = {
    "concurrencyMode": "PESSIMISTIC",
    "appEngineIntegrationMode": "DISABLED",
    "pointInTimeRecoveryEnablement": "POINT_IN_TIME_RECOVERY_DISABLED",
    "deleteProtectionState": "DELETE_PROTECTION_DISABLED",
    "databaseEdition": "STANDARD",
    "versionRetentionPeriod": "3600s",
}


def list_databases(state: State, call: Call) -> dict[str, Any]:
    """Answer with a project's databases."""
    inside = f"projects/{call.project}/"
    return {"databases": [one for name, one in state.databases.items() if name.startswith(inside)]}


def create_database(state: State, call: Call) -> dict[str, Any]:
    """Make a database; where it is and of what type it is stays so."""
    short, location = call.asked("databaseId"), call.body.get("locationId", "")
    name = f"projects/{call.project}/databases/{short}"
    if not DATABASE_ID.fullmatch(short):
        raise invalid(f"database_id '{short}' must have 4 to 63 lower-case letters, digits and hyphens.")
    if location not in LOCATIONS - state.absent.get(HOST, set()):
        raise invalid(f"Invalid location '{location}'.")
    if name in state.databases:
        raise already_there("Database already exists. Please use another database_id")
    made = {"name": name, "uid": f"{state.number():08d}-0000-4000-8000-000000000000", "createTime": TIME}
    told = {key: value for key, value in call.body.items() if value and not str(value).endswith("_UNSPECIFIED")}
    state.databases[name] = DEFAULTS | told | made | {"updateTime": TIME, "etag": state.etag()}
    return _begin(state, name, "CreateDatabaseMetadata", {}, "Database", state.databases[name])


def get_database(state: State, call: Call) -> dict[str, Any]:
    """Answer with a database."""
    name = f"projects/{call.project}/databases/{call.ids['database']}"
    if name not in state.databases:
        message = f"Project '{call.project}' or database '{call.ids['database']}' does not exist."
        raise not_found(message)
    return state.databases[name]


def change_database(state: State, call: Call) -> dict[str, Any]:
    """Change a database."""
    database = masked(get_database(state, call), call.body, call.asked("updateMask"))
    state.databases[database["name"]] = database | {"etag": state.etag()}
    return _begin(state, database["name"], "UpdateDatabaseMetadata", {}, "Database", database)


def delete_database(state: State, call: Call) -> dict[str, Any]:
    """Delete a database with all that is in it, if it is not protected."""
    database = get_database(state, call)
    if database["deleteProtectionState"] == "DELETE_PROTECTION_ENABLED":
        raise Refusal(400, "Database has delete protection enabled. Disable it first.", "FAILED_PRECONDITION")
    if call.asked("etag") not in ("", database["etag"]):
        raise Refusal(409, "The etag is not the database's.", "ABORTED")
    for kind in (state.databases, state.fields, state.indexes):
        for name in [name for name in kind if f"{name}/".startswith(f"{database['name']}/")]:
            del kind[name]
    return _begin(state, database["name"], "DeleteDatabaseMetadata", {}, "Database", database)


def list_fields(state: State, call: Call) -> dict[str, Any]:
    """Answer with the fields that match: those that documents expire by, or those whose indexes are their own."""
    wanted = call.asked("filter").replace(" ", "")
    key = "ttlConfig" if wanted == "ttlConfig:*" else "indexConfig"
    if wanted not in ("ttlConfig:*", "indexConfig.usesAncestorConfig:false", "indexConfig.usesAncestorConfig=false"):
        raise invalid(f"The filter {wanted} is not supported.")
    found = [one for name, one in state.fields.items() if key in one and _in_group(state, call, name)]
    usual = [_usual(get_database(state, call)["name"])] if key == "indexConfig" and call.ids["group"] == "-" else []
    return {"fields": [*usual, *(_show_field(state, one) for one in found)]}


def get_field(state: State, call: Call) -> dict[str, Any]:
    """Answer with a field's settings."""
    name = f"{_group(state, call)}/fields/{call.ids['field']}"
    return _show_field(state, state.fields.get(name, {"name": name}))


def change_field(state: State, call: Call) -> dict[str, Any]:
    """Have documents expire by a field, or no longer; index a field otherwise than the rest, or no longer."""
    name = f"{_group(state, call)}/fields/{call.ids['field']}"
    field = masked(state.fields.get(name, {"name": name}), call.body, call.asked("updateMask"))
    if "ttlConfig" in field:
        field["ttlConfig"] = {"state": "ACTIVE"}
        inside = f"{_group(state, call)}/fields/"
        others = (one for other, one in state.fields.items() if other.startswith(inside) and other != name)
        if any("ttlConfig" in other for other in others):
            raise invalid("Only one field of a collection group can be its TTL field.")
    if "indexConfig" in field:
        field["indexConfig"] = {"indexes": [], **field["indexConfig"]}
    if field.keys() == {"name"}:
        state.fields.pop(name, None)
    else:
        state.fields[name] = field
    database = get_database(state, call)["name"]
    return _begin(state, database, "FieldOperationMetadata", {"field": name}, "Field", _show_field(state, field))


def list_indexes(state: State, call: Call) -> dict[str, Any]:
    """Answer with the composite indexes."""
    return {"indexes": [_show_index(state, name) for name in state.indexes if _in_group(state, call, name)]}


def create_index(state: State, call: Call) -> dict[str, Any]:
    """Begin to build a composite index; the API adds the document's name as its last field."""
    fields = call.body["fields"]
    if len(fields) < 2:
        raise invalid("this index is not necessary, configure using single field index controls")
    fields = [*fields, {"fieldPath": "__name__", "order": fields[-1].get("order", "ASCENDING")}]
    same = {"queryScope": call.body.get("queryScope", "COLLECTION"), "fields": fields}
    inside = f"{_group(state, call)}/indexes/"
    if any(name.startswith(inside) and same.items() <= one.items() for name, one in state.indexes.items()):
        raise already_there("index already exists")
    name = f"{inside}CICAgOj{state.number():06d}"
    index = {"name": name, **same, "state": "READY", "density": "SPARSE_ALL"}
    state.indexes[name] = index
    database = get_database(state, call)["name"]
    return _begin(state, database, "IndexOperationMetadata", {"index": name}, "Index", index)


def get_index(state: State, call: Call) -> dict[str, Any]:
    """Answer with a composite index."""
    name = f"{_group(state, call)}/indexes/{call.ids['index']}"
    if name not in state.indexes:
        raise not_found("index does not exist")
    return _show_index(state, name)


def delete_index(state: State, call: Call) -> dict[str, Any]:
    """Delete a composite index."""
    del state.indexes[get_index(state, call)["name"]]
    return {}


def _group(state: State, call: Call) -> str:
    return f"{get_database(state, call)['name']}/collectionGroups/{call.ids['group']}"


def _in_group(state: State, call: Call, name: str) -> bool:
    group = _group(state, call).removesuffix("/-")
    return name.startswith(f"{group}/")


def _usual(database: str) -> dict[str, Any]:
    """Return what holds for every field that has no settings of its own."""
    kinds = ({"order": "ASCENDING"}, {"order": "DESCENDING"}, {"arrayConfig": "CONTAINS"})
    indexes = [{"queryScope": "COLLECTION", "fields": [{"fieldPath": "*", **kind}], "state": "READY"} for kind in kinds]
    return {"name": f"{database}/collectionGroups/__default__/fields/*", "indexConfig": {"indexes": indexes}}


def _show_field(state: State, field: dict[str, Any]) -> dict[str, Any]:
    """Add what a field takes over from its group, or from the database."""
    if "indexConfig" in field:
        return field
    group = f"{field['name'].rpartition('/')[0]}/*"
    above = state.fields.get(group, {})
    if "indexConfig" not in above:
        above = _usual(field["name"].partition("/collectionGroups/")[0])
    taken = {"usesAncestorConfig": True, "ancestorField": above["name"], **above["indexConfig"]}
    return field | {"indexConfig": taken}


def _show_index(state: State, name: str) -> dict[str, Any]:
    begun = (one for one in state.operations.values() if one.metadata.get("index") == name)
    return state.indexes[name] | ({"state": "CREATING"} if any(not one.done for one in begun) else {})


def _begin(
    state: State, database: str, kind: str, metadata: dict[str, Any], made: str, resource: dict[str, Any]
) -> dict[str, Any]:
    name = f"{database}/operations/operation-{state.number():013d}"
    described = {"@type": f"{METADATA}{kind}", "startTime": TIME, **metadata}
    return operations.begin(state, name, described, response={"@type": f"{METADATA}{made}", **resource})


ALL, ONE = "/v1/projects/{project}/databases", "/v1/projects/{project}/databases/{database}"
FIELDS, INDEXES = f"{ONE}/collectionGroups/{{group}}/fields", f"{ONE}/collectionGroups/{{group}}/indexes"
ROUTES = [
    Route("GET", ALL, "datastore.databases.list", list_databases),
    Route("POST", ALL, "datastore.databases.create", create_database),
    Route("GET", ONE, "datastore.databases.getMetadata", get_database),
    Route("PATCH", ONE, "datastore.databases.update", change_database),
    Route("DELETE", ONE, "datastore.databases.delete", delete_database),
    Route("GET", f"{ONE}/operations/{{operation}}", "datastore.operations.get", operations.get),
    Route("GET", FIELDS, "datastore.indexes.list", list_fields),
    Route("GET", f"{FIELDS}/{{field}}", "datastore.indexes.get", get_field),
    Route("PATCH", f"{FIELDS}/{{field}}", "datastore.indexes.update", change_field),
    Route("GET", INDEXES, "datastore.indexes.list", list_indexes),
    Route("POST", INDEXES, "datastore.indexes.create", create_index),
    Route("GET", f"{INDEXES}/{{index}}", "datastore.indexes.get", get_index),
    Route("DELETE", f"{INDEXES}/{{index}}", "datastore.indexes.delete", delete_index),
]
