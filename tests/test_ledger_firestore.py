"""The ledger in Firestore: its documents and indexes, lost answers, and all that may be wrong with the database."""

from __future__ import annotations

import json
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime

import grpc
import pytest
from google.auth.credentials import AnonymousCredentials
from google.cloud.firestore import Client

from schemas.ledger import STATUSES
from services.errors import LedgerDown
from services.ledger.contract import LEASE, Wanted
from services.ledger.firestore import FirestoreStore
from services.ledger.firestore_documents import COLLECTIONS, OTHER_PARTS
from services.ledger.firestore_queries import closed_query, due_query, find_queries, status_query
from services.ledger.ledger import Ledger
from tests.examples import ROOT
from tests.faulty_line import FaultyLine
from tests.firestore_emulator import HOST, emulator
from tests.ledgers import HERE, NOW, REFUSED, bring, created, opened

INDEXES = json.loads((ROOT / "firestore.indexes.json").read_text())
needs_emulator = pytest.mark.check


@pytest.fixture
def ledger(tmp_path):
    """Give an empty ledger in the emulator."""
    with opened("firestore", tmp_path) as ledger:
        yield ledger


@pytest.fixture
def line(monkeypatch):
    """Lead to the emulator over a line that can be cut."""
    line = FaultyLine(emulator())
    monkeypatch.setenv(HOST, line.address)
    yield line
    line.close()


def documents(ledger, collection):
    """Return all documents of a collection, wherever it lies, by their ids."""
    client = Client(project=ledger.store.project, database=ledger.store.database)
    return {found.id: found.to_dict() for found in client.collection_group(collection).stream()}


@needs_emulator
def test_a_body_lies_in_parts(ledger):
    """A document holds 1 MiB at most, and a body up to 8."""
    bring(ledger, body=b"x" * 8 * 1024 * 1024)
    parts = documents(ledger, "parts")

    assert len(parts) == 10
    assert max(len(part["body"]) for part in parts.values()) == OTHER_PARTS
    assert not any("expire_at" in part for part in parts.values())


@needs_emulator
@pytest.mark.parametrize(("refused", "days"), [(False, 30), (True, 90)])
def test_the_parts_alone_expire(ledger, refused, days):
    """Firestore deletes whole documents: ids and outcomes lie elsewhere, and outlive the content."""
    body = b"x" * 1_000_000
    ledger.park(bring(ledger, body=body).claim, "dead", REFUSED) if refused else created(ledger, "id-1", body=body)
    expected = datetime.fromtimestamp(NOW + days * 86400, UTC)

    assert [part["expire_at"] for part in documents(ledger, "parts").values()] == [expected] * 2
    assert not any("expire_at" in found for name in COLLECTIONS.values() for found in documents(ledger, name).values())


@needs_emulator
def test_what_is_replayed_does_not_expire(ledger):
    """It may wait for longer than it would have been kept."""
    delivery = ledger.park(bring(ledger).claim, "dead", REFUSED)
    ledger.replay(HERE, delivery.id, NOW)

    assert not any("expire_at" in part for part in documents(ledger, "parts").values())


@needs_emulator
def test_no_name_and_no_index_rises(ledger):
    """Names are hashes, and what rises with time is cut into lanes: else all writes would fall on one server."""
    for number in range(60):
        bring(ledger, f"id-{number}")
    rows = documents(ledger, "deliveries")

    assert len({found["lane"] for found in rows.values()}) == 8
    assert sorted(rows) != sorted(rows, key=lambda name: rows[name]["id"])
    assert not any(found["id"] in name for name, found in rows.items())


def shape(query):
    """Return what a query needs an index for: the fields it compares for equality, and then its order."""
    asked = query._to_protobuf()
    filters = [found.field_filter for found in asked.where.composite_filter.filters] or [asked.where.field_filter]
    equal = {found.field.field_path for found in filters if found.op.name in ("EQUAL", "IN")}
    order = [(by.field.field_path, by.direction.name) for by in asked.order_by]
    assert {found.field.field_path for found in filters} - equal <= {order[0][0]}
    return equal, order


def queries():
    """Return every query that the store ever makes."""
    client = Client(project="project", credentials=AnonymousCredentials())
    yield due_query(client, HERE, NOW)
    yield due_query(client, HERE, None)
    yield closed_query(client, "accepted", NOW)
    for hook in (None, "form"):
        for since in (None, NOW):
            yield from find_queries(client, HERE, Wanted((), hook, since, since))
            yield from find_queries(client, HERE, Wanted(STATUSES, hook, since, since))
    yield status_query(client, HERE, "queued")
    yield status_query(client, HERE, "queued", oldest=True)


def test_every_query_has_its_index():
    """The emulator needs none, Firestore does: firestore.indexes.json has them all, and no other."""
    needed = {(frozenset(equal), tuple(order)) for equal, order in map(shape, queries())}
    there = set()
    for index in INDEXES["indexes"]:
        fields = [(field["fieldPath"], field["order"]) for field in index["fields"]]
        there.add((frozenset(name for name, _ in fields[:-1]), (fields[-1],)))

    assert there == needed


def test_no_field_has_an_index_of_its_own():
    """Nothing asks for them, and the one of a time would be hot."""
    exempt = {entry["collectionGroup"] for entry in INDEXES["fieldOverrides"] if entry["fieldPath"] == "*"}

    assert exempt == {*COLLECTIONS.values(), "parts"}
    assert not any(entry["indexes"] for entry in INDEXES["fieldOverrides"])


@needs_emulator
@pytest.mark.parametrize("fault", ["silent", "cut"])
def test_an_answer_that_gets_lost_is_found_out(ledger, line, fault):
    """The commit was made: it is not made again, and what is told is what was done."""
    bring(ledger, "id-0")
    line.fault = fault
    told = bring(ledger, "id-1")
    line.fault = fault
    held = ledger.hold_pair(told.claim, "pair", NOW, wanted={})

    assert line.lost == 2
    assert (told.how, held.is_marked, held.delivery.saves) == ("new", True, 1)
    assert ledger.settle(held, "created", {}, NOW).status == "created"


@needs_emulator
@pytest.mark.timeout(60)
def test_a_server_that_is_gone_is_told_in_time(ledger, line):
    """Nobody hangs, and it works again when the server is back."""
    bring(ledger, "id-0")
    line.close()
    started = time.monotonic()
    with ThreadPoolExecutor(8) as pool:
        errors = list(pool.map(lambda number: caught(lambda: bring(ledger, f"id-{number}")), range(8)))

    assert {type(error) for error in errors} == {LedgerDown}
    assert time.monotonic() - started < 6


@needs_emulator
def test_comes_back_without_a_restart(ledger, monkeypatch):
    """The next call connects anew."""
    monkeypatch.setenv(HOST, "127.0.0.1:1")
    assert isinstance(caught(lambda: bring(ledger)), LedgerDown)
    monkeypatch.setenv(HOST, emulator())

    assert bring(ledger).how == "new"


def caught(action):
    """Return what an action raises, or what it returns."""
    try:
        return action()
    except LedgerDown as error:
        return error


class Refusing(grpc.GenericRpcHandler):
    """A Firestore that answers every call with one status."""

    def __init__(self, code):
        self.code = code

    def service(self, details):
        """Answer any method, a streaming one or not."""

        def refuse(request, context):
            context.abort(self.code, "No.")

        kind = "unary_stream" if details.method.endswith(("RunQuery", "BatchGetDocuments")) else "unary_unary"
        return getattr(grpc, f"{kind}_rpc_method_handler")(refuse)


WORDS = {
    grpc.StatusCode.PERMISSION_DENIED: "roles/datastore.user",
    grpc.StatusCode.UNAUTHENTICATED: "roles/datastore.user",
    grpc.StatusCode.NOT_FOUND: "gcloud firestore databases create --database=liaison",
    grpc.StatusCode.FAILED_PRECONDITION: "firestore.indexes.json",
    grpc.StatusCode.UNAVAILABLE: "UNAVAILABLE",
    grpc.StatusCode.INTERNAL: "INTERNAL",
    grpc.StatusCode.RESOURCE_EXHAUSTED: "RESOURCE_EXHAUSTED",
    grpc.StatusCode.ABORTED: "ABORTED",
    grpc.StatusCode.INVALID_ARGUMENT: "INVALID_ARGUMENT",
}


@pytest.mark.parametrize(("code", "words"), WORDS.items(), ids=lambda value: getattr(value, "name", ""))
@pytest.mark.parametrize("use", [bring, lambda ledger: ledger.store.due(HERE, NOW, 10)], ids=["write", "read"])
def test_what_is_wrong_is_told(monkeypatch, code, words, use):
    """The operator hears what to do; the sender only that it may send again."""
    server = grpc.server(ThreadPoolExecutor(2), handlers=[Refusing(code)])
    monkeypatch.setenv(HOST, f"127.0.0.1:{server.add_insecure_port('127.0.0.1:0')}")
    server.start()
    error = caught(lambda: use(Ledger(FirestoreStore("my-project", "liaison", patience=0.3))))
    server.stop(None)

    assert words in error.why
    assert "project" not in error.detail


def test_missing_credentials_are_told(monkeypatch, tmp_path):
    """On one's own machine there may be none yet."""
    monkeypatch.delenv(HOST, raising=False)
    monkeypatch.setenv("GOOGLE_APPLICATION_CREDENTIALS", str(tmp_path / "none.json"))

    assert "gcloud auth application-default login" in caught(lambda: bring(Ledger(FirestoreStore("p", "d")))).why


@needs_emulator
def test_its_lease_is_the_ledgers(ledger):
    """Two instances, each with its own client: one has it, the other not."""
    other = Ledger(FirestoreStore(ledger.store.project, ledger.store.database))
    told = bring(ledger)

    assert other.claim(HERE, told.delivery.id, NOW + 1, early=True) is None
    assert other.claim(HERE, told.delivery.id, NOW + LEASE)
    other.store.close()
